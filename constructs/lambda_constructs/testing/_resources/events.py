"""Amazon EventBridge."""

from __future__ import annotations

import json

from lambda_constructs.testing._resources._create import Create, Created, Request
from lambda_constructs.testing._sources.rules import Rule

MODELLED = {"codepipeline", "events", "kinesis", "lambda", "sns", "sqs"}
"""The services that may be targets; pipelines and Kinesis by a role."""


def create_event_bus(request: Request) -> Created:
    """Create an event bus."""
    name = request.name(request.properties.get("Name"), most=256)
    arn = request.account.client("events").create_event_bus(Name=name)["EventBusArn"]
    return Created(name, {"Arn": arn, "Name": name})


def create_event_bus_policy(request: Request) -> Created:
    """Add a statement to the policy of an event bus."""
    properties, events = request.properties, request.account.client("events")
    bus = str(properties.get("EventBusName", "default"))
    policy = json.loads(events.describe_event_bus(Name=bus).get("Policy") or "{}")
    sid = str(properties["StatementId"])
    added = {"Sid": sid, **properties["Statement"]}
    statements = [*policy.get("Statement", []), added]
    document = {"Version": "2012-10-17", "Statement": statements}
    events.put_permission(EventBusName=bus, Policy=json.dumps(document))
    return Created(f"{bus}|{sid}")


def create_rule(request: Request) -> Created:
    """Create a rule with its targets."""
    properties = request.properties
    name = request.name(properties.get("Name"))
    bus = str(properties.get("EventBusName") or "default").rpartition("/")[2]
    below = name if bus == "default" else f"{bus}/{name}"
    pattern = properties.get("EventPattern")
    rule = Rule(
        request.arn("events", f"rule/{below}"),
        request.path,
        bus,
        properties.get("Targets", []),
        json.loads(pattern) if isinstance(pattern, str) else pattern,
        properties.get("ScheduleExpression"),
        properties.get("State", "ENABLED") != "DISABLED",
    )
    request.account.sources.buses.add(rule)
    services = {str(each["Arn"]).split(":")[2] for each in rule.targets}
    if others := services - MODELLED:
        what = ", ".join(sorted(others))
        request.account.note_unmodelled(request, f"targets of {what}")
    return Created(name if bus == "default" else f"{bus}|{name}", {"Arn": rule.arn})


CREATE: dict[str, Create] = {
    "AWS::Events::EventBus": create_event_bus,
    "AWS::Events::EventBusPolicy": create_event_bus_policy,
    "AWS::Events::Rule": create_rule,
}
