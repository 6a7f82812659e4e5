"""What every event source mapping has: its settings, its id, what it counts.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._functions import SYNCHRONOUS_BYTES
from lambda_constructs.testing._sources.patterns import check_pattern

if TYPE_CHECKING:
    from lambda_constructs.testing._functions import FunctionState
    from lambda_constructs.testing.account import LocalAccount

PARTIAL = "ReportBatchItemFailures"

PAYLOAD_BYTES = SYNCHRONOUS_BYTES - 4_096
"""What the records of a batch may take, less what is around them."""


@dataclass(frozen=True)
class MappingSettings:
    """What a mapping says, whatever it reads."""

    enabled: bool
    batch_size: int
    window: float
    partial: bool
    filters: tuple[dict[str, Any], ...]

    @classmethod
    def of(
        cls, properties: Mapping[str, Any], *, batch_size: int, where: str
    ) -> MappingSettings:
        """Read it from the template; *batch_size* is the source's own default.

        Raises:
            AccountError: Lambda would refuse a filter.
        """
        criteria = properties.get("FilterCriteria", {}).get("Filters", [])
        filters = tuple(json.loads(each["Pattern"]) for each in criteria)
        for pattern in filters:
            check_pattern(where, pattern)
        return cls(
            enabled=properties.get("Enabled", True) in (True, "true"),
            batch_size=int(properties.get("BatchSize", batch_size)),
            window=float(properties.get("MaximumBatchingWindowInSeconds", 0)),
            partial=PARTIAL in properties.get("FunctionResponseTypes", []),
            filters=filters,
        )


class MappingMeter:
    """Counts the events of a mapping, if it is asked to."""

    def __init__(
        self,
        account: LocalAccount,
        function: FunctionState,
        qualifier: str,
        properties: Mapping[str, Any],
    ) -> None:
        self.account = account
        self.function = function
        arn = str(properties["EventSourceArn"])
        self.uuid = mapping_uuid(function, qualifier, arn)
        wanted = properties.get("MetricsConfig", {}).get("Metrics", [])
        self._counts = "EventCount" in wanted

    def count(self, name: str, events: int) -> None:
        """Count some events, if any."""
        if self._counts and events:
            self.account.measured.count_mapping(self.function, self.uuid, name, events)


def mapping_uuid(function: FunctionState, qualifier: str, source: str) -> str:
    """Give the id of the mapping from the ARN *source* to a qualifier."""
    name = f"{function.arn_of(qualifier)}/{source}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))
