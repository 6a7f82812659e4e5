"""The alarms of a stack's functions, and what publishing them takes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from aws_cdk import ArnFormat, IResource, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from constructs import Construct

from lambda_constructs._function_signals import signals_of
from lambda_constructs._known import (
    account_of,
    asked_once,
    path_of,
    region_of,
    resource_of,
    stack_name_of,
    stack_of,
    stage_of,
)
from lambda_constructs._signals import place_of
from lambda_constructs.errors import ConfigurationError, literal
from lambda_constructs.practices import Practice
from lambda_constructs.signals import OPERATORS, Limit, Signal

if TYPE_CHECKING:
    from aws_cdk import aws_sns as sns

    from lambda_constructs.function import LambdaFunction
    from lambda_constructs.monitoring import Monitoring

NAME_CHARACTERS = 255

PRINCIPAL = "cloudwatch.amazonaws.com"

_OPENED: WeakKeyDictionary[IResource, dict[str, bool]] = WeakKeyDictionary()
"""Topics, and whose alarms CloudWatch may publish to them already."""


class Alarms:
    """The alarms below one construct: one for each metric, however many want it.

    Attributes:
        made: The alarm of each metric, by the signal's key.
    """

    def __init__(self, place: Construct) -> None:
        self.made: dict[object, cloudwatch.CfnAlarm] = {}
        self._place = place
        self._names: set[str] = set()
        self._places: dict[str, LambdaFunction] = {}
        self._used: list[Monitoring] = []

    def add(self, function: LambdaFunction, monitoring: Monitoring) -> list[Signal]:
        """Define the alarms of *function*; give its signals, as they were settled.

        Raises:
            ConfigurationError: Its alarms could not be published.
        """
        _check_place(function, monitoring)
        _open(function, monitoring)
        if monitoring not in self._used:
            self._used.append(monitoring)
        settled = []
        topic = monitoring.topic.topic_arn
        for signal in signals_of(function):
            if signal.limit is not None:
                self._names.add(signal.name)
            limit = monitoring.settled(signal)
            settled.append(signal.limited(limit))
            if limit is not None and signal.key not in self.made:
                place = self._place_of(function)
                made = self._alarm(place, function, signal, limit, topic)
                self.made[signal.key] = made
        return settled

    def check_names(self) -> None:
        """Check the names in `thresholds`.

        Raises:
            ConfigurationError: There is no alarm of such a name.
        """
        for each in self._used:
            fault = each.check_names(self._names)
            if fault:
                raise ConfigurationError(fault, scope=self._place)

    def _place_of(self, function: LambdaFunction) -> str:
        """Say which function it is; of two whose paths read alike, one has more."""
        place = place_of(function, function)
        if self._places.setdefault(place, function) is function:
            return place
        digest = hashlib.sha256(path_of(function).encode()).hexdigest()[:8]
        return f"{place}-{digest}"

    def _alarm(
        self,
        place: str,
        function: LambdaFunction,
        signal: Signal,
        limit: Limit,
        topic: str,
    ) -> cloudwatch.CfnAlarm:
        # L1: one call, where CDK's metrics and actions take a dozen.
        percentile = signal.statistic.startswith("p")
        return cloudwatch.CfnAlarm(
            self._place,
            f"{place}-{signal.id}",
            alarm_actions=[topic],
            alarm_name=_name(place, function, signal),
            alarm_description=f"{path_of(function)}: {signal.meaning}",
            comparison_operator=OPERATORS[limit.comparison_operator],
            datapoints_to_alarm=limit.datapoints_to_alarm,
            dimensions=[
                {"name": name, "value": value}
                for name, value in signal.dimensions.items()
            ],
            evaluation_periods=limit.evaluation_periods,
            extended_statistic=signal.statistic if percentile else None,
            metric_name=signal.metric_name,
            namespace=signal.namespace,
            period=signal.period,
            statistic=None if percentile else signal.statistic,
            threshold=limit.threshold,
            treat_missing_data=limit.treat_missing_data,
        )


def _name(place: str, function: LambdaFunction, signal: Signal) -> str:
    """Name an alarm as whoever is told reads it; by its stack, so that copies fit.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    of = (stack_name_of(stack_of(function)), place, signal.id)
    name = "/".join(of)
    if len(name) <= NAME_CHARACTERS:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: NAME_CHARACTERS - 9]}-{digest}"


