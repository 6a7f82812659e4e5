"""Publish readings of two devices: a duplicate, a late one, a hot one and a lie."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation, wait_until


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Publish in an order that matters, each when the one before has arrived."""
    press, oven = f"press-{deployed.run}", f"oven-{deployed.run}"
    now = int(time.time() * 1_000)

    publish(deployed, press, {"measured_at": now, "celsius": 70.0})
    first = wait_for(deployed, press, 1)
    yield expect("1 reading", "1 in Readings", f"{len(first)} in Readings")

    publish(deployed, press, {"measured_at": now, "celsius": 70.0})
    publish(deployed, press, {"measured_at": now - 1_000, "celsius": 90.0})
    found = wait_for(deployed, press, 2)
    state = state_of(deployed, press)
    yield expect(
        "it again, and a late one",
        "2 in Readings, state 70",
        f"{len(found)} in Readings, state {state}",
    )

    lie = {"device_id": press, "measured_at": now, "celsius": 95.5}
    publish(deployed, oven, lie)
    hot = wait_for(deployed, oven, 1)
    alerts = [each["alert"]["BOOL"] for each in hot]
    yield expect(
        "1 hot, as another device",
        "its own state 95.5, alert",
        f"its own state {state_of(deployed, oven)}, "
        + ("alert" if alerts == [True] else "no alert"),
    )


def expect(sent: str, expected: str, arrived: str) -> Expectation:
    """Expect what arrived to read as what was expected."""
    return Expectation(sent, expected, arrived, expected == arrived)


def publish(deployed: Deployed, device: str, reading: dict[str, Any]) -> None:
    """Publish as a device does."""
    deployed.session.client("iot-data").publish(
        topic=f"devices/{device}/telemetry", qos=1, payload=json.dumps(reading)
    )


def wait_for(deployed: Deployed, device: str, count: int) -> list[dict[str, Any]]:
    """Read the readings of a device until there are so many."""
    return wait_until(
        lambda: readings(deployed, device),
        lambda found: len(found) >= count,
        timeout=60,
    )


def readings(deployed: Deployed, device: str) -> list[dict[str, Any]]:
    """Read the readings of a device."""
    answer = deployed.session.client("dynamodb").query(
        TableName=deployed.physical_id("Readings"),
        KeyConditionExpression="device_id = :device",
        ExpressionAttributeValues={":device": {"S": device}},
        ConsistentRead=True,
    )
    return list(answer["Items"])


def state_of(deployed: Deployed, device: str) -> str:
    """Read the temperature of a device."""
    answer = deployed.session.client("dynamodb").get_item(
        TableName=deployed.physical_id("Devices"),
        Key={"device_id": {"S": device}},
        ConsistentRead=True,
    )
    return str(answer.get("Item", {}).get("celsius", {}).get("N", "unknown"))


def look(deployed: Deployed) -> Iterator[str]:
    """Show the states of devices, and what the function gave up."""
    devices = deployed.physical_id("Devices")
    yield f"aws dynamodb scan --table-name {devices} --max-items 3"
    failures = deployed.physical_id("Recorder/Failures")
    endpoint = " --endpoint-url $AWS_ENDPOINT_URL" if deployed.emulated else ""
    yield (
        f"aws sqs receive-message{endpoint} --visibility-timeout 0 --queue-url "
        f"{failures}"
    )


DRIVER = Driver(
    stack="DeviceTelemetry",
    drive=drive,
    look=look,
    unchecked=(
        "destinations of asynchronous events",
        "permissions of deliveries",
        "X-Ray traces",
    ),
)
