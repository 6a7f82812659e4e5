"""Failure stores: what they are, what they hold, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Origin", "Store"]

KINDS = {
    "async": "asynchronous events",
    "dead letters": "asynchronous events",
    "delivery": "records of a delivery stream",
    "dynamodb": "batches of a table's stream",
    "iot": "messages of AWS IoT",
    "kafka": "batches of a Kafka topic",
    "kinesis": "batches of a data stream",
    "queue": "messages of a queue",
    "rule": "events of a rule",
    "schedule": "inputs of a schedule",
    "subscription": "notifications of a topic",
}
"""What a store holds, by the kind of where it failed."""


@dataclass(frozen=True)
class Origin:
    """Where something failed that ended in a store.

    Attributes:
        kind: One of `KINDS`.
        name: Its construct path, or its own name where it is of another stack.
        arn: The queue, function, mapping, rule, subscription or schedule.
        target: What it goes back to: a function's alias, a queue or a topic.
        prefix: What the keys of its records begin with, in a bucket.
        batch_size: How many records of a stream the function gets at once.
        settings: What else decides how it goes back, in the service's own words.
    """

    kind: str
    name: str
    arn: str
    target: str
    prefix: str = ""
    batch_size: int = 100
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def holds(self) -> str:
        """What is kept of it, in words."""
        return KINDS[self.kind]


@dataclass(frozen=True)
class Store:
    """A queue or a bucket where failures end, or what passes them on.

    Attributes:
        name: Its construct path, or its own name where it is of another stack.
        kind: `queue` or `bucket`; or what keeps nothing itself: `topic`, `function`,
            `event bus`, `Kafka topic`.
        arn: Its ARN.
        origins: Where its messages failed.
        note: Why there is nothing to be seen in it.
    """

    name: str
    kind: str
    arn: str
    origins: tuple[Origin, ...]
    note: str = ""

    @property
    def is_readable(self) -> bool:
        """Whether it keeps messages that can be shown and sent back."""
        return self.kind in ("queue", "bucket")

    @property
    def holds(self) -> str:
        """What it keeps, in words."""
        return ", ".join(dict.fromkeys(each.holds for each in self.origins))

    @property
    def is_of_queues(self) -> bool:
        """Whether SQS itself can move its messages back."""
        return all(each.kind == "queue" for each in self.origins)
