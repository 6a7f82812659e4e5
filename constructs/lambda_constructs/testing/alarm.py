"""An alarm of a deployed stack, and whether what happened would have set it off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._alarms import COMPARE, is_modelled, statistic_of
from lambda_constructs.testing.errors import UnmodelledError
from lambda_constructs.testing.metrics import Series

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

__all__ = ["Alarm"]


@dataclass(frozen=True)
class Alarm:
    """An alarm on one metric.

    Attributes:
        name: Its name.
        path: Its construct path.
    """

    account: LocalAccount
    name: str
    path: str

    @property
    def properties(self) -> Mapping[str, Any]:
        """What the template says of it, resolved."""
        return self.account.alarms[self.name]

    @property
    def data(self) -> Series:
        """The values of exactly the metric and the dimensions that it looks at."""
        properties = self.properties
        return self.account.metrics(
            properties["MetricName"],
            namespace=properties["Namespace"],
            dimensions={
                each["Name"]: each["Value"] for each in properties.get("Dimensions", ())
            },
        )

    @property
    def fired(self) -> bool:
        """Whether it was in alarm at any time, or is now, by the data so far.

        A period without data is none beyond the threshold.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html

        Raises:
            UnmodelledError: Nobody knows here: it is on metric math, or on what another
                service measures.
        """
        properties = self.properties
        if not is_modelled(properties):
            raise UnmodelledError(
                f"the state of the alarm {self.path} is not modelled, as "
                "account.unmodelled says; nobody knows here whether it went off"
            )
        periods = int(properties["EvaluationPeriods"])
        needed = int(properties.get("DatapointsToAlarm", periods))
        beyond = self._beyond(int(properties["Period"]))
        return any(
            sum(first <= each < first + periods for each in beyond) >= needed
            for first in beyond
        )

    def _beyond(self, period: int) -> list[int]:
        """Give the numbers of the periods whose statistic is beyond the threshold."""
        values: dict[int, list[float]] = defaultdict(list)
        start = self.account.clock.start
        for each in self.data:
            values[int((start + each.at) // period)].append(each.value)
        compare = COMPARE[self.properties["ComparisonOperator"]]
        threshold = float(self.properties["Threshold"])
        return sorted(
            number
            for number, found in values.items()
            if compare(statistic_of(self.properties, found), threshold)
        )
