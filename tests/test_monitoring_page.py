"""The page on monitoring is true: its code runs, and its table has every alarm."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from lambda_constructs import Monitoring
from lambda_constructs.event_sources import (
    FunctionUrlEventSource,
    WebSocketApiEventSource,
)
from tests.synthesized import ROOT
from tests.unit.conftest import make_function, resources

PAGE = (ROOT / "docs" / "monitoring.md").read_text()

ALARM = "AWS::CloudWatch::Alarm"

pytestmark = pytest.mark.xdist_group("assembly")


def in_table() -> dict[str, set[str]]:
    """The dimensions of each metric that the page lists, optional ones included."""
    rows = re.findall(r"^\| `([\w.]+)` \| ([^|]+) \|", PAGE, re.MULTILINE)
    alias = {"FunctionName", "Resource"}
    return {
        name: alias if by == "alias" else set(re.findall(r"`(\w+)`", by))
        for name, by in rows
    }


def other_alarms() -> list[dict]:
    """Those of sources and options that no reference stack has."""
    stack = Stack(App(), "Shop")
    Monitoring(topic=sns.Topic(stack, "OnCall")).apply_to(stack)
    function = make_function(
        stack, monitoring=..., dead_letter_queue=sqs.Queue(stack, "Dead")
    )
    function.add_event_source(FunctionUrlEventSource())
    api = apigatewayv2.WebSocketApi(stack, "Api")
    function.add_event_source(WebSocketApiEventSource(api, routes=["$default"]))
    return [each["Properties"] for each in resources(stack, ALARM).values()]


def test_its_table_has_every_alarm_with_its_dimensions(assembly):
    """
    Of the reference stacks, and of what these do not have.
    """
    alarms = [
        each
        for stack in assembly.values()
        for each in stack.properties(ALARM)
        if "AlarmActions" in each  # those of releases tell CodeDeploy alone
    ]
    alarms += other_alarms()
    table = in_table()

    assert table.keys() == {each["MetricName"] for each in alarms}
    for alarm in alarms:
        names = {each["Name"] for each in alarm["Dimensions"]}
        assert names <= table[alarm["MetricName"]]


def test_its_code_makes_six_alarms(tmp_path):
    """
    As the page says of a function behind a queue.
    """
    source = tmp_path / "lambda_src" / "worker"
    source.mkdir(parents=True)
    (source / "index.py").write_text("def handler(event, context): ...\n")
    code, own, _ = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    look = (
        "\nfrom aws_cdk.assertions import Template"
        f"\nprint(len(Template.from_stack(shop).find_resources({ALARM!r})))"
        "\nassert 'Late' == Poll().signals(worker, None)[0].name"
    )

    done = subprocess.run(
        [sys.executable, "-c", code + own + look],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "6" == done.stdout.strip(), done.stderr
