"""Readings are kept, hot ones tell, and what fails is in one of two queues."""

from __future__ import annotations

import base64
import json


def contract(plant) -> None:
    """A hot reading, one that is none, and one that IoT cannot hand over."""
    account = plant.account
    publish(account, celsius=90.0)
    publish(account, celsius=90.0)  # again, so that it has to be looked up
    account.settle()
    publish(account, celsius="hot")
    account.settle()
    plant.topic_rule("Recorder/TopicRule").fail()
    publish(account, celsius=91.0)
    account.settle()

    (reading,) = plant.table("Readings").items()
    (device,) = plant.table("Devices").items()
    (failed,) = plant.queue("Recorder/Failures").bodies()
    (undelivered,) = plant.queue("Recorder/TopicRule/Undelivered").bodies()
    assert reading["alert"] is True
    assert "press-7" == device["device_id"]
    assert 1 == len(plant.topic("Alerts").messages())
    assert "hot" == failed["requestPayload"]["celsius"]
    assert 3 == failed["requestContext"]["approximateInvokeCount"]
    assert "devices/press-7/telemetry" == undelivered["topic"]
    payload = json.loads(base64.b64decode(undelivered["base64OriginalPayload"]))
    assert 91.0 == payload["celsius"]


def publish(account, device: str = "press-7", **fields) -> None:
    """Say something as a device."""
    now = int(account.clock.now() * 1_000)
    reading = {"measured_at": now, "celsius": 70.0, **fields}
    account.client("iot-data").publish(
        topic=f"devices/{device}/telemetry", payload=json.dumps(reading)
    )
