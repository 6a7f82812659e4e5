"""AWS IoT Core."""

from __future__ import annotations

from lambda_constructs.testing._resources._create import Create, Created, Request
from lambda_constructs.testing._sources.iot import TopicRule


def create_topic_rule(request: Request) -> Created:
    """Create a topic rule."""
    properties = request.properties
    name = request.name(properties.get("RuleName")).replace("-", "_")
    arn = request.arn("iot", f"rule/{name}")
    payload = properties["TopicRulePayload"]
    if payload.get("RuleDisabled") not in (True, "true"):
        made = TopicRule.of(arn, request.path, payload)
        request.account.sources.topic_rules.rules.append(made)
    kinds = {kind for each in payload.get("Actions", []) for kind in each}
    if others := kinds - {"Lambda", "Sns", "Sqs"}:
        what = ", ".join(sorted(others))
        request.account.note_unmodelled(request, f"actions of {what}")
    request.account.paths[arn] = request.path
    return Created(name, {"Arn": arn})


CREATE: dict[str, Create] = {"AWS::IoT::TopicRule": create_topic_rule}
