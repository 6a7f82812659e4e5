"""Store the orders of an SQS queue in DynamoDB, each of them once."""

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
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config
from pydantic import AfterValidator, BaseModel, Field, ValidationError

ORDERS_TABLE = os.environ["ORDERS_TABLE"]
IDEMPOTENCY_TABLE = os.environ["IDEMPOTENCY_TABLE"]
TIME_FOR_AN_ORDER_MS = 4_000

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
# Raises when every order of a batch failed. SQS delivers them again either way, but
# only an error counts in the Errors metric that alarms and canary deployments watch:
# a version that fails every order must not look healthy.
processor = BatchProcessor(EventType.SQS)
# The order's own id is the key, not the messageId: a producer that retries sends the
# same order in a new message. Another order under a known id is an error. SQS keeps
# a message for 14 days at most.
idempotency = IdempotencyConfig(
    event_key_jmespath="order_id",
    payload_validation_jmespath="@",
    expires_after_seconds=14 * 24 * 60 * 60,
    hash_function="sha256",
)

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Price = Annotated[
    Decimal,
    Field(ge=0, max_digits=10, decimal_places=2),
    AfterValidator(lambda price: price.quantize(Decimal("0.01"))),  # 9.9 is 9.90
]


class Item(BaseModel, extra="forbid", strict=True):
    """One line of an order."""

    sku: Id
    quantity: Annotated[int, Field(ge=1, le=1_000)]
    unit_price: Price


class Order(BaseModel, extra="forbid", strict=True):
    """What a customer bought; every valid order fits into a DynamoDB item."""

    order_id: Id
    customer_id: Id
    items: Annotated[list[Item], Field(min_length=1, max_length=100)]


@logger.inject_lambda_context(clear_state=True)
def handler(
    event: dict[str, Any], context: LambdaContext
) -> PartialItemFailureResponse:
    """Store each order of the batch and report the messages that failed."""
    idempotency.register_lambda_context(context)
    return process_partial_response(event, store_message, processor, context)


def store_message(record: SQSRecord, lambda_context: LambdaContext) -> None:
    """Store the order of one message, or say why not."""
    logger.append_keys(message_id=record.message_id)
    logger.set_correlation_id(record.message_id)
    try:
        # A function that times out reports nothing, so what it stored comes again.
        if lambda_context.get_remaining_time_in_millis() < TIME_FOR_AN_ORDER_MS:
            raise TimeoutError("too little time is left for this order")
        order = parse(record.body)
        store_once(order=order)
        logger.info("order is stored", extra={"order_id": order.order_id})
    except Exception:
        logger.exception("order is not stored")
        raise


def parse(body: str) -> Order:
    """Read an order; name the first fault without quoting what the customer sent."""
    try:
        return Order.model_validate_json(body)
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        place = ".".join(map(str, fault["loc"]))[:80]
        raise ValueError(f"not an order: {fault['type']} at '{place}'") from None


def store(*, order: Order) -> None:
    """Put the order; finding it there, put by a run that was cut short, is fine."""
    total = sum((item.quantity * item.unit_price for item in order.items), Decimal())
    wanted = {**order.model_dump(), "total": total}
    try:
        dynamodb.put_item(
            TableName=ORDERS_TABLE,
            Item=TypeSerializer().serialize(wanted)["M"],
            ConditionExpression="attribute_not_exists(order_id)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException as error:
        existing: Any = error.response.get("Item", {})
        stored = TypeDeserializer().deserialize({"M": existing})
        if not wanted.items() <= stored.items():
            raise ValueError("another order has this order_id") from None


store_once = idempotent_function(
    store,
    data_keyword_argument="order",
    persistence_store=DynamoDBPersistenceLayer(
        IDEMPOTENCY_TABLE, boto3_client=dynamodb
    ),
    config=idempotency,
    key_prefix="order",  # the default has the function's name, which may change
)
