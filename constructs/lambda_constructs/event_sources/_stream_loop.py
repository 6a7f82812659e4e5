"""A function that writes to the stream which invokes it."""

from __future__ import annotations

from collections.abc import Collection
from fnmatch import fnmatchcase

import jsii
from aws_cdk import Stack
from constructs import IValidation

from lambda_constructs.event_sources._granted import flat, granted
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice


def watch_for_loop(
    function: LambdaFunction, path: str, arn: str, writes: Collection[str]
) -> None:
    """Tell at the end of synthesis if *function* may write to what it reads.

    At the end, since what it may do can be said after its event source.
    """
    function.node.add_validation(_Loop(function, path, arn, writes))


@jsii.implements(IValidation)
class _Loop:
    def __init__(
        self, function: LambdaFunction, path: str, arn: str, writes: Collection[str]
    ) -> None:
        self._function = function
        self._path = path
        self._arn = arn
        self._writes = writes

    def validate(self) -> list[str]:
        """Warn, and report no error: it may write what its filters leave out."""
        arn = flat(Stack.of(self._function).resolve(self._arn))
        found = sorted(
            {
                each
                for action, resource in granted(self._function)
                for each in self._writes
                if fnmatchcase(each, action) and fnmatchcase(arn, resource)
            }
        )
        if found:
            Practice.STREAM_LOOP.warn(
                self._function,
                f"it may call {', '.join(found)} on {self._path}, which invokes it "
                "again, for ever; write elsewhere, or let filters skip what it writes "
                "and acknowledge this",
            )
        return []
