"""Draw `build/bench/handlers.json` and `packaging.json`.

`python benchmarks/drawings/handlers.py`, by a Python that has matplotlib, writes
`docs/pictures/handlers.svg` and `docs/pictures/packaging.svg`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "build" / "bench"
PICTURES = ROOT / "docs" / "pictures"
# Read well on white and on black alike.
INK = "#7d8590"
OURS, SECOND, THIRD = "#2f81f7", "#d29922", "#8b949e"
FEW = (
    "sqs_worker",
    "stream_processor",
    "table_projector",
    "delivery_transform",
    "orders_api/index.http_handler",
    "thumbnailer",
)
Row = tuple[str, list[float]]


def bars(axes: Axes, rows: list[Row], names: Sequence[str], title: str) -> None:
    """Draw a group of horizontal bars for each row, the first at the top."""
    colours = (OURS, SECOND, THIRD)
    height = 0.8 / len(names)
    for number, name in enumerate(names):
        places = [place + number * height for place in range(len(rows))]
        values = [row[1][number] for row in rows]
        drawn = axes.barh(
            places, values, height * 0.9, color=colours[number], label=name
        )
        labels = [
            f"{value:,.3g}" if value < 1e3 else f"{value:,.0f}" for value in values
        ]
        axes.bar_label(drawn, labels, padding=3, fontsize=8, color=INK)
    middle = 0.4 - height / 2
    axes.set_yticks([it + middle for it in range(len(rows))], [row[0] for row in rows])
    axes.invert_yaxis()
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    axes.set_xlim(right=axes.get_xlim()[1] * 1.12)
    axes.xaxis.set_visible(False)
    axes.tick_params(colors=INK, length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.legend(
        frameon=False,
        labelcolor=INK,
        fontsize=8,
        loc="upper left",
        bbox_to_anchor=(0, 0.02),
        ncols=len(names),
    )


def handlers(made: Mapping[str, Any]) -> Figure:
    """Draw cold starts, and a record by each way of writing."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5))
    short = {name: name.partition("/")[0] for name in FEW}
    cold = [
        (
            short[name],
            [made["cold"][name][kind]["cpu_ms"] for kind in ("packaged", "plain")],
        )
        for name in FEW
        if name in made["cold"]
    ]
    title = "a cold start, CPU ms of imports"
    bars(left, cold, ["packaged by this library", "zipped plainly"], title)
    warm: list[Row] = []
    for name in FEW:
        runs = made["warm"][name]
        cases = {way: _case(runs[way]["cases"]) for way in runs}
        base = cases["powertools"]["cpu_us"]
        ways = ("ours", "powertools", "bare")
        warm.append((short[name], [cases[way]["cpu_us"] / base for way in ways]))
    ways = ["reference handler", "Powertools' example", "bare boto3"]
    bars(right, warm, ways, "CPU of a record, by that of Powertools' own example")
    return figure


def _case(cases: list[dict[str, float]]) -> dict[str, float]:
    """Give the case of the largest batch without I/O."""
    return max((it for it in cases if not it["io_ms"]), key=lambda it: it["size"])


def packaging(made: Mapping[str, Any]) -> Figure:
    """Draw what a package takes, by what is there already."""
    figure, axes = plt.subplots(figsize=(8, 3.6))
    rows = [
        (name, [kinds[kind]["wall_ms"] for kind in ("bytecode", "none")])
        for name, kinds in made["times"].items()
    ]
    bars(axes, rows, ["with bytecode", "without"], "ms to make a package")
    return figure


def main() -> None:
    """Draw what was measured."""
    # Text stays text: small, and in the reader's own font.
    settings = {"svg.fonttype": "none", "svg.hashsalt": "bench", "font.size": 9}
    mpl.rcParams.update(settings)
    for draw in (handlers, packaging):
        name = draw.__name__
        source = BENCH / f"{name}.json"
        if not source.exists():
            continue
        figure = draw(json.loads(source.read_text()))
        figure.tight_layout()
        target = PICTURES / f"{name}.svg"
        figure.savefig(target, transparent=True, metadata={"Date": None})


if __name__ == "__main__":
    main()
