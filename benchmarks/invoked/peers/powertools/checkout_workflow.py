"""The steps of a checkout, each taken once: as Powertools' documentation does it.

It has no example of a workflow's step: its parser as decorator, with its Logger.
https://docs.aws.amazon.com/powertools/python/latest/utilities/parser/
"""

import os
from typing import Annotated, Any, Literal

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.parser import event_parser
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, Field

logger = Logger()
dynamodb = boto3.client("dynamodb")
Text = Annotated[str, Field(min_length=1, max_length=64)]
Amount = Annotated[int, Field(ge=1, le=10_000_000)]


class NotAvailableError(Exception):
    """There is less than the order needs."""


class CancelledError(Exception):
    """The order was given back already."""


class ConflictError(Exception):
    """Another order was quicker."""


class Order(BaseModel, strict=True):
    """What a customer wants, for how many cents, and when."""

    order_id: Text
    customer_id: Text
    cents: Amount
    day: Text
    items: Annotated[dict[str, Amount], Field(min_length=1, max_length=50)]


class Step(BaseModel):
    """What the workflow asks for."""

    action: Literal["take", "give back"]
    order: Order


@logger.inject_lambda_context
@event_parser(model=Step)
def stock(event: Step, context: LambdaContext) -> dict[str, str]:
    """Reserve what an order takes from the stock, or release it."""
    return run(event, {f"sku#{sku}": n for sku, n in event.order.items.items()})


@logger.inject_lambda_context
@event_parser(model=Step)
def payments(event: Step, context: LambdaContext) -> dict[str, str]:
    """Charge the customer's account, or refund it."""
    return run(event, {f"customer#{event.order.customer_id}": event.order.cents})


@logger.inject_lambda_context
@event_parser(model=Step)
def courier(event: Step, context: LambdaContext) -> dict[str, str]:
    """Book one of the courier's places of a day, or cancel it."""
    return run(event, {f"day#{event.order.day}": 1})


def run(event: Step, amounts: dict[str, int]) -> dict[str, str]:
    """Take what an order needs, or give it back."""
    order_id = event.order.order_id
    if event.action == "take":
        take(order_id, amounts)
    else:
        give_back(order_id)
    logger.info("step is done", order_id=order_id, action=event.action)
    return {"order_id": order_id, "done": event.action}


def take(order_id: str, amounts: dict[str, int]) -> None:
    """Take amounts for an order, all or nothing, and once."""
    table = os.environ["TABLE"]
    taken = {key: {"N": str(amount)} for key, amount in amounts.items()}
    record = {
        "id": {"S": f"order#{order_id}"},
        "status": {"S": "TAKEN"},
        "taken": {"M": taken},
    }
    put = {
        "TableName": table,
        "Item": record,
        "ConditionExpression": "attribute_not_exists(id)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    writes: list[Any] = [{"Put": put}]
    for key, amount in taken.items():
        update = {
            "TableName": table,
            "Key": {"id": {"S": key}},
            "UpdateExpression": "SET available = available - :amount",
            "ConditionExpression": "available >= :amount",
            "ExpressionAttributeValues": {":amount": amount},
        }
        writes.append({"Update": update})
    try:
        dynamodb.transact_write_items(TransactItems=writes)
    except dynamodb.exceptions.TransactionCanceledException as error:
        first, *others = error.response["CancellationReasons"]
        if first["Code"] == "ConditionalCheckFailed":
            stored: Any = first["Item"]
            if stored["status"]["S"] == "GIVEN_BACK":
                raise CancelledError("the order is cancelled") from None
        elif any(each["Code"] == "ConditionalCheckFailed" for each in others):
            raise NotAvailableError("there is less than the order needs") from None
        else:
            raise ConflictError("another order was quicker") from None


def give_back(order_id: str) -> None:
    """Give back what an order took, or see to it that it never takes anything."""
    table = os.environ["TABLE"]
    key = {"id": {"S": f"order#{order_id}"}}
    found = dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)
    record = found.get("Item")
    if record is not None and record["status"]["S"] == "GIVEN_BACK":
        return
    taken = record["taken"]["M"] if record is not None else {}
    put: Any = {
        "TableName": table,
        "Item": {**key, "status": {"S": "GIVEN_BACK"}, "taken": {"M": taken}},
        "ConditionExpression": "attribute_not_exists(id)",
    }
    if record is not None:
        put["ConditionExpression"] = "#status = :taken"
        put["ExpressionAttributeNames"] = {"#status": "status"}
        put["ExpressionAttributeValues"] = {":taken": {"S": "TAKEN"}}
    writes: list[Any] = [{"Put": put}]
    for name, amount in taken.items():
        update = {
            "TableName": table,
            "Key": {"id": {"S": name}},
            "UpdateExpression": "SET available = available + :amount",
            "ExpressionAttributeValues": {":amount": amount},
        }
        writes.append({"Update": update})
    try:
        dynamodb.transact_write_items(TransactItems=writes)
    except dynamodb.exceptions.TransactionCanceledException:
        raise ConflictError("another order was quicker") from None
