"""Amazon CloudWatch: alarms are kept, dashboards and saved queries change nothing."""

from __future__ import annotations

from lambda_constructs.testing._resources._create import Create, Created, Request


def create_alarm(request: Request) -> Created:
    """Keep what an alarm looks at."""
    name = request.name(request.properties.get("AlarmName"), most=255)
    request.account.alarms[name] = request.properties
    return Created(name, {"Arn": request.arn("cloudwatch", f"alarm:{name}")})


def create_view(request: Request) -> Created:
    """Do nothing: a person looks at it, and no event passes through."""
    return Created(request.name())


CREATE: dict[str, Create] = {
    "AWS::CloudWatch::Alarm": create_alarm,
    "AWS::CloudWatch::Dashboard": create_view,
    "AWS::Logs::QueryDefinition": create_view,
}
