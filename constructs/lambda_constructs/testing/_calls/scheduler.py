"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridgescheduler.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.model import Request, Rule
from lambda_constructs.testing._calls.rules import (
    anywhere,
    at,
    on,
    passes_role,
    same_name,
    together,
)

_ROLE = passes_role("scheduler", "Target.RoleArn")
group = at("scheduler", "schedule-group/{}", "Name")


def schedule(request: Request) -> str:
    """A schedule lies in a group."""
    where = request.text("GroupName") or "default"
    return request.arn("scheduler", f"schedule/{where}/{request.text('Name')}")


OPERATIONS: dict[str, Rule] = {
    "CreateSchedule": together(on("scheduler:CreateSchedule", schedule), _ROLE),
    "UpdateSchedule": together(on("scheduler:UpdateSchedule", schedule), _ROLE),
    **same_name("scheduler", schedule, "DeleteSchedule", "GetSchedule"),
    **same_name(
        "scheduler",
        group,
        "CreateScheduleGroup",
        "GetScheduleGroup",
    ),
    **same_name(
        "scheduler",
        at("scheduler", "{}", "ResourceArn"),
        "ListTagsForResource",
        "TagResource",
        "UntagResource",
    ),
    **same_name("scheduler", anywhere, "ListScheduleGroups", "ListSchedules"),
}
