"""The recorder of readings: each is kept once, the newest is a device's state."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.conftest import ColdStart
from tests.handlers.conftest import LambdaContext
from tests.handlers.events import event
from tests.synthesized import Synthesized

TABLES = {"Devices": "devices", "Readings": "readings"}
READING = event("iot_telemetry")
AT = READING["measured_at"]


@dataclass
class Recorder:
    """The handler after a cold start, its tables, and who is on duty."""

    module: ModuleType
    duty: str
    tables: Any = field(default_factory=lambda: boto3.resource("dynamodb"))

    def record(self, **fields: Any) -> None:
        self.module.handler(READING | fields, LambdaContext())

    def items(self, table: str) -> list[dict[str, Any]]:
        return sorted(
            self.tables.Table(table).scan()["Items"], key=lambda it: it["measured_at"]
        )

    @property
    def alerts(self) -> list[dict[str, Any]]:
        """Take the alerts that went out since they were last taken."""
        sqs = boto3.client("sqs")
        answer = sqs.receive_message(QueueUrl=self.duty, MaxNumberOfMessages=10)
        found = answer.get("Messages", [])
        for each in found:
            sqs.delete_message(QueueUrl=self.duty, ReceiptHandle=each["ReceiptHandle"])
        return [json.loads(json.loads(each["Body"])["Message"]) for each in found]


@pytest.fixture
def recorder(assembly: dict[str, Synthesized], cold_start: ColdStart) -> Recorder:
    stack = assembly["device_telemetry"]
    for logical_id, name in TABLES.items():
        table = stack.named("AWS::DynamoDB::GlobalTable", logical_id)
        boto3.client("dynamodb").create_table(
            TableName=name,
            BillingMode=table["BillingMode"],
            KeySchema=table["KeySchema"],
            AttributeDefinitions=table["AttributeDefinitions"],
        )
    topic = boto3.client("sns").create_topic(Name="alerts")["TopicArn"]
    duty = boto3.client("sqs").create_queue(QueueName="duty")["QueueUrl"]
    arn = "arn:aws:sqs:eu-west-1:123456789012:duty"
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    module = cold_start(
        "device_telemetry",
        ALERTS_TOPIC=topic,
        ALERT_ABOVE_CELSIUS="80",
        DEVICES_TABLE="devices",
        READINGS_TABLE="readings",
    )
    return Recorder(module, duty)


def fail_once(recorder: Recorder, client: str, operation: str) -> None:
    """Refuse the first call of an operation."""
    left = [True]

    def refuse(**_: object) -> None:
        if left:
            left.pop()
            raise ClientError({"Error": {"Code": "Throttled"}}, operation)

    events = getattr(recorder.module, client).meta.events
    events.register_first(f"before-call.*.{operation}", refuse)


def test_keeps_a_reading_and_lets_it_be_the_state(recorder):
    """
    With the number as it was sent, and for 90 days.
    """
    recorder.record(celsius=71.35)

    (device,), (reading,) = recorder.items("devices"), recorder.items("readings")
    assert "press-7" == device["device_id"] == reading["device_id"]
    assert "71.35" == str(device["celsius"]) == str(reading["celsius"])
    assert AT == device["measured_at"] == reading["measured_at"]
    assert READING["received_at"] // 1_000 + 90 * 86_400 == reading["expires_at"]
    assert reading["alert"] is False
    assert [] == recorder.alerts


def test_a_late_reading_is_history_and_no_state(recorder):
    """
    Messages overtake each other, and an old heat is no news.
    """
    recorder.record(celsius=70.0)
    recorder.record(celsius=99.0, measured_at=AT - 1)

    assert [70] == [each["celsius"] for each in recorder.items("devices")]
    assert [99, 70] == [each["celsius"] for each in recorder.items("readings")]
    assert [] == recorder.alerts


def test_a_hot_device_is_told_of(recorder):
    """
    Above the threshold, not at it.
    """
    recorder.record(celsius=80.0)
    assert [] == recorder.alerts

    recorder.record(celsius=80.5, measured_at=AT + 1)

    assert [
        {
            "device_id": "press-7",
            "measured_at": AT + 1,
            "celsius": 80.5,
            "alert_above_celsius": 80.0,
        }
    ] == recorder.alerts


def test_a_duplicate_changes_nothing_and_tells_nobody(recorder):
    """
    IoT delivers at least once.
    """
    recorder.record(celsius=90.0)
    assert 1 == len(recorder.alerts)

    recorder.record(celsius=90.0)
    recorder.record(celsius=90.0, received_at=READING["received_at"] + 9)

    assert [] == recorder.alerts
    assert 1 == len(recorder.items("readings"))


@pytest.mark.parametrize(
    ("client", "operation"),
    [
        ("dynamodb", "GetItem"),
        ("dynamodb", "UpdateItem"),
        ("dynamodb", "PutItem"),
        ("sns", "Publish"),
    ],
)
def test_what_was_cut_short_is_done_again(recorder, client, operation):
    """
    Wherever it was cut, nobody is left untold.
    """
    fail_once(recorder, client, operation)
    with pytest.raises(ClientError):
        recorder.record(celsius=90.0)

    recorder.record(celsius=90.0)

    assert 1 <= len(recorder.alerts)
    assert [True] == [each["alert"] for each in recorder.items("readings")]
    assert [90] == [each["celsius"] for each in recorder.items("devices")]


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"celsius": "90"}, "float_type at 'celsius'"),
        ({"celsius": True}, "float_type at 'celsius'"),
        ({"celsius": float("nan")}, "at 'celsius'"),
        ({"celsius": 1_001}, "less_than_equal at 'celsius'"),
        ({"measured_at": 1.5}, "at 'measured_at'"),
        ({"measured_at": 0}, "greater_than at 'measured_at'"),
        ({"device_id": "press 7"}, "string_pattern_mismatch at 'device_id'"),
        ({"serial": "x"}, "extra_forbidden at 'serial'"),
        (
            {"measured_at": READING["received_at"] + 300_001},
            "measured_at is in the future",
        ),
    ],
)
def test_fails_if_a_reading_is_none(recorder, fields, fault):
    """
    Lambda tries it again, and keeps it where failures end.
    """
    with pytest.raises(ValueError, match=r"^not a reading: ") as error:
        recorder.record(**fields)

    assert str(error.value).endswith(fault)
    assert [] == recorder.items("readings") == recorder.items("devices")


@pytest.mark.parametrize("name", sorted(READING))
def test_fails_if_something_is_missing(recorder, name):
    """
    The rule's SQL leaves out what a message lacks.
    """
    cut = {key: each for key, each in READING.items() if key != name}

    with pytest.raises(ValueError, match=f"missing at '{name}'"):
        recorder.module.handler(cut, LambdaContext())


def test_a_clock_that_is_a_little_ahead_will_do(recorder):
    """
    Five minutes are forgiven.
    """
    recorder.record(measured_at=READING["received_at"] + 300_000)

    assert 1 == len(recorder.items("readings"))
