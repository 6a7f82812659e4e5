"""The steps of a checkout: take stock, money and a place with the courier, or not.

A table holds amounts (`available`) and, beside them, what each order has taken. Both
change in one transaction, so a repeated step finds that it was done, and a late one
that the order was cancelled.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

TABLE = os.environ["TABLE"]
TAKEN, GIVEN_BACK = "TAKEN", "GIVEN_BACK"
REFUSED = "ConditionalCheckFailed"

# Lambda reads the level of a JSON line only beside an RFC 3339 timestamp.
logger = Logger(use_rfc3339=True, utc=True)
# A call that hangs gives up well before the function's timeout.
dynamodb = boto3.client(
    "dynamodb",
    config=Config(
        connect_timeout=1,
        read_timeout=2,
        retries={"mode": "standard", "total_max_attempts": 2},
    ),
)


class InvalidOrderError(Exception):
    """The workflow was started with something that is no order."""


class NotAvailableError(Exception):
    """There is less than the order needs; to try again is of no use."""


class CancelledError(Exception):
    """The order was given back already; a step that comes late must not take."""


class ConflictError(Exception):
    """Another order was quicker; to try again is of use."""


@dataclass(frozen=True)
class Order:
    """What a customer wants, for how many cents, and when."""

    order_id: str
    customer_id: str
    cents: int
    day: str
    items: Mapping[str, int]


@logger.inject_lambda_context(clear_state=True)
def stock(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Reserve what an order takes from the stock, or release it."""
    order = parse(event["order"])
    return run(event, order, {f"sku#{sku}": n for sku, n in order.items.items()})


@logger.inject_lambda_context(clear_state=True)
def payments(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Charge the customer's account, or refund it."""
    order = parse(event["order"])
    return run(event, order, {f"customer#{order.customer_id}": order.cents})


@logger.inject_lambda_context(clear_state=True)
def courier(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Book one of the courier's places of a day, or cancel it."""
    order = parse(event["order"])
    return run(event, order, {f"day#{order.day}": 1})


def parse(order: object) -> Order:
    """Read an order; name its first fault without quoting it."""
    if not isinstance(order, dict):
        raise InvalidOrderError("an order is an object")
    for name in ("order_id", "customer_id", "day"):
        value = order.get(name)
        if not (isinstance(value, str) and 1 <= len(value) <= 64):
            raise InvalidOrderError(f"{name} is 1 to 64 characters of text")
    items = order.get("items")
    if not (isinstance(items, dict) and 1 <= len(items) <= 50):
        raise InvalidOrderError("items are 1 to 50 numbers by their sku")
    for number in (order.get("cents"), *items.values()):
        whole = isinstance(number, int) and not isinstance(number, bool)
        if not (whole and 1 <= number <= 10_000_000):
            raise InvalidOrderError("cents and quantities are whole, 1 to 10,000,000")
    return Order(
        order["order_id"], order["customer_id"], order["cents"], order["day"], items
    )


def run(
    event: Mapping[str, Any], order: Order, amounts: Mapping[str, int]
) -> dict[str, str]:
    """Take what an order needs, or give it back."""
    logger.append_keys(order_id=order.order_id)
    logger.set_correlation_id(order.order_id)
    action = event["action"]
    if action == "take":
        take(order.order_id, amounts)
    elif action == "give back":
        give_back(order.order_id)
    else:
        raise ValueError(f"no such action: {action}")
    logger.info("step is done", extra={"action": action})
    return {"order_id": order.order_id, "done": action}


def take(order_id: str, amounts: Mapping[str, int]) -> None:
    """Take *amounts* for an order, all or nothing, and once."""
    taken = {key: {"N": str(amount)} for key, amount in amounts.items()}
    record: dict[str, Any] = {
        "id": {"S": f"order#{order_id}"},
        "status": {"S": TAKEN},
        "taken": {"M": taken},
    }
    writes: list[TransactWriteItemTypeDef] = [
        {
            "Put": {
                "TableName": TABLE,
                "Item": record,
                "ConditionExpression": "attribute_not_exists(id)",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }
    ]
    writes += [
        {
            "Update": {
                "TableName": TABLE,
                "Key": {"id": {"S": key}},
                "UpdateExpression": "SET available = available - :amount",
                "ConditionExpression": "available >= :amount",
                "ExpressionAttributeValues": {":amount": amount},
            }
        }
        for key, amount in taken.items()
    ]
    try:
        dynamodb.transact_write_items(TransactItems=writes)
    except dynamodb.exceptions.TransactionCanceledException as error:
        _explain(error.response["CancellationReasons"])


def _explain(reasons: Sequence[Mapping[str, Any]]) -> None:
    """Pass over what was done before, and raise what stands in the way."""
    record, *amounts = reasons
    if record["Code"] == REFUSED:
        if record["Item"]["status"]["S"] == GIVEN_BACK:
            raise CancelledError("the order is cancelled")
    elif any(each["Code"] == REFUSED for each in amounts):
        raise NotAvailableError("there is less than the order needs")
    else:
        raise ConflictError(", ".join(sorted({each["Code"] for each in reasons})))


def give_back(order_id: str) -> None:
    """Give back what an order took, or see to it that it never takes anything."""
    key = {"id": {"S": f"order#{order_id}"}}
    found = dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True)
    record = found.get("Item")
    if record is not None and record["status"]["S"] == GIVEN_BACK:
        return
    taken = record["taken"]["M"] if record is not None else {}
    closed = {**key, "status": {"S": GIVEN_BACK}, "taken": {"M": taken}}
    # As it was read: had it changed since, this would give back the wrong amounts.
    unchanged: Any = (
        {"ConditionExpression": "attribute_not_exists(id)"}
        if record is None
        else {
            "ConditionExpression": "#status = :taken",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {":taken": {"S": TAKEN}},
        }
    )
    put: Any = {"TableName": TABLE, "Item": closed, **unchanged}
    writes: list[TransactWriteItemTypeDef] = [{"Put": put}]
    writes += [
        {
            "Update": {
                "TableName": TABLE,
                "Key": {"id": {"S": name}},
                "UpdateExpression": "SET available = available + :amount",
                "ExpressionAttributeValues": {":amount": amount},
            }
        }
        for name, amount in taken.items()
    ]
    try:
        dynamodb.transact_write_items(TransactItems=writes)
    except dynamodb.exceptions.TransactionCanceledException as error:
        reasons = error.response["CancellationReasons"]
        codes = ", ".join(sorted({each["Code"] for each in reasons}))
        raise ConflictError(codes) from None
