"""Tumbling windows: what a shard remembers from one invocation to the next.

https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

STATE_BYTES = 1_048_576


@dataclass
class Window:
    """A window of one shard, by the time when records came into the stream.

    Attributes:
        start: When it began, in seconds since 1970.
        length: How long it is.
        state: What the handler returned last.
        early: Whether it ends early since its state is too large.
    """

    start: float
    length: float
    state: Any = field(default_factory=dict)
    early: bool = False

    @classmethod
    def around(cls, arrived: float, length: float) -> Window:
        """Give the window that a record belongs to."""
        return cls(arrived // length * length, length)

    @property
    def end(self) -> float:
        """When it is over."""
        return self.start + self.length

    def remember(self, state: Any) -> None:
        """Keep what the handler returned; more than 1 MB ends the window."""
        self.state = state
        self.early = len(json.dumps(state).encode()) > STATE_BYTES

    def fields(self, shard: str, arn: str, *, final: bool) -> dict[str, Any]:
        """Give what an event has beside its records."""
        return {
            "window": {"start": _iso(self.start), "end": _iso(self.end)},
            "state": self.state,
            "shardId": shard,
            "eventSourceARN": arn,
            "isFinalInvokeForWindow": final,
            "isWindowTerminatedEarly": final and self.early,
        }


def _iso(when: float) -> str:
    return f"{datetime.fromtimestamp(when, UTC):%Y-%m-%dT%H:%M:%SZ}"
