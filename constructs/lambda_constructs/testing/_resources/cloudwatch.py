"""Amazon CloudWatch: alarms are kept, dashboards and saved queries change nothing."""

from __future__ import annotations

from lambda_constructs.testing._alarms import is_modelled
from lambda_constructs.testing._resources._create import Create, Created, Request


def create_alarm(request: Request) -> Created:
    """Keep an alarm; what asks for its state has it worked out then."""
    properties = request.properties
    name = request.name(properties.get("AlarmName"), most=255)
    request.account.alarms[name] = properties
    if not is_modelled(properties):
        request.account.note_unmodelled(request, "the state of such an alarm")
    return Created(name, {"Arn": request.arn("cloudwatch", f"alarm:{name}")})


def create_view(request: Request) -> Created:
    """Do nothing: a person looks at it, and no event passes through."""
    return Created(request.name())


CREATE: dict[str, Create] = {
    "AWS::CloudWatch::Alarm": create_alarm,
    "AWS::CloudWatch::Dashboard": create_view,
    "AWS::Logs::QueryDefinition": create_view,
}
