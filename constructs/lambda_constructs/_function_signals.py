"""What every function tells of itself, whatever invokes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, cast

from aws_cdk import aws_lambda as lambda_

from lambda_constructs._known import resource_of
from lambda_constructs._signals import (
    delivery_failures,
    depth,
    of_function,
    sustained,
)
from lambda_constructs.errors import ConfigurationError, literal, seconds
from lambda_constructs.signals import Limit, Signal

if TYPE_CHECKING:
    from lambda_constructs.function import LambdaFunction

NEAR = 0.8
"""Of the timeout, or of what an event may wait: near the end, and not yet there."""


def signals_of(function: LambdaFunction) -> list[Signal]:
    """Give all signals of *function*, of its sources and of its failure queues.

    Each metric is there once, however many sources have it.

    Raises:
        ConfigurationError: A source gives something else than signals.
    """
    found: dict[object, Signal] = {}
    for each in (
        *_of_invocations(function),
        *_of_asynchronous_events(function),
        *_of_sources(function),
        *(depth(queue, function) for queue in function.failure_queues),
    ):
        found.setdefault(each.key, each)
    return list(found.values())


def _of_invocations(function: LambdaFunction) -> Iterator[Signal]:
    """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html."""
    yield of_function(function, "Invocations", "How often it was invoked.")
    yield of_function(
        function,
        "Errors",
        "Invocations fail again and again, by exceptions or timeouts: look into its "
        "logs.",
        sustained(1),
    )
    yield of_function(
        function,
        "Throttles",
        "Invocations are refused again and again: reserved concurrency, or that of the "
        "account, is used up.",
        sustained(1),
    )
    timeout = seconds(function.timeout)
    near = None if timeout is None else Limit(threshold=timeout * 1000 * NEAR)
    yield of_function(
        function,
        "Duration",
        "Invocations take more than 80 % of the timeout: soon they will be stopped.",
        near,
        statistic="p99",
        period=300,
        unit="ms",
    )
    yield of_function(
        function,
        "ConcurrentExecutions",
        "How many invocations ran at once.",
        statistic="Maximum",
    )


def _of_asynchronous_events(function: LambdaFunction) -> Iterator[Signal]:
    """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html."""
    resource = cast("lambda_.CfnFunction", resource_of(function.function))
    if function.async_config is None and resource.dead_letter_config is None:
        return
    yield of_function(
        function,
        "AsyncEventsDropped",
        "Lambda gave events up after all tries: they are where on_failure says, or in "
        "the dead-letter queue.",
        Limit(threshold=1),
    )
    yield of_function(
        function,
        "AsyncEventAge",
        "Events wait longer than all of their tries should take: look at Throttles.",
        Limit(threshold=_longest_wait(function) * 1000),
        statistic="Maximum",
        unit="ms",
    )
    if function.async_config is not None:
        yield delivery_failures(function)
    if resource.dead_letter_config is not None:
        yield of_function(
            function,
            "DeadLetterErrors",
            "Lambda could not send an event to the dead-letter queue or topic, so it "
            "is lost: look at the role's permissions.",
            Limit(threshold=1),
        )


def _longest_wait(function: LambdaFunction) -> float:
    """Give how old an event is at its last try, with five minutes to spare.

    But not more than most of what it may wait, since it is dropped then.
    """
    from lambda_constructs.event_sources._push import (
        last_attempt_after,
    )

    last = last_attempt_after(function)
    wait = 900.0 if last is None else last + 300.0
    if function.async_config is None:
        return wait
    age = literal(function.async_config.maximum_event_age_in_seconds)
    return wait if age is None else min(wait, age * NEAR)


def _of_sources(function: LambdaFunction) -> Iterator[Signal]:
    for source, bound in function.bound:
        tell = getattr(source, "signals", None)
        if not callable(tell):
            continue
        given = tell(function, bound)
        held = isinstance(given, Iterable)
        for each in given if held else [given]:
            if not isinstance(each, Signal):
                raise ConfigurationError(
                    f"signals() of {type(source).__name__} must give a list of Signal, "
                    f"got {each!r}",
                    scope=function,
                )
            yield each
