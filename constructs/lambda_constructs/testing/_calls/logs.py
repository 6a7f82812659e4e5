"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html.

Requests on a log group carry `:log-stream:` at the end, and so does AWS's message
when it refuses one; a policy has to end in `:*` to match them. Only the tagging
operations use the bare ARN:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
"""

from __future__ import annotations

from lambda_constructs.testing._calls.model import Need, Request, Rule
from lambda_constructs.testing._calls.rules import anywhere, at, found, same_name

_SUFFIX = ":log-stream:"


def group(request: Request) -> str:
    """By name, or by an identifier that is a name or an ARN."""
    for parameter in ("logGroupName", "logGroupIdentifier"):
        if name := request.text(parameter):
            return _group(request, name)
    raise request.unmapped("without logGroupName or logGroupIdentifier")


def stream(request: Request) -> str:
    """A stream of a group."""
    return group(request) + request.text("logStreamName")


def every_group(request: Request) -> str:
    """Listing is a request on the group without a name."""
    return _group(request, "")


def query(request: Request) -> tuple[Need, ...]:
    """A query reads every group that it names."""
    names = [
        *found(request.params, "logGroupName"),
        *found(request.params, "logGroupNames"),
        *found(request.params, "logGroupIdentifiers"),
    ]
    if not names:
        raise request.unmapped("a query that names no log group")
    action = f"logs:{request.operation}"
    return tuple(request.need(action, _group(request, name)) for name in names)


def _group(request: Request, name: str) -> str:
    if name.startswith("arn:"):
        return name.removesuffix(":*") + _SUFFIX
    return request.arn("logs", f"log-group:{name}{_SUFFIX}")


OPERATIONS: dict[str, Rule] = {
    "StartQuery": query,
    "StartLiveTail": query,
    **same_name("logs", stream, "CreateLogStream", "DeleteLogStream", "GetLogEvents"),
    **same_name("logs", stream, "PutLogEvents"),
    **same_name("logs", every_group, "DescribeLogGroups"),
    **same_name(
        "logs",
        group,
        "CreateLogGroup",
        "DeleteLogGroup",
        "DeleteMetricFilter",
        "DeleteRetentionPolicy",
        "DeleteSubscriptionFilter",
        "DescribeLogStreams",
        "DescribeSubscriptionFilters",
        "FilterLogEvents",
        "GetLogGroupFields",
        "ListTagsLogGroup",
        "PutMetricFilter",
        "PutRetentionPolicy",
        "PutSubscriptionFilter",
        "TagLogGroup",
        "UntagLogGroup",
    ),
    **same_name(
        "logs",
        at("logs", "{}", "resourceArn"),
        "ListTagsForResource",
        "TagResource",
        "UntagResource",
    ),
    **same_name(
        "logs",
        anywhere,
        "DescribeExportTasks",
        "DescribeQueries",
        "DescribeQueryDefinitions",
        "DescribeResourcePolicies",
        "GetQueryResults",
        "StopQuery",
        "TestMetricFilter",
    ),
}
