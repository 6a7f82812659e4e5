"""Batches of a stream: what is to be done with one, and how it went.

https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._mapping import PAYLOAD_BYTES, MappingSettings

if TYPE_CHECKING:
    from lambda_constructs.testing._functions import Invocation
    from lambda_constructs.testing._runtime import Outcome
    from lambda_constructs.testing._stream_records import StreamRecord

BACKOFF = (1.0, 60.0)
"""AWS backs off exponentially and says no numbers: here 1 s, doubled up to 60 s."""


@dataclass(frozen=True)
class StreamSettings:
    """What an event source mapping says of a stream."""

    enabled: bool
    batch_size: int
    window: float
    tumbling: float
    factor: int
    partial: bool
    bisect: bool
    retries: int
    max_age: float
    on_failure: str | None
    filters: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, properties: Mapping[str, Any], where: str) -> StreamSettings:
        """Read it from the template.

        https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
        """
        destinations = properties.get("DestinationConfig", {})
        common = MappingSettings.of(properties, batch_size=100, where=where)
        max_age = float(properties.get("MaximumRecordAgeInSeconds", -1))
        return cls(
            enabled=common.enabled,
            batch_size=common.batch_size,
            window=common.window,
            tumbling=float(properties.get("TumblingWindowInSeconds", 0)),
            factor=int(properties.get("ParallelizationFactor", 1)),
            partial=common.partial,
            bisect=properties.get("BisectBatchOnFunctionError") in (True, "true"),
            retries=int(properties.get("MaximumRetryAttempts", -1)),
            max_age=float("inf") if max_age < 0 else max_age,
            on_failure=destinations.get("OnFailure", {}).get("Destination"),
            filters=common.filters,
        )


@dataclass(eq=False)
class Batch:
    """Records that one invocation gets, until they are done or given up.

    Attributes:
        records: What is left of it.
        final: Whether it closes a tumbling window.
        retries: How often it was retried, as far as that counts.
        setbacks: How often in a row it has to wait, throttles included.
        invoked: How often a handler got it.
        last: How that went last.
    """

    records: list[StreamRecord]
    final: bool = False
    retries: int = 0
    setbacks: int = 0
    invoked: int = 0
    last: Invocation | None = None

    def halves(self) -> list[Batch]:
        """Split it; splitting is no retry that counts."""
        middle = (len(self.records) + 1) // 2
        return [
            Batch(part, False, self.retries, 0, self.invoked, self.last)
            for part in (self.records[:middle], self.records[middle:])
        ]

    def next_delay(self) -> float:
        """Give how long to wait now."""
        least, most = BACKOFF
        delay = min(most, least * 2.0 ** min(self.setbacks, 16))
        self.setbacks += 1
        return delay


def count_done(batch: Batch, outcome: Outcome, settings: StreamSettings) -> int:
    """Give how many records from the first on are done.

    Lambda goes back to the lowest sequence number that was reported; a malformed
    response fails the whole batch, and an empty one is a success.
    """
    if outcome.failed or (settings.tumbling and not _has_state(outcome.payload)):
        return 0
    every = len(batch.records)
    if not settings.partial or not outcome.payload:
        return every
    items = _reported(outcome.payload, settings)
    if items is None:
        return 0
    places = {each.sequence: place for place, each in enumerate(batch.records)}
    failed = [_identifier(each) for each in items]
    if any(each not in places for each in failed):
        return 0
    return min((places[each] for each in failed), default=every)


def has_closed(outcome: Outcome) -> bool:
    """Tell whether the last invocation for a window was a success."""
    return not outcome.failed and _has_state(outcome.payload)


def _identifier(item: object) -> str:
    found = item.get("itemIdentifier") if isinstance(item, dict) else None
    return found if isinstance(found, str) else ""


def _has_state(payload: object) -> bool:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html."""
    return isinstance(payload, dict) and isinstance(payload.get("state"), dict)


def _reported(payload: object, settings: StreamSettings) -> list[Any] | None:
    if not isinstance(payload, dict):
        return None
    if "batchItemFailures" not in payload:
        return [] if settings.tumbling else None
    items = payload["batchItemFailures"]
    if items is None:
        return []
    return items if isinstance(items, list) else None


def fill(pending: list[StreamRecord], settings: StreamSettings) -> int:
    """Give how many of *pending* fit into one batch."""
    size = 0
    for place, record in enumerate(pending[: settings.batch_size]):
        size += record.size
        if size > PAYLOAD_BYTES and place:
            return place
    return min(len(pending), settings.batch_size)
