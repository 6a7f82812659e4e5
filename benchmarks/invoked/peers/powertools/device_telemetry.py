"""The readings of devices, kept once: as Powertools' documentation does it.

It has no example of a rule of IoT: its parser as decorator, with its Logger.
https://docs.aws.amazon.com/powertools/python/latest/utilities/parser/
"""

import json
import os
from decimal import Decimal
from typing import Annotated, Any, Self

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.parser import event_parser
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, Field, model_validator

logger = Logger()
dynamodb = boto3.client("dynamodb")
sns = boto3.client("sns")
KEPT_SECONDS = 90 * 24 * 60 * 60


class Reading(BaseModel, extra="forbid", strict=True):
    """What the rule of IoT selects."""

    device_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
    received_at: Annotated[int, Field(gt=0)]
    measured_at: Annotated[int, Field(gt=0)]
    celsius: Annotated[float, Field(ge=-100, le=1_000, allow_inf_nan=False)]

    @model_validator(mode="after")
    def is_not_of_the_future(self) -> Self:
        """Refuse a clock that is far ahead."""
        if self.measured_at > self.received_at + 5 * 60 * 1_000:
            raise ValueError("measured_at is in the future")
        return self


@logger.inject_lambda_context
@event_parser(model=Reading)
def handler(event: Reading, context: LambdaContext) -> None:
    """Keep one reading, once."""
    logger.append_keys(device_id=event.device_id, measured_at=event.measured_at)
    key: Any = {
        "device_id": {"S": event.device_id},
        "measured_at": {"N": str(event.measured_at)},
    }
    table = os.environ["READINGS_TABLE"]
    answer = dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)
    if "Item" in answer:
        logger.info("reading is a duplicate")
        return
    celsius = {"N": str(Decimal(str(event.celsius)))}
    newest = is_newest(key, celsius)
    limit = float(os.environ["ALERT_ABOVE_CELSIUS"])
    alert = newest and event.celsius > limit
    if alert:
        told = {
            "device_id": event.device_id,
            "measured_at": event.measured_at,
            "celsius": event.celsius,
            "alert_above_celsius": limit,
        }
        sns.publish(
            TopicArn=os.environ["ALERTS_TOPIC"],
            Subject=f"{event.device_id[:80]} is hot",
            Message=json.dumps(told),
        )
    expires_at = event.received_at // 1_000 + KEPT_SECONDS
    dynamodb.put_item(
        TableName=table,
        Item={
            **key,
            "celsius": celsius,
            "alert": {"BOOL": alert},
            "expires_at": {"N": str(expires_at)},
        },
    )
    logger.info("reading is kept", newest=newest, alert=alert)


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
