"""A table of orders by customer, kept in step: as Powertools' documentation does it.

Its example of a batch of a table's stream, with its Logger, its parser for the images,
and the transaction that our handler makes, too.
https://docs.aws.amazon.com/powertools/python/latest/utilities/batch/
"""

import os
import time
from decimal import Decimal
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import (
    DynamoDBRecord,
)
from aws_lambda_powertools.utilities.parser import parse
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.types import TypeSerializer
from pydantic import BaseModel

processor = BatchProcessor(event_type=EventType.DynamoDBStreams)
logger = Logger()
dynamodb = boto3.client("dynamodb")
serialize = TypeSerializer().serialize
KEPT_SECONDS = 3 * 24 * 60 * 60


class Item(BaseModel):
    """A line of an order."""

    quantity: Decimal
    unit_price: Decimal


class Order(BaseModel):
    """An image of an order."""

    order_id: str
    customer_id: str
    items: list[Item]


def record_handler(record: DynamoDBRecord) -> None:
    """Project one change."""
    change = record.dynamodb
    if change is None:
        raise ValueError("not a record of a table's stream")
    before = parse(event=change.old_image, model=Order) if change.old_image else None
    after = parse(event=change.new_image, model=Order) if change.new_image else None
    table = os.environ["ORDERS_BY_CUSTOMER_TABLE"]
    writes: list[Any] = []
    if before and (after is None or after.customer_id != before.customer_id):
        key = {"customer_id": before.customer_id, "order_id": before.order_id}
        writes.append({"Delete": {"TableName": table, "Key": serialize(key)["M"]}})
    if after:
        row = {
            "customer_id": after.customer_id,
            "order_id": after.order_id,
            "items": sum((it.quantity for it in after.items), Decimal()),
            "total": sum(
                (it.quantity * it.unit_price for it in after.items), Decimal()
            ),
        }
        writes.append({"Put": {"TableName": table, "Item": serialize(row)["M"]}})
    sequence = str(change.sequence_number).zfill(40)
    position = {
        "order_id": change.keys["order_id"],
        "sequence": sequence,
        "expiration": int(time.time()) + KEPT_SECONDS,
    }
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
    logger.info("change is projected", event_id=record.event_id)


@logger.inject_lambda_context
def handler(
    event: dict[str, Any], context: LambdaContext
) -> PartialItemFailureResponse:
    """Project each change of the batch."""
    return process_partial_response(
        event=event,
        record_handler=record_handler,
        processor=processor,
        context=context,
    )
