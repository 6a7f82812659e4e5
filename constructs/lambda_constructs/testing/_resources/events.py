"""Amazon EventBridge."""

from __future__ import annotations

from lambda_constructs.testing._resources._create import Create, Created, Request


def create_event_bus(request: Request) -> Created:
    """Create an event bus."""
    name = request.name(request.properties.get("Name"), most=256)
    arn = request.account.client("events").create_event_bus(Name=name)["EventBusArn"]
    return Created(name, {"Arn": arn, "Name": name})


CREATE: dict[str, Create] = {"AWS::Events::EventBus": create_event_bus}
