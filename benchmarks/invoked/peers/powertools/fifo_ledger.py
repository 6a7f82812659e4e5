"""The transfers of a FIFO queue, booked once: as Powertools' documentation does it.

Its example of a batch of a FIFO queue whose groups fail apart, with its Logger, and its
parser for the body.
https://docs.aws.amazon.com/powertools/python/latest/utilities/batch/
"""

import os
import random
import time
from datetime import UTC, datetime
from typing import Annotated, Any, Self

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    SqsFifoPartialProcessor,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.parser import parse
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from pydantic import BaseModel, Field, ValidationError, model_validator

processor = SqsFifoPartialProcessor(skip_group_on_error=True)
logger = Logger()
dynamodb = boto3.client("dynamodb")
sqs = boto3.client("sqs")
serialize = TypeSerializer().serialize
deserialize = TypeDeserializer().deserialize
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
RACES = {"None", "ConditionalCheckFailed", "TransactionConflict"}


class Transfer(BaseModel, extra="forbid", strict=True):
    """Money that one account pays to another, in cents."""

    transfer_id: Id
    from_account: Id
    to_account: Id
    amount: Annotated[int, Field(ge=1, le=1_000_000_000_000)]

    @model_validator(mode="after")
    def accounts_differ(self) -> Self:
        """Refuse a transfer that goes nowhere."""
        if self.from_account == self.to_account:
            raise ValueError("from_account is to_account")
        return self


def record_handler(record: SQSRecord, lambda_context: LambdaContext) -> None:
    """Book the transfer of one message, or put aside what is none."""
    try:
        transfer = parse(event=record.json_body, model=Transfer)
        if record.attributes.message_group_id != transfer.from_account:
            raise ValueError("the message's group is not from_account")
    except (ValidationError, ValueError):
        put_aside(record)
        logger.error("message is put aside", message_id=record.message_id)
        return
    status = settle(transfer, lambda_context)
    logger.info(
        f"transfer is {status}", message_id=record.message_id, id=transfer.transfer_id
    )


@logger.inject_lambda_context
def handler(
    event: dict[str, Any], context: LambdaContext
) -> PartialItemFailureResponse:
    """Book each transfer, and report what failed and what is behind it."""
    return process_partial_response(
        event=event,
        record_handler=record_handler,
        processor=processor,
        context=context,
    )


def put_aside(record: SQSRecord) -> None:
    """Move a message that is no transfer to the dead-letter queue at once."""
    sqs.send_message(
        QueueUrl=os.environ["DEAD_LETTERS_URL"],
        MessageBody=record.body,
        MessageGroupId=record.attributes.message_group_id or "unknown",
        MessageDeduplicationId=record.message_id,
    )


def settle(transfer: Transfer, context: LambdaContext) -> str:
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


def book(transfer: Transfer) -> str:
    """Read what is known, decide, and write all of it or nothing."""
    accounts, transfers = os.environ["ACCOUNTS_TABLE"], os.environ["TRANSFERS_TABLE"]
    payer_id, payee_id = transfer.from_account, transfer.to_account
    keys: list[tuple[str, Any]] = [
        (transfers, {"transfer_id": {"S": transfer.transfer_id}}),
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
        if not transfer.model_dump().items() <= known.items():
            raise ValueError("another transfer has this transfer_id")
        return f"{known['status']} already"
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    decision = {**transfer.model_dump(), "at": now, "status": "booked"}
    if not payer or not payee:
        decision |= {"status": "rejected", "reason": "unknown account"}
    elif payer["balance"] + payer.get("overdraft", 0) < transfer.amount:
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
        writes += postings(transfer, payer, -transfer.amount, now)
        writes += postings(transfer, payee, transfer.amount, now)
    dynamodb.transact_write_items(TransactItems=writes)
    return str(decision["status"])


def postings(
    transfer: Transfer, account: dict[str, Any], amount: int, now: str
) -> list[Any]:
    """Write the next entry of an account, and its balance after that."""
    seen, balance = account["entries"], account["balance"] + amount
    entry = {
        "account_id": account["account_id"],
        "number": seen + 1,
        "transfer_id": transfer.transfer_id,
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
