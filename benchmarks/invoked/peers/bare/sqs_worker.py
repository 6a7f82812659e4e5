"""The orders of an SQS queue, stored once: by boto3 alone."""

import hashlib
import json
import logging
import os
import re
import time
from decimal import Decimal
from typing import Any

import boto3
from boto3.dynamodb.types import TypeSerializer

logger = logging.getLogger()
logger.setLevel(logging.INFO)
dynamodb = boto3.client("dynamodb")
serialize = TypeSerializer().serialize
ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
KEPT_SECONDS = 14 * 24 * 60 * 60


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Store each order of the batch and report the messages that failed."""
    failures = []
    for record in event["Records"]:
        about = {"message_id": record["messageId"]}
        try:
            order = checked(json.loads(record["body"], parse_float=Decimal))
            store_once(order)
            logger.info(
                "order is stored", extra={**about, "order_id": order["order_id"]}
            )
        except Exception:
            logger.exception("order is not stored", extra=about)
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def checked(order: dict[str, Any]) -> dict[str, Any]:
    """Check what a customer sent."""
    for name in ("order_id", "customer_id"):
        if not ID.fullmatch(order[name]):
            raise ValueError(f"not an order: {name}")
    if not 1 <= len(order["items"]) <= 100:
        raise ValueError("not an order: items")
    for item in order["items"]:
        item["unit_price"] = Decimal(item["unit_price"]).quantize(Decimal("0.01"))
        if not ID.fullmatch(item["sku"]) or not 1 <= item["quantity"] <= 1_000:
            raise ValueError("not an order: items")
    return order


def store_once(order: dict[str, Any]) -> None:
    """Claim the order's id, store it, and keep that it is done."""
    digest = hashlib.sha256(order["order_id"].encode()).hexdigest()
    key = {"id": {"S": f"order#{digest}"}}
    now = int(time.time())
    expiration = {"N": str(now + KEPT_SECONDS)}
    dynamodb.put_item(
        TableName=os.environ["IDEMPOTENCY_TABLE"],
        Item={**key, "status": {"S": "INPROGRESS"}, "expiration": expiration},
        ConditionExpression="attribute_not_exists(id) OR expiration < :now",
        ExpressionAttributeValues={":now": {"N": str(now)}},
    )
    total = sum(
        (item["quantity"] * item["unit_price"] for item in order["items"]), Decimal()
    )
    dynamodb.put_item(
        TableName=os.environ["ORDERS_TABLE"],
        Item=serialize({**order, "total": total})["M"],
        ConditionExpression="attribute_not_exists(order_id)",
    )
    dynamodb.update_item(
        TableName=os.environ["IDEMPOTENCY_TABLE"],
        Key=key,
        UpdateExpression="SET #status = :status, expiration = :expiration",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={
            ":status": {"S": "COMPLETED"},
            ":expiration": expiration,
        },
    )
