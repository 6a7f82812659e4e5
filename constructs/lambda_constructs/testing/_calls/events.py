"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.model import Need, Request, Rule
from lambda_constructs.testing._calls.rules import (
    anywhere,
    arn,
    at,
    on,
    passes_role,
    same_name,
    together,
)


def put_events(request: Request) -> tuple[Need, ...]:
    """Each entry on its own bus; source and detail type are conditions."""
    kinds = {
        (
            str(entry.get("EventBusName") or "default"),
            str(entry.get("Source") or ""),
            str(entry.get("DetailType") or ""),
        ): None
        for entry in request.items("Entries")
    }
    return tuple(
        request.need(
            "events:PutEvents",
            arn(request, "events", "event-bus/{}", bus),
            {
                "events:source": source,
                "events:detail-type": detail_type,
                "events:eventBusInvocation": "false",
            },
        )
        for bus, source, detail_type in kinds
    )


def rule(request: Request) -> str:
    """A rule's ARN names its bus, unless that is the default bus."""
    bus = request.text("EventBusName").rpartition("/")[2]
    name = request.text("Name") or request.text("Rule")
    return request.arn(
        "events", f"rule/{name}" if bus in ("", "default") else f"rule/{bus}/{name}"
    )


bus = at("events", "event-bus/{}", "Name", "EventBusName")

OPERATIONS: dict[str, Rule] = {
    "PutEvents": put_events,
    "PutRule": together(on("events:PutRule", rule), passes_role("events", "RoleArn")),
    "PutTargets": together(
        on("events:PutTargets", rule), passes_role("events", "Targets.RoleArn")
    ),
    **same_name(
        "events",
        rule,
        "DeleteRule",
        "DescribeRule",
        "DisableRule",
        "EnableRule",
        "ListTargetsByRule",
        "RemoveTargets",
    ),
    **same_name("events", bus, "CreateEventBus", "DeleteEventBus"),
    "DescribeEventBus": lambda request: (
        request.need(
            "events:DescribeEventBus",
            arn(request, "events", "event-bus/{}", request.text("Name") or "default"),
        ),
    ),
    **same_name("events", at("events", "archive/{}", "ArchiveName"), "DescribeArchive"),
    **same_name(
        "events",
        at("events", "{}", "ResourceARN"),
        "ListTagsForResource",
        "TagResource",
        "UntagResource",
    ),
    **same_name(
        "events",
        anywhere,
        "ListArchives",
        "ListEventBuses",
        "ListRuleNamesByTarget",
        "ListRules",
        "TestEventPattern",
    ),
}
