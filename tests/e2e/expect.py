"""What a driver says: what it sent, what had to happen, and what did."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Expectation:
    """One line of the report.

    Attributes:
        sent: What went in.
        expected: What has to come out where.
        arrived: What came out.
        holds: Whether that is what was expected.
        note: What the reader has to know about how it was made to happen.
    """

    sent: str
    expected: str
    arrived: str
    holds: bool
    note: str = ""


def wait_until(
    read: Callable[[], T], holds: Callable[[T], bool], *, timeout: float
) -> T:
    """Read until it *holds* or *timeout* seconds are over; give the last reading."""
    deadline = time.monotonic() + timeout
    while not holds(reading := read()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return reading
