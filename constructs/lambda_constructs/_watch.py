"""The part of a stack that watches its functions, settled when all has been said."""

from __future__ import annotations

from types import EllipsisType
from typing import TYPE_CHECKING

import jsii
from aws_cdk import AspectPriority, Aspects, IAspect, Stack
from constructs import Construct, IConstruct

from lambda_constructs._known import node_of, stack_of
from lambda_constructs._validation import validate_at_the_end
from lambda_constructs.errors import ConfigurationError
from lambda_constructs.practices import Practice

if TYPE_CHECKING:
    from lambda_constructs.function import LambdaFunction
    from lambda_constructs.monitoring import Monitoring

ID = "LambdaMonitoring"


def watch(function: LambdaFunction, said: Monitoring | EllipsisType | None) -> None:
    """Have *function* watched as it says, or else as a scope does by the end.

    Raises:
        ConfigurationError: It says something else.
    """
    if said is None:
        return
    if said is not ... and not hasattr(said, "topic"):
        raise ConfigurationError(
            f"monitoring must be Monitoring(topic=...) or None, got {said!r}",
            scope=function,
        )
    stack = stack_of(function)
    found = node_of(stack).try_find_child(ID)
    place = found if isinstance(found, Watch) else Watch(stack, ID)
    place.functions.append((function, said))


@jsii.implements(IAspect)
class _AtTheEnd:
    """Before references are resolved, and after all sources have been bound.

    On a construct with nothing below: each that an aspect reaches is a call from
    JavaScript, and each alarm would be one. An app may be synthesized twice.
    """

    def __init__(self, place: Watch) -> None:
        self._place = place
        self._done = False

    def visit(self, _: IConstruct) -> None:
        if not self._done:
            self._done = True
            self._place.settle()


class Watch(Construct):
    """Alarms, dashboard and queries of the functions of one stack."""

    def __init__(self, scope: Stack, id: str) -> None:
        super().__init__(scope, id)
        self.functions: list[tuple[LambdaFunction, Monitoring | EllipsisType]] = []
        end = Construct(self, "End")
        Aspects.of(end).add(_AtTheEnd(self), priority=AspectPriority.MUTATING)

    def settle(self) -> None:
        """Define all of it; an error raised in here would reach nobody as it is."""
        from lambda_constructs._alarms import Alarms
        from lambda_constructs._dashboard import add_dashboard
        from lambda_constructs._queries import add_queries

        alarms = Alarms(self)
        try:
            watched = [
                (function, monitoring, alarms.add(function, monitoring))
                for function, monitoring in self._monitored()
            ]
            alarms.check_names()
            shown = [
                (function, signals)
                for function, monitoring, signals in watched
                if monitoring.dashboard
            ]
            if shown:
                add_dashboard(self, shown, alarms.made)
            if watched:
                add_queries(self, [function for function, _, _ in watched])
        except ConfigurationError as error:
            fault = str(error)
            validate_at_the_end(stack_of(self), lambda: [fault])

    def _monitored(self) -> list[tuple[LambdaFunction, Monitoring]]:
        from lambda_constructs.monitoring import Monitoring

        found = []
        for function, said in self.functions:
            monitoring = Monitoring.of(function) if said is ... else said
            if monitoring is None:
                Practice.MONITORING.warn(
                    function,
                    "nobody is told when it fails; say once who is, by "
                    "Monitoring(topic=...).apply_to(app), or pass monitoring=None to "
                    "the function",
                )
            else:
                found.append((function, monitoring))
        return found
