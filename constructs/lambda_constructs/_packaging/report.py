"""A table of an app's packages, and how they differ from the last table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lambda_constructs._packaging.cache import cache_folder
from lambda_constructs._packaging.hashing import digest
from lambda_constructs._packaging.plan import Package
from lambda_constructs._packaging.sizes import mb

HEADINGS = (
    "Function", "Target", "Zipped", "Unzipped", "Dependencies", "Bytecode",
    "Import", "Changed",
)  # fmt: skip
NUMBERS = {"Zipped", "Unzipped", "Import"}
WIDEST = 80


@dataclass(frozen=True)
class Row:
    """One package in the table.

    Attributes:
        path: The construct that needs it.
        target: What it is made for.
        package: The package.
        milliseconds: CPU time of the imports, if measured.
    """

    path: str
    target: str
    package: Package
    milliseconds: float | None

    @property
    def state(self) -> dict[str, object]:
        """What the next table is compared with."""
        return {
            "target": self.target,
            "asset_hash": self.package.asset_hash,
            "sources": self.package.sources,
            "versions": self.package.versions,
        }


def table(rows: Sequence[Row], before: Mapping[str, dict[str, object]] | None) -> str:
    """Lay the packages out for a person."""
    cells = [HEADINGS, *(_cells(row, before) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if heading in NUMBERS else cell.ljust(width)
            for heading, cell, width in zip(HEADINGS, line, widths, strict=True)
        ).rstrip()
        for line in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    gone = sorted(set(before or {}) - {row.path for row in rows})
    return "\n".join([*lines, *(f"{path}  removed" for path in gone)])


def changes(row: Row, before: Mapping[str, dict[str, object]] | None) -> str:
    """Say how a package differs from the one of the last table."""
    if before is None or row.path not in before:
        return "new"
    last, now = before[row.path], row.state
    if last["asset_hash"] == now["asset_hash"]:
        return "no"
    words = ["target"] if last["target"] != now["target"] else []
    words += ["code"] if last["sources"] != now["sources"] else []
    words += _versions(last["versions"], now["versions"])
    return ", ".join(words) or "options"


def _versions(last: object, now: object) -> list[str]:
    if not isinstance(last, dict) or not isinstance(now, dict):
        return []
    return [
        *(f"+{name} {now[name]}" for name in sorted(now.keys() - last.keys())),
        *(f"-{name}" for name in sorted(last.keys() - now.keys())),
        *(
            f"{name} {last[name]} to {now[name]}"
            for name in sorted(now.keys() & last.keys())
            if now[name] != last[name]
        ),
    ]


def _cells(row: Row, before: Mapping[str, dict[str, object]] | None) -> tuple[str, ...]:
    package = row.package
    return (
        row.path,
        row.target,
        f"{mb(package.zipped)} MB",
        f"{mb(package.unzipped)} MB",
        _short(f"{name} {version}" for name, version in package.versions.items()),
        "yes" if package.bytecode else "no",
        "" if row.milliseconds is None else f"{row.milliseconds:.0f} ms",
        changes(row, before),
    )


def _short(names: Iterable[str]) -> str:
    """List as many names as there is room for, and count the rest."""
    listed, rest = "", list(names)
    while rest and len(listed) + len(rest[0]) + 2 <= WIDEST:
        listed += f"{', ' if listed else ''}{rest.pop(0)}"
    return f"{listed} and {len(rest)} more" if rest else listed or "none"


def _memory(project: Path) -> Path:
    name = digest([("project", str(project.resolve()).encode())])[:16]
    return cache_folder() / "tables" / f"{name}.json"


def recall(project: Path) -> dict[str, dict[str, object]] | None:
    """Read what the last table of the project said; None if there was none."""
    try:
        found: dict[str, dict[str, object]] = json.loads(_memory(project).read_bytes())
    except (OSError, ValueError):
        return None
    return found


def remember(project: Path, rows: Iterable[Row]) -> None:
    """Keep what this table says for the next."""
    file = _memory(project)
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({row.path: row.state for row in rows})
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(file)
