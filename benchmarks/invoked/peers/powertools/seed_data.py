"""Rows of a table that a stack seeds: as Powertools' documentation does it.

Its example of CloudFormation's data class, with its Logger, and its parser for the
rows. What answers CloudFormation is ours: in its example CDK's provider does.
https://docs.aws.amazon.com/powertools/python/latest/utilities/data_classes/
"""

import hashlib
import json
import os
import urllib.request
from collections.abc import Callable
from typing import Annotated, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import (
    CloudFormationCustomResourceEvent,
    event_source,
)
from aws_lambda_powertools.utilities.parser import parse
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import AfterValidator

logger = Logger()
dynamodb = boto3.client("dynamodb")


def checked(row: dict[str, str]) -> dict[str, str]:
    """Check a row."""
    if not row.get("zone") or "seeded_by" in row:
        raise ValueError("rows must be texts, with a zone")
    return row


Row = Annotated[dict[str, str], AfterValidator(checked)]


@logger.inject_lambda_context
@event_source(data_class=CloudFormationCustomResourceEvent)
def handler(event: CloudFormationCustomResourceEvent, context: LambdaContext) -> None:
    """Seed, change or remove the rows of a stack, and say how it went."""
    kind = event.request_type
    digest = hashlib.sha256(f"{event.stack_id}/{event.logical_resource_id}".encode())
    owner = f"rows-{digest.hexdigest()[:32]}"
    logger.append_keys(request=event.request_id, request_type=kind)
    answer: dict[str, Any]
    try:
        old = event.old_resource_properties.get("Rows", [])
        new = event.resource_properties.get("Rows", [])
        old, new = (new, []) if kind == "Delete" else (old, new)
        settle(owner, old, new, context.get_remaining_time_in_millis)
        answer = {"Status": "SUCCESS", "Data": {"Rows": len(new)}}
        logger.info("rows are settled", rows=len(new))
    except Exception as error:
        logger.exception("rows are not settled")
        answer = {"Status": "FAILED", "Reason": str(error)[:250]}
    answer |= {
        "StackId": event.stack_id,
        "RequestId": event.request_id,
        "LogicalResourceId": event.logical_resource_id,
        "PhysicalResourceId": owner,
    }
    request = urllib.request.Request(  # noqa: S310  CloudFormation made it
        event.response_url,
        data=json.dumps(answer).encode(),
        headers={"Content-Type": ""},
        method="PUT",
    )
    urllib.request.urlopen(request, timeout=5).close()  # noqa: S310


def settle(owner: str, old: Any, new: Any, remaining_ms: Callable[[], int]) -> None:
    """Remove the rows that are no more, and put the others."""
    rows = parse(event=new, model=list[Row])
    zones = {row["zone"] for row in rows}
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
    for row in rows:
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
