"""Simulated time: nothing waits, and what is due happens in order."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol

import time_machine

EPOCH = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


class Clock(Protocol):
    """What the delivery rules need of time, simulated or real."""

    def now(self) -> float:
        """Give the time in seconds since 1970."""

    def at(self, when: float, act: Callable[[], None]) -> None:
        """Act when the time has come."""


class SimulatedClock:
    """Time that moves when it is told to, for this whole process.

    `time.time()`, `datetime.now()` and so moto and the handlers see it too, and
    `time.sleep()` moves it instead of waiting.
    """

    def __init__(self, start: float = EPOCH) -> None:
        self.start = start
        self._now = start
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._on_sleep: list[Callable[[float], None]] = []
        self._traveller: time_machine.Traveller | None = None

    def now(self) -> float:
        """Give the simulated time in seconds since 1970."""
        return self._now

    def at(self, when: float, act: Callable[[], None]) -> None:
        """Act at *when*, after what was due then before."""
        self._count += 1
        heapq.heappush(self._due, (when, self._count, act))

    @property
    def in_handler(self) -> bool:
        """Whether a handler runs, whose own time passes."""
        return bool(self._on_sleep)

    def next_due(self) -> float | None:
        """Give when something is due next, if anything is."""
        return self._due[0][0] if self._due else None

    def run_due(self, until: float) -> bool:
        """Do the next thing that is due by *until*; tell whether there was one."""
        if not self._due or self._due[0][0] > until:
            return False
        when, _, act = heapq.heappop(self._due)
        self.move_to(max(when, self._now))
        act()
        return True

    def move_to(self, when: float) -> None:
        """Set the time."""
        self._now = when
        if self._traveller is not None:
            self._traveller.move_to(when, tick=False)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Rule the time of this process."""
        with time_machine.travel(self._now, tick=False) as traveller:
            self._traveller = traveller
            really_sleep = time.sleep
            setattr(time, "sleep", self._sleep)  # noqa: B010
            try:
                yield
            finally:
                setattr(time, "sleep", really_sleep)  # noqa: B010
                self._traveller = None

    @contextmanager
    def sleeping(self, on_sleep: Callable[[float], None]) -> Iterator[None]:
        """Let *on_sleep* see how far `time.sleep()` is about to move the time."""
        self._on_sleep.append(on_sleep)
        try:
            yield
        finally:
            self._on_sleep.pop()

    def _sleep(self, seconds: float) -> None:
        if self._on_sleep:
            self._on_sleep[-1](seconds)
        self.move_to(self._now + seconds)
