"""What follows a placed order on an event bus: by boto3 alone."""

import logging
import os
import re
from decimal import Decimal
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

logger = logging.getLogger()
logger.setLevel(logging.INFO)
dynamodb = boto3.client("dynamodb")
serialize = TypeSerializer().serialize
deserialize = TypeDeserializer().deserialize
ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def shipping(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Store the shipment of an order."""
    detail = event["detail"]
    items = [
        {"sku": checked(it["sku"]), "quantity": it["quantity"]}
        for it in detail["items"]
    ]
    few = all(1 <= it["quantity"] <= 1_000 for it in items)
    if not few or not 1 <= len(items) <= 100:
        raise ValueError("not an order: items")
    wanted = {"order_id": checked(detail["order_id"]), "items": items}
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
    about = {"event_id": event["id"], "order_id": wanted["order_id"]}
    logger.info("order is shipped", extra=about)
    return {"order_id": wanted["order_id"], "parcels": len(items)}


def loyalty(event: dict[str, Any], context: Any) -> None:
    """Give the points of an order."""
    detail = event["detail"]
    order_id, customer_id = checked(detail["order_id"]), checked(detail["customer_id"])
    total = Decimal(str(detail["total"]))
    if not 0 <= total <= 1_000_000:
        raise ValueError("not an order: total")
    about = {"event_id": event["id"], "order_id": order_id}
    try:
        dynamodb.put_item(
            TableName=os.environ["POINTS_TABLE"],
            Item={
                "customer_id": {"S": customer_id},
                "order_id": {"S": order_id},
                "points": {"N": str(int(total // 10))},
            },
            ConditionExpression="attribute_not_exists(order_id)",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        logger.info("points were given before", extra=about)
    logger.info("points are given", extra=about)


def checked(value: str) -> str:
    """Check an id."""
    if not ID.fullmatch(value):
        raise ValueError("not an id")
    return value
