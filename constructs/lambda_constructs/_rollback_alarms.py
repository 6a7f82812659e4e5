"""Alarms on metrics of CloudWatch, each as one resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from constructs import Construct

if TYPE_CHECKING:
    from aws_cdk import IResolvable
    from aws_cdk import aws_cloudwatch as cloudwatch

    Alarm: TypeAlias = cloudwatch.CfnAlarm
else:
    Alarm = Any

__all__: list[str] = []

LAMBDA = "AWS/Lambda"
PERIOD_SECONDS = 60

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
