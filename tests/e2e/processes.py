"""Ending processes surely, and only those that these commands started."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_SECONDS = 3.0


def end_group(process: subprocess.Popen[str]) -> None:
    """End *process*, the leader of a session, and all of its children."""
    signal_group(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECONDS)
    # Children outlive a leader that went politely, and some leaders do not go.
    signal_group(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def end_group_of(leader: int) -> None:
    """End the group of a *leader* that another command started, and await its end."""
    signal_group(leader, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while signal_group(leader, 0) and time.monotonic() < deadline:
        time.sleep(0.05)
    signal_group(leader, signal.SIGKILL)


def signal_group(leader: int, number: int) -> bool:
    """Send a signal to the group of *leader*; tell whether there still is one."""
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):  # macOS: EPERM for a zombie
        return False
    return True


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let nothing but SIGKILL interrupt the tidying up."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in INTERRUPTS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def handle_interrupts() -> None:
    """Treat SIGTERM and a closed terminal as Ctrl-C, so that everything is tidied."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in INTERRUPTS:
        signal.signal(number, interrupt)
