"""The transfers of a FIFO queue, booked once: by boto3 alone."""

import json
import logging
import os
import random
import re
import time
from datetime import UTC, datetime
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

logger = logging.getLogger()
logger.setLevel(logging.INFO)
dynamodb = boto3.client("dynamodb")
sqs = boto3.client("sqs")
serialize = TypeSerializer().serialize
deserialize = TypeDeserializer().deserialize
ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
NAMES = {"transfer_id", "from_account", "to_account", "amount"}
RACES = {"None", "ConditionalCheckFailed", "TransactionConflict"}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Book each transfer, and report what failed and what is behind it."""
    failures = []
    waiting = set()
    for record in event["Records"]:
        group = record["attributes"]["MessageGroupId"]
        about = {"message_id": record["messageId"]}
        try:
            if group in waiting:
                raise RuntimeError("an earlier transfer of this account failed")
            transfer = json.loads(record["body"])
            if not is_sound(transfer, group):
                put_aside(record)
                logger.error("message is put aside", extra=about)
                continue
            status = settle(transfer, context)
            about["id"] = transfer["transfer_id"]
            logger.info("transfer is %s", status, extra=about)
        except Exception:
            logger.exception("transfer has to wait", extra=about)
            waiting.add(group)
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def is_sound(transfer: dict[str, Any], group: str) -> bool:
    """Tell whether it is a transfer, and in its payer's group."""
    if transfer.keys() != NAMES or type(transfer["amount"]) is not int:
        return False
    ids = (transfer["transfer_id"], transfer["from_account"], transfer["to_account"])
    if not all(isinstance(it, str) and ID.fullmatch(it) for it in ids):
        return False
    if not 1 <= transfer["amount"] <= 1_000_000_000_000 or ids[1] == ids[2]:
        return False
    return bool(group == ids[1])


def put_aside(record: dict[str, Any]) -> None:
    """Move a message that is no transfer to the dead-letter queue at once."""
    sqs.send_message(
        QueueUrl=os.environ["DEAD_LETTERS_URL"],
        MessageBody=record["body"],
        MessageGroupId=record["attributes"]["MessageGroupId"],
        MessageDeduplicationId=record["messageId"],
    )


def settle(transfer: dict[str, Any], context: Any) -> str:
    """Book or reject a transfer; try again where others were faster."""
    for number in range(5):
        if context.get_remaining_time_in_millis() < 7_000:
            raise TimeoutError("too little time is left for this transfer")
        try:
            return book(transfer)
        except dynamodb.exceptions.TransactionCanceledException as error:
            reasons = error.response["CancellationReasons"]
            if not {each.get("Code", "None") for each in reasons} <= RACES:
                raise
        time.sleep(random.uniform(0, 0.05 * 2**number))  # noqa: S311
    raise TimeoutError("others were faster every time")


def book(transfer: dict[str, Any]) -> str:
    """Read what is known, decide, and write all of it or nothing."""
    accounts, transfers = os.environ["ACCOUNTS_TABLE"], os.environ["TRANSFERS_TABLE"]
    payer_id, payee_id = transfer["from_account"], transfer["to_account"]
    keys: list[tuple[str, Any]] = [
        (transfers, {"transfer_id": {"S": transfer["transfer_id"]}}),
        (accounts, {"account_id": {"S": payer_id}}),
        (accounts, {"account_id": {"S": payee_id}}),
    ]
    answer = dynamodb.transact_get_items(
        TransactItems=[{"Get": {"TableName": it, "Key": key}} for it, key in keys]
    )
    known, payer, payee = (
        deserialize({"M": it.get("Item", {})}) for it in answer["Responses"]
    )
    if known:
        if not transfer.items() <= known.items():
            raise ValueError("another transfer has this transfer_id")
        return f"{known['status']} already"
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    decision = {**transfer, "at": now, "status": "booked"}
    if not payer or not payee:
        decision |= {"status": "rejected", "reason": "unknown account"}
    elif payer["balance"] + payer.get("overdraft", 0) < transfer["amount"]:
        decision |= {"status": "rejected", "reason": "insufficient funds"}
    writes: list[Any] = [
        {
            "Put": {
                "TableName": transfers,
                "Item": serialize(decision)["M"],
                "ConditionExpression": "attribute_not_exists(transfer_id)",
            }
        }
    ]
    if decision["status"] == "booked":
        writes += postings(transfer, payer, -transfer["amount"], now)
        writes += postings(transfer, payee, transfer["amount"], now)
    dynamodb.transact_write_items(TransactItems=writes)
    return str(decision["status"])


def postings(
    transfer: dict[str, Any], account: dict[str, Any], amount: int, now: str
) -> list[Any]:
    """Write the next entry of an account, and its balance after that."""
    seen, balance = account["entries"], account["balance"] + amount
    entry = {
        "account_id": account["account_id"],
        "number": seen + 1,
        "transfer_id": transfer["transfer_id"],
        "amount": amount,
        "balance": balance,
        "at": now,
    }
    return [
        {
            "Put": {
                "TableName": os.environ["ENTRIES_TABLE"],
                "Item": serialize(entry)["M"],
                "ConditionExpression": "attribute_not_exists(account_id)",
            }
        },
        {
            "Update": {
                "TableName": os.environ["ACCOUNTS_TABLE"],
                "Key": {"account_id": {"S": account["account_id"]}},
                "UpdateExpression": "SET balance = :balance, entries = :number",
                "ConditionExpression": "entries = :seen",
                "ExpressionAttributeValues": {
                    ":balance": {"N": str(balance)},
                    ":number": {"N": str(seen + 1)},
                    ":seen": {"N": str(seen)},
                },
            }
        },
    ]
