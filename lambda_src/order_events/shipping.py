"""Ship each placed order, once."""

import os
from typing import Annotated, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import (
    EventBridgeEvent,
    event_source,
)
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config
from pydantic import BaseModel, Field, ValidationError

SHIPMENTS_TABLE = os.environ["SHIPMENTS_TABLE"]

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


class Item(BaseModel, strict=True):
    """What is to be packed."""

    sku: Id
    quantity: Annotated[int, Field(ge=1, le=1_000)]


class Placed(BaseModel, strict=True):
    """What shipping needs of a placed order; the rest is no business of its own."""

    order_id: Id
    items: Annotated[list[Item], Field(min_length=1, max_length=100)]


@logger.inject_lambda_context(clear_state=True)
@event_source(data_class=EventBridgeEvent)
def handler(event: EventBridgeEvent, _context: LambdaContext) -> dict[str, Any]:
    """Store the shipment; Lambda sends what is returned to those who wait for it."""
    logger.append_keys(event_id=event.get_id)
    logger.set_correlation_id(event.get_id)
    order = parse(event.detail)
    store(order)
    logger.info("order is shipped", extra={"order_id": order.order_id})
    return {"order_id": order.order_id, "parcels": len(order.items)}


def parse(detail: dict[str, Any]) -> Placed:
    """Read an order; name the first fault without quoting what the customer sent."""
    try:
        return Placed.model_validate(detail)
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        place = ".".join(map(str, fault["loc"]))[:80]
        raise ValueError(f"not an order: {fault['type']} at '{place}'") from None


def store(order: Placed) -> None:
    """Put the shipment; finding it there is fine, since events come more than once.

    The order's own id is the key, not the event's: who places an order again after an
    error sends another event.
    """
    wanted = order.model_dump()
    try:
        dynamodb.put_item(
            TableName=SHIPMENTS_TABLE,
            Item=TypeSerializer().serialize(wanted)["M"],
            ConditionExpression="attribute_not_exists(order_id)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException as error:
        existing: Any = error.response.get("Item", {})
        if TypeDeserializer().deserialize({"M": existing}) != wanted:
            raise ValueError("another order has this order_id") from None
