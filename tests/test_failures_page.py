"""The page on failures is true: its code runs, and its records are what is sent."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from stacks.device_telemetry import DeviceTelemetryStack
from tests.synthesized import ROOT

PAGE = (ROOT / "docs" / "failures.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_its_code_puts_an_alarm_on_each_store(tmp_path):
    """
    On what was not delivered, and on what was not processed.
    """
    source = tmp_path / "lambda_src" / "worker"
    source.mkdir(parents=True)
    (source / "index.py").write_text("def handler(event, context): ...\n")
    (code,) = blocks("python")
    look = (
        "\nprint(*sorted(each.node.path for each in plant.node.find_all()"
        " if isinstance(each, cloudwatch.Alarm)), sep='\\n')"
    )

    done = subprocess.run(
        [sys.executable, "-c", code + look],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert [
        "Plant/Recorder/Failures/Alarm",
        "Plant/Recorder/TopicRule/Undelivered/Alarm",
    ] == done.stdout.split(), done.stderr


def test_its_records_have_the_fields_that_the_test_kit_sends(account):
    """
    Of an event that the function gave up, and of one that IoT could not deliver.
    """
    plant = account.deploy(DeviceTelemetryStack)
    publish = account.client("iot-data").publish
    publish(topic="devices/press-7/telemetry", payload=json.dumps({"celsius": "hot"}))
    account.settle()
    plant.topic_rule("Recorder/TopicRule").fail()
    publish(topic="devices/press-7/telemetry", payload=json.dumps({"celsius": 91.0}))
    account.settle()

    given_up, undelivered = (json.loads(each) for each in blocks("json"))
    (failed,) = plant.queue("Recorder/Failures").bodies()
    (lost,) = plant.queue("Recorder/TopicRule/Undelivered").bodies()
    assert failed.keys() == given_up.keys()
    assert failed["requestContext"].keys() == given_up["requestContext"].keys()
    assert failed["responseContext"].keys() == given_up["responseContext"].keys()
    assert given_up["responsePayload"].keys() <= failed["responsePayload"].keys()
    assert lost.keys() == undelivered.keys()
    assert lost["failures"][0].keys() == undelivered["failures"][0].keys()
