"""A table of orders by customer, kept in step: by boto3 alone."""

import logging
import os
import time
from decimal import Decimal
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

logger = logging.getLogger()
logger.setLevel(logging.INFO)
dynamodb = boto3.client("dynamodb")
serialize = TypeSerializer().serialize
deserialize = TypeDeserializer().deserialize
KEPT_SECONDS = 3 * 24 * 60 * 60


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Project each change of the batch and report the records that failed."""
    failures = []
    failed = set()
    for record in event["Records"]:
        change = record["dynamodb"]
        order_id = change["Keys"]["order_id"]["S"]
        try:
            if order_id in failed:
                raise RuntimeError("an earlier change of this order failed")
            project(order_id, change)
        except Exception:
            failed.add(order_id)
            logger.exception("change is not projected")
            failures.append({"itemIdentifier": change["SequenceNumber"]})
    return {"batchItemFailures": failures}


def project(order_id: str, change: dict[str, Any]) -> None:
    """Move the order to where its customer finds it, or take it away; once."""
    before = deserialize({"M": change.get("OldImage", {})})
    after = deserialize({"M": change.get("NewImage", {})})
    table = os.environ["ORDERS_BY_CUSTOMER_TABLE"]
    writes: list[Any] = []
    if before and (not after or after["customer_id"] != before["customer_id"]):
        key = {name: before[name] for name in ("customer_id", "order_id")}
        writes.append({"Delete": {"TableName": table, "Key": serialize(key)["M"]}})
    if after:
        items = after["items"]
        row = {
            "customer_id": after["customer_id"],
            "order_id": after["order_id"],
            "items": sum((it["quantity"] for it in items), Decimal()),
            "total": sum(
                (it["quantity"] * it["unit_price"] for it in items), Decimal()
            ),
        }
        writes.append({"Put": {"TableName": table, "Item": serialize(row)["M"]}})
    sequence = change["SequenceNumber"].zfill(40)
    expiration = int(time.time()) + KEPT_SECONDS
    position = {"order_id": order_id, "sequence": sequence, "expiration": expiration}
    put: Any = {
        "TableName": os.environ["PROJECTED_TABLE"],
        "Item": serialize(position)["M"],
        "ConditionExpression": (
            "attribute_not_exists(order_id) OR #sequence < :sequence"
        ),
        "ExpressionAttributeNames": {"#sequence": "sequence"},
        "ExpressionAttributeValues": {":sequence": {"S": sequence}},
    }
    dynamodb.transact_write_items(TransactItems=[{"Put": put}, *writes])
