"""The steps of a checkout, each taken once: by boto3 alone."""

import logging
import os
from typing import Any

import boto3

logger = logging.getLogger()
logger.setLevel(logging.INFO)
dynamodb = boto3.client("dynamodb")


class NotAvailableError(Exception):
    """There is less than the order needs."""


class CancelledError(Exception):
    """The order was given back already."""


class ConflictError(Exception):
    """Another order was quicker."""


def stock(event: dict[str, Any], context: Any) -> dict[str, str]:
    """Reserve what an order takes from the stock, or release it."""
    order = checked(event["order"])
    return run(event, {f"sku#{sku}": n for sku, n in order["items"].items()})


def payments(event: dict[str, Any], context: Any) -> dict[str, str]:
    """Charge the customer's account, or refund it."""
    order = checked(event["order"])
    return run(event, {f"customer#{order['customer_id']}": order["cents"]})


def courier(event: dict[str, Any], context: Any) -> dict[str, str]:
    """Book one of the courier's places of a day, or cancel it."""
    order = checked(event["order"])
    return run(event, {f"day#{order['day']}": 1})


def checked(order: dict[str, Any]) -> dict[str, Any]:
    """Check what a customer wants."""
    for name in ("order_id", "customer_id", "day"):
        if not (isinstance(order[name], str) and 1 <= len(order[name]) <= 64):
            raise ValueError(f"not an order: {name}")
    if not 1 <= len(order["items"]) <= 50:
        raise ValueError("not an order: items")
    for number in (order["cents"], *order["items"].values()):
        if type(number) is not int or not 1 <= number <= 10_000_000:
            raise ValueError("not an order: cents or quantities")
    return order


def run(event: dict[str, Any], amounts: dict[str, int]) -> dict[str, str]:
    """Take what an order needs, or give it back."""
    order_id, action = event["order"]["order_id"], event["action"]
    if action == "take":
        take(order_id, amounts)
    elif action == "give back":
        give_back(order_id)
    else:
        raise ValueError(f"no such action: {action}")
    logger.info("step is done", extra={"order_id": order_id, "action": action})
    return {"order_id": order_id, "done": action}


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
