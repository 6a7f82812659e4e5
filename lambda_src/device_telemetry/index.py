"""Keep the readings of devices, know each device's newest, and raise alerts.

IoT delivers a message once or more, and in any order.
"""

import json
import os
from decimal import Decimal
from typing import Annotated, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from pydantic import BaseModel, Field, ValidationError

DEVICES_TABLE = os.environ["DEVICES_TABLE"]
READINGS_TABLE = os.environ["READINGS_TABLE"]
ALERTS_TOPIC = os.environ["ALERTS_TOPIC"]
ALERT_ABOVE_CELSIUS = float(os.environ["ALERT_ABOVE_CELSIUS"])
# A clock that runs ahead by more would let no later reading be the newest.
CLOCK_SKEW_MS = 5 * 60 * 1_000
KEPT_SECONDS = 90 * 24 * 60 * 60

logger = Logger(use_rfc3339=True, utc=True)
# A call that hangs gives up after 4 s, so that all three fit into the timeout.
calls = Config(
    connect_timeout=1,
    read_timeout=1,
    retries={"mode": "standard", "total_max_attempts": 2},
)
dynamodb = boto3.client("dynamodb", config=calls)
sns = boto3.client("sns", config=calls)


class Reading(BaseModel, extra="forbid", strict=True):
    """What the rule of IoT selects: who and when by IoT, the rest by the device."""

    device_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
    received_at: Annotated[int, Field(gt=0)]
    measured_at: Annotated[int, Field(gt=0)]
    celsius: Annotated[float, Field(ge=-100, le=1_000, allow_inf_nan=False)]

    @property
    def is_hot(self) -> bool:
        """Whether somebody has to know."""
        return self.celsius > ALERT_ABOVE_CELSIUS

    @property
    def temperature(self) -> str:
        """The temperature as DynamoDB takes numbers."""
        return str(Decimal(str(self.celsius)))


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Keep one reading.

    It is kept last, so that one that is there has been dealt with: what is cut short
    is done again, and a duplicate is not.
    """
    reading = parse(event)
    logger.append_keys(device_id=reading.device_id, measured_at=reading.measured_at)
    # The alert has both, so that whoever gets it finds this line.
    logger.set_correlation_id(f"{reading.device_id}/{reading.measured_at}")
    if is_kept(reading):
        logger.info("reading is a duplicate")
        return
    newest = update_device(reading)
    # An old reading is history: by now the device may have cooled down.
    alert = newest and reading.is_hot
    if alert:
        raise_alert(reading)
    keep(reading, alert=alert)
    logger.info("reading is kept", extra={"newest": newest, "alert": alert})


def parse(event: dict[str, Any]) -> Reading:
    """Read what the rule selected; name the first fault without quoting a device."""
    try:
        reading = Reading.model_validate(event)
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        place = ".".join(map(str, fault["loc"]))[:80]
        raise ValueError(f"not a reading: {fault['type']} at '{place}'") from None
    if reading.measured_at > reading.received_at + CLOCK_SKEW_MS:
        raise ValueError("not a reading: measured_at is in the future")
    return reading


def is_kept(reading: Reading) -> bool:
    """Tell whether this reading has been dealt with."""
    answer = dynamodb.get_item(
        TableName=READINGS_TABLE, Key=key(reading), ConsistentRead=True
    )
    return "Item" in answer


def update_device(reading: Reading) -> bool:
    """Let the device have this state, unless its own is newer; tell whether it has."""
    try:
        dynamodb.update_item(
            TableName=DEVICES_TABLE,
            Key={"device_id": {"S": reading.device_id}},
            UpdateExpression="SET celsius = :celsius, measured_at = :measured_at",
            # Or equal: what was cut short after this is the newest all the same.
            ConditionExpression=(
                "attribute_not_exists(device_id) OR measured_at <= :measured_at"
            ),
            ExpressionAttributeValues={
                ":celsius": {"N": reading.temperature},
                ":measured_at": {"N": str(reading.measured_at)},
            },
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return False
    return True


def raise_alert(reading: Reading) -> None:
    """Tell those on duty."""
    sns.publish(
        TopicArn=ALERTS_TOPIC,
        Subject=f"{reading.device_id[:80]} is hot",
        Message=json.dumps(
            {
                "device_id": reading.device_id,
                "measured_at": reading.measured_at,
                "celsius": reading.celsius,
                "alert_above_celsius": ALERT_ABOVE_CELSIUS,
            }
        ),
    )


def keep(reading: Reading, *, alert: bool) -> None:
    """Keep the reading for a while."""
    expires_at = reading.received_at // 1_000 + KEPT_SECONDS
    dynamodb.put_item(
        TableName=READINGS_TABLE,
        Item={
            **key(reading),
            "celsius": {"N": reading.temperature},
            "alert": {"BOOL": alert},
            "expires_at": {"N": str(expires_at)},
        },
    )


def key(reading: Reading) -> dict[str, Any]:
    """Give the key of a reading: a device measures once at a time."""
    return {
        "device_id": {"S": reading.device_id},
        "measured_at": {"N": str(reading.measured_at)},
    }
