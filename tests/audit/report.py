"""What the user reads at the end."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.audit.allowed import FILE, Verdict


def render(console: Console, verdict: Verdict, *, partly: bool, seconds: float) -> None:
    """Print what is not allowed, what is unused, and the total."""
    if verdict.denied:
        console.print()
        console.print(_table(verdict))
    if verdict.unused:
        console.print(f"\nNothing is found any more, so take it out of {FILE.name}:")
        for each in verdict.unused:
            console.print(f"  {escape(each)}", soft_wrap=True)
    if partly:
        console.print("\nUnused entries were not looked for: not every stack was read")
    console.print(
        f"{len(verdict.denied)} findings are not allowed, {len(verdict.allowed)} are, "
        f"{len(verdict.unused)} entries are unused, {seconds:.0f} s in all",
        soft_wrap=True,
    )


def _table(verdict: Verdict) -> Table:
    table = Table("Tool", "Rule", "Resource", "Message", box=box.SIMPLE_HEAD)
    for column in table.columns:
        column.overflow = "fold"
    for each in sorted(verdict.denied):
        table.add_row(*map(escape, (each.tool, each.rule, each.resource, each.message)))
    return table
