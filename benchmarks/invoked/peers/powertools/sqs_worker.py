"""The orders of an SQS queue, stored once: as Powertools' documentation does it.

Its example of idempotency in a batch, with its Logger, and its parser for the body.
https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/
"""

import os
from decimal import Decimal
from typing import Annotated, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.parser import parse
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, Field

logger = Logger()
processor = BatchProcessor(event_type=EventType.SQS)
persistence = DynamoDBPersistenceLayer(table_name=os.environ["IDEMPOTENCY_TABLE"])
config = IdempotencyConfig(event_key_jmespath="messageId")
table = boto3.resource("dynamodb").Table(os.environ["ORDERS_TABLE"])

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class Item(BaseModel):
    """One line of an order."""

    sku: Id
    quantity: Annotated[int, Field(ge=1, le=1_000)]
    unit_price: Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2)]


class Order(BaseModel):
    """What a customer bought."""

    order_id: Id
    customer_id: Id
    items: Annotated[list[Item], Field(min_length=1, max_length=100)]


@idempotent_function(  # type: ignore[untyped-decorator]
    data_keyword_argument="record", config=config, persistence_store=persistence
)
def record_handler(record: SQSRecord) -> None:
    """Store the order of one message."""
    order = parse(event=record.json_body, model=Order)
    total = sum((item.quantity * item.unit_price for item in order.items), Decimal())
    table.put_item(
        Item={**order.model_dump(), "total": total},
        ConditionExpression="attribute_not_exists(order_id)",
    )
    logger.info("order is stored", order_id=order.order_id)


@logger.inject_lambda_context
def handler(
    event: dict[str, Any], context: LambdaContext
) -> PartialItemFailureResponse:
    """Store each order of the batch."""
    config.register_lambda_context(context)
    return process_partial_response(
        event=event,
        record_handler=record_handler,
        processor=processor,
        context=context,
    )
