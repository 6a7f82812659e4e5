"""What Scheduler would refuse of a schedule, or ignore."""

from __future__ import annotations

import json
from datetime import datetime

from aws_cdk import Duration
from aws_cdk import aws_scheduler as scheduler

from lambda_constructs import limits
from lambda_constructs.errors import (
    ConfigurationError,
    check_duration,
    check_range,
    check_type,
    is_token,
    seconds,
)
from lambda_constructs.event_sources._relations import check_same
from lambda_constructs.function import LambdaFunction


def check_expression(schedule: scheduler.ScheduleExpression) -> None:
    """Check that it is an expression, and of a kind that there is.

    Raises:
        ConfigurationError: It is something else.
    """
    given = getattr(schedule, "expression_string", schedule)
    text = given if isinstance(given, str) else ""
    if schedule is given or not (
        is_token(text) or limits.SCHEDULE_EXPRESSION.fullmatch(text)
    ):
        raise ConfigurationError(
            f"schedule must be at(...), cron(...) or rate(...), got {given!r}; "
            "make it by ScheduleExpression.cron(...) of aws_scheduler"
        )


def check_window(window: Duration | None) -> None:
    """Check the length of the time within which a schedule may fire.

    Raises:
        ConfigurationError: It is out of range, or not of whole minutes.
    """
    check_duration("flexible_time_window", window)
    length = seconds(window)
    if length is None:
        return
    minutes = length / 60
    if minutes != int(minutes):
        raise ConfigurationError(
            f"flexible_time_window must be whole minutes, got {length:g} s; round it up"
        )
    check_range(
        "flexible_time_window",
        int(minutes),
        *limits.SCHEDULE_WINDOW_MINUTES,
        unit="min",
    )


def check_dates(
    schedule: scheduler.ScheduleExpression, start: datetime | None, end: datetime | None
) -> None:
    """Check between when a schedule fires.

    Raises:
        ConfigurationError: Scheduler would ignore a date, or the schedule never fire.
    """
    for name, date in (("start", start), ("end", end)):
        if date is None:
            continue
        check_type(name, date, "a datetime", holds=isinstance(date, datetime))
        if date.tzinfo is None:
            raise ConfigurationError(
                f"{name} must have a time zone, got {date}; pass tzinfo=UTC to it"
            )
        if schedule.expression_string.startswith("at("):
            raise ConfigurationError(
                f"{name} is of no use to a one-off schedule, which ignores it, got "
                f"{date}; leave it out"
            )
    if start and end and start >= end:
        raise ConfigurationError(
            f"start must be before end, got {start} and {end}; move one of them"
        )


def check_input(input: object) -> None:
    """Check that *input* can be said in JSON, and at what length.

    Raises:
        ConfigurationError: It cannot, or it is too long.
    """
    if input is None:
        return
    try:
        text = json.dumps(input, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(
            f"input must be what JSON can say, got {type(input).__name__} ({error}); "
            "pass a dict, a list, text or a number"
        ) from None
    if not is_token(text):
        check_range(
            "input",
            len(text.encode()),
            0,
            limits.SCHEDULE_INPUT_BYTES,
            unit="bytes of JSON",
            remedy="put it into a bucket and pass its key",
        )


def check_group(
    function: LambdaFunction,
    group: scheduler.ScheduleGroup | scheduler.IScheduleGroup | None,
) -> None:
    """Check that a schedule can be made in *group*, beside the function.

    Raises:
        ConfigurationError: The group is in another Region.
    """
    if group is None:
        return
    remedy = "use a group of that Region"
    check_same("Region", function, group, remedy, name="schedule_group ")
