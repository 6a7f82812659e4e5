"""The alarms that roll a release back, and what sources tell them to watch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from lambda_constructs import limits
from lambda_constructs._known import account_of, path_of, region_of, stack_of
from lambda_constructs._rollback_alarms import (
    ALARMS,
    LAMBDA,
    Alarm,
    Kind,
    Metric,
    alarm_on,
)
from lambda_constructs._validation import validate_at_the_end
from lambda_constructs.errors import ConfigurationError, literal, seconds
from lambda_constructs.permissions import statement

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_sqs as sqs

    from lambda_constructs._release import Release, RollbackRules
    from lambda_constructs.function import LambdaFunction

__all__: list[str] = []

LATENCY_SHARE = 0.8
"""Of the function's timeout: beyond that clients are about to be let down."""


@dataclass(frozen=True)
class Watched:
    """What a source wants watched while a new version takes over."""

    kind: Kind
    metric: Metric


@runtime_checkable
class RollbackMetrics(Protocol):
    """A source that has something to watch; others are watched by the function."""

    def rollback_metrics(self, function: LambdaFunction, /) -> Iterable[Watched]:
        """Give what tells that a new version of *function* does this source harm."""


def dead_letters(queue: sqs.IQueue) -> Watched:
    """Watch a queue that gets what failed.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """
    name = "ApproximateNumberOfMessagesVisible"
    of = {"QueueName": queue.queue_name}
    return Watched("dead letters", Metric("AWS/SQS", name, of, "Maximum"))


def growing_age(function: LambdaFunction) -> Watched:
    """Watch how old the records of a stream are.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    """
    metric = Metric(LAMBDA, "IteratorAge", alias_of(function), "Maximum")
    return Watched("iterator age", metric)


def server_errors(namespace: str, name: str, dimensions: Mapping[str, str]) -> Watched:
    """Watch the answers of 5xx that clients get."""
    return Watched("server errors", Metric(namespace, name, dimensions, "Sum"))


def alias_of(function: LambdaFunction) -> dict[str, str]:
    """Give the dimensions of the live alias.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html
    """
    name = function.function.function_name
    return {"FunctionName": name, "Resource": f"{name}:live"}


