"""Alarms, a dashboard and saved queries, derived from what functions are bound to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from constructs import IConstruct

from lambda_constructs._known import node_of
from lambda_constructs.errors import (
    ConfigurationError,
    check_given,
    check_number,
    check_scope,
    check_type,
    is_token,
    nearest,
)
from lambda_constructs.signals import Limit, Signal

if TYPE_CHECKING:
    from aws_cdk import aws_sns as sns

__all__ = ["Limit", "Monitoring", "Signal"]

AWS_OWN_KEY = "alias/aws/sns"


@dataclass(frozen=True, kw_only=True)
class Monitoring:
    """Who is told when functions, their sources or their failure stores are unwell.

    Every function below the scope that it is applied to gets the alarms that its
    timeout, its sources and its failure queues call for, and no alarm that could never
    have data. docs/monitoring.md lists them. CloudWatch may then publish to the topic,
    and use its key.

    Each stack with such functions gets a dashboard, and saved queries of CloudWatch
    Logs Insights. CloudWatch bills alarms, dashboards beyond the third, and the metrics
    of event source mappings, which are switched on where nothing is said of them:
    https://aws.amazon.com/cloudwatch/pricing/

    Attributes:
        topic: Where every alarm is published; in the Region and the account of the
            functions. Not one that is encrypted with `alias/aws/sns`, which CloudWatch
            may not use.
        dashboard: Whether each stack gets a dashboard.
        thresholds: Other thresholds, by the names of signals, in the unit of their
            metric: `{"Errors": 5}`. None leaves an alarm out.

    Raises:
        ConfigurationError: Alarms could not be published to the topic, or a threshold
            is no number.
    """

    topic: sns.Topic | sns.ITopic
    dashboard: bool = True
    thresholds: Mapping[str, float | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not hasattr(self.topic, "topic_arn"):
            raise ConfigurationError(
                f"topic must be an SNS topic, got {self.topic!r}; pass the topic itself"
            )
        check_given(dashboard=self.dashboard, thresholds=self.thresholds)
        held = isinstance(self.dashboard, bool)
        check_type("dashboard", self.dashboard, "True or False", holds=held)
        held = isinstance(self.thresholds, Mapping)
        wanted = "a mapping of names, as {'Errors': 5}"
        check_type("thresholds", self.thresholds, wanted, holds=held)
        for name, value in self.thresholds.items():
            check_type(
                "a name in thresholds", name, "text", holds=isinstance(name, str)
            )
            check_number(f"thresholds[{name!r}]", value)
        self._check_key()

    def apply_to(self, scope: IConstruct) -> None:
        """Watch every function below *scope*, those defined before included.

        What is nearer to a function wins, and what it says itself by `monitoring=`.
        Said twice for one scope, what was said later wins.

        Raises:
            ConfigurationError: *scope* is no construct.
        """
        check_scope("apply_to()", scope)
        # Beside the scope itself: jsii forgets a Python object that nothing holds.
        _applied[id(scope)] = (scope, self)

    @classmethod
    def of(cls, scope: IConstruct) -> Monitoring | None:
        """Give what the nearest scope of *scope* says, or None where none does."""
        if not _applied:
            return None
        for above in reversed(node_of(scope).scopes):
            if id(above) in _applied:
                return _applied[id(above)][1]
        return None

    def settled(self, signal: Signal) -> Limit | None:
        """Give the limit of *signal*, with the threshold that is said here."""
        if signal.limit is None or signal.name not in self.thresholds:
            return signal.limit
        threshold = self.thresholds[signal.name]
        if threshold is None:
            return None
        if signal.namespace.startswith("AWS/") and not is_token(threshold):
            self._check_threshold(signal, threshold)
        values = {**vars(signal.limit), "threshold": threshold}
        return Limit(**values)

    def _check_threshold(self, signal: Signal, threshold: float) -> None:
        """None of AWS's metrics here is below 0, and each is 0 where all is well."""
        if threshold <= 0:
            raise ConfigurationError(
                f"thresholds[{signal.name!r}] must be above 0, got {threshold:g}: the "
                "alarm would be on while all is well, or never; 1 is the first, and "
                "None leaves the alarm out"
            )

    def check_names(self, known: set[str]) -> str | None:
        """Give what is wrong with the names of *thresholds*, where something is."""
        for name in self.thresholds:
            if name not in known:
                return (
                    f"thresholds of Monitoring has {name!r}, which no function here "
                    "has an alarm for"
                    + (
                        nearest(name, known)
                        or f"; there are {', '.join(sorted(known))}"
                    )
                )
        return None

    def _check_key(self) -> None:
        """https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html."""
        key = self.topic.master_key
        if key is not None and key.key_arn.endswith(AWS_OWN_KEY):
            raise ConfigurationError(
                f"topic must not be encrypted with {AWS_OWN_KEY}, which CloudWatch may "
                "not use, so that no alarm would arrive; pass master_key=kms.Key(...) "
                "to the topic",
                scope=self.topic,
            )


_applied: dict[int, tuple[IConstruct, Monitoring]] = {}
