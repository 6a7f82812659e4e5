"""Faults on request: what goes wrong, how often, and where."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from lambda_constructs.testing._calls import ServiceFault
from lambda_constructs.testing._runtime import TimedOutError

if TYPE_CHECKING:
    from lambda_constructs.testing._functions import FunctionState

Fault = Literal["timeout", "throttle", "cold", "twice"] | BaseException


class Faults:
    """What is to go wrong next: with invocations, and with calls of handlers."""

    def __init__(self) -> None:
        self._pending: dict[str, list[Fault]] = {}
        self._calls: dict[tuple[str, str], list[ServiceFault | None]] = {}

    def add_to_calls(
        self,
        service: str,
        operation: str,
        fault: ServiceFault,
        times: int,
        after: int,
    ) -> None:
        """Let *times* calls of handlers fail, *after* so many that do not."""
        pending = self._calls.setdefault((service, operation), [])
        pending.extend([*[None] * after, *[fault] * times])

    def take_for_call(self, service: str, operation: str) -> ServiceFault | None:
        """Give what goes wrong with a call now, if anything does."""
        pending = self._calls.get((service, operation))
        return pending.pop(0) if pending else None

    def add(self, function: FunctionState, fault: Fault, times: int) -> None:
        """Let *times* invocations go wrong."""
        self._pending.setdefault(function.name, []).extend([fault] * times)

    def take(self, function: FunctionState) -> Fault | None:
        """Give what goes wrong now, if anything does."""
        pending = self._pending.get(function.name)
        return pending.pop(0) if pending else None

    @staticmethod
    def act(fault: Fault | None) -> Callable[[], None] | None:
        """Give what is to happen in place of the handler."""
        if isinstance(fault, BaseException):
            error = fault

            def fail() -> None:
                raise error

            return fail
        if fault == "timeout":

            def hang() -> None:
                raise TimedOutError

            return hang
        return None
