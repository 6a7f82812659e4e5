"""Keep a table of orders by customer in step with the table of orders."""

import os
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

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
    StreamRecord,
)
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.types import TypeSerializer
from botocore.config import Config
from pydantic import BaseModel, Field, ValidationError

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

ORDERS_BY_CUSTOMER_TABLE = os.environ["ORDERS_BY_CUSTOMER_TABLE"]
PROJECTED_TABLE = os.environ["PROJECTED_TABLE"]
TIME_FOR_A_CHANGE_MS = 4_000
# Longer than a change can come back: a table's stream keeps it for a day.
REMEMBERED_SECONDS = 3 * 24 * 60 * 60
# Sequence numbers have up to 40 digits; padded, their text sorts as they do.
SEQUENCE_DIGITS = 40

# Lambda reads the level of a JSON line only beside an RFC 3339 timestamp.
logger = Logger(use_rfc3339=True, utc=True)
# A call that hangs gives up after 3 s, well before the function's timeout.
dynamodb = boto3.client(
    "dynamodb",
    config=Config(
        connect_timeout=1,
        read_timeout=1,
        retries={"mode": "standard", "total_max_attempts": 2},
    ),
)
# Raises when every change of a batch failed, so that the Errors metric, which alarms
# and canary deployments watch, shows a version that projects nothing.
processor = BatchProcessor(EventType.DynamoDBStreams)

Id = Annotated[str, Field(min_length=1, max_length=64)]


class Item(BaseModel, extra="ignore", strict=True):
    """What the projection reads of a line of an order."""

    quantity: Annotated[Decimal, Field(ge=0)]
    unit_price: Annotated[Decimal, Field(ge=0)]


class Order(BaseModel, extra="ignore", strict=True):
    """What the projection reads of an order."""

    order_id: Id
    customer_id: Id
    items: list[Item]


@logger.inject_lambda_context(clear_state=True)
def handler(
    event: dict[str, Any], context: LambdaContext
) -> PartialItemFailureResponse:
    """Project each change of the batch and report the records that failed.

    What follows a change that failed, of the same order, fails too: both come again,
    in their order.
    """
    failed: set[str] = set()

    def project_record(record: DynamoDBRecord, lambda_context: LambdaContext) -> None:
        change = change_of(record)
        order_id = change.keys["order_id"]
        logger.append_keys(event_id=record.event_id, order_id=order_id)
        logger.set_correlation_id(record.event_id)
        try:
            # A function that times out reports nothing, and the batch comes again.
            if lambda_context.get_remaining_time_in_millis() < TIME_FOR_A_CHANGE_MS:
                raise TimeoutError("too little time is left for this change")
            if order_id in failed:
                raise RuntimeError("an earlier change of this order failed")
            project(change)
        except Exception:
            failed.add(order_id)
            logger.exception("change is not projected")
            raise

    return process_partial_response(event, project_record, processor, context)


def change_of(record: DynamoDBRecord) -> StreamRecord:
    """Give the change that a record tells of."""
    if record.dynamodb is None:
        raise ValueError("not a record of a table's stream")
    return record.dynamodb


def project(change: StreamRecord) -> None:
    """Move the order to where its customer finds it, or take it away; once."""
    before, after = parse(change.old_image), parse(change.new_image)
    writes: list[TransactWriteItemTypeDef] = []
    if before and (after is None or after.customer_id != before.customer_id):
        key = {"customer_id": before.customer_id, "order_id": before.order_id}
        writes.append(
            {"Delete": {"TableName": ORDERS_BY_CUSTOMER_TABLE, "Key": serialize(key)}}
        )
    if after:
        row = serialize(row_of(after))
        writes.append({"Put": {"TableName": ORDERS_BY_CUSTOMER_TABLE, "Item": row}})
    write_once(change.keys["order_id"], str(change.sequence_number), writes)


def parse(image: Mapping[str, Any] | None) -> Order | None:
    """Read an image of an order; name the first fault without quoting the item."""
    if not image:
        return None
    try:
        return Order.model_validate(image)
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        place = ".".join(map(str, fault["loc"]))[:80]
        raise ValueError(f"not an order: {fault['type']} at '{place}'") from None


def row_of(order: Order) -> dict[str, Any]:
    """Give what a customer sees of an order in a list."""
    return {
        "customer_id": order.customer_id,
        "order_id": order.order_id,
        "items": sum((item.quantity for item in order.items), Decimal()),
        "total": sum(
            (item.quantity * item.unit_price for item in order.items), Decimal()
        ),
    }


def write_once(
    order_id: str, sequence_number: str, writes: "list[TransactWriteItemTypeDef]"
) -> None:
    """Write, and remember the change; not at all if it or a later one has been."""
    sequence = sequence_number.zfill(SEQUENCE_DIGITS)
    expiration = int(time.time()) + REMEMBERED_SECONDS
    position = {"order_id": order_id, "sequence": sequence, "expiration": expiration}
    try:
        dynamodb.transact_write_items(
            TransactItems=[
                {
                    "Put": {
                        "TableName": PROJECTED_TABLE,
                        "Item": serialize(position),
                        "ConditionExpression": (
                            "attribute_not_exists(order_id) OR #sequence < :sequence"
                        ),
                        "ExpressionAttributeNames": {"#sequence": "sequence"},
                        "ExpressionAttributeValues": {":sequence": {"S": sequence}},
                    }
                },
                *writes,
            ]
        )
    except dynamodb.exceptions.TransactionCanceledException as error:
        reasons: Any = error.response.get("CancellationReasons", [])
        if "ConditionalCheckFailed" not in [each.get("Code") for each in reasons]:
            raise
        logger.info("change is projected already")


def serialize(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give an item as DynamoDB's API takes it."""
    return dict(TypeSerializer().serialize(dict(values))["M"])
