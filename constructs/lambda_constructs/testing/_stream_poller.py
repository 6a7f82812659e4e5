"""An event source mapping of a stream: reads shards, and delivers them in order.

https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._filters import matches_any
from lambda_constructs.testing._mapping import MappingMeter
from lambda_constructs.testing._stream_batches import Batch, StreamSettings
from lambda_constructs.testing._stream_destination import FailureDestination
from lambda_constructs.testing._stream_lane import Lane
from lambda_constructs.testing._stream_source import WRITES, source_of

if TYPE_CHECKING:
    from lambda_constructs.testing._functions import FunctionState
    from lambda_constructs.testing._stream_records import StreamRecord
    from lambda_constructs.testing.account import LocalAccount


class StreamPoller:
    """Delivers the records of one stream to one qualifier of one function."""

    def __init__(
        self,
        account: LocalAccount,
        function: FunctionState,
        qualifier: str,
        properties: Mapping[str, Any],
    ) -> None:
        self.account = account
        self.function = function
        self.qualifier = qualifier
        self.source = source_of(account, function, properties)
        self.path = account.path_of(self.source.name)
        self.settings = StreamSettings.of(properties, self.path)
        self.enabled = self.settings.enabled
        self.meter = MappingMeter(account, function, qualifier, properties)
        self.lanes: dict[str, list[Lane]] = {}
        self._iterators: dict[str, str] = {}
        self._fresh = False
        if self.enabled:
            self._begin()

    def _begin(self) -> None:
        """Stand at the starting position; from now on each write wakes it."""
        self._iterators = self.source.start()
        self._fresh = True
        # The state of a tumbling window is the shard's, so it has one lane.
        count = 1 if self.settings.tumbling else self.settings.factor
        self.lanes = {
            shard: [Lane(self, shard) for _ in range(count)]
            for shard in self._iterators
        }
        service = self.source.arn.split(":")[2]
        for operation in WRITES[service]:
            self.account.observers.add(service, operation, self._wake)

    def poll(self) -> bool:
        """Read what is there and invoke with it; tell whether there was anything."""
        busy = False
        if self._fresh:
            self._fresh = False
            for shard in self._iterators:
                busy = self._read(shard) or busy
        advanced = [lane.advance() for lanes in self.lanes.values() for lane in lanes]
        return busy or any(advanced)

    def give_up(self, lane: Lane, batch: Batch, why: str) -> None:
        """Discard a batch, tell its destination, and let the lane go on."""
        count = _count(batch.records)
        first, last = batch.records[0].sequence, batch.records[-1].sequence
        where = first if first == last else f"{first} to {last}"
        self.account.note(self.path, "given up", f"{count}, {where}: {why}")
        self.meter.count("DroppedEventCount", len(batch.records))
        if self.settings.on_failure is None:
            return
        destination = FailureDestination(
            self.account,
            self.function,
            self.qualifier,
            self.source,
            self.settings.on_failure,
            self.meter.uuid,
        )
        if destination.send(lane.shard, batch, lane.event(batch), why):
            sent = len(batch.records)
            self.meter.count("OnFailureDestinationDeliveredEventCount", sent)

    def _read(self, shard: str) -> bool:
        """Read until there is no more."""
        received: list[StreamRecord] = []
        more = True
        while more:
            some, iterator, more = self.source.read(shard, self._iterators[shard])
            self._iterators[shard] = iterator
            received.extend(some)
        if not received:
            return False
        self.account.note(self.path, "polled", f"{_count(received)} of {shard}")
        self.meter.count("PolledEventCount", len(received))
        lanes = self.lanes[shard]
        for record in self._matching(received):
            lanes[_place(record.key, len(lanes))].pending.append(record)
        return True

    def _matching(self, received: Sequence[StreamRecord]) -> Sequence[StreamRecord]:
        """Skip what no filter matches.

        https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
        """
        if not self.settings.filters:
            return received
        kept = [
            each
            for each in received
            if matches_any(self.settings.filters, each.filtered_by)
        ]
        if len(kept) < len(received):
            skipped = received[len(kept) :]
            self.account.note(self.path, "filtered", f"{_count(skipped)} skipped")
            self.meter.count("FilteredOutEventCount", len(skipped))
        return kept

    def _wake(self, *_: object) -> None:
        self._fresh = True


def _place(key: str, lanes: int) -> int:
    """Give the lane of a key: always the same, so that its order is kept.

    AWS keeps its own choice to itself; as there, two keys may share a lane.
    """
    digest = hashlib.md5(key.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest) % lanes


def _count(records: Sequence[object]) -> str:
    return "1 record" if len(records) == 1 else f"{len(records)} records"
