"""Execution environments that are ready before the events come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from aws_cdk import TimeZone
from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_lambda as lambda_

from lambda_constructs import limits
from lambda_constructs._account import claim_concurrency
from lambda_constructs._known import node_of, resource_of
from lambda_constructs._policy_order import wait_for_policy
from lambda_constructs.errors import (
    ConfigurationError,
    check_given,
    check_number,
    check_range,
    check_type,
    check_whole,
    is_token,
    literal,
)

if TYPE_CHECKING:
    from lambda_constructs.function import LambdaFunction

LEAST = limits.PROVISIONED_CONCURRENCY_LEAST

__all__ = ["ProvisionedConcurrency", "ScheduledScaling"]


@dataclass(frozen=True, kw_only=True)
class ScheduledScaling:
    """Other bounds from a time on: more before the rush, less after it.

    https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scheduled-scaling.html

    Attributes:
        schedule: When, by `Schedule.cron(...)`, `at` or `rate` of
            aws_applicationautoscaling.
        min_capacity: The least from then on. Left out, as it was.
        max_capacity: The most from then on. Left out, as it was.
        time_zone: Whose clock a cron schedule follows, with its summer time. Left out,
            UTC.

    Raises:
        ConfigurationError: A value is out of range, or none is given.
    """

    schedule: scaling.Schedule
    min_capacity: int | None = None
    max_capacity: int | None = None
    time_zone: TimeZone | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.schedule, scaling.Schedule):
            raise ConfigurationError(
                "schedule must be one of aws_applicationautoscaling, got "
                f"{self.schedule!r}; pass Schedule.cron(...)"
            )
        text = self.schedule.expression_string
        if not (is_token(text) or limits.SCHEDULE_EXPRESSION.fullmatch(text)):
            raise ConfigurationError(
                f"schedule must be at(...), cron(...) or rate(...), got {text!r}; make "
                "it by Schedule.cron(...)"
            )
        held = isinstance(self.time_zone, TimeZone)
        check_type("time_zone", self.time_zone, "a TimeZone of aws_cdk", holds=held)
        _check_bounds(self.min_capacity, self.max_capacity, least=0)
        if self.min_capacity is None and self.max_capacity is None:
            raise ConfigurationError(
                "a schedule must change min_capacity or max_capacity, got neither; "
                "pass what is to hold from then on"
            )


@dataclass(frozen=True, kw_only=True)
class ProvisionedConcurrency:
    """Environments of the alias `live` that are ready before the events come.

    They cost by the hour, used or not. Application Auto Scaling moves their number
    between the bounds so that a share of them is in use, and on schedules; not while a
    canary or linear release divides the traffic, for which Lambda keeps the number.

    https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html

    Attributes:
        min_capacity: How many there are at least, and before anything is measured.
        max_capacity: How many there are at most. Left out, there are *min_capacity*,
            unless a schedule says otherwise: then as many as it says.
        schedules: When other bounds begin.
        utilization_target: The share in use to aim at, 0.1 to 0.9; the rest is for
            what comes in the minutes that scaling takes.

    Raises:
        ConfigurationError: A value is out of range.
    """

    min_capacity: int
    max_capacity: int | None = None
    schedules: Sequence[ScheduledScaling] = ()
    utilization_target: float = 0.7

    def __post_init__(self) -> None:
        if self.min_capacity is None:
            raise ConfigurationError("min_capacity must be given, got None")
        _check_bounds(self.min_capacity, self.max_capacity, least=LEAST)
        check_given(
            schedules=self.schedules, utilization_target=self.utilization_target
        )
        held = isinstance(self.schedules, Sequence) and all(
            isinstance(each, ScheduledScaling) for each in self.schedules
        )
        check_type(
            "schedules", self.schedules, "a list of ScheduledScaling", holds=held
        )
        target = self.utilization_target
        check_number("utilization_target", target)
        check_range("utilization_target", target, *limits.UTILIZATION_TARGET)
        self._check_schedules()

    def bind(self, function: LambdaFunction, /) -> scaling.CfnScalableTarget | None:
        """Provide for the live alias of *function*; give what scales it, if anything.

        Raises:
            ConfigurationError: The function excludes it, or has less concurrency.
        """
        self._check_options(function)
        self._check_reserved(function)
        if function.reserved_concurrent_executions is None:
            claim_concurrency(function, self._most())
        alias = cast("lambda_.CfnAlias", resource_of(function.live))
        alias.provisioned_concurrency_config = (
            lambda_.CfnAlias.ProvisionedConcurrencyConfigurationProperty(
                provisioned_concurrent_executions=self.min_capacity
            )
        )
        wait_for_policy(alias, function)
        if self.max_capacity is None and not self.schedules:
            return None
        return self._scale(function)

    def _check_schedules(self) -> None:
        """Check that no schedule leaves the least above the most.

        What a schedule leaves out stays as another has set it, so the widest is what
        counts. https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-policy-overview.html
        """
        bounds: list[tuple[int | None, int | None]] = [
            (self.min_capacity, self.max_capacity)
        ]
        bounds += [(each.min_capacity, each.max_capacity) for each in self.schedules]
        most = [high for _, high in bounds if high is not None]
        least = [low for low, _ in bounds if low is not None]
        if self.max_capacity is None or any(map(is_token, [*most, *least])):
            return
        for each in self.schedules:
            low, high = each.min_capacity, each.max_capacity
            if high is None and low is not None and low > max(most):
                raise ConfigurationError(
                    "min_capacity of a schedule must not be above max_capacity of "
                    f"{max(most)}, got {low}; pass max_capacity= to the schedule, too"
                )
            if low is None and high is not None and high < min(least):
                raise ConfigurationError(
                    "max_capacity of a schedule must not be below min_capacity of "
                    f"{min(least)}, got {high}; pass min_capacity= to the schedule, too"
                )

    def _most(self) -> float:
        """Give the most that there may ever be."""
        bounds = [self.min_capacity, self.max_capacity]
        for each in self.schedules:
            bounds += [each.min_capacity, each.max_capacity]
        return max(literal(each) or 0 for each in bounds)

    def _check_options(self, function: LambdaFunction) -> None:
        made = cast("lambda_.CfnFunction", resource_of(function.function))
        version = cast(
            "lambda_.CfnVersion", resource_of(function.function.current_version)
        )
        faults = {
            "snap_start": made.snap_start is not None,
            "tenancy_config": function.tenancy_config is not None,
            "provisioned_concurrent_executions of current_version_options": (
                version.provisioned_concurrency_config is not None
            ),
        }
        for fault, found in faults.items():
            if found:
                raise ConfigurationError(
                    f"provisioned_concurrency does not work with {fault}; leave one of "
                    "them out",
                    scope=function,
                )

    def _check_reserved(self, function: LambdaFunction) -> None:
        reserved, most = literal(function.reserved_concurrent_executions), self._most()
        if reserved is not None and most > reserved:
            raise ConfigurationError(
                "provisioned_concurrency must not be above "
                f"reserved_concurrent_executions of {reserved:g}, got {most:g}; raise "
                "the latter or lower the former",
                scope=function,
            )

    def _scale(self, function: LambdaFunction) -> scaling.CfnScalableTarget:
        target = scaling.CfnScalableTarget(
            function,
            "Scaling",
            min_capacity=self.min_capacity,
            max_capacity=self.max_capacity or self.min_capacity,
            resource_id=f"function:{function.function.function_name}:live",
            scalable_dimension="lambda:function:ProvisionedConcurrency",
            service_namespace="lambda",
            scheduled_actions=[
                _action(number, each, exact=self.max_capacity is None)
                for number, each in enumerate(self.schedules, 1)
            ]
            or None,
        )
        node_of(target).add_dependency(function.live)
        if self.max_capacity is not None:
            scaling.CfnScalingPolicy(
                function,
                "ScalingPolicy",
                policy_name="Utilization",
                policy_type="TargetTrackingScaling",
                scaling_target_id=target.ref,
                target_tracking_scaling_policy_configuration={
                    "targetValue": self.utilization_target,
                    "predefinedMetricSpecification": {
                        "predefinedMetricType": (
                            "LambdaProvisionedConcurrencyUtilization"
                        )
                    },
                },
            )
        return target


def _check_bounds(low: int | None, high: int | None, *, least: int) -> None:
    for name, value in (("min_capacity", low), ("max_capacity", high)):
        check_whole(name, value)
        if (known := literal(value)) is not None and known < least:
            raise ConfigurationError(f"{name} must be at least {least}, got {known}")
    lowest, highest = literal(low), literal(high)
    if lowest is not None and highest is not None and lowest > highest:
        raise ConfigurationError(
            f"min_capacity must not be above max_capacity, got {low} above {high}"
        )


def _action(
    number: int, each: ScheduledScaling, *, exact: bool
) -> scaling.CfnScalableTarget.ScheduledActionProperty:
    """Give CloudFormation's words for a schedule.

    Where no target is tracked nothing but the bounds moves the number: *exact* bounds
    are one, or the least would be above the most, and what went up stayed there.
    """
    kinds = scaling.CfnScalableTarget
    low, high = each.min_capacity, each.max_capacity
    if exact:
        low, high = high if low is None else low, low if high is None else high
    return kinds.ScheduledActionProperty(
        schedule=each.schedule.expression_string,
        scheduled_action_name=f"Schedule{number}",
        scalable_target_action=kinds.ScalableTargetActionProperty(
            min_capacity=low, max_capacity=high
        ),
        timezone=each.time_zone.timezone_name if each.time_zone else None,
    )
