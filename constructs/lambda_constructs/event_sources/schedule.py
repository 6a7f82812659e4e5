"""Amazon EventBridge Scheduler: at set times, in any time zone, once or again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs

from lambda_constructs import limits
from lambda_constructs._known import function_arn_of, node_of, queue_arn_of, stack_of
from lambda_constructs._signals import given_depth
from lambda_constructs.errors import check_fields, check_text, check_type
from lambda_constructs.event_sources._push import keep_failures, source_id
from lambda_constructs.event_sources._rule import check_delivery
from lambda_constructs.event_sources._schedule_checks import (
    check_dates,
    check_expression,
    check_group,
    check_input,
    check_window,
)
from lambda_constructs.event_sources._schedule_role import (
    Group,
    keep_undelivered,
    make_role,
)
from lambda_constructs.function import LambdaFunction
from lambda_constructs.signals import Limit, Signal

__all__ = ["ScheduleEventSource"]

Json = Mapping[str, object] | Sequence[object] | str | float


@dataclass(frozen=True)
class ScheduleEventSource:
    """Invoke at set times, by a schedule with a role of its own.

    A schedule fires at least once, so the function must bear to be invoked twice. What
    Scheduler cannot deliver to Lambda at all ends in a dead-letter queue; what was
    delivered and then failed, in the function's own store.

    CloudFormation cannot have a one-off schedule deleted when it is done
    (`ActionAfterCompletion`), so there is no option for that.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/what-is-scheduler.html

    Attributes:
        schedule: When: by `ScheduleExpression.cron(...)` with its time zone,
            `.rate(...)` or, once, `.at(...)`.
        dead_letter_queue: Where to keep what could not be delivered: a standard
            queue. Left out, one is made beside the function.
        description: What it is for, up to 512 characters.
        enabled: Whether it fires.
        end: After when it no longer fires; not for a one-off.
        flexible_time_window: How much later it may fire, 1 to 1,440 minutes. Left out,
            it fires within the minute.
        id: Its name on the function, which a second one needs.
        input: What the function gets as its event: anything that JSON can say, up to
            256 KB. `ContextAttribute.scheduled_time` and the like may be among it.
            Left out, a notification of Scheduler's own.
        key: The key that encrypts *input*.
        max_event_age: How long to try to deliver, 1 minute to 24 hours. Left out, 24
            hours.
        retry_attempts: How often to try again to deliver, 0 to 185.
        schedule_group: The group that it belongs to. Left out, the account's own,
            `default`.
        start: Before when it does not fire; not for a one-off.

    Raises:
        ConfigurationError: A value is out of range, or two exclude each other.
    """

    schedule: scheduler.ScheduleExpression
    _: KW_ONLY
    dead_letter_queue: sqs.Queue | sqs.IQueue | None = None
    description: str | None = None
    enabled: bool = True
    end: datetime | None = None
    flexible_time_window: Duration | None = None
    id: str = "Schedule"
    input: Json | None = None
    key: kms.Key | kms.IKey | None = None
    max_event_age: Duration | None = None
    retry_attempts: int = 185
    schedule_group: scheduler.ScheduleGroup | scheduler.IScheduleGroup | None = None
    start: datetime | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        check_expression(self.schedule)
        self._check_types()
        check_delivery(self.retry_attempts, self.max_event_age, self.dead_letter_queue)
        check_window(self.flexible_time_window)
        check_dates(self.schedule, self.start, self.end)
        check_text(
            "description", self.description, limits.SCHEDULE_DESCRIPTION_CHARACTERS
        )
        check_input(self.input)

    def bind(self, function: LambdaFunction, /) -> scheduler.CfnSchedule:
        """Make the schedule, with the live alias of *function* as its target.

        Raises:
            ConfigurationError: The schedule and the function do not fit together.
        """
        id = source_id(function, self.id)
        check_group(function, self.schedule_group)
        group = Group.of(function, self.schedule_group)
        store = keep_undelivered(function, f"{id}Undelivered", self.dead_letter_queue)
        role, policy = make_role(function, id, group=group, store=store, key=self.key)
        keep_failures(function)
        # L1, since CDK's L2 shares a role among the schedules of a function, with an
        # inline policy, and lets it decrypt anything by the key.
        schedule = scheduler.CfnSchedule(
            function,
            id,
            schedule_expression=self.schedule.expression_string,
            schedule_expression_timezone=(
                self.schedule.time_zone.timezone_name
                if self.schedule.time_zone
                else None
            ),
            flexible_time_window=self._window(),
            target=self._target(function, store, role),
            description=self.description,
            end_date=_timestamp(self.end),
            group_name=group.name if self.schedule_group else None,
            kms_key_arn=self.key.key_arn if self.key else None,
            start_date=_timestamp(self.start),
            state="ENABLED" if self.enabled else "DISABLED",
        )
        # It may fire as soon as it is there.
        node_of(schedule).add_dependency(policy)
        return schedule

    def signals(
        self, function: LambdaFunction, _bound: scheduler.CfnSchedule, /
    ) -> list[Signal]:
        """Tell what Scheduler could neither deliver nor keep.

        It counts by group, so the group's other schedules are among it.

        https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html
        """
        group = Group.of(function, self.schedule_group).name

        def signal(metric: str, meaning: str, limit: Limit | None = None) -> Signal:
            return Signal(
                name=metric,
                of=self.id,
                namespace="AWS/Scheduler",
                metric_name=metric,
                dimensions={"ScheduleGroup": group},
                meaning=meaning,
                limit=limit,
            )

        return [
            signal("InvocationAttemptCount", "How often the group's schedules fired."),
            signal(
                "InvocationsFailedToBeSentToDeadLetterCount",
                "A schedule's group could neither deliver an invocation nor keep it, "
                "so it is lost: look at the role of the schedule.",
                Limit(threshold=1),
            ),
            *given_depth(self.dead_letter_queue, function),
        ]

    def _check_types(self) -> None:
        for name, attribute, wanted in (
            ("key", "key_arn", "a KMS key"),
            ("schedule_group", "schedule_group_arn", "a ScheduleGroup"),
        ):
            value = getattr(self, name)
            check_type(name, value, wanted, holds=hasattr(value, attribute))

    def _window(self) -> scheduler.CfnSchedule.FlexibleTimeWindowProperty:
        window = self.flexible_time_window
        return scheduler.CfnSchedule.FlexibleTimeWindowProperty(
            mode="OFF" if window is None else "FLEXIBLE",
            maximum_window_in_minutes=None if window is None else window.to_minutes(),
        )

    def _target(
        self,
        function: LambdaFunction,
        store: sqs.Queue | sqs.IQueue,
        role: iam.Role,
    ) -> scheduler.CfnSchedule.TargetProperty:
        kinds = scheduler.CfnSchedule
        stack = stack_of(function)
        return kinds.TargetProperty(
            arn=function_arn_of(function.live),
            role_arn=role.role_arn,
            dead_letter_config=kinds.DeadLetterConfigProperty(arn=queue_arn_of(store)),
            input=None if self.input is None else stack.to_json_string(self.input),
            retry_policy=kinds.RetryPolicyProperty(
                maximum_retry_attempts=self.retry_attempts,
                maximum_event_age_in_seconds=(
                    limits.RULE_EVENT_AGE_SECONDS[1]
                    if self.max_event_age is None
                    else self.max_event_age.to_seconds()
                ),
            ),
        )


def _timestamp(date: datetime | None) -> str | None:
    return None if date is None else f"{date.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
