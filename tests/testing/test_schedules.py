"""Schedules fire on simulated time, when a test lets it pass.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from aws_cdk import App, Duration, Stack, TimeZone
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as scheduler_targets
from aws_cdk import aws_sqs as sqs

from lambda_constructs.testing._sources.cron import firings
from lambda_constructs.testing.errors import AccountError

from .conftest import CONTEXT, make_function
from .test_eventbridge import attributes_of

ECHO = "def handler(event, context):\n    return event"
FAIL = "def handler(event, context):\n    raise ValueError('no')"
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


@pytest.fixture
def stack() -> Stack:
    return Stack(App(context=CONTEXT), "Shop")


def times(shop, name="Worker"):
    return [each.at for each in shop.function(name).invocations]


def first(expression, count=3, zone="UTC", start=NEW_YEAR):
    found = islice(firings(expression, start, ZoneInfo(zone)), count)
    there = ZoneInfo(zone)
    return [f"{datetime.fromtimestamp(each, there):%Y-%m-%d %H:%M}" for each in found]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(2 days)", ["2026-01-03 00:00", "2026-01-05 00:00"]),
        ("cron(0 8 * * ? *)", ["2026-01-01 08:00", "2026-01-02 08:00"]),
        ("cron(0/30 9-10 ? * MON-FRI *)", ["2026-01-01 09:00", "2026-01-01 09:30"]),
        ("cron(15 10 ? * 6L 2026-2027)", ["2026-01-30 10:15", "2026-02-27 10:15"]),
        ("cron(0 0 L * ? *)", ["2026-01-31 00:00", "2026-02-28 00:00"]),
        ("cron(0 0 1W * ? *)", ["2026-02-02 00:00", "2026-03-02 00:00"]),
        ("cron(0 0 ? * TUE#2 *)", ["2026-01-13 00:00", "2026-02-10 00:00"]),
        ("cron(0 0 1,15 JAN,JUN ? *)", ["2026-01-15 00:00", "2026-06-01 00:00"]),
        ("cron(0 0 ? * SUN,2 *)", ["2026-01-04 00:00", "2026-01-05 00:00"]),
        ("cron(0 12 29 2 ? *)", ["2028-02-29 12:00", "2032-02-29 12:00"]),
        ("cron(0 0 ? * 6L 2025)", []),
        ("cron(0 0 1W 8 ? *)", ["2026-08-03 00:00", "2027-08-02 00:00"]),
        ("cron(0 0 ? 7 TUE#1 *)", ["2026-07-07 00:00", "2027-07-06 00:00"]),
        ("cron(0 0 ? 7 6L *)", ["2026-07-31 00:00", "2027-07-30 00:00"]),
        ("cron(0 12 1 1 ? 2028)", ["2028-01-01 12:00"]),
        ("at(2026-01-01T12:00:00)", ["2026-01-01 12:00"]),
    ],
)
def test_expressions_are_read_as_documented(expression, expected):
    """
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
    """
    assert expected == first(expression, len(expected) or 1)


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("rate(1 hours)", "must be as"),
        ("rate(2 hour)", "must be as"),
        ("rate(0 hours)", "must be as"),
        ("cron(0 8 * * ?)", "six fields"),
        ("cron(0 8 * * * *)", "day of month or as day of week"),
        ("cron(60 8 * * ? *)", "from 0 to 59"),
        ("cron(0 8 ? * DAY *)", "from 1 to 7"),
        ("every hour", "is no schedule"),
    ],
)
def test_fails_if_an_expression_is_none(expression, fault):
    """
    As AWS refuses it.
    """
    with pytest.raises(AccountError, match=fault):
        firings(expression, NEW_YEAR)


def test_clocks_that_change_skip_one_time_and_repeat_none():
    """
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
    """
    spring = datetime(2026, 3, 27, 12, tzinfo=UTC).timestamp()
    autumn = datetime(2026, 10, 24, 12, tzinfo=UTC).timestamp()
    daily = "cron(30 2 * * ? *)"

    skipped = first(daily, 2, "Europe/Berlin", spring)
    once = first(daily, 2, "Europe/Berlin", autumn)

    assert ["2026-03-28 02:30", "2026-03-30 02:30"] == skipped
    assert ["2026-10-25 02:30", "2026-10-26 02:30"] == once


def test_a_rule_fires_while_time_is_advanced_only(account, stack):
    """
    Settling ends although the schedule does not.
    """
    rule = events.Rule(stack, "Rule", schedule=events.Schedule.rate(Duration.hours(1)))
    rule.add_target(targets.LambdaFunction(make_function(stack, ECHO).live))
    shop = account.deploy(stack)

    account.settle()
    assert [] == times(shop)
    account.advance(3 * 3600)

    assert [3600, 7200, 10800] == times(shop)


def test_a_rule_sends_the_documented_event(account, stack):
    """
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html
    """
    schedule = events.Schedule.cron(hour="8", minute="0")
    rule = events.Rule(stack, "Rule", schedule=schedule)
    rule.add_target(targets.LambdaFunction(make_function(stack, ECHO).live))
    shop = account.deploy(stack)

    account.advance(Duration.days(1).to_seconds())

    (invocation,) = shop.function("Worker").invocations
    event = invocation.event
    assert "aws.events" == event["source"]
    assert "Scheduled Event" == event["detail-type"]
    assert "2026-01-01T08:00:00Z" == event["time"]
    assert {} == event["detail"]
    assert ":rule/" in event["resources"][0]


def test_what_came_due_while_settling_fires_late_and_is_not_lost(account, stack):
    """
    Lambda's retries take three minutes, in which the schedule waits.
    """
    worker = make_function(stack, FAIL)
    rule = events.Rule(
        stack, "Rule", schedule=events.Schedule.rate(Duration.minutes(2))
    )
    other = make_function(stack, ECHO, "Other")
    rule.add_target(targets.LambdaFunction(other.live))
    shop = account.deploy(stack)

    shop.function("Worker").invoke_async({})
    account.settle()
    assert [] == times(shop, "Other")
    account.advance(60)

    assert [180, 240] == times(shop, "Other")
    assert worker


def make_schedule(stack, function, expression, *, id="Schedule", **target):
    return scheduler.Schedule(
        stack,
        id,
        schedule=expression,
        target=scheduler_targets.LambdaInvoke(function.live, **target),
    )


def test_a_schedule_keeps_the_time_of_its_zone(account, stack):
    """
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
    """
    zone = TimeZone.of("America/New_York")
    at_eight = scheduler.ScheduleExpression.cron(hour="8", minute="0", time_zone=zone)
    make_schedule(stack, make_function(stack, ECHO), at_eight)
    shop = account.deploy(stack)

    account.advance(Duration.days(1).to_seconds())

    assert [13 * 3600] == times(shop)


def test_a_schedule_may_fire_once_and_fills_its_input(account, stack):
    """
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """
    once = scheduler.ScheduleExpression.expression("at(2026-01-01T01:00:00)")
    text = {"at": "<aws.scheduler.scheduled-time>", "n": 1}
    given = scheduler.ScheduleTargetInput.from_object(text)
    make_schedule(stack, make_function(stack, ECHO), once, input=given)
    shop = account.deploy(stack)

    account.advance(Duration.days(2).to_seconds())

    (invocation,) = shop.function("Worker").invocations
    assert {"at": "2026-01-01T01:00:00Z", "n": 1} == invocation.event
    assert "live" == invocation.qualifier


HOURLY = scheduler.ScheduleExpression.rate(Duration.hours(1))


def test_a_schedule_invokes_by_its_role(account, stack):
    """
    A role that may not invoke is an error that no retry mends.
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html
    """
    lost = sqs.Queue(stack, "Lost")
    principal = iam.ServicePrincipal("scheduler.amazonaws.com")
    role = iam.Role(stack, "Role", assumed_by=principal)
    worker = make_function(stack, ECHO)
    frozen = role.without_policy_updates()
    make_schedule(stack, worker, HOURLY, role=frozen, dead_letter_queue=lost)
    lost.grant_send_messages(role)
    shop = account.deploy(stack)

    account.advance(3600)

    (attributes,) = attributes_of(account, shop)
    assert [] == times(shop)
    assert "NO_PERMISSIONS" == attributes["ERROR_CODE"]
    assert "2026-01-01T01:00:00Z" == attributes["SCHEDULED_TIME"]
    assert attributes["SCHEDULE_ARN"].startswith("arn:aws:scheduler:eu-west-1:")


def test_a_role_has_to_trust_the_scheduler(account, stack):
    """
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """
    principal = iam.ServicePrincipal("events.amazonaws.com")
    role = iam.Role(stack, "Role", assumed_by=principal)
    make_schedule(stack, make_function(stack, ECHO), HOURLY, role=role)
    shop = account.deploy(stack)

    account.advance(3600)

    assert [] == times(shop)
    assert "FAILED_TO_ASSUME_ROLE" in account.timeline[-1].detail


def test_a_schedule_retries_by_its_policy(account, stack):
    """
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
    """
    lost = sqs.Queue(stack, "Lost")
    make_schedule(
        stack,
        make_function(stack, ECHO),
        HOURLY,
        retry_attempts=1,
        dead_letter_queue=lost,
    )
    shop = account.deploy(stack)
    shop.schedule("Schedule").fail(times=3)

    account.advance(3600 * 2 + 60)

    (attributes,) = attributes_of(account, shop)
    assert "MaximumRetryAttempts" == attributes["EXHAUSTED_RETRY_CONDITION"]
    assert "1" == attributes["RETRY_ATTEMPTS"]
    assert [7201] == times(shop)


def test_a_schedule_keeps_within_its_dates_and_may_be_off(account, stack):
    """
    A rate begins at its start; a flexible window begins with the invocation.
    https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
    """
    worker = make_function(stack, ECHO)
    target = scheduler_targets.LambdaInvoke(worker.live)
    scheduler.Schedule(
        stack,
        "Schedule",
        schedule=HOURLY,
        target=target,
        start=datetime(2026, 1, 1, 0, 30, tzinfo=UTC),
        end=datetime(2026, 1, 1, 2, 0, tzinfo=UTC),
        time_window=scheduler.TimeWindow.flexible(Duration.minutes(15)),
    )
    scheduler.Schedule(stack, "Off", schedule=HOURLY, target=target, enabled=False)
    shop = account.deploy(stack)

    account.advance(Duration.days(1).to_seconds())

    assert [1800, 5400] == times(shop)
