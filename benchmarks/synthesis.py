"""What synthesis costs, beside what a user would pick instead.

`python -m benchmarks.synthesis [--quick] [--rounds N]`: of workers behind queues, and
of a mix of all sources. Each run is a process of its own; the runs of all variants
take turns, so that what else this machine does counts for all alike.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks import mix, peers
from benchmarks.out import ROOT, write

OURS = "this library"
QUICK, ALL = (1, 30), (1, 10, 100, 300)
MIXES = (1, 10)
Commands = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Cost:
    """What one synthesis took.

    Attributes:
        cpu_seconds: Of Python and Node together.
        wall_seconds: Until it was done.
        peak_mb: Of the larger of the two.
    """

    cpu_seconds: float
    wall_seconds: float
    peak_mb: float


def mixes() -> dict[str, list[str]]:
    """Give the command of each mix; a count comes after it."""
    command = [sys.executable, "-m", "benchmarks.mix"]
    return {name: [*command, variant] for variant, name in mix.VARIANTS.items()}


def workers() -> dict[str, list[str]]:
    """Give the command of each variant of the workers; a count comes after it."""
    ours = [sys.executable, "-m", "benchmarks.workers"]
    found = {
        OURS: [*ours, "ours"],
        "with alarms and dashboard": [*ours, "monitored"],
        "Python L2, the same resources": [*ours, "same"],
        "Python, generic resources alone": [*ours, "bags"],
        "Python L2, CDK's defaults": [*ours, "plain"],
    }
    for name, peer in (
        ("Solutions Constructs", peers.solutions("benchmarks.workers", "solutions")),
        ("JavaScript L2, the same resources", peers.javascript("same")),
        ("JavaScript L2, CDK's defaults", peers.javascript("plain")),
        ("SAM, its defaults", peers.sam("benchmarks.workers_sam")),
    ):
        if peer is None:
            sys.stderr.write(f"{name} could not be installed, and is left out\n")
        else:
            found[name] = peer
    return found


def cost_of(command: Sequence[str], count: int) -> Cost:
    """Run a command once.

    Raises:
        RuntimeError: It failed.
    """
    begin = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - a list of our own
        [*command, str(count)],
        cwd=ROOT,
        env=peers.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} {count} failed; run it to see why")
    cpu = used.ru_utime + used.ru_stime
    return Cost(cpu, time.perf_counter() - begin, used.ru_maxrss / 1024)


def measure(
    commands: Commands, counts: Sequence[int], rounds: int
) -> dict[str, dict[int, Cost]]:
    """Give the median of each variant and count, the runs taken in turns.

    Each runs once before, unmeasured, for Python to keep what it compiles.
    """
    for command in commands.values():
        cost_of(command, 1)
    found: dict[tuple[str, int], list[Cost]] = {}
    turns = [
        (name, count) for _ in range(rounds) for count in counts for name in commands
    ]
    for name, count in track(turns, description="synthesizing"):
        found.setdefault((name, count), []).append(cost_of(commands[name], count))
    return {
        name: {count: _median(found[name, count]) for count in counts}
        for name in commands
    }


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        statistics.median(each.cpu_seconds for each in costs),
        statistics.median(each.wall_seconds for each in costs),
        statistics.median(each.peak_mb for each in costs),
    )


def table(what: str, measured: Mapping[str, Mapping[int, Cost]], count: int) -> Table:
    """Show the costs for one count, and each by ours."""
    made = Table(title=f"Synthesis, {what}: {count}")
    made.add_column("variant")
    for column in ("CPU s", "x ours", "wall s", "peak MB"):
        made.add_column(column, justify="right")
    ours = measured[OURS][count].cpu_seconds
    for name, costs in measured.items():
        cost = costs[count]
        made.add_row(
            name,
            f"{cost.cpu_seconds:.2f}",
            f"{cost.cpu_seconds / ours:.2f}",
            f"{cost.wall_seconds:.2f}",
            f"{cost.peak_mb:.0f}",
        )
    return made


def more(
    what: str, measured: Mapping[str, Mapping[int, Cost]], few: int, many: int
) -> Table:
    """Show what one more costs."""
    made = Table(title=f"CPU of one more, {what}: from {few} to {many}")
    made.add_column("variant")
    made.add_column("ms", justify="right")
    made.add_column("x ours", justify="right")

    def each(costs: Mapping[int, Cost]) -> float:
        added = costs[many].cpu_seconds - costs[few].cpu_seconds
        return added / (many - few) * 1000

    ours = each(measured[OURS])
    for name, costs in measured.items():
        made.add_row(name, f"{each(costs):.1f}", f"{each(costs) / ours:.2f}")
    return made


def main() -> None:
    """Measure, print, and write `build/bench/synthesis.json`."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.synthesis", description=__doc__
    )
    parser.add_argument(
        "--quick", action="store_true", help="1 and 30 workers, and one mix alone"
    )
    parser.add_argument("--rounds", type=int, help="so many runs of everything")
    given = parser.parse_args()
    rounds = given.rounds or (2 if given.quick else 3)
    console = Console()
    console.print(f"{platform.machine()}, {os.cpu_count()} cores, {rounds} runs each")
    written: dict[str, object] = {"topic": "synthesis", "rounds": rounds}
    for topic, what, commands, counts in (
        ("workers", "workers behind queues", workers(), QUICK if given.quick else ALL),
        ("mix", "mixes of all sources", mixes(), (1,) if given.quick else MIXES),
    ):
        measured = measure(commands, counts, rounds)
        for count in counts:
            console.print(table(what, measured, count))
        if len(counts) > 1:
            console.print(more(what, measured, counts[-2], counts[-1]))
        written[topic] = {
            name: {count: asdict(cost) for count, cost in costs.items()}
            for name, costs in measured.items()
        }
    console.print(f"written to {write('synthesis', written, quick=given.quick)}")


if __name__ == "__main__":
    main()
