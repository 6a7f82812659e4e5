"""A data stream, as its producers see it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

__all__ = ["Stream"]


@dataclass(frozen=True)
class Stream:
    """A Kinesis data stream."""

    account: LocalAccount
    name: str
    path: str

    def put(self, *records: object, partition_key: str = "key") -> None:
        """Put a record for each of *records*, in order, all under one key.

        What is neither bytes nor text is put as JSON. Records of one key stay in one
        shard, and in order.
        """
        for record in records:
            self.account.client("kinesis").put_record(
                StreamName=self.name, Data=_bytes(record), PartitionKey=partition_key
            )
        count = "1 record" if len(records) == 1 else f"{len(records)} records"
        self.account.note(self.path, "sent", f"{count} of key {partition_key}")


def _bytes(record: object) -> bytes:
    if isinstance(record, bytes):
        return record
    text = record if isinstance(record, str) else json.dumps(record)
    return text.encode()
