"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.model import Need, Request, Rule
from lambda_constructs.testing._calls.rules import anywhere, at, found, same_name


def put_metrics(request: Request) -> tuple[Need, ...]:
    """The namespace is what a policy can limit."""
    context = {"cloudwatch:namespace": request.text("Namespace")}
    return (request.need("cloudwatch:PutMetricData", "*", context),)


def alarms(request: Request) -> tuple[Need, ...]:
    """Each alarm that the call names, or all of them."""
    names = found(request.params, "AlarmNames") or ["*"]
    return tuple(
        request.need(
            f"cloudwatch:{request.operation}",
            request.arn("cloudwatch", f"alarm:{name}"),
        )
        for name in names
    )


OPERATIONS: dict[str, Rule] = {
    "PutMetricData": put_metrics,
    **dict.fromkeys(
        ("DeleteAlarms", "DescribeAlarms", "DisableAlarmActions", "EnableAlarmActions"),
        alarms,
    ),
    **same_name(
        "cloudwatch",
        at("cloudwatch", "alarm:{}", "AlarmName"),
        "PutMetricAlarm",
        "SetAlarmState",
    ),
    **same_name(
        "cloudwatch",
        anywhere,
        "GetMetricData",
        "GetMetricStatistics",
        "GetMetricWidgetImage",
        "ListMetrics",
    ),
}
