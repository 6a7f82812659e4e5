"""A function that writes to the stream which invokes it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import jsii
from aws_cdk import Stack
from constructs import IValidation

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
        found = sorted({each for each in self._allowed() if each in self._writes})
        if found:
            Practice.STREAM_LOOP.warn(
                self._function,
                f"it may call {', '.join(found)} on {self._path}, which invokes it "
                "again, for ever; write elsewhere, or let filters skip what it writes "
                "and acknowledge this",
            )
        return []

    def _allowed(self) -> Iterator[str]:
        stack = Stack.of(self._function)
        arn = stack.resolve(self._arn)
        document: dict[str, Any] = stack.resolve(self._function.policy.document)
        for statement in document.get("Statement", []):
            if arn in _as_list(statement["Resource"]):
                yield from _as_list(statement["Action"])


def _as_list(value: Any) -> list[Any]:  # noqa: ANN401
    return value if isinstance(value, list) else [value]
