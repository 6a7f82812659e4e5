"""Saved queries of CloudWatch Logs Insights, over the logs of a stack's functions.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk import aws_logs as logs
from constructs import Construct

if TYPE_CHECKING:
    from lambda_constructs.function import LambdaFunction

ERRORS = """\
fields @timestamp, level, message, exception, correlation_id, function_request_id
| filter level in ["ERROR", "CRITICAL"]
    or record.status in ["error", "failure", "timeout"]
| sort @timestamp desc
| limit 100"""

SLOWEST = """\
filter type = "platform.report"
| stats count() as invocations, pct(record.metrics.durationMs, 50) as p50,
    pct(record.metrics.durationMs, 99) as p99, max(record.metrics.durationMs) as most,
    count(record.metrics.initDurationMs) as cold_starts,
    max(record.metrics.maxMemoryUsedMB) as memory_used_mb,
    max(record.metrics.memorySizeMB) as memory_size_mb by bin(5m), @log
| sort p99 desc"""

ONE = """\
fields @timestamp, @log, level, message
| filter correlation_id = "put the id here"
| sort @timestamp asc"""

QUERIES = {"Errors": ERRORS, "One correlation id": ONE, "Slowest": SLOWEST}
"""The JSON of Lambda's own lines, and of Powertools' logger."""

GROUPS = 50
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html."""


def add_queries(place: Construct, functions: Sequence[LambdaFunction]) -> None:
    """Save each query, in a folder named as the stack; up to 50 log groups in one."""
    groups = list(dict.fromkeys(each.log_group.log_group_name for each in functions))
    folder = Stack.of(place).stack_name
    for first in range(0, len(groups), GROUPS):
        part = f" {first // GROUPS + 1}" if len(groups) > GROUPS else ""
        for name, text in QUERIES.items():
            logs.CfnQueryDefinition(
                place,
                f"{name.replace(' ', '')}Query{part.strip()}",
                name=f"{folder}/{name}{part}",
                log_group_names=groups[first : first + GROUPS],
                query_string=text,
            )