class RollbackAlarms:
    """The alarms of one release, which grow with what is bound to the function."""

    def __init__(
        self, release: Release, function: LambdaFunction, rules: RollbackRules
    ) -> None:
        self._release = release
        self._function = function
        self._rules = rules
        self._watched: dict[Kind, list[Metric]] = {}
        self._queues = 0
        self._allowed: iam.PolicyStatement | None = None
        self.alarms: list[Alarm] = []
        if rules.derived:
            self._add_errors()
            self._watch_queues()
        for each in rules.alarms:
            _check_place(function, each)
        self._allow([each.alarm_arn for each in rules.alarms if _is_metric(each)])
        if not all(_is_metric(each) for each in rules.alarms):
            # Of composite alarms CloudWatch tells those alone who may see all.
            release.policy.add_statements(statement([DESCRIBE], "*"))
        self._settle()
        if rules.max_latency is not None:
            validate_at_the_end(function, self._latency_fault)

    def follow(self, source: object) -> None:
        """Watch what *source* wants watched, and the queues that came with it."""
        if not self._rules.derived:
            return
        self._watch_queues()
        if isinstance(source, RollbackMetrics):
            for each in source.rollback_metrics(self._function):
                self._watch(each)
        self._settle()

    def _watch_queues(self) -> None:
        queues = self._function.failure_queues
        for queue in queues[self._queues :]:
            self._watch(dead_letters(queue))
        self._queues = len(queues)

    def _watch(self, watched: Watched) -> None:
        metrics = self._watched.setdefault(watched.kind, [])
        if watched.metric in metrics:
            return
        metrics.append(watched.metric)
        place, left = divmod(len(metrics) - 1, limits.ALARM_METRICS - 1)
        first = place * (limits.ALARM_METRICS - 1)
        number = str(place + 1) if place else ""
        made = ALARMS[watched.kind](
            self._release, number, metrics[first:], self._rules.max_errors
        )
        if left == 0:
            self._add(made)
            if watched.kind == "server errors" and not place:
                self._add_latency()

    def _add_errors(self) -> None:
        """Watch the new version itself.

        A throttled invocation has executed no version: it counts for the alias.
        """
        errors = Metric(LAMBDA, "Errors", self._new_version(), "Sum")
        throttles = Metric(LAMBDA, "Throttles", alias_of(self._function), "Sum")
        most = self._rules.max_errors
        self._add(
            alarm_on(self._release, "Errors", errors, most, "The new version fails")
        )
        self._add(
            alarm_on(
                self._release,
                "Throttles",
                throttles,
                0,
                "Invocations are throttled for three minutes",
                periods=3,
            )
        )

    def _add_latency(self) -> None:
        longest = self._rules.max_latency
        timeout = seconds(self._function.timeout)
        if longest is not None:
            most = 1_000 * (seconds(longest) or 0)
            if timeout is not None and most >= 1_000 * timeout:
                raise ConfigurationError(
                    "max_latency must be less than the function's timeout of "
                    f"{timeout:g} s, got {most / 1_000:g} s: nothing takes longer, and "
                    "no release would go back; leave it out for 80 % of the timeout",
                    scope=self._function,
                )
        elif timeout is not None:
            most = LATENCY_SHARE * timeout * 1_000
        else:
            raise ConfigurationError(
                "max_latency must be given where the timeout is not known at "
                "synthesis; pass it to the deployment",
                scope=self._function,
            )
        metric = Metric(LAMBDA, "Duration", self._new_version(), "p99")
        what = "The new version is slow (p99, in milliseconds)"
        self._add(alarm_on(self._release, "Latency", metric, most, what, periods=2))

    def _latency_fault(self) -> list[str]:
        if "server errors" in self._watched:
            return []
        return [
            "max_latency of the deployment is watched where clients wait, and nobody "
            "does; bind an API, a load balancer or a URL, or leave it out"
        ]

    def _new_version(self) -> dict[str, str]:
        version = self._function.function.current_version.version
        return {**alias_of(self._function), "ExecutedVersion": version}

    def _add(self, alarm: Alarm) -> None:
        self.alarms.append(alarm)
        self._allow([alarm.attr_arn])

    def _allow(self, arns: Sequence[str]) -> None:
        if not arns:
            return
        if self._allowed is None:
            self._allowed = statement([DESCRIBE], *arns)
            self._release.policy.add_statements(self._allowed)
        else:
            self._allowed.add_resources(*arns)

    def _settle(self) -> None:
        from aws_cdk import aws_codedeploy as codedeploy

        names = [each.ref for each in self.alarms]
        names += [each.alarm_name for each in self._rules.alarms]
        if len(names) > limits.DEPLOYMENT_ALARMS:
            raise ConfigurationError(
                f"a deployment has at most {limits.DEPLOYMENT_ALARMS} alarms, got "
                f"{len(names)}, of which {len(self.alarms)} follow from what is bound; "
                "join some of alarms= in a composite alarm",
                scope=self._function,
            )
        kinds = codedeploy.CfnDeploymentGroup
        self._release.group.alarm_configuration = kinds.AlarmConfigurationProperty(
            enabled=bool(names),
            alarms=[kinds.AlarmProperty(name=each) for each in names],
        )


DESCRIBE = "cloudwatch:DescribeAlarms"
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html."""


def _check_place(function: LambdaFunction, alarm: cloudwatch.IAlarm) -> None:
    """Check that CodeDeploy, which knows alarms by name, would find *alarm*.

    https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-create-alarms.html
    """
    there, here = alarm.env, stack_of(function)
    for what, of_alarm, own in (
        ("Region", literal(there.region), literal(region_of(here))),
        ("account", literal(there.account), literal(account_of(here))),
    ):
        if of_alarm and own and of_alarm != own:
            raise ConfigurationError(
                f"alarms must be in the function's {what} {own}, got "
                f"{path_of(alarm)} in {of_alarm}; CodeDeploy knows them by name, so "
                "define it there",
                scope=function,
            )


def _is_metric(alarm: cloudwatch.IAlarm) -> bool:
    """Tell an alarm on a metric from one on alarms, or one that may be either."""
    from aws_cdk import aws_cloudwatch as cloudwatch

    return isinstance(alarm, cloudwatch.Alarm)
