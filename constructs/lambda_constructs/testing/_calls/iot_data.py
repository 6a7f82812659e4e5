"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiot.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.model import Need, Request, Rule
from lambda_constructs.testing._calls.rules import at, same_name


def publish(request: Request) -> tuple[Need, ...]:
    """Retaining the message is an action of its own."""
    topic = request.arn("iot", f"topic/{request.text('topic')}")
    actions = ["iot:Publish"]
    if request.params.get("retain"):
        actions.append("iot:RetainPublish")
    return tuple(request.need(action, topic) for action in actions)


def thing(request: Request) -> str:
    """A thing; its named shadows lie under it."""
    shadow = request.text("shadowName")
    name = request.text("thingName")
    return request.arn("iot", f"thing/{name}/{shadow}" if shadow else f"thing/{name}")


OPERATIONS: dict[str, Rule] = {
    "Publish": publish,
    **same_name(
        "iot",
        thing,
        "DeleteThingShadow",
        "GetThingShadow",
        "ListNamedShadowsForThing",
        "UpdateThingShadow",
    ),
    **same_name("iot", at("iot", "topic/{}", "topic"), "GetRetainedMessage"),
}
