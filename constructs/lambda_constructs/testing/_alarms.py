"""The state of alarms on metrics that the kit measures.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._metrics import MEASURED

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanThreshold": operator.lt,
}

STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Average": lambda values: sum(values) / len(values),
    "Maximum": max,
    "Minimum": min,
    "SampleCount": len,
    "Sum": sum,
}


def is_modelled(properties: Mapping[str, Any]) -> bool:
    """Tell whether the kit can say in which state such an alarm is.

    Not with metric math or anomalies, and not on what other services measure.
    """
    namespace, name = str(properties.get("Namespace")), properties.get("MetricName")
    of_aws = namespace.startswith("AWS/")
    known = name in MEASURED.get(namespace, ()) if of_aws else True
    statistic = properties.get("ExtendedStatistic") or properties.get("Statistic")
    return (
        name is not None
        and known
        and properties.get("ComparisonOperator") in COMPARE
        and (statistic in STATISTICS or str(statistic)[:1] == "p")
    )


def is_in_alarm(account: LocalAccount, properties: Mapping[str, Any]) -> bool:
    """Tell whether enough of the last periods breach.

    The last is the one that runs, or the one before: an alarm stays red that long.
    """
    return is_modelled(properties) and any(
        _is_red(account, properties, back) for back in (0, 1)
    )


def _is_red(account: LocalAccount, properties: Mapping[str, Any], back: int) -> bool:
    length = float(properties["Period"])
    periods = int(properties["EvaluationPeriods"])
    enough = int(properties.get("DatapointsToAlarm", periods))
    found = account.metrics(
        str(properties["MetricName"]),
        namespace=str(properties["Namespace"]),
        dimensions={
            each["Name"]: str(each["Value"])
            for each in properties.get("Dimensions", [])
        },
    )
    breaches = 0
    # Periods begin with the clock's own minutes.
    last = account.clock.now() // length * length - account.clock.start
    for number in range(back, back + periods):
        begin = last - number * length
        values = [each.value for each in found if begin <= each.at < begin + length]
        breaches += _breaches(properties, values)
    return breaches >= enough


def _breaches(properties: Mapping[str, Any], values: Sequence[float]) -> bool:
    if not values:
        return properties.get("TreatMissingData") == "breaching"
    compare = COMPARE[properties["ComparisonOperator"]]
    return compare(statistic_of(properties, values), float(properties["Threshold"]))


def statistic_of(properties: Mapping[str, Any], values: Sequence[float]) -> float:
    """Give what an alarm makes of the values of a period."""
    percentile = properties.get("ExtendedStatistic")
    if percentile is None:
        return STATISTICS[properties["Statistic"]](values)
    share = float(str(percentile).removeprefix("p")) / 100
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
