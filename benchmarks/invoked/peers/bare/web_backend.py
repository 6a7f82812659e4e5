"""The items of a catalogue, behind a load balancer: by boto3 alone."""

import hashlib
import json
import logging
import os
import re
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_plus

import boto3
from boto3.dynamodb.types import TypeDeserializer

logger = logging.getLogger()
logger.setLevel(logging.INFO)
dynamodb = boto3.client("dynamodb")
deserialize = TypeDeserializer().deserialize
ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SECURITY_HEADERS = {
    "Cache-Control": ["no-store"],
    "Content-Security-Policy": ["default-src 'none'; frame-ancestors 'none'"],
    "Cross-Origin-Resource-Policy": ["same-site"],
    "Referrer-Policy": ["no-referrer"],
    "Strict-Transport-Security": ["max-age=63072000; includeSubDomains"],
    "X-Content-Type-Options": ["nosniff"],
}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer a request; of its routes only the one that is measured."""
    method, path = event["httpMethod"], event["path"]
    if path == "/items" and method in ("GET", "HEAD"):
        status, body, headers = items(event)
    else:
        status, body, headers = 404, json.dumps({"detail": "no such path"}), {}
    if method == "HEAD":
        body = ""
    about = {"method": method, "path": path[:200], "status": status}
    logger.info("request is answered", extra=about)
    return {
        "statusCode": status,
        "body": body,
        "isBase64Encoded": False,
        "multiValueHeaders": {
            **SECURITY_HEADERS,
            "Content-Type": ["application/json"],
            **headers,
            "X-Request-Id": [context.aws_request_id],
        },
    }


def items(event: dict[str, Any]) -> tuple[int, str, dict[str, list[str]]]:
    """List a category, page by page in the order of ids."""
    try:
        asked = checked(event["multiValueQueryStringParameters"] or {})
    except (KeyError, TypeError, ValueError):
        detail = HTTPStatus.UNPROCESSABLE_ENTITY.phrase
        return 422, json.dumps({"detail": detail}), {}
    category, limit = asked["category"], asked["limit"]
    page: dict[str, Any] = {}
    if "after" in asked:
        start = {"category": {"S": category}, "item_id": {"S": asked["after"]}}
        page["ExclusiveStartKey"] = start
    found = dynamodb.query(
        TableName=os.environ["ITEMS_TABLE"],
        IndexName=os.environ["ITEMS_INDEX"],
        KeyConditionExpression="category = :category",
        ExpressionAttributeValues={":category": {"S": category}},
        Limit=limit,
        **page,
    )
    headers = {"Cache-Control": ["public, max-age=60"]}
    following = None
    if last := found.get("LastEvaluatedKey"):
        after = last["item_id"]["S"]
        following = f"/items?category={category}&limit={limit}&after={after}"
        headers["Link"] = [f'<{following}>; rel="next"']
    listed = [deserialize({"M": each}) for each in found["Items"]]
    body = json.dumps(
        {"items": listed, "next": following},
        ensure_ascii=False,
        separators=(",", ":"),
        default=as_text,
    )
    tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
    headers["ETag"] = [tag]
    known = ",".join(event["multiValueHeaders"].get("if-none-match", []))
    if tag in known.replace("W/", "").replace(" ", "").split(","):
        return 304, "", headers
    return 200, body, headers


def as_text(value: object) -> str:
    """Keep a price exact."""
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


def checked(query: dict[str, list[str]]) -> dict[str, Any]:
    """Check what a request asks for."""
    given: dict[str, Any] = {}
    for name, values in query.items():
        (value,) = values
        given[unquote_plus(name)] = unquote_plus(value)
    given["limit"] = int(given.get("limit", 20))
    texts = [given["category"], *([given["after"]] if "after" in given else [])]
    known = set(given) <= {"category", "after", "limit"}
    if not known or not all(map(ID.fullmatch, texts)) or not 1 <= given["limit"] <= 100:
        raise ValueError("not a request for items")
    return given
