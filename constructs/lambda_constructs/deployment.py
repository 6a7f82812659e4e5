"""How a new version takes over from the one that is live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aws_cdk import Duration

from lambda_constructs import limits
from lambda_constructs._release import Hooks, Release, RollbackRules
from lambda_constructs._shift import AllAtOnce, Shift, TimeBased, Weights
from lambda_constructs.errors import (
    ConfigurationError,
    check_duration,
    check_given,
    check_number,
    check_range,
    check_type,
    check_whole,
    seconds,
)

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch

    from lambda_constructs.function import LambdaFunction

__all__ = ["Deployment"]

Alarms = Sequence["cloudwatch.Alarm | cloudwatch.CompositeAlarm | cloudwatch.IAlarm"]


@dataclass(frozen=True)
class Deployment:
    """How a new version takes over from the one that the alias `live` stands for.

    `canary`, `linear` and `all_at_once` leave it to CodeDeploy, which CloudFormation
    has update the alias: a hook may try the new version before any traffic comes to it
    and another when all does, and a release that fails, or is stopped by an alarm, goes
    back to the version before, and so does the stack. `manual` is for those without.

    https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
    https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-lambda.html

    A **hook** is a `LambdaFunction` of the same stack, which finds the ARN of the new
    version in its environment as `NEW_VERSION`. It may invoke that function's versions
    and tell CodeDeploy `Succeeded` or `Failed`, by PutLifecycleEventHookExecutionStatus
    with what the event names; silence fails the release after an hour. See
    docs/releases.md.

    **Alarms** that `canary` and `linear` watch by themselves, on a minute each: errors
    of the new version; throttles; new messages in the failure queues of what is bound;
    records of a stream that are more than a minute old and get older; answers of 5xx,
    and the new version's latency (p99), where clients wait for it. *alarms* come on
    top, up to ten in all. `all_at_once` is over before a metric could tell, so it has
    those *alarms* alone; it is also how to release while one of the others is red.
    """

    _shift: Shift
    _hooks: Hooks = field(default_factory=Hooks)
    _rules: RollbackRules = field(default_factory=RollbackRules)

    @classmethod
    def all_at_once(
        cls,
        *,
        before_traffic: LambdaFunction | None = None,
        after_traffic: LambdaFunction | None = None,
        alarms: Alarms = (),
    ) -> Deployment:
        """Let all traffic go to the new version in one step.

        Args:
            before_traffic: The hook that tries the version first.
            after_traffic: The hook that looks when all traffic has come.
            alarms: What stops the release, or keeps it from beginning.

        Raises:
            ConfigurationError: A value is of another type.
        """
        hooks = _hooks(before_traffic, after_traffic)
        return cls(AllAtOnce(), hooks, _rules(alarms, derived=False))

    @classmethod
    def canary(
        cls,
        *,
        percentage: int = 10,
        interval: Duration | None = None,
        before_traffic: LambdaFunction | None = None,
        after_traffic: LambdaFunction | None = None,
        alarms: Alarms = (),
        max_errors: int = 0,
        max_latency: Duration | None = None,
    ) -> Deployment:
        """Let some traffic go to the new version, and the rest after a while.

        Args:
            percentage: How much comes first, 1 to 99.
            interval: How long that lasts, in minutes up to two days. Left out, 5.
            before_traffic: The hook that tries the version first.
            after_traffic: The hook that looks when all traffic has come.
            alarms: What else rolls the release back; ten in all.
            max_errors: Failed invocations of the new version that a minute may have.
            max_latency: What 99 of 100 invocations of the new version may take, where
                clients wait for them. Left out, 80 % of the function's timeout.

        Raises:
            ConfigurationError: CodeDeploy would refuse a value.
        """
        minutes = _minutes(interval, 5)
        _check_shift(percentage, minutes, steps=1)
        return cls(
            TimeBased("Canary", percentage, minutes),
            _hooks(before_traffic, after_traffic),
            _rules(alarms, max_errors, max_latency),
        )

    @classmethod
    def linear(
        cls,
        *,
        percentage: int = 10,
        interval: Duration | None = None,
        before_traffic: LambdaFunction | None = None,
        after_traffic: LambdaFunction | None = None,
        alarms: Alarms = (),
        max_errors: int = 0,
        max_latency: Duration | None = None,
    ) -> Deployment:
        """Let traffic go to the new version in equal steps.

        Args:
            percentage: How much comes with each step, 1 to 99.
            interval: How long a step lasts, in minutes; two days for all of them. Left
                out, 1.
            before_traffic: The hook that tries the version first.
            after_traffic: The hook that looks when all traffic has come.
            alarms: What else rolls the release back; ten in all.
            max_errors: Failed invocations of the new version that a minute may have.
            max_latency: What 99 of 100 invocations of the new version may take, where
                clients wait for them. Left out, 80 % of the function's timeout.

        Raises:
            ConfigurationError: CodeDeploy would refuse a value.
        """
        minutes = _minutes(interval, 1)
        _check_shift(percentage, minutes, steps=-(-100 // max(percentage, 1)) - 1)
        return cls(
            TimeBased("Linear", percentage, minutes),
            _hooks(before_traffic, after_traffic),
            _rules(alarms, max_errors, max_latency),
        )

    @classmethod
    def manual(cls, *, previous_version: str, percentage: float) -> Deployment:
        """Divide the traffic yourself, between an old version and the new one.

        Nothing but you moves it on, and nothing moves it back. At 0 the alias stays
        with the old version, which is also how to go back to one. Both need the same
        role and dead-letter queue.

        https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html

        Args:
            previous_version: The number of the old version, as `"7"`.
            percentage: How much goes to the new version, 0 to 100.

        Raises:
            ConfigurationError: Lambda would refuse a value.
        """
        if not isinstance(previous_version, str) or not limits.VERSION.fullmatch(
            previous_version
        ):
            raise ConfigurationError(
                "previous_version must be the number of a version, as '7', got "
                f"{previous_version!r}; aws lambda list-versions-by-function has them"
            )
        check_given(percentage=percentage)
        check_number("percentage", percentage)
        check_range("percentage", percentage, 0, 100, unit="%")
        return cls(Weights(previous_version, percentage))

    @property
    def divides_traffic(self) -> bool:
        """Whether two versions stay side by side until somebody says otherwise."""
        return isinstance(self._shift, Weights) and 0 < self._shift.percentage < 100

    def bind(self, function: LambdaFunction, /) -> Release | None:
        """Have the alias of *function* updated like this; manually, by the template.

        Raises:
            ConfigurationError: The function and its hooks do not fit together.
        """
        if isinstance(self._shift, Weights):
            self._shift.bind(function)
            return None
        return Release(function, self._shift, self._hooks, self._rules)


def _hooks(before: LambdaFunction | None, after: LambdaFunction | None) -> Hooks:
    for name, hook in (("before_traffic", before), ("after_traffic", after)):
        held = hasattr(hook, "live") and hasattr(hook, "policy")
        check_type(name, hook, "a LambdaFunction", holds=held)
    return Hooks(before, after)


def _rules(
    alarms: Alarms,
    max_errors: int = 0,
    max_latency: Duration | None = None,
    *,
    derived: bool = True,
) -> RollbackRules:
    check_given(alarms=alarms, max_errors=max_errors)
    held = isinstance(alarms, Sequence) and all(
        hasattr(each, "alarm_name") for each in alarms
    )
    check_type("alarms", alarms, "a list of alarms of aws_cloudwatch", holds=held)
    check_whole("max_errors", max_errors)
    check_range("max_errors", max_errors, 0, 1_000_000)
    check_type(
        "max_latency",
        max_latency,
        "a Duration, as Duration.millis(800)",
        holds=isinstance(max_latency, Duration),
    )
    if (longest := seconds(max_latency)) is not None and longest <= 0:
        raise ConfigurationError(
            "max_latency must be more than nothing, got 0 s: every release would go "
            "back; leave it out for 80 % of the function's timeout"
        )
    # An alarm that is named twice is watched as well by being named once.
    watched = {id(each): each for each in alarms}.values()
    return RollbackRules(tuple(watched), max_errors, max_latency, derived)


def _minutes(interval: Duration | None, default: int) -> int:
    check_duration("interval", interval)
    if interval is None:
        return default
    if interval.is_unresolved() or interval.to_seconds() % 60:
        raise ConfigurationError(
            "interval must be whole minutes that are known at synthesis, got "
            f"{interval.to_human_string()}; pass Duration.minutes(...)"
        )
    return int(interval.to_seconds() // 60)


def _check_shift(percentage: int, minutes: int, *, steps: int) -> None:
    if percentage is None:
        raise ConfigurationError("percentage must be a whole number, got None")
    check_whole("percentage", percentage)
    check_range("percentage", percentage, *limits.SHIFT_PERCENTAGE, unit="%")
    if not 1 <= minutes * steps <= limits.SHIFT_MINUTES:
        raise ConfigurationError(
            "a release must be done within 1 to "
            f"{limits.SHIFT_MINUTES:,} minutes, got {steps} x {minutes:,}; choose "
            "another interval or percentage"
        )
