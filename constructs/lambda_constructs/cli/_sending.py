"""Sending back at a terminal: progress, interruptions, and what came of it."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Self

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from lambda_constructs.cli import _output, _views
from lambda_constructs.redrive import (
    Aws,
    Options,
    Outcome,
    RedriveError,
    Status,
    Store,
    count,
    redrive,
)

GONE = (Status.SENT, Status.AGAIN, Status.SETTLED, Status.MOVED)
LISTED = 20


class Interrupts:
    """Lets a first Ctrl-C or SIGTERM end the run after the message at hand.

    Attributes:
        stopped: Whether there was one.
    """

    def __init__(self) -> None:
        self.stopped = False
        self._restore = ExitStack()

    def __enter__(self) -> Self:
        """Take over the signals."""
        for number in (signal.SIGINT, signal.SIGTERM):
            before = signal.signal(number, self._stop)
            self._restore.callback(signal.signal, number, before)
        return self

    def __exit__(self, *_: object) -> None:
        """Give them back."""
        self._restore.close()

    def _stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self.stopped:
            raise KeyboardInterrupt
        self.stopped = True
        _output.say("ending after this message; once more ends at once")


def options(
    ids: Sequence[str] | None,
    rate: float | None,
    whole_range: bool,
    one_by_one: bool,
    journal: str | None,
) -> Options:
    """Read the options of the command.

    Raises:
        RedriveError: One is out of range.
    """
    for each in ids or ():
        if len(each) < 8:
            raise RedriveError(
                f"--id must be at least 8 characters of an id, got {each!r}; "
                "`lambda-constructs show` gives them"
            )
    given = Options(frozenset(ids or ()), rate, whole_range, one_by_one)
    if journal is None:
        return given
    return Options(given.ids, rate, whole_range, one_by_one, Path(journal))


def run(
    aws: Aws, stores: Sequence[Store], options: Options, interrupts: Interrupts
) -> list[Outcome]:
    """Send back what is in the stores, one store after the other.

    Raises:
        RedriveError: It cannot go on; what became of the messages before is said.
    """
    outcomes: list[Outcome] = []
    console = _output.stderr()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
    )
    bars = Progress(*columns, console=console, disable=not console.is_terminal)
    try:
        with bars:
            for store in stores:
                if interrupts.stopped:
                    break
                total = len(options.ids) or count(aws, store)
                bar = bars.add_task(_output.plain(store.name), total=total)

                def note(outcome: Outcome, bar: object = bar) -> None:
                    outcomes.append(outcome)
                    bars.advance(bar, outcome.count)  # type: ignore[arg-type]

                stop = lambda: interrupts.stopped  # noqa: E731
                redrive(aws, store, options, report=note, stop=stop)
    except BaseException:
        if outcomes:
            _table(outcomes, console)
        raise
    return outcomes


def report(outcomes: Sequence[Outcome], options: Options, *, as_json: bool) -> None:
    """Say what became of the messages."""
    if as_json:
        told = [_views.outcome(each) for each in outcomes]
        _output.write_json({"dry_run": False, "outcomes": told})
        return
    console = _output.stdout()
    if outcomes:
        _table(outcomes, console)
    else:
        console.print("There was nothing to send.")
    for each in missing(outcomes, options):
        console.print(Text(f"there is no message {_output.plain(each)}", style="red"))


def missing(outcomes: Sequence[Outcome], options: Options) -> list[str]:
    """Give the ids that were asked for and not met."""
    return [
        wanted
        for wanted in sorted(options.ids)
        if not any(each.id.startswith(wanted) for each in outcomes)
    ]


def all_arrived(outcomes: Sequence[Outcome], options: Options) -> bool:
    """Tell whether nothing is left of what was to be sent."""
    arrived = all(each.status in GONE for each in outcomes)
    return arrived and not missing(outcomes, options)


def _table(outcomes: Sequence[Outcome], console: Console) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("Store")
    table.add_column("Messages", justify="right")
    table.add_column("Outcome")
    counts: Counter[tuple[str, Status]] = Counter()
    for each in outcomes:
        counts[each.store, each.status] += each.count
    for (store, status), number in counts.items():
        style = "" if status in GONE else "yellow"
        table.add_row(
            Text(_output.plain(store)), f"{number:,}", Text(status, style=style)
        )
    console.print(table)
    told = [each for each in outcomes if each.detail]
    for each in told[:LISTED]:
        console.print(Text(_output.plain(f"{each.id}: {each.detail}")), soft_wrap=True)
    if len(told) > LISTED:
        rest = _output.number(len(told) - LISTED, "message")
        console.print(f"and {rest} more; --json lists all")
