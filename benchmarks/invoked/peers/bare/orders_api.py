"""An order taken once behind an HTTP or a REST API: by boto3 alone."""

import json
import logging
import os
import re
import uuid
from decimal import Decimal
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

logger = logging.getLogger()
logger.setLevel(logging.INFO)
dynamodb = boto3.client("dynamodb")
serialize = TypeSerializer().serialize
deserialize = TypeDeserializer().deserialize
PATH = re.compile(r"/customers/(?P<customer_id>[A-Za-z0-9._-]{1,64})/orders")
ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
KEYS = uuid.UUID("6f4a7b52-5d0e-4f0b-9d53-0f5f6e3c1a77")


def http_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take an order; of its routes only the one that is measured."""
    method = event["requestContext"]["http"]["method"]
    status, content = create(method, event["rawPath"], event)
    headers = headers_of(event)
    return answer(status, content) | {"headers": headers, "cookies": []}


def rest_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take an order; of its routes only the one that is measured."""
    status, content = create(event["httpMethod"], event["path"], event)
    headers = {name: [value] for name, value in headers_of(event).items()}
    return answer(status, content) | {"multiValueHeaders": headers}


def create(method: str, path: str, event: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Give the status and the content of an answer."""
    place = PATH.fullmatch(path)
    if place is None or method != "POST":
        return 404, {"message": "Not found"}
    headers = {name.lower(): value for name, value in event["headers"].items()}
    key = headers.get("idempotency-key", "")
    if not re.fullmatch(r"[A-Za-z0-9._-]{8,64}", key):
        return 400, {"message": "Idempotency-Key is missing or malformed"}
    try:
        items = checked(json.loads(event["body"]))
    except (ArithmeticError, KeyError, TypeError, ValueError):
        return 422, {"message": "not an order"}
    customer = place["customer_id"]
    wanted = {
        "customer_id": customer,
        "order_id": str(uuid.uuid5(KEYS, f"{customer}/{key}")),
        "total": sum((it["quantity"] * it["unit_price"] for it in items), Decimal()),
        "items": items,
    }
    try:
        dynamodb.put_item(
            TableName=os.environ["ORDERS_TABLE"],
            Item=serialize(wanted)["M"],
            ConditionExpression="attribute_not_exists(order_id)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException as error:
        existing: Any = error.response.get("Item", {})
        stored: dict[str, Any] = deserialize({"M": existing})
        if stored != wanted:
            return 409, {"message": "Idempotency-Key was used for another order"}
        logger.info("order was taken before", extra={"order_id": wanted["order_id"]})
        return 200, stored
    logger.info("order is taken", extra={"order_id": wanted["order_id"]})
    return 201, wanted


def checked(order: dict[str, Any]) -> list[dict[str, Any]]:
    """Check what a customer sent."""
    items: list[dict[str, Any]] = order["items"]
    if len(order) > 1 or not 1 <= len(items) <= 100:
        raise ValueError("items")
    for item in items:
        given = Decimal(item["unit_price"])
        item["unit_price"] = price = given.quantize(Decimal("0.01"))
        if len(item) > 3 or not 0 <= price < 10**8 or price != given:
            raise ValueError("items")
        if not ID.fullmatch(item["sku"]) or not 1 <= item["quantity"] <= 1_000:
            raise ValueError("items")
    return items


def headers_of(event: dict[str, Any]) -> dict[str, str]:
    """Name the request in its answer."""
    return {
        "Content-Type": "application/json",
        "Cache-Control": "no-store",
        "X-Request-Id": event["requestContext"]["requestId"],
    }


def answer(status: int, content: dict[str, Any]) -> dict[str, Any]:
    """Answer in JSON."""
    body = json.dumps(content, default=str)
    return {"statusCode": status, "body": body, "isBase64Encoded": False}
