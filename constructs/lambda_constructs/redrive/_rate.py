"""So many a second, evenly."""

from __future__ import annotations

import time
from collections.abc import Callable

from lambda_constructs.redrive.errors import RedriveError

MOST = 500
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html."""


class Pace:
    """Lets time pass, so that sending keeps to a rate."""

    def __init__(self, rate: float | None, sleep: Callable[[float], None]) -> None:
        self._interval = 0.0 if rate is None else 1 / rate
        self._sleep = sleep
        self._next = 0.0

    def wait(self) -> None:
        """Wait until the next may be sent."""
        if not self._interval:
            return
        now = time.monotonic()
        if now < self._next:
            self._sleep(self._next - now)
        self._next = max(now, self._next) + self._interval


def check_rate(rate: float | None) -> None:
    """Check a rate, which SQS bounds.

    Raises:
        RedriveError: It is out of range.
    """
    if rate is not None and not 0 < rate <= MOST:
        raise RedriveError(
            f"rate must be above 0 and at most {MOST} a second, got {rate:g}"
        )
