"""Rows of a table that a stack seeds, and the answer for them: by boto3 alone."""

import hashlib
import json
import logging
import os
import urllib.request
from collections.abc import Callable
from typing import Any

import boto3

logger = logging.getLogger()
logger.setLevel(logging.INFO)
dynamodb = boto3.client("dynamodb")


def handler(event: dict[str, Any], context: Any) -> None:
    """Seed, change or remove the rows of a stack, and say how it went."""
    kind = event["RequestType"]
    digest = hashlib.sha256(f"{event['StackId']}/{event['LogicalResourceId']}".encode())
    owner = f"rows-{digest.hexdigest()[:32]}"
    about = {"request": event["RequestId"], "request_type": kind}
    try:
        old = event.get("OldResourceProperties", {}).get("Rows", [])
        new = event["ResourceProperties"].get("Rows", [])
        old, new = (new, []) if kind == "Delete" else (old, new)
        settle(owner, old, new, context.get_remaining_time_in_millis)
        answer = {"Status": "SUCCESS", "Data": {"Rows": len(new)}}
        logger.info("rows are settled", extra={**about, "rows": len(new)})
    except Exception as error:
        logger.exception("rows are not settled", extra=about)
        answer = {"Status": "FAILED", "Reason": str(error)[:250]}
    same = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    request = urllib.request.Request(  # noqa: S310  CloudFormation made it
        event["ResponseURL"],
        data=json.dumps({**same, **answer, "PhysicalResourceId": owner}).encode(),
        headers={"Content-Type": ""},
        method="PUT",
    )
    urllib.request.urlopen(request, timeout=5).close()  # noqa: S310


def settle(owner: str, old: Any, new: Any, remaining_ms: Callable[[], int]) -> None:
    """Remove the rows that are no more, and put the others."""
    for row in new:
        texts = all(isinstance(each, str) for each in row.values())
        if not row["zone"] or not texts or "seeded_by" in row:
            raise ValueError("rows must be texts, with a zone")
    zones = {row["zone"] for row in new}
    before = (row.get("zone") for row in old if isinstance(row, dict))
    mine = {":owner": {"S": owner}}
    for zone in {it for it in before if isinstance(it, str) and it} - zones:
        check_time(remaining_ms)
        try:
            dynamodb.delete_item(
                TableName=os.environ["TABLE"],
                Key={"zone": {"S": zone}},
                ConditionExpression="seeded_by = :owner",
                ExpressionAttributeValues=mine,
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            continue
    for row in new:
        check_time(remaining_ms)
        item = {name: {"S": value} for name, value in row.items()}
        dynamodb.put_item(
            TableName=os.environ["TABLE"],
            Item={**item, "seeded_by": {"S": owner}},
            ConditionExpression="attribute_not_exists(#zone) OR seeded_by = :owner",
            ExpressionAttributeNames={"#zone": "zone"},
            ExpressionAttributeValues=mine,
        )


def check_time(remaining_ms: Callable[[], int]) -> None:
    """Give up while there is time to say so."""
    if remaining_ms() < 10_000:
        raise TimeoutError("too little time is left")
