"""The clicks of a data stream, counted once: by boto3 alone."""

import base64
import json
import logging
import os
import re
import time
from datetime import UTC, datetime
from typing import Any

import boto3

logger = logging.getLogger()
logger.setLevel(logging.INFO)
dynamodb = boto3.client("dynamodb")
PAGE = re.compile(r"/[!-~]{0,255}")
KEPT_SECONDS = 35 * 24 * 60 * 60


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Count each click of the batch and report the records that failed."""
    failures = []
    for record in event["Records"]:
        try:
            count(json.loads(base64.b64decode(record["kinesis"]["data"])), record)
        except Exception:
            logger.exception("click is not counted")
            number = record["kinesis"]["sequenceNumber"]
            failures.append({"itemIdentifier": number})
    return {"batchItemFailures": failures}


def count(click: dict[str, Any], record: dict[str, Any]) -> None:
    """Count a click and remember its record."""
    if not PAGE.fullmatch(click["page"]):
        raise ValueError("not a click: page")
    at = datetime.fromisoformat(click["at"])
    if at.tzinfo is None:
        raise ValueError("not a click: at")
    hour = at.astimezone(UTC).strftime("%Y-%m-%dT%H")
    expiration = {"N": str(int(time.time()) + KEPT_SECONDS)}
    dynamodb.transact_write_items(
        TransactItems=[
            {
                "Put": {
                    "TableName": os.environ["COUNTED_TABLE"],
                    "Item": {"id": {"S": record["eventID"]}, "expiration": expiration},
                    "ConditionExpression": "attribute_not_exists(id)",
                }
            },
            {
                "Update": {
                    "TableName": os.environ["COUNTS_TABLE"],
                    "Key": {"page": {"S": click["page"]}, "hour": {"S": hour}},
                    "UpdateExpression": "ADD clicks :one",
                    "ExpressionAttributeValues": {":one": {"N": "1"}},
                }
            },
        ]
    )
