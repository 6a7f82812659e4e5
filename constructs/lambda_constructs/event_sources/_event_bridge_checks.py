"""What EventBridge would refuse of a rule, and how a template has its pattern."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from aws_cdk import aws_events as events

from lambda_constructs import limits
from lambda_constructs._known import stack_of
from lambda_constructs.errors import ConfigurationError, check_text, is_token
from lambda_constructs.event_sources._relations import check_same
from lambda_constructs.function import LambdaFunction

FIELDS = {
    "account": "account",
    "detail": "detail",
    "detail_type": "detail-type",
    "id": "id",
    "region": "region",
    "resources": "resources",
    "source": "source",
    "time": "time",
    "version": "version",
}
"""The fields of an event, by CDK's names and by those of the event itself."""


def rendered(pattern: events.EventPattern) -> dict[str, object]:
    """Give the pattern with the names that events have."""
    return {
        name: getattr(pattern, field)
        for field, name in FIELDS.items()
        if getattr(pattern, field) is not None
    }


def check_pattern(pattern: events.EventPattern) -> None:
    """Check that EventBridge takes the pattern.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html

    Raises:
        ConfigurationError: It is none, says nothing, or is too long.
    """
    if not isinstance(pattern, events.EventPattern):
        raise ConfigurationError(
            f"event_pattern must be an EventPattern of aws_events, got {pattern!r}; "
            "pass EventPattern(source=[...], detail_type=[...])"
        )
    fields = rendered(pattern)
    if not fields:
        raise ConfigurationError(
            "event_pattern must name a field of the event, got none; "
            "pass EventPattern(source=[...], detail_type=[...])"
        )
    for name, value in fields.items():
        _check_value(name, value)
    text = json.dumps(fields, default=str)
    check_text("event_pattern as JSON", text, limits.EVENT_PATTERN_CHARACTERS)


def _check_value(path: str, value: object) -> None:
    """Check that *value* is a list of what may be there, or has such below it."""
    if is_token(value):
        return
    if isinstance(value, Mapping) and value:
        for name, below in value.items():
            if not str(name).startswith("$"):  # as $or, a list of patterns
                _check_value(f"{path}.{name}", below)
    elif isinstance(value, str) or not isinstance(value, Mapping | Sequence):
        raise ConfigurationError(
            f"event_pattern must have a list at {path}, got {value!r}; pass [{value!r}]"
        )
    elif not value:
        raise ConfigurationError(
            f"event_pattern must not be empty at {path}, got {value!r}; "
            "leave it out, or list what may be there"
        )


def check_bus(
    function: LambdaFunction, bus: events.EventBus | events.IEventBus | None
) -> None:
    """Check that a rule of *bus* can be made where the function is.

    Raises:
        ConfigurationError: The bus is in another Region or account.
    """
    if bus is None:
        return
    remedy = "a rule is beside its bus, so send the events on to a bus there"
    check_same("Region", function, bus, remedy, name="event_bus ")
    check_same("account", function, bus, remedy, name="event_bus ")


def check_input(
    function: LambdaFunction, input: events.RuleTargetInputProperties | None
) -> None:
    """Check the length of an input, and that a constant one is JSON.

    Raises:
        ConfigurationError: EventBridge would refuse it.
    """
    if input is None:
        return
    for value in (input.input, input.input_template):
        text = stack_of(function).resolve(value)
        if isinstance(text, str):
            check_text("input", text, limits.EVENT_INPUT_CHARACTERS, scope=function)
    constant = stack_of(function).resolve(input.input)
    try:
        if isinstance(constant, str):
            json.loads(constant)
    except ValueError:
        raise ConfigurationError(
            f"input must be JSON for a function, got {constant!r}; make it by "
            "RuleTargetInput.from_object() or .from_text()",
            scope=function,
        ) from None
