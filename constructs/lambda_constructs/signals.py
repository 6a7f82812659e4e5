"""What tells how a function, a source or a failure store is doing, and its alarm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lambda_constructs.errors import ConfigurationError

__all__ = ["Limit", "Signal"]

OPERATORS = {
    ">=": "GreaterThanOrEqualToThreshold",
    ">": "GreaterThanThreshold",
    "<": "LessThanThreshold",
    "<=": "LessThanOrEqualToThreshold",
}

MISSING = ("breaching", "ignore", "missing", "notBreaching")


@dataclass(frozen=True, kw_only=True)
class Limit:
    """From where on a signal is an alarm.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html

    Attributes:
        threshold: The value, in the metric's own unit.
        comparison_operator: `>=`, `>`, `<` or `<=`.
        datapoints_to_alarm: How many of the *evaluation_periods* have to be beyond it.
        evaluation_periods: How many periods are looked at.
        treat_missing_data: What a period without data is. `notBreaching` is right for
            what is only there when something happens, as nearly all of Lambda's is.

    Raises:
        ConfigurationError: CloudWatch would refuse it.
    """

    threshold: float
    comparison_operator: str = ">="
    datapoints_to_alarm: int = 1
    evaluation_periods: int = 1
    treat_missing_data: str = "notBreaching"

    def __post_init__(self) -> None:
        for name, allowed in (
            ("comparison_operator", tuple(OPERATORS)),
            ("treat_missing_data", MISSING),
        ):
            if getattr(self, name) not in allowed:
                raise ConfigurationError(
                    f"{name} must be {', '.join(allowed[:-1])} or {allowed[-1]}, got "
                    f"{getattr(self, name)!r}"
                )
        if not 1 <= self.datapoints_to_alarm <= self.evaluation_periods:
            raise ConfigurationError(
                "datapoints_to_alarm must be at least 1 and at most the "
                f"{self.evaluation_periods} evaluation_periods, got "
                f"{self.datapoints_to_alarm}"
            )


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One metric to look at, and from where on it is an alarm.

    A source gives its own by a method `signals(function, bound)`, where *bound* is what
    its `bind` gave; a source without that method has none.

    Attributes:
        name: What it is called, in an alarm's id and in `Monitoring(thresholds=)`.
        namespace: As `AWS/Lambda`.
        metric_name: As `Errors`.
        dimensions: Exactly those that the service documents for the metric: with one
            more, or one less, it is another metric, which has no data.
        meaning: What has happened and what to do, for whoever is told.
        limit: From where on it is an alarm. Left out, it is only shown.
        of: Which queue, stream or the like, where a function may have several.
        period: How many seconds a data point is for.
        statistic: `Sum`, `Average`, `Minimum`, `Maximum`, or a percentile as `p99`.
        store: Whether it is of a place where failures end.
        unit: What the metric counts in, as a dashboard is to say: `count`, `s`, `ms`
            or `rate`.
    """

    name: str
    namespace: str
    metric_name: str
    dimensions: Mapping[str, str]
    meaning: str
    limit: Limit | None = None
    of: str = ""
    period: int = 60
    statistic: str = "Sum"
    store: bool = False
    unit: str = "count"
    key: tuple[object, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        of = tuple(sorted(self.dimensions.items()))
        key = (self.namespace, self.metric_name, of, self.statistic)
        object.__setattr__(self, "key", key)

    def limited(self, limit: Limit | None) -> Signal:
        """Give the same with another limit."""
        return replace(self, limit=limit)

    @property
    def id(self) -> str:
        """Its name, and of what it is."""
        return f"{self.name}-{self.of}" if self.of else self.name
