"""What the user sees while it works: a spinner on a terminal, lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.text import Text

PLAIN_WIDTH = 120


@dataclass
class Step:
    """One step of the work, under way.

    Attributes:
        done: What the line says once it is over.
    """

    doing: str
    done: str
    status: Status | None = None
    started: float = field(default_factory=time.monotonic)

    def detail(self, text: str) -> None:
        """Show what it is at."""
        if self.status is not None:
            line = Text.assemble(f"{self.doing} ", (text.strip(), "dim"))
            line.truncate(self.status.console.width - 4, overflow="ellipsis")
            self.status.update(line)

    @property
    def seconds(self) -> float:
        """How long it took so far."""
        return time.monotonic() - self.started


def make_console() -> Console:
    """Write to the terminal as wide as it is, and to anything else wide and plain."""
    console = Console(highlight=False)
    return (
        console if console.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)
    )


@contextmanager
def step(console: Console, doing: str, done: str) -> Iterator[Step]:
    """Show that a step is under way, and after it how long it took."""
    current = Step(doing, done)
    spinner: AbstractContextManager[Any] = nullcontext()
    if console.is_terminal:
        spinner = current.status = console.status(escape(doing))
    with spinner:
        yield current
    say(console, current.done, current.seconds)


def say(console: Console, text: str, seconds: float) -> None:
    """Say that something is done."""
    console.print(f"[dim]{seconds:6.1f} s[/]  {escape(text)}", soft_wrap=True)
