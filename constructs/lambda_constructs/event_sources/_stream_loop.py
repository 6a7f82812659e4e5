"""A function that writes to the stream which invokes it."""

from __future__ import annotations

from collections.abc import Collection
from fnmatch import fnmatchcase

from lambda_constructs._known import stack_of
from lambda_constructs._validation import validate_at_the_end
from lambda_constructs.event_sources._granted import flat, granted
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice


def watch_for_loop(
    function: LambdaFunction, path: str, arn: str, writes: Collection[str]
) -> None:
    """Tell at the end of synthesis if *function* may write to what it reads.

    At the end, since what it may do can be said after its event source. A warning and
    no error: it may write what its filters leave out.
    """

    def look() -> list[str]:
        where = flat(stack_of(function).resolve(arn))
        found = sorted(
            {
                each
                for action, resource in granted(function)
                for each in writes
                if fnmatchcase(each, action) and fnmatchcase(where, resource)
            }
        )
        if found:
            Practice.STREAM_LOOP.warn(
                function,
                f"it may call {', '.join(found)} on {path}, which invokes it "
                "again, for ever; write elsewhere, or let filters skip what it writes "
                "and acknowledge this",
            )
        return []

    validate_at_the_end(function, look)
