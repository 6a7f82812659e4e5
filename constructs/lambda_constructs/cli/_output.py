"""Tables and messages at a terminal. Results go to stdout, all else to stderr."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from textwrap import indent

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lambda_constructs.redrive import Contents, FailedMessage, Store

LINES = 24
"""So many lines of a payload are shown."""

Plan = Sequence[tuple[Store, Sequence[tuple[FailedMessage, str]]]]


def stdout() -> Console:
    """Give the console of the results."""
    return Console(highlight=False, soft_wrap=False)


def stderr() -> Console:
    """Give the console of everything else."""
    return Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """Say something in one message."""
    stderr().print(Text(plain(text)), soft_wrap=True)


def write_json(value: object) -> None:
    """Write a result for machines."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """Show at a terminal that something takes its time."""
    console = stderr()
    if not console.is_terminal:
        yield
        return
    with console.status(Text(plain(text))):
        yield


def table_of_stores(stack: str, rows: Sequence[tuple[Store, Contents | None]]) -> None:
    """List the failure stores of a stack."""
    console = stdout()
    if not rows:
        console.print(f"{plain(stack)} has no failure store.")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("Store", "Messages", "Oldest", "Holds", "Failed at"):
        table.add_column(name, justify="right" if name == "Messages" else "left")
    for store, inside in rows:
        table.add_row(
            Text(plain(store.name), style="bold" if inside and inside.count else ""),
            _count(inside),
            age(inside),
            Text(store.note or store.holds, style="dim" if store.note else ""),
            Text("\n".join(dict.fromkeys(each.name for each in store.origins))),
        )
    console.print(table, "")
    total = sum(inside.count for _, inside in rows if inside)
    full = [store.name for store, inside in rows if inside and inside.count]
    if not total:
        console.print("Nothing failed that is still kept.")
        return
    console.print(
        f"{number(total, 'message')} in {number(len(full), 'store')}. "
        f"To look at them: lambda-constructs show {plain(stack)} {plain(full[0])}",
        soft_wrap=True,
    )


def messages(store: Store, found: Sequence[FailedMessage], limit: int) -> None:
    """Show messages of a store."""
    console = stdout()
    for each in found:
        facts = [
            f"failed {span(datetime.now(UTC) - each.when)} ago",
            "" if each.attempts is None else number(each.attempts, "attempt"),
            f"version {each.version}" if each.version else "",
            f"goes to {name_of(store, each.back.where)}" if each.back.where else "",
        ]
        console.print(Text(plain(each.id), style="bold"), soft_wrap=True)
        console.print(Text(plain(" · ".join(filter(None, facts))), style="dim"))
        if each.error:
            console.print(Text(plain(each.error), style="red"), soft_wrap=True)
        console.print(Text(indent(_payload(each.payload), "  ") + "\n"), soft_wrap=True)
    shown = number(len(found), "message")
    more = "; --limit shows more" if len(found) == limit else ""
    console.print(f"{shown} of {plain(store.name)}{more}" if found else "No message.")


def plan(plans: Plan, most: int) -> None:
    """Say what would be sent, and where to."""
    console = stdout()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("Store")
    table.add_column("Messages", justify="right")
    table.add_column("Would go to")
    sent = 0
    for store, rows in plans:
        ways = Counter(
            (problem, each.back.where if not problem else "") for each, problem in rows
        )
        sent += sum(n for (problem, _), n in ways.items() if not problem)
        for (problem, where), count in sorted(ways.items()):
            way = Text(f"stays: {plain(problem)}" if problem else name_of(store, where))
            way.stylize("yellow" if problem else "")
            some = f"{count}+" if len(rows) == most else str(count)
            table.add_row(Text(plain(store.name)), some, way)
    if not table.row_count:
        console.print("There is nothing to send.")
        return
    console.print(table, "")
    if sent:
        console.print(
            f"Nothing was sent. To send {number(sent, 'message')}, add --yes.",
            soft_wrap=True,
        )
    else:
        console.print("Nothing was sent, and nothing can be.")


def age(inside: Contents | None) -> str:
    """Give how old the oldest is that was looked at."""
    if inside is None or inside.oldest is None:
        return ""
    over = "over " if inside.looked_at < inside.count else ""
    return over + span(datetime.now(UTC) - inside.oldest)


def span(length: object) -> str:
    """Give a length of time by its two largest units."""
    seconds = max(0, int(getattr(length, "total_seconds", lambda: 0)()))
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    parts: list[str] = []
    for unit, size in units:
        count, seconds = divmod(seconds, size)
        if count or (unit == "s" and not parts):
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])


def number(count: int, noun: str) -> str:
    """Give a number of things."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def name_of(store: Store, arn: str) -> str:
    """Give where a message goes back to, by its construct path where that is known."""
    for each in store.origins:
        if each.target == arn and each.kind in ("async", "dead letters", "queue"):
            qualifier = "".join(f":{part}" for part in arn.split(":")[7:])
            return plain(each.name + qualifier)
    return short(arn)


def short(arn: str) -> str:
    """Give the name in an ARN, with the qualifier of a function."""
    parts = arn.split(":")
    if len(parts) < 6:
        return plain(arn)
    rest = parts[6:] if parts[2] == "lambda" else parts[5:]
    return plain(":".join(rest))


def plain(text: str) -> str:
    """Give text that cannot command the terminal."""
    return "".join(
        each if each.isprintable() or each == "\n" else f"\\x{ord(each):02x}"
        for each in text
    )


def _count(inside: Contents | None) -> str:
    return "" if inside is None else f"{inside.count:,}"


def _payload(payload: object) -> str:
    text = payload if isinstance(payload, str) else json.dumps(payload, indent=2)
    lines = plain(text).split("\n")
    if len(lines) > LINES:
        rest = len(lines) - LINES
        lines = [*lines[:LINES], f"... {number(rest, 'line')} more; --json shows all"]
    return "\n".join(lines)
