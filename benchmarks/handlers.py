"""What the reference handlers cost: a cold start, and then each record.

`python -m benchmarks.handlers [--quick]`. Each handler runs in a process of its own, in
the newest Python of Lambda's that this machine has, from the package that would be
deployed. What is compared takes turns, so that what else the machine does counts for
all alike. AWS's answers come from memory; everything up to the socket is done.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.invoked.events import takes_batches
from benchmarks.invoked.functions import FUNCTIONS, Function, environment, named
from benchmarks.invoked.sandbox import Sandbox, make_sandbox
from benchmarks.out import ROOT, write

PEERS = ROOT / "benchmarks" / "invoked" / "peers"
OURS, POWERTOOLS, BARE = "ours", "powertools", "bare"
KINDS = ("packaged", "lean", "plain")
"""What is imported of ours at a cold start; peers are zipped plainly."""

IO_MS = 5
QUICK = (
    "sqs_worker",
    "stream_processor",
    "table_projector",
    "delivery_transform",
    "orders_api/index.http_handler",
    "thumbnailer",
)
"""Those that are measured in a minute."""


def machine(box: Sandbox) -> dict[str, Any]:
    """Say where this was measured."""
    return {
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": box.python,
    }


def measure(quick: bool, rounds: int | None = None) -> dict[str, Any]:
    """Give the medians of every cold start and every warm run."""
    chosen = [named(name) for name in QUICK] if quick else list(FUNCTIONS)
    started = [chosen[0], *chosen[3:]] if quick else chosen
    rounds = rounds or (2 if quick else 3)
    with TemporaryDirectory() as scratch:
        box = make_sandbox(Path(scratch), chosen)
        made = {"topic": "handlers", "quick": quick, "machine": machine(box)}
        return {
            **made,
            "rounds": rounds,
            "cold": cold_starts(box, started, rounds),
            "warm": warm_runs(box, chosen, rounds, quick=quick),
        }


def cold_starts(
    box: Sandbox, chosen: Iterable[Function], rounds: int
) -> dict[str, dict[str, dict[str, float]]]:
    """Give by function and kind of package what its import takes."""
    kinds = {each.name: (*KINDS, *variants_of(each)[1:]) for each in chosen}
    turns = [
        (each, kind)
        for _ in range(rounds)
        for each in chosen
        for kind in kinds[each.name]
    ]
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    for function, kind in track(turns, "cold starts"):
        module, folders = imports_of(box, function, kind)
        script = ROOT / "benchmarks" / "invoked" / "cold.py"
        made = _run(box, function, str(script), module, *map(str, folders))
        del made["names"]
        found.setdefault((function.name, kind), []).append(made)
    result: dict[str, dict[str, dict[str, float]]] = {}
    for each in chosen:
        ours = found[each.name, KINDS[0]]
        result[each.name] = {}
        for kind in kinds[each.name]:
            runs = found[each.name, kind]
            medians = _medians(runs)
            result[each.name][kind] = {**medians, "x": _ratio(ours, runs, "cpu_ms")}
    return result


def imports_of(
    box: Sandbox, function: Function, kind: str
) -> tuple[str, tuple[Path, ...]]:
    """Give the module that is imported at a cold start, and where its imports are."""
    if kind in KINDS:
        folder = getattr(box, kind)[function.stem]
        folders = (folder,) if kind == "plain" else (folder, box.runtime)
        return function.module, folders
    module = function.peer.rpartition(".")[0]
    own = (PEERS / kind, box.plain[function.stem])
    return module, (*own, box.plain_powertools) if kind == POWERTOOLS else own


def warm_runs(
    box: Sandbox, chosen: Iterable[Function], rounds: int, *, quick: bool
) -> dict[str, dict[str, Any]]:
    """Give by function and variant what a record takes, by batch size and latency."""
    variants = [(each, variant) for each in chosen for variant in variants_of(each)]
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for number in range(rounds):
        order = variants if number % 2 == 0 else variants[::-1]
        for function, variant in track(order, f"warm runs, {number + 1} of {rounds}"):
            task = json.dumps(task_of(box, function, variant, quick=quick))
            module = ("-m", "benchmarks.invoked.warm")
            made = _run(box, function, *module, task)
            found.setdefault((function.name, variant), []).append(made)
    result: dict[str, dict[str, Any]] = {each.name: {} for each in chosen}
    for (name, variant), runs in found.items():
        ours = zip(*(each["cases"] for each in found[name, OURS]), strict=True)
        theirs = zip(*(each["cases"] for each in runs), strict=True)
        cases = []
        for own, case in zip(ours, theirs, strict=True):
            unit = "wall_us" if case[0]["io_ms"] else "cpu_us"
            cases.append({**_medians(case), "x": _ratio(own, case, unit)})
        peak = statistics.median(each["peak_mb"] for each in runs)
        result[name][variant] = {"cases": cases, "peak_mb": peak}
    return result


def variants_of(function: Function) -> tuple[str, ...]:
    """Name the ways in which a function is written here."""
    peers = (each for each in (POWERTOOLS, BARE) if has_peer(function, each))
    return (OURS, *peers)


def has_peer(function: Function, variant: str) -> bool:
    """Tell whether the same work is written in that way, too."""
    module, _, name = function.peer.rpartition(".")
    file = PEERS / variant / f"{module}.py"
    return file.exists() and f"\ndef {name}(" in file.read_text()


def task_of(
    box: Sandbox, function: Function, variant: str, *, quick: bool
) -> dict[str, Any]:
    """Tell a process what to invoke; peers have the packages that ours has."""
    folders = [box.packaged[function.stem], box.runtime]
    handler = function.handler
    if variant != OURS:
        folders = [PEERS / variant, folders[0], box.powertools, box.runtime]
        handler = function.peer
    sizes = (1, 10, 100) if takes_batches(function.name) else (1,)
    # A batch of a hundred waits for seconds, and says the same as one of ten.
    waiting = [size for size in sizes if size <= 10][-1:] if quick else sizes
    return {
        "folders": [str(folder) for folder in folders],
        "handler": handler,
        "events": function.name,
        "seconds": 0.1 if quick else 0.4,
        "cases": [*((size, 0) for size in sizes), *((it, IO_MS) for it in waiting)],
    }


def _run(box: Sandbox, function: Function, *arguments: str) -> dict[str, Any]:
    command = [box.executable, "-s", "-B", *arguments]
    result = subprocess.run(  # noqa: S603 - a list of our own
        command,
        cwd=ROOT,
        env=environment(function.variables),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        sys.exit(f"{function.name} could not be run:\n{result.stderr[-2000:]}")
    return dict(json.loads(result.stdout))


def _medians(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def _ratio(
    ours: Sequence[Mapping[str, float]],
    theirs: Sequence[Mapping[str, float]],
    unit: str,
) -> float:
    """Give the median of what each turn has ours take by what it has theirs take."""
    pairs = zip(ours, theirs, strict=True)
    return statistics.median(own[unit] / other[unit] for own, other in pairs)


def cold_table(made: Mapping[str, Any]) -> Table:
    """Show cold starts, and each by the same zipped plainly and by its peers."""
    table = Table(title="A cold start: CPU ms of imports, and by what others take")
    table.add_column("function", no_wrap=True)
    columns = ("modules", "MB", "ms", "plain", "x", "boto3 apart, x", "Powertools, x")
    for column in (*columns, "bare, x"):
        table.add_column(column, justify="right")
    for name, kinds in made["cold"].items():
        ours, plain = kinds["packaged"], kinds["plain"]
        cells = [f"{ours[unit]:.0f}" for unit in ("modules", "peak_mb", "cpu_ms")]
        cells.append(f"{plain['cpu_ms']:.0f}")
        cells += [
            f"{kinds[kind]['x']:.2f}" if kind in kinds else ""
            for kind in ("plain", "lean", POWERTOOLS, BARE)
        ]
        table.add_row(name, *cells)
    return table


def warm_table(made: Mapping[str, Any]) -> Table:
    """Show what a record takes, by what it takes in the other ways."""
    table = Table(title="Warm: CPU us of a record; with I/O, records a second")
    table.add_column("function", no_wrap=True)
    columns = ("batch", "I/O ms", "calls", "ours", "Powertools", "x", "bare", "x", "MB")
    for column in columns:
        table.add_column(column, justify="right")
    for name, variants in made["warm"].items():
        for number, case in enumerate(variants[OURS]["cases"]):
            row = [
                f"{case['size']:.0f}",
                f"{case['io_ms']:.0f}",
                f"{case['calls']:.1f}",
            ]
            row.append(_shown(case))
            for peer in (POWERTOOLS, BARE):
                if peer in variants:
                    other = variants[peer]["cases"][number]
                    row += [_shown(other), f"{other['x']:.2f}"]
                else:
                    row += ["", ""]
            peak = f"{variants[OURS]['peak_mb']:.0f}"
            table.add_row(name if not number else "", *row, peak)
    return table


def _shown(case: Mapping[str, float]) -> str:
    if case["io_ms"]:
        return f"{1e6 / case['wall_us']:,.0f}/s"
    return f"{case['cpu_us']:,.0f}"


def main() -> None:
    """Measure, print, and write `build/bench/handlers.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="only six of the functions, fewer and shorter runs: a minute",
    )
    parser.add_argument("--rounds", type=int, help="so many runs of everything")
    given = parser.parse_args()
    made = measure(given.quick, given.rounds)
    console = Console(width=None if sys.stdout.isatty() else 100)
    about = made["machine"]
    console.print(
        f"{about['architecture']}, {about['cores']} cores, load {about['load']:.1f}, "
        f"Python {about['python']}, median of {made['rounds']} runs"
    )
    console.print(cold_table(made))
    console.print(warm_table(made))
    console.print(f"written to {write('handlers', made, quick=given.quick)}")


if __name__ == "__main__":
    main()
