"""Functions that set themselves off by what they write."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from aws_cdk import aws_s3 as s3

from lambda_constructs._known import path_of, stack_of
from lambda_constructs.event_sources._granted import flat, granted
from lambda_constructs.event_sources._s3_events import EVENTS, either
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice


def warn_of_recursion(
    function: LambdaFunction,
    bucket: s3.Bucket | s3.IBucket,
    events: Sequence[s3.EventType],
    prefix: str | None,
    suffix: str | None,
) -> None:
    """Tell that *function* may do to *bucket* what invokes it.

    It looks at the function's own policy alone: what a policy of the bucket allows,
    or what the handler really writes, is not known here.
    """
    causes = {cause for each in events for cause in EVENTS[each].caused_by}
    arn = flat(stack_of(function).resolve(bucket.bucket_arn))
    for action, resource in granted(function):
        found = sorted(each for each in causes if fnmatchcase(each, action))
        if not found or not _meets(resource, arn, prefix or "", suffix or ""):
            continue
        Practice.S3_RECURSION.warn(
            function,
            f"it may {found[0]} on {path_of(bucket)} where that invokes it again, "
            "without end; write to another bucket, or beside the prefix of its event "
            "source",
        )
        return


def _meets(resource: str, arn: str, prefix: str, suffix: str) -> bool:
    """Tell whether *resource* has an object whose key is between the two."""
    if resource == "*":
        return True
    bucket, slash, pattern = resource.partition("/")
    if not slash or not fnmatchcase(arn, bucket):
        return False
    first, star, rest = pattern.partition("*")
    if not star:
        return pattern.startswith(prefix) and pattern.endswith(suffix)
    last = rest.rpartition("*")[2]
    return either(str.startswith, first, prefix) and either(str.endswith, last, suffix)
