"""One dashboard for a stack: alarms on top, and a row for each function.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aws_cdk import Fn
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from lambda_constructs._known import stack_of
from lambda_constructs._signals import name_of, place_of
from lambda_constructs._widgets import (
    Widget,
    duration_widget,
    invocations_widget,
    signals_widgets,
)
from lambda_constructs.signals import Signal

if TYPE_CHECKING:
    from lambda_constructs.function import LambdaFunction

COLUMNS = 24
HEIGHT = 6
ABREAST = 5
ALARMS = 100
"""Of one alarm widget."""

OWN = {"ConcurrentExecutions", "Duration", "Errors", "Invocations", "Throttles"}

TOKEN = re.compile(r"\$\{Token\[[^]]+\]\}")

CONSOLE = "https://${AWS::Region}.console.aws.amazon.com"
ALL = "region=${AWS::Region}"


def add_dashboard(
    place: Construct,
    functions: Sequence[tuple[LambdaFunction, Sequence[Signal]]],
    alarms: Mapping[object, cloudwatch.CfnAlarm],
) -> cloudwatch.CfnDashboard:
    """Define the dashboard, under a name that CloudFormation makes."""
    keys = {each.key for _, signals in functions for each in signals if each.limit}
    arns = [alarm.attr_arn for key, alarm in alarms.items() if key in keys]
    widgets = _top(stack_of(place).stack_name, arns)
    for function, signals in functions:
        widgets += _row(function, signals, top=_bottom(widgets))
    body = {"start": "-PT6H", "periodOverride": "inherit", "widgets": widgets}
    return cloudwatch.CfnDashboard(place, "Dashboard", dashboard_body=substituted(body))


def substituted(body: object) -> str:
    """Give *body* as JSON in which CloudFormation fills in what it alone knows.

    By `Fn::Sub`, since the parts of a `Fn::Join`, which CDK makes of JSON, are several
    times as long.
    """
    text = json.dumps(body, separators=(",", ":"))
    names = {
        token: f"T{number}"
        for number, token in enumerate(dict.fromkeys(TOKEN.findall(text)))
    }
    for token, name in names.items():
        text = text.replace(token, f"${{{name}}}")
    return Fn.sub(text, {name: token for token, name in names.items()})


def _top(name: str, arns: Sequence[str]) -> list[Widget]:
    widgets = [_text(f"# {name}", 0)]
    for first in range(0, len(arns), ALARMS):
        some = arns[first : first + ALARMS]
        widgets.append(
            {
                "type": "alarm",
                "x": 0,
                "y": _bottom(widgets),
                "width": COLUMNS,
                "height": 1 + -(-len(some) // 6),
                "properties": {"title": "Alarms", "alarms": some},
            }
        )
    return widgets


def _row(
    function: LambdaFunction, signals: Sequence[Signal], *, top: int
) -> list[Widget]:
    """Give the function's own widgets, then its sources, then where failures end."""
    title = place_of(function, function)
    found = [invocations_widget(function), duration_widget(function)]
    for name, each in _groups(signals).items():
        found += signals_widgets(name, each)
    row = [_text(f"## {title} {_links(function)}", top)]
    abreast = -(-len(found) // -(-len(found) // ABREAST))
    for first in range(0, len(found), abreast):
        some = found[first : first + abreast]
        edges = [-(-COLUMNS * number // len(some)) for number in range(len(some) + 1)]
        y = _bottom(row)
        row += [
            {**each, "x": left, "y": y, "width": right - left, "height": HEIGHT}
            for each, left, right in zip(some, edges[:-1], edges[1:], strict=True)
        ]
    return row


def _groups(signals: Sequence[Signal]) -> dict[str, list[Signal]]:
    """Give what goes into one widget: each source, its age, and the stores."""
    groups: dict[str, list[Signal]] = {"": []}
    stores = [each for each in signals if each.store]
    for each in signals:
        if each.store or (not each.of and each.name in OWN):
            continue
        groups.setdefault(each.of, []).append(each)
    named = {name or "Waiting and lost": each for name, each in groups.items()}
    return {**named, "Failure stores": stores}


def _links(function: LambdaFunction) -> str:
    name, group = name_of(function), function.log_group.log_group_name
    logs = f"{CONSOLE}/cloudwatch/home?{ALL}#logsV2"
    # How the console itself writes a query into its address.
    query = (
        "$3FqueryDetail$3D~(end~0~start~-21600~timeType~'RELATIVE~unit~'seconds"
        "~editorString~'fields*20*40timestamp*2c*20level*2c*20message*20*7c*20filter*20"
        "level*20in*20*5b*22ERROR*22*2c*20*22CRITICAL*22*5d*20*7c*20sort*20*40timestamp"
        f"*20desc~source~(~'{group}))"
    )
    links = {
        "Errors": f"{logs}:logs-insights{query}",
        "Logs": f"{logs}:log-groups/log-group/{group}",
        "Function": f"{CONSOLE}/lambda/home?{ALL}#/functions/{name}/aliases/live",
        "Traces": f"{CONSOLE}/cloudwatch/home?{ALL}#xray:traces/query",
    }
    return " ".join(f"[button:{text}]({address})" for text, address in links.items())


def _text(markdown: str, top: int) -> Widget:
    return {
        "type": "text",
        "x": 0,
        "y": top,
        "width": COLUMNS,
        "height": 1,
        "properties": {"markdown": markdown, "background": "transparent"},
    }


def _bottom(widgets: Sequence[Widget]) -> int:
    return max((each["y"] + each["height"] for each in widgets), default=0)
