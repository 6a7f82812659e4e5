"""AWS Config."""

from __future__ import annotations

from lambda_constructs.testing._resources._create import Create, Created, Request
from lambda_constructs.testing._sources.config import ConfigRule


def create_rule(request: Request) -> Created:
    """Create a rule whose verdicts a function gives."""
    account, properties = request.account, request.properties
    name = request.name(properties.get("ConfigRuleName"), most=128)
    arn = request.arn("config", f"config-rule/{name}")
    source = properties["Source"]
    if source["Owner"] != "CUSTOM_LAMBDA":
        account.note_unmodelled(request, f"a Config rule of {source['Owner']}")
    else:
        account.sources.config_rules[name] = ConfigRule(
            account,
            name,
            arn,
            str(source["SourceIdentifier"]),
            properties.get("InputParameters", {}),
        )
    attributes = {"Arn": arn, "ConfigRuleId": name}
    return Created(name, attributes)


CREATE: dict[str, Create] = {"AWS::Config::ConfigRule": create_rule}