def _check_place(function: LambdaFunction, monitoring: Monitoring) -> None:
    """Check that the topic is where the alarms are, as far as both are known.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    topic = monitoring.topic
    there, here = literal(region_of(topic)), literal(region_of(stack_of(function)))
    if there and here and there != here:
        raise ConfigurationError(
            f"topic of Monitoring must be in the function's Region {here}, got "
            f"{path_of(topic)} in {there}; an alarm publishes in its own Region only, "
            "so apply one Monitoring to each",
            scope=function,
        )
    theirs, ours = stack_of(topic), stack_of(function)
    if theirs is ours or resource_of(topic) is None:
        return
    whose, own = literal(account_of(theirs)), literal(account_of(ours))
    remedy = (
        "import it here by Topic.from_topic_arn(), and let CloudWatch publish to it"
    )
    if whose and own and whose != own:
        raise ConfigurationError(
            f"topic of Monitoring must be in the function's account {own}, got "
            f"{path_of(topic)} in {whose}; {remedy}",
            scope=function,
        )
    if stage_of(theirs) is not stage_of(ours):
        raise ConfigurationError(
            "topic of Monitoring must be in the function's Stage "
            f"{path_of(stage_of(ours)) or 'App'}, got {path_of(topic)}, since no stack "
            f"names what is in another; make one in each, or {remedy}",
            scope=function,
        )


def _open(function: LambdaFunction, monitoring: Monitoring) -> None:
    """Let CloudWatch publish to the topic, and use its key, for this account's alarms.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    topic = monitoring.topic
    opened = _OPENED.setdefault(topic, {})
    names = _names_of(stack_of(function))
    if names not in opened:
        opened[names] = _allow(topic, stack_of(topic), names)
    if not opened[names]:
        Practice.MONITORING_IMPORTED_TOPIC.warn(
            function,
            f"topic {path_of(topic)}, or its key, is imported, so that its policy "
            f"cannot be extended here, and alarms may be lost; let {PRINCIPAL} publish "
            "to it where it is defined, and use its key",
        )


@asked_once
def _names_of(stack: Stack) -> str:
    """Give what the names of a stack's alarms have in common.

    The name of a nested stack, which nobody knows yet, begins with that of its parent.
    """
    if stack.nested_stack_parent is None:
        return f"{stack.stack_name}/*"
    while stack.nested_stack_parent is not None:
        stack = stack.nested_stack_parent
    return f"{stack.stack_name}-*"


def _allow(topic: sns.Topic | sns.ITopic, stack: Stack, names: str) -> bool:
    alarms = stack.format_arn(
        service="cloudwatch",
        resource="alarm",
        resource_name=names,
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )

    def statement(actions: list[str], resource: str) -> iam.PolicyStatement:
        return iam.PolicyStatement(
            actions=actions,
            principals=[iam.ServicePrincipal(PRINCIPAL)],
            resources=[resource],
            conditions={
                "StringEquals": {"aws:SourceAccount": account_of(stack)},
                "ArnLike": {"aws:SourceArn": alarms},
            },
        )

    publish = statement(["sns:Publish"], topic.topic_arn)
    known = topic.add_to_resource_policy(publish).statement_added
    key = topic.master_key
    if key is not None:
        use = statement(["kms:Decrypt", "kms:GenerateDataKey"], "*")
        known = key.add_to_resource_policy(use).statement_added and known
    return bool(known)
