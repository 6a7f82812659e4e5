"""Alarms on metrics of CloudWatch, each as one resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from constructs import Construct

if TYPE_CHECKING:
    from aws_cdk import IResolvable
    from aws_cdk import aws_cloudwatch as cloudwatch

    Alarm: TypeAlias = cloudwatch.CfnAlarm
else:
    Alarm = Any

__all__: list[str] = []

Kind = Literal["dead letters", "iterator age", "server errors"]

LAMBDA = "AWS/Lambda"
PERIOD_SECONDS = 60

OLD_RECORD_MILLISECONDS = 60_000
"""When a record of a stream has waited too long, if the next waits longer yet."""

LATE = 3
"""Periods of an alarm that fills gaps: the latest is one, until its data arrive.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""


@dataclass(frozen=True)
class Metric:
    """A metric with these dimensions, no more and no less."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str


def alarm_on(
    scope: Construct,
    id: str,
    metric: Metric,
    most: float,
    description: str,
    *,
    periods: int = 1,
) -> Alarm:
    """Alarm if a metric is above *most* in each of some minutes; no data is none."""
    from aws_cdk import aws_cloudwatch as cloudwatch

    percentile = metric.statistic.startswith("p")
    return cloudwatch.CfnAlarm(
        scope,
        id,
        alarm_description=description,
        comparison_operator="GreaterThanThreshold",
        threshold=most,
        evaluation_periods=periods,
        period=PERIOD_SECONDS,
        namespace=metric.namespace,
        metric_name=metric.name,
        dimensions=_dimensions(metric),
        statistic=None if percentile else metric.statistic,
        extended_statistic=metric.statistic if percentile else None,
        treat_missing_data="notBreaching",
    )


def alarm_on_any(
    scope: Construct,
    id: str,
    metrics: Sequence[Metric],
    expression: str,
    most: float,
    description: str,
    *,
    datapoints: int = 1,
) -> Alarm:
    """Alarm if an expression of any metric was above *most* in the last minutes.

    Where the alarm is there already, it is made to watch these.
    """
    from aws_cdk import aws_cloudwatch as cloudwatch

    ids = [f"m{number}" for number, _ in enumerate(metrics, 1)]
    terms = ", ".join(expression.format(each) for each in ids)
    kinds = cloudwatch.CfnAlarm
    queries: list[IResolvable | cloudwatch.CfnAlarm.MetricDataQueryProperty] = [
        kinds.MetricDataQueryProperty(
            id="any",
            expression=f"MAX([{terms}])" if len(ids) > 1 else terms,
            return_data=True,
        ),
        *(
            kinds.MetricDataQueryProperty(
                id=name,
                return_data=False,
                metric_stat=kinds.MetricStatProperty(
                    metric=kinds.MetricProperty(
                        namespace=metric.namespace,
                        metric_name=metric.name,
                        dimensions=_dimensions(metric),
                    ),
                    period=PERIOD_SECONDS,
                    stat=metric.statistic,
                ),
            )
            for name, metric in zip(ids, metrics, strict=True)
        ),
    ]
    made = cast("Alarm | None", scope.node.try_find_child(id))
    if made is not None:
        made.metrics = queries
        return made
    return cloudwatch.CfnAlarm(
        scope,
        id,
        alarm_description=description,
        comparison_operator="GreaterThanThreshold",
        threshold=most,
        evaluation_periods=LATE,
        datapoints_to_alarm=datapoints,
        metrics=queries,
        treat_missing_data="notBreaching",
    )


def _dimensions(metric: Metric) -> list[cloudwatch.CfnAlarm.DimensionProperty]:
    from aws_cdk import aws_cloudwatch as cloudwatch

    return [
        cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value)
        for name, value in metric.dimensions.items()
    ]


def _alarm_on_letters(
    scope: Construct, number: str, metrics: Sequence[Metric], _: int
) -> Alarm:
    """Watch for letters that come: those that lie there must not stop a release.

    An idle queue tells nothing, so the first letter has to differ from nothing.
    """
    return alarm_on_any(
        scope,
        f"DeadLetters{number}",
        metrics,
        "DIFF(FILL(FILL({}, REPEAT), 0))",
        0,
        "Messages come into failure queues",
    )


def _alarm_on_age(
    scope: Construct, number: str, metrics: Sequence[Metric], _: int
) -> Alarm:
    """Watch for age that grows: what is being caught up with may go on."""
    return alarm_on_any(
        scope,
        f"IteratorAge{number}",
        metrics,
        f"IF({{0}} > {OLD_RECORD_MILLISECONDS} AND DIFF({{0}}) > 0, 1, 0)",
        0,
        "Records wait for more than a minute, and longer and longer",
        datapoints=2,
    )


def _alarm_on_answers(
    scope: Construct, number: str, metrics: Sequence[Metric], most: int
) -> Alarm:
    return alarm_on_any(
        scope,
        f"ServerErrors{number}",
        metrics,
        "FILL({}, 0)",
        most,
        "Clients get 5xx",
    )


ALARMS: Mapping[Kind, Callable[[Construct, str, Sequence[Metric], int], Alarm]] = {
    "dead letters": _alarm_on_letters,
    "iterator age": _alarm_on_age,
    "server errors": _alarm_on_answers,
}
