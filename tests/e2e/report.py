"""The table at the end, and what the command's exit code says of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.e2e.expect import Expectation


@dataclass(frozen=True)
class Result:
    """What came of one stack.

    Attributes:
        stack: Its construct path.
        expectations: What its driver said.
        skipped: Why it was not deployed, if it was not.
        unchecked: What a deploy here could not show of it.
    """

    stack: str
    expectations: tuple[Expectation, ...] = ()
    deploy_seconds: float = 0.0
    drive_seconds: float = 0.0
    skipped: str | None = None
    unchecked: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether all that was expected happened; nothing expected is nothing shown."""
        if self.skipped is not None:
            return True
        return bool(self.expectations) and all(e.holds for e in self.expectations)


def exit_code(results: Iterable[Result]) -> int:
    """Give 1 if an expectation does not hold, else 0."""
    return 0 if all(result.holds for result in results) else 1


def render(
    console: Console,
    results: Sequence[Result],
    *,
    seconds: float,
    unchecked: Sequence[str] = (),
) -> None:
    """Print the table, notes, total, what was not checked, and last what failed."""
    console.print()
    console.print(table_of(results))
    for result in results:
        for note in filter(None, (e.note for e in result.expectations)):
            console.print(
                f"Note on {escape(f'{result.stack}: {note}')}", soft_wrap=True
            )
    for result in results:
        if result.skipped is not None:
            reason = escape(f"{result.stack} is not deployed: {result.skipped}")
            console.print(f"[dim]{reason}[/]", soft_wrap=True)
    console.print(total(results, seconds), soft_wrap=True)
    names = dict.fromkeys(
        [*unchecked, *(name for result in results for name in result.unchecked)]
    )
    if names:
        console.print(
            f"[dim]Not checked, the emulator does not do it: {', '.join(names)}[/]",
            soft_wrap=True,
        )
    for result in results:
        for row in result.expectations:
            if not row.holds:
                what = f"{row.sent}: {row.expected} was expected, {row.arrived} arrived"
                console.print(
                    f"[bold red]FAILED[/] {escape(f'{result.stack}, {what}')}",
                    soft_wrap=True,
                )


def table_of(results: Iterable[Result]) -> Table:
    """Lay out one row for each expectation."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in ("Stack", "Sent", "Expected", "Arrived"):
        table.add_column(heading, overflow="fold")
    table.add_column("", no_wrap=True)
    for heading in ("Deploy", "Drive"):
        table.add_column(heading, justify="right", no_wrap=True)
    for result in results:
        for number, row in enumerate(result.expectations):
            first = number == 0
            table.add_row(
                result.stack if first else "",
                *map(escape, (row.sent, row.expected, row.arrived)),
                "[green]ok[/]" if row.holds else "[bold red]FAILED[/]",
                f"{result.deploy_seconds:.1f} s" if first else "",
                f"{result.drive_seconds:.1f} s" if first else "",
            )
    return table


def total(results: Sequence[Result], seconds: float) -> str:
    """Sum it up in a line."""
    rows = [row for result in results for row in result.expectations]
    held = sum(row.holds for row in rows)
    driven = sum(result.skipped is None for result in results)
    skipped = len(results) - driven
    stacks = f"{driven} stack{'' if driven == 1 else 's'} deployed"
    if skipped:
        stacks += f", {skipped} not"
    color = "red" if exit_code(results) else "green"
    holds = f"[bold {color}]{held} of {len(rows)} expectations hold[/]"
    return f"{stacks}, {holds}, {seconds:.0f} s in all"
