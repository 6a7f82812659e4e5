"""Draw a dashboard with sample data: `draw.py <body.json> <picture.png>`.

Six hours in which something goes wrong for a while. It runs in an environment of its
own, which has matplotlib and nothing of this project.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

MINUTES = 360
COLUMN, ROW, GAP = 0.68, 0.46, 0.07
"""In inches."""

INK, SOFT, LINE, PAPER, RED, GREEN = (
    "#16191f",
    "#687078",
    "#d5dbdb",
    "#f2f3f3",
    "#d13212",
    "#1d8102",
)

BAD = slice(200, 260)

Numbers = Any


class Canvas:
    """A figure in the grid of a dashboard, whose y grows downwards."""

    def __init__(self, widgets: Sequence[dict[str, Any]]) -> None:
        self.rows = max(each["y"] + each["height"] for each in widgets)
        self.figure: Figure = plt.figure(
            figsize=(24 * COLUMN, self.rows * ROW), facecolor=PAPER, dpi=110
        )

    def box(self, widget: dict[str, Any]) -> tuple[float, float, float, float]:
        """Give left, bottom, width and height of a widget, in inches."""
        width, height = widget["width"] * COLUMN, widget["height"] * ROW
        left = widget["x"] * COLUMN
        bottom = (self.rows - widget["y"]) * ROW - height
        return left + GAP, bottom + GAP, width - 2 * GAP, height - 2 * GAP

    def axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        """Give axes at a place in inches."""
        wide, high = 24 * COLUMN, self.rows * ROW
        place = (left / wide, bottom / high, width / wide, height / high)
        return self.figure.add_axes(place)

    def card(self, widget: dict[str, Any], face: str = "white") -> Axes:
        """Draw the card of a widget; give axes in inches over it."""
        left, bottom, width, height = self.box(widget)
        axes = self.axes(left, bottom, width, height)
        axes.set(xlim=(0, width), ylim=(0, height))
        axes.axis("off")
        if face:
            shape = "round,pad=0,rounding_size=0.06"
            card = FancyBboxPatch(
                (0, 0), width, height, shape, fc=face, ec=LINE, lw=0.8, clip_on=False
            )
            axes.add_patch(card)
        return axes


def draw(body: dict[str, Any], path: str) -> None:
    """Draw all widgets into the picture at *path*."""
    widgets = body["widgets"]
    canvas = Canvas(widgets)
    drawers: dict[str, Callable[[Canvas, dict[str, Any]], None]] = {
        "alarm": draw_alarms,
        "metric": draw_metrics,
        "text": draw_text,
    }
    for widget in widgets:
        drawers[widget["type"]](canvas, widget)
    canvas.figure.savefig(path, facecolor=PAPER)


def draw_text(canvas: Canvas, widget: dict[str, Any]) -> None:
    """Draw a heading, and its links as buttons."""
    text = widget["properties"]["markdown"]
    axes = canvas.card(widget, face="")
    _, _, width, height = canvas.box(widget)
    level, title = re.match(r"(#+) ([^\[]+)", text).groups()  # type: ignore[union-attr]
    size = 17 if level == "#" else 13
    axes.text(
        0.06,
        height / 2,
        title.strip(),
        size=size,
        weight="bold",
        va="center",
        color=INK,
    )
    left = width
    for name in reversed(re.findall(r"\[button:([^\]]+)\]", text)):
        wide = 0.26 + 0.085 * len(name)
        left -= wide + 0.1
        shape = "round,pad=0,rounding_size=0.05"
        axes.add_patch(
            FancyBboxPatch(
                (left, height / 2 - 0.12),
                wide,
                0.24,
                shape,
                fc="white",
                ec="#0972d3",
                lw=0.9,
            )
        )
        axes.text(
            left + wide / 2,
            height / 2,
            name,
            size=8.5,
            ha="center",
            va="center",
            color="#0972d3",
        )


def draw_alarms(canvas: Canvas, widget: dict[str, Any]) -> None:
    """Draw each alarm as a tile: red for those that the bad hour left behind."""
    axes = canvas.card(widget)
    _, _, width, height = canvas.box(widget)
    properties = widget["properties"]
    axes.text(
        0.12,
        height - 0.2,
        properties["title"],
        size=10,
        weight="bold",
        va="center",
        color=INK,
    )
    # The stack's own name is in the title already.
    names = [each.partition("/")[2] for each in properties["alarms"]]
    bad = [each for each in names if "FailuresVisible" in each][:1]
    names.sort(key=lambda each: each not in bad)
    across = 6
    wide, high = (width - 0.2) / across, 0.4
    for number, name in enumerate(names):
        left = 0.1 + number % across * wide
        top = height - 0.4 - number // across * high
        color = RED if name in bad else GREEN
        shape = "round,pad=0,rounding_size=0.04"
        face = "#fdf3f1" if name in bad else "#f2f8f0"
        axes.add_patch(
            FancyBboxPatch(
                (left + 0.03, top - high + 0.06),
                wide - 0.06,
                high - 0.08,
                shape,
                fc=face,
                ec=color,
                lw=0.9,
            )
        )
        axes.text(
            left + 0.12,
            top - high / 2 + 0.02,
            shortened(name, 42),
            size=7.4,
            va="center",
            color=color,
            weight="bold" if name in bad else "normal",
        )


def draw_metrics(canvas: Canvas, widget: dict[str, Any]) -> None:
    """Draw the lines of a widget on one or two axes, and its limits."""
    properties = widget["properties"]
    card = canvas.card(widget)
    left, bottom, width, height = canvas.box(widget)
    card.text(
        0.12,
        height - 0.2,
        properties["title"],
        size=10,
        weight="bold",
        va="center",
        color=INK,
    )
    two = "right" in properties["yAxis"]
    place = (left + 0.5, bottom + 0.62, width - (1.02 if two else 0.66), height - 1.05)
    main = canvas.axes(*place)
    sides = {"left": main}
    if two:
        sides["right"] = main.twinx()
    main.set_zorder(2)
    main.patch.set_visible(False)
    limits = properties.get("annotations", {}).get("horizontal", [])
    lines = expanded(properties["metrics"])
    for name, axes in sides.items():
        plot_side(axes, name, lines, limits, properties["yAxis"][name]["label"])
    hours = np.arange(0, MINUTES + 1, 60)
    main.set_xticks(hours, [f"{9 + each // 60:02}:00" for each in hours])
    main.grid(visible=True, axis="y", color="#eaeded", lw=0.8)
    draw_legend(card, lines, width)


def plot_side(
    axes: Axes,
    side: str,
    lines: Sequence[list[Any]],
    limits: Sequence[dict[str, Any]],
    label: str,
) -> None:
    """Plot what is on one axis."""
    here = [each for each in limits if each["yAxis"] == side]
    highest = max((each["value"] for each in here), default=0.0)
    time = np.arange(MINUTES)
    most = highest * 1.25
    for *what, options in lines:
        if options.get("yAxis", "left") != side:
            continue
        values = sample(what, options, highest or None)
        most = max(most, float(np.nanmax(values)) * 1.2)
        axes.plot(time, values, color=options["color"], lw=1.25)
    for each in here:
        axes.axhline(each["value"], color=each["color"], lw=1, ls=(0, (4, 3)))
        if side == "left":
            place, align = 3, "left"
        else:
            place, align = MINUTES - 3, "right"
        axes.text(
            place,
            each["value"],
            each["label"],
            size=6.6,
            color=each["color"],
            va="bottom",
            ha=align,
        )
    axes.set(xlim=(0, MINUTES), ylim=(0, most or 1))
    axes.set_title(label, size=6.6, color=SOFT, loc=side, pad=3)
    axes.tick_params(labelsize=6.6, colors=SOFT, length=0, pad=2)
    axes.yaxis.set_major_locator(plt.MaxNLocator(4))
    axes.yaxis.set_major_formatter(lambda value, _: compact(value))
    for edge in axes.spines.values():
        edge.set_visible(False)
    axes.spines["bottom"].set(visible=True, color=LINE)


def draw_legend(card: Axes, lines: Sequence[list[Any]], width: float) -> None:
    """Write the labels below, in as many rows as it takes."""
    left, row = 0.14, 0.33
    for *_, options in lines:
        label = shortened(options["label"], 34)
        wide = 0.2 + 0.062 * len(label)
        if left + wide > width - 0.05 and left > 0.2:
            left, row = 0.14, row - 0.17
        card.plot([left, left + 0.1], [row, row], color=options["color"], lw=2.2)
        card.text(left + 0.14, row, label, size=6.8, va="center", color=SOFT)
        left += wide + 0.08


SHARES = {"p50": 0.05, "p90": 0.13, "p99": 0.27, "Maximum": 0.38}
"""Of the timeout."""

LOUD = ("#d62728", "#ff7f0e", "#8c564b", "#e377c2")
"""The colors of what has an alarm."""


def sample(
    what: Sequence[str], options: dict[str, Any], limit: float | None
) -> Numbers:
    """Give six hours of a metric: as it is on a good day, and for one bad hour."""
    metric = what[1]
    seed = hashlib.sha256(f"{metric}{options['label']}{what[3]}".encode()).digest()
    random = np.random.default_rng(list(seed[:8]))
    noise, few = random.standard_normal(MINUTES), random.random(MINUTES)
    time = np.arange(MINUTES)
    day = 60 + 25 * np.sin(time / 57) + 6 * noise
    bad = np.zeros(MINUTES)
    bad[BAD] = np.sin(np.linspace(0, np.pi, BAD.stop - BAD.start))
    loud, top = options["color"] in LOUD, limit or 600
    share = SHARES.get(options["stat"], 0.2)
    kept = np.where(time < BAD.start + 25, 0, np.minimum(3, (time - 190) // 35))
    fails = options["label"].endswith(("Failures", "DeadLetters"))
    shapes = {
        "5XXError": 0.001 * few + 0.04 * bad,
        "5xx": 0.001 * few + 0.04 * bad,
        "ApproximateAgeOfOldestMessage": top * (0.02 + 0.01 * few + 0.75 * bad),
        "ApproximateNumberOfMessagesVisible": (
            kept * fails if loud else np.round(3 * few + 140 * bad)
        ),
        "AsyncEventAge": top * (0.02 + 0.01 * few + 0.75 * bad),
        "AsyncEventsDropped": ((bad > 0.7) & (time % 13 == 0)) * 1.0,
        "ConcurrentExecutions": np.round(day / 14 + 4 * bad),
        "DroppedEventCount": ((bad > 0.7) & (time % 13 == 0)) * 1.0,
        "Duration": top * share * (1 + 0.08 * noise + 0.5 * bad),
        "Errors": np.round(9 * bad * few) + (few > 0.985),
        "ExecuteProcessing.Success": 1 - 0.03 * bad,
        "FailedInvokeEventCount": np.round(9 * bad * few) + (few > 0.985),
        "IteratorAge": top * (0.02 + 0.01 * few + 0.75 * bad),
        "Latency": 180 + 30 * noise + 400 * bad,
    }
    return shapes.get(metric, np.zeros(MINUTES) if loud else np.round(day))


def expanded(lines: Sequence[list[Any]]) -> list[list[Any]]:
    """Write out what `.` stands for."""
    full: list[list[Any]] = []
    for line in lines:
        full.append(
            [full[-1][n] if each == "." else each for n, each in enumerate(line)]
        )
    return full


def shortened(text: str, most: int) -> str:
    """Cut a text that is too long for its place."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def compact(value: float) -> str:
    """Write a number as an axis does."""
    if value >= 1000:
        return f"{value / 1000:g}k"
    return f"{value:g}"


if __name__ == "__main__":
    source, target = sys.argv[1:]
    draw(json.loads(Path(source).read_text()), target)
