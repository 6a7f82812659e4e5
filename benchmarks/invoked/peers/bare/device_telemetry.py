"""The readings of devices, kept once, with alerts: by boto3 alone."""

import json
import logging
import os
import re
from decimal import Decimal
from typing import Any

import boto3

logger = logging.getLogger()
logger.setLevel(logging.INFO)
dynamodb = boto3.client("dynamodb")
sns = boto3.client("sns")
ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
KEPT_SECONDS = 90 * 24 * 60 * 60


def handler(event: dict[str, Any], context: Any) -> None:
    """Keep one reading, once."""
    reading = checked(event)
    about = {name: reading[name] for name in ("device_id", "measured_at")}
    key: Any = {
        "device_id": {"S": reading["device_id"]},
        "measured_at": {"N": str(reading["measured_at"])},
    }
    table = os.environ["READINGS_TABLE"]
    answer = dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)
    if "Item" in answer:
        logger.info("reading is a duplicate", extra=about)
        return
    celsius = {"N": str(Decimal(str(reading["celsius"])))}
    newest = is_newest(key, celsius)
    limit = float(os.environ["ALERT_ABOVE_CELSIUS"])
    alert = newest and reading["celsius"] > limit
    if alert:
        told = {**about, "celsius": reading["celsius"], "alert_above_celsius": limit}
        sns.publish(
            TopicArn=os.environ["ALERTS_TOPIC"],
            Subject=f"{reading['device_id'][:80]} is hot",
            Message=json.dumps(told),
        )
    expires_at = reading["received_at"] // 1_000 + KEPT_SECONDS
    dynamodb.put_item(
        TableName=table,
        Item={
            **key,
            "celsius": celsius,
            "alert": {"BOOL": alert},
            "expires_at": {"N": str(expires_at)},
        },
    )
    logger.info("reading is kept", extra={**about, "newest": newest, "alert": alert})


def checked(reading: dict[str, Any]) -> dict[str, Any]:
    """Check what the rule of IoT selected."""
    names = {"device_id", "received_at", "measured_at", "celsius"}
    if reading.keys() != names or not ID.fullmatch(reading["device_id"]):
        raise ValueError("not a reading")
    for name in ("received_at", "measured_at"):
        if type(reading[name]) is not int or reading[name] <= 0:
            raise ValueError(f"not a reading: {name}")
    number = type(reading["celsius"]) in (float, int)
    if not number or not -100 <= reading["celsius"] <= 1_000:
        raise ValueError("not a reading: celsius")
    if reading["measured_at"] > reading["received_at"] + 5 * 60 * 1_000:
        raise ValueError("not a reading: measured_at is in the future")
    return reading


def is_newest(key: dict[str, Any], celsius: Any) -> bool:
    """Let the device have this state, unless its own is newer; tell whether it has."""
    try:
        dynamodb.update_item(
            TableName=os.environ["DEVICES_TABLE"],
            Key={"device_id": key["device_id"]},
            UpdateExpression="SET celsius = :celsius, measured_at = :measured_at",
            ConditionExpression=(
                "attribute_not_exists(device_id) OR measured_at <= :measured_at"
            ),
            ExpressionAttributeValues={
                ":celsius": celsius,
                ":measured_at": key["measured_at"],
            },
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return False
    return True
