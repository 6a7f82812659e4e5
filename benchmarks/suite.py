"""How long the parts of the test suite take: `python -m benchmarks.suite [JUNIT.xml]`.

It reads what the last `make test` left, and writes `build/bench/suite.json`. Seconds
are added up over the processes in which tests ran side by side; a fixture's are of the
test that needed it first.
"""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

from rich.console import Console
from rich.table import Table

from benchmarks.out import ROOT, write

JUNIT = ROOT / "build" / "junit.xml"


def parts(root: ET.Element) -> dict[str, dict[str, float]]:
    """Count tests and seconds by the folder that the tests are in."""
    found: dict[str, dict[str, float]] = {}
    for case in root.iter("testcase"):
        part = found.setdefault(part_of(case.get("classname", "")), {})
        part["tests"] = part.get("tests", 0) + 1
        part["seconds"] = part.get("seconds", 0) + float(case.get("time", 0))
    return dict(sorted(found.items(), key=lambda it: -it[1]["seconds"]))


def part_of(module: str) -> str:
    """Give the folder of a test, no deeper than the parts of `tests/`."""
    names = module.split(".")
    folder = next(
        (number for number, it in enumerate(names) if it.startswith("test_")), 0
    )
    return "/".join(names[: min(folder, 2)]) or "tests"


def main() -> None:
    """Print, and write."""
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else JUNIT
    root = ET.parse(source).getroot()  # noqa: S314 - pytest's own
    wall = sum(float(suite.get("time", 0)) for suite in root.iter("testsuite"))
    found = parts(root)
    table = Table(title=f"The suite, {wall:,.0f} s in all")
    table.add_column("part")
    for column in ("tests", "seconds", "ms a test"):
        table.add_column(column, justify="right")
    for name, part in found.items():
        each = part["seconds"] / part["tests"] * 1e3
        figures = f"{part['tests']:,.0f}", f"{part['seconds']:,.1f}", f"{each:,.0f}"
        table.add_row(name, *figures)
    console = Console()
    console.print(table)
    written = {"topic": "suite", "wall_seconds": wall, "parts": found}
    console.print(f"written to {write('suite', written)}")


if __name__ == "__main__":
    main()
