"""Give points for each large order, once."""

import os
from decimal import Decimal
from typing import Annotated, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import (
    EventBridgeEvent,
    event_source,
)
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from pydantic import BaseModel, Field, ValidationError

POINTS_TABLE = os.environ["POINTS_TABLE"]
PRICE_OF_A_POINT = 10

# Lambda reads the level of a JSON line only beside an RFC 3339 timestamp.
logger = Logger(use_rfc3339=True, utc=True)
# A call that hangs gives up after 3 s, well before the function's timeout.
dynamodb = boto3.client(
    "dynamodb",
    config=Config(
        connect_timeout=1,
        read_timeout=1,
        retries={"mode": "standard", "total_max_attempts": 2},
    ),
)

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class Placed(BaseModel):
    """What points need of a placed order; the rest is no business of theirs."""

    order_id: Id
    customer_id: Id
    total: Annotated[Decimal, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


@logger.inject_lambda_context(clear_state=True)
@event_source(data_class=EventBridgeEvent)
def handler(event: EventBridgeEvent, _context: LambdaContext) -> None:
    """Give the points of one order."""
    logger.append_keys(event_id=event.get_id)
    logger.set_correlation_id(event.get_id)
    order = parse(event.detail)
    give(order)
    logger.info("points are given", extra={"order_id": order.order_id})


def parse(detail: dict[str, Any]) -> Placed:
    """Read an order; name the first fault without quoting what the customer sent."""
    try:
        return Placed.model_validate(detail)
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        place = ".".join(map(str, fault["loc"]))[:80]
        raise ValueError(f"not an order: {fault['type']} at '{place}'") from None


def give(order: Placed) -> None:
    """Put an item per order, not a sum that a second delivery would raise again."""
    points = int(order.total // PRICE_OF_A_POINT)
    try:
        dynamodb.put_item(
            TableName=POINTS_TABLE,
            Item={
                "customer_id": {"S": order.customer_id},
                "order_id": {"S": order.order_id},
                "points": {"N": str(points)},
            },
            ConditionExpression="attribute_not_exists(order_id)",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        logger.info("points were given before", extra={"order_id": order.order_id})
