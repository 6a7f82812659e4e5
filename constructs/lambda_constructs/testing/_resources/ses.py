"""Amazon SES."""

from __future__ import annotations

from lambda_constructs.testing._resources._create import Create, Created, Request
from lambda_constructs.testing._sources.letters import ReceiptRule


def create_rule_set(request: Request) -> Created:
    """Begin a list of rules."""
    return Created(request.name(request.properties.get("RuleSetName")))


def create_rule(request: Request) -> Created:
    """Put a rule into its set."""
    rule_set = str(request.properties["RuleSetName"])
    given = request.properties["Rule"]
    name = request.name(given.get("Name"))
    made = ReceiptRule(
        name,
        request.arn("ses", f"receipt-rule-set/{rule_set}:receipt-rule/{name}"),
        request.path,
        tuple(given.get("Recipients", [])),
        tuple(given.get("Actions", [])),
        given.get("Enabled", False) in (True, "true"),
    )
    kinds = {kind for each in made.actions for kind in each}
    if others := kinds - {"LambdaAction", "S3Action", "SNSAction", "StopAction"}:
        request.account.note_unmodelled(request, ", ".join(sorted(others)))
    request.account.sources.mail.add(rule_set, made, request.properties.get("After"))
    return Created(name)


CREATE: dict[str, Create] = {
    "AWS::SES::ReceiptRule": create_rule,
    "AWS::SES::ReceiptRuleSet": create_rule_set,
}
