"""What fires at set times, while the test lets time pass."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

Fire = Callable[[float], None]
"""Gets the time that the schedule says, in seconds since 1970."""


class Schedules:
    """Every schedule of the account.

    They fire in `account.advance()` only: `account.settle()` would never end. What
    came due while something settled fires when time is advanced next, with the time
    that it was due.
    """

    def __init__(self, account: LocalAccount) -> None:
        self.account = account
        self._due: list[tuple[float, int, Fire, Iterator[float]]] = []
        self._count = 0

    def add(self, times: Iterator[float], fire: Fire) -> None:
        """Fire at each of *times*, which are in order."""
        when = next(times, None)
        if when is not None:
            self._count += 1
            heapq.heappush(self._due, (when, self._count, fire, times))

    def next_due(self) -> float | None:
        """Give when one fires next, if one does."""
        return self._due[0][0] if self._due else None

    def run_due(self, until: float) -> bool:
        """Fire the next that is due by *until*; tell whether there was one."""
        if not self._due or self._due[0][0] > until:
            return False
        when, _, fire, times = heapq.heappop(self._due)
        self.account.clock.move_to(max(when, self.account.clock.now()))
        self.add(times, fire)
        fire(when)
        return True
