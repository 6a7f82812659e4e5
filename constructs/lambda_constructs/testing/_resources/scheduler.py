"""Amazon EventBridge Scheduler."""

from __future__ import annotations

from lambda_constructs.testing._resources._create import Create, Created, Request
from lambda_constructs.testing._sources.scheduler import Schedule


def create_group(request: Request) -> Created:
    """Name a group of schedules."""
    name = request.name(request.properties.get("Name"))
    return Created(name, {"Arn": request.arn("scheduler", f"schedule-group/{name}")})


def create_schedule(request: Request) -> Created:
    """Let a schedule run."""
    properties = request.properties
    name = request.name(properties.get("Name"))
    group = properties.get("GroupName", "default")
    arn = request.arn("scheduler", f"schedule/{group}/{name}")
    request.account.paths[arn] = request.path
    group_arn = request.arn("scheduler", f"schedule-group/{group}")
    service = str(properties["Target"]["Arn"]).split(":")[2]
    if service not in ("kinesis", "lambda", "sns", "sqs"):
        request.account.note_unmodelled(request, f"a target of {service}")
    Schedule(request.account, arn, request.path, group_arn, properties).begin()
    return Created(name, {"Arn": arn})


CREATE: dict[str, Create] = {
    "AWS::Scheduler::Schedule": create_schedule,
    "AWS::Scheduler::ScheduleGroup": create_group,
}
