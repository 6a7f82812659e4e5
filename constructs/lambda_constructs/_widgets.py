"""The widgets of a dashboard: lines, their axes, and where the limits are.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lambda_constructs._signals import name_of
from lambda_constructs.errors import literal, seconds
from lambda_constructs.signals import Signal

if TYPE_CHECKING:
    from lambda_constructs.function import LambdaFunction

Widget = dict[str, Any]

BLUE, GREEN, GREY, ORANGE, PURPLE, RED, TEAL = (
    "#1f77b4",
    "#2ca02c",
    "#7f7f7f",
    "#ff7f0e",
    "#9467bd",
    "#d62728",
    "#17becf",
)
"""Of CloudWatch's own palette."""

CALM = (BLUE, GREEN, TEAL, PURPLE, GREY)
LOUD = (RED, ORANGE, "#8c564b", "#e377c2")

AXES = {"count": "Count", "ms": "Milliseconds", "rate": "Rate", "s": "Seconds"}


def invocations_widget(function: LambdaFunction) -> Widget:
    """Show how often a function runs, fails and is refused, and how much at once."""
    of = _dimensions(function)
    lines = [
        _line("AWS/Lambda", "Invocations", of, "Sum", color=BLUE),
        _line("AWS/Lambda", "Errors", of, "Sum", color=RED),
        _line("AWS/Lambda", "Throttles", of, "Sum", color=ORANGE),
        _line(
            "AWS/Lambda",
            "ConcurrentExecutions",
            of,
            "Maximum",
            color=GREY,
            label="At once",
            axis="right",
        ),
    ]
    reserved = literal(function.reserved_concurrent_executions)
    limits = [] if reserved is None else [_limit("Reserved", reserved, "right")]
    return _graph("Invocations", lines, limits, left="count", right="At once")


def duration_widget(function: LambdaFunction) -> Widget:
    """Show how long invocations take, beside when they would be stopped."""
    of = _dimensions(function)
    colors = {"p50": GREEN, "p90": BLUE, "p99": PURPLE, "Maximum": GREY}
    lines = [
        _line("AWS/Lambda", "Duration", of, statistic, color=color, label=statistic)
        for statistic, color in colors.items()
    ]
    timeout = seconds(function.timeout)
    limits = [] if timeout is None else [_limit("Timeout", timeout * 1000, "left")]
    return _graph("Duration", lines, limits, left="ms")


def signals_widgets(title: str, signals: Sequence[Signal]) -> list[Widget]:
    """Show signals, two units at a time, since a widget has two axes."""
    loud = {each.unit for each in signals if each.limit is not None}
    units = list(dict.fromkeys(each.unit for each in signals))
    # Counts to the left, and what has an alarm before what has none.
    units.sort(key=lambda unit: (unit != "count", unit not in loud))
    pairs = [units[first : first + 2] for first in range(0, len(units), 2)]
    return [
        _signals_widget(
            title if pair is pairs[0] else f"{title}: {AXES.get(pair[0], pair[0])}",
            [each for each in signals if each.unit in pair],
            pair,
        )
        for pair in pairs
    ]


def _signals_widget(
    title: str, signals: Sequence[Signal], units: Sequence[str]
) -> Widget:
    """Show signals of two units at most, each with where its alarms begin."""
    calm, loud = iter(CALM * len(signals)), iter(LOUD * len(signals))
    lines, limits = [], {}
    for each in signals:
        axis = "left" if each.unit == units[0] else "right"
        color = next(calm) if each.limit is None else next(loud)
        label = each.of if each.store else _words(each.metric_name)
        lines.append(
            _line(
                each.namespace,
                each.metric_name,
                each.dimensions,
                each.statistic,
                color=color,
                label=label,
                axis=axis,
            )
        )
        if each.limit is not None:
            limits[axis, each.limit.threshold] = _limit(
                "Alarm", each.limit.threshold, axis
            )
    right = units[1] if len(units) > 1 else None
    return _graph(title, lines, list(limits.values()), left=units[0], right=right)


def _words(metric: str) -> str:
    """Give the name of a metric as one reads it, as `Age of oldest message`."""
    words = re.sub(
        r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[._]", " ", metric
    ).split()
    plain = " ".join(each if each.isupper() else each.lower() for each in words)
    short = plain.removeprefix("approximate ").removeprefix("number of ")
    return short[:1].upper() + short[1:]


def _dimensions(function: LambdaFunction) -> dict[str, str]:
    name = name_of(function)
    return {"FunctionName": name, "Resource": f"{name}:live"}


def _line(
    namespace: str,
    metric: str,
    dimensions: Mapping[str, str],
    statistic: str,
    *,
    color: str,
    label: str | None = None,
    axis: str = "left",
) -> list[Any]:
    named = [part for pair in dimensions.items() for part in pair]
    options = {"stat": statistic, "color": color, "label": label or metric}
    if axis == "right":
        options["yAxis"] = "right"
    return [namespace, metric, *named, options]


def _limit(label: str, value: float, axis: str) -> dict[str, Any]:
    return {"label": label, "value": value, "yAxis": axis, "color": RED}


def _graph(
    title: str,
    lines: Sequence[list[Any]],
    limits: Sequence[dict[str, Any]],
    *,
    left: str,
    right: str | None = None,
) -> Widget:
    axes = {"left": {"min": 0, "label": AXES.get(left, left), "showUnits": False}}
    if right is not None:
        axes["right"] = {"min": 0, "label": AXES.get(right, right), "showUnits": False}
    properties: Widget = {
        "title": title,
        "view": "timeSeries",
        "region": "${AWS::Region}",
        "period": 60,
        "metrics": _shortened(lines),
        "yAxis": axes,
    }
    if limits:
        properties["annotations"] = {"horizontal": list(limits)}
    return {"type": "metric", "properties": properties}


def _shortened(lines: Sequence[list[Any]]) -> list[list[Any]]:
    """Write `.` for what is as in the line before, as CloudWatch has it."""
    short: list[list[Any]] = []
    before: list[Any] = []
    for line in lines:
        short.append(
            [
                "." if n < len(before) - 1 and each == before[n] else each
                for n, each in enumerate(line[:-1])
            ]
            + line[-1:]
        )
        before = line
    return short
