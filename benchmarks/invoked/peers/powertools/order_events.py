"""What follows a placed order on an event bus: as Powertools' documentation does it.

Its example of the parser's envelope of EventBridge, with its Logger.
https://docs.aws.amazon.com/powertools/python/latest/utilities/parser/
"""

import os
from decimal import Decimal
from typing import Annotated, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.parser import event_parser
from aws_lambda_powertools.utilities.parser.envelopes import EventBridgeEnvelope
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from pydantic import BaseModel, Field

logger = Logger()
dynamodb = boto3.client("dynamodb")
serialize = TypeSerializer().serialize
deserialize = TypeDeserializer().deserialize

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class Item(BaseModel, strict=True):
    """What is to be packed."""

    sku: Id
    quantity: Annotated[int, Field(ge=1, le=1_000)]


class Shipment(BaseModel, strict=True):
    """What shipping needs of a placed order."""

    order_id: Id
    items: Annotated[list[Item], Field(min_length=1, max_length=100)]


class Points(BaseModel):
    """What points need of a placed order."""

    order_id: Id
    customer_id: Id
    total: Annotated[Decimal, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


@logger.inject_lambda_context(correlation_id_path=correlation_paths.EVENT_BRIDGE)
@event_parser(model=Shipment, envelope=EventBridgeEnvelope)
def shipping(event: Shipment, context: LambdaContext) -> dict[str, Any]:
    """Store the shipment of an order."""
    wanted = event.model_dump()
    try:
        dynamodb.put_item(
            TableName=os.environ["SHIPMENTS_TABLE"],
            Item=serialize(wanted)["M"],
            ConditionExpression="attribute_not_exists(order_id)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException as error:
        existing: Any = error.response.get("Item", {})
        if deserialize({"M": existing}) != wanted:
            raise ValueError("another order has this order_id") from None
    logger.info("order is shipped", order_id=event.order_id)
    return {"order_id": event.order_id, "parcels": len(event.items)}


@logger.inject_lambda_context(correlation_id_path=correlation_paths.EVENT_BRIDGE)
@event_parser(model=Points, envelope=EventBridgeEnvelope)
def loyalty(event: Points, context: LambdaContext) -> None:
    """Give the points of an order."""
    try:
        dynamodb.put_item(
            TableName=os.environ["POINTS_TABLE"],
            Item={
                "customer_id": {"S": event.customer_id},
                "order_id": {"S": event.order_id},
                "points": {"N": str(int(event.total // 10))},
            },
            ConditionExpression="attribute_not_exists(order_id)",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        logger.info("points were given before", order_id=event.order_id)
    logger.info("points are given", order_id=event.order_id)
