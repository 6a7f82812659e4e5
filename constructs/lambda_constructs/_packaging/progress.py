"""Tell a person who waits what for, on stderr, and nothing to one who does not."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from threading import Timer

PATIENCE_SECONDS = 1.0


@contextlib.contextmanager
def progress(what: str) -> Iterator[None]:
    """Say *what* is being done once it has taken a second, and when it is done."""
    start = time.monotonic()
    timer = Timer(PATIENCE_SECONDS, say, [f"{what} ..."])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    taken = time.monotonic() - start
    if taken > PATIENCE_SECONDS:
        say(f"{what}: done in {taken:.1f} s")


def say(line: str) -> None:
    """Write a line to stderr, where it is in the way of nothing."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
