"""Code that is written to wait in threads, run one at a time on simulated time.

A process is a thread that runs only while the clock lets it: it stops where it would
wait, and what it waits for is due on the clock like everything else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._waiting import wait_for

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

FOREVER = 10 * 365 * 86_400.0


class _StoppedError(BaseException):
    """The account is closed; no `except Exception` sees it."""


class Process:
    """A thread that takes turns with the rest of the account."""

    def __init__(self, target: Callable[[], object]) -> None:
        self.error: BaseException | None = None
        self.stopped = False
        self._target = target
        self._turn, self._idle = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it has more to do."""
        return self._thread.is_alive()

    def resume(self) -> None:
        """Let it run until it waits or ends."""
        if not self.alive:
            return
        self._turn.release()
        self._idle.acquire()
        if self.error is not None:
            error, self.error = self.error, None
            raise error

    def pause(self) -> None:
        """Wait for the next turn; called by its own code."""
        self._idle.release()
        self._await_turn()

    def stop(self) -> None:
        """End it where it waits."""
        self.stopped = True
        if self.alive:
            self._turn.release()
            self._thread.join()

    def _await_turn(self) -> None:
        self._turn.acquire()
        if self.stopped:
            raise _StoppedError

    def _run(self) -> None:
        _here.process = self
        try:
            self._await_turn()
            self._target()
        except _StoppedError:
            pass
        except BaseException as error:
            self.error = error
        finally:
            self._idle.release()


class _Here(threading.local):
    process: Process | None = None


_here = _Here()


class Processes:
    """Starts processes, and is what `threading` and `time` are to their code."""

    def __init__(self, account: LocalAccount) -> None:
        self.account = account
        self._all: list[Process] = []

    @property
    def current(self) -> Process | None:
        """The process whose turn it is, unless it is nobody's."""
        return _here.process

    def spawn(self, target: Callable[[], object]) -> Process:
        """Begin a process, as soon as whoever does it waits."""
        process = Process(target)
        self._all = [each for each in self._all if each.alive]
        self._all.append(process)
        self.account.clock.at(self.account.clock.now(), process.resume)
        return process

    def sleep(self, seconds: float) -> None:
        """Let simulated time pass for the process, and for others meanwhile."""
        Event(self).wait(seconds)

    def close(self) -> None:
        """End them all."""
        for each in self._all:
            each.stop()


class Event:
    """What `threading.Event` is, for processes."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._set = False
        self._waiting: list[Callable[[], None]] = []

    def is_set(self) -> bool:
        """Tell whether it has happened."""
        return self._set

    def clear(self) -> None:
        """Let it happen again."""
        self._set = False

    def set(self) -> None:
        """Wake who waits, one after the other."""
        self._set = True
        self.wake()

    def wake(self) -> None:
        """Let everyone look again."""
        clock, waiting = self._processes.account.clock, self._waiting
        self._waiting = []
        for each in waiting:
            clock.at(clock.now(), each)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it happens, or the time is over."""
        if self._set:
            return True
        account, process = self._processes.account, self._processes.current
        if process is None:
            most = FOREVER if timeout is None else timeout
            return wait_for(account, self.is_set, most)
        woken = False

        def wake() -> None:
            nonlocal woken
            if not woken:
                woken = True
                process.resume()

        self._waiting.append(wake)
        if timeout is not None:
            account.clock.at(account.clock.now() + timeout, wake)
        process.pause()
        return self._set


class Lock:
    """What a lock is where one runs at a time."""

    def __enter__(self) -> None:
        """Enter."""

    def __exit__(self, *_: object) -> None:
        """Leave."""

    def acquire(self, *_: Any) -> bool:
        """Have it."""
        return True

    def release(self) -> None:
        """Let it go."""


class Condition(Lock):
    """What `threading.Condition` is, for processes."""

    def __init__(self, processes: Processes) -> None:
        self._event = Event(processes)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for a notification."""
        return self._event.wait(timeout)

    def notify_all(self) -> None:
        """Wake everyone."""
        self._event.wake()

    notify = notify_all


class Thread:
    """What `threading.Thread` is, as a process."""

    native_id = 0

    def __init__(
        self,
        processes: Processes,
        target: Callable[..., object],
        args: tuple[Any, ...] = (),
        **_: Any,
    ) -> None:
        self._processes = processes
        self._call = partial(target, *args)
        self._ended = Event(processes)

    def start(self) -> None:
        """Begin."""
        self._processes.spawn(self._run)

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""
        self._ended.wait(timeout)

    def is_alive(self) -> bool:
        """Tell whether it has not ended."""
        return not self._ended.is_set()

    def _run(self) -> None:
        try:
            self._call()
        finally:
            self._ended.set()
