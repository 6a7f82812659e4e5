"""Book the transfers of a FIFO queue in a double-entry ledger, each of them once."""

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
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config
from pydantic import BaseModel, Field, ValidationError, model_validator

ACCOUNTS_TABLE = os.environ["ACCOUNTS_TABLE"]
DEAD_LETTERS_URL = os.environ["DEAD_LETTERS_URL"]
ENTRIES_TABLE = os.environ["ENTRIES_TABLE"]
TRANSFERS_TABLE = os.environ["TRANSFERS_TABLE"]
ROUNDS = 5
TIME_FOR_A_ROUND_MS = 7_000
RACES = {"None", "ConditionalCheckFailed", "TransactionConflict"}

# Lambda reads the level of a JSON line only beside an RFC 3339 timestamp.
logger = Logger(use_rfc3339=True, utc=True)
# A call that hangs gives up after 3 s; a round of two calls after 6 s.
config = Config(
    connect_timeout=1,
    read_timeout=1,
    retries={"mode": "standard", "total_max_attempts": 2},
)
dynamodb = boto3.client("dynamodb", config=config)
sqs = boto3.client("sqs", config=config)
# After a failure the rest of that account waits. Other accounts of the batch go on:
# what is handed back unprocessed counts as received, and so comes nearer to the
# dead-letter queue without a fault of its own.
processor = SqsFifoPartialProcessor(skip_group_on_error=True)

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


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


class PoisonError(Exception):
    """A message that no delivery will make a transfer of."""


@logger.inject_lambda_context(clear_state=True)
def handler(
    event: dict[str, Any], context: LambdaContext
) -> PartialItemFailureResponse:
    """Book each transfer of the batch and report the messages that have to wait."""
    return process_partial_response(event, book_message, processor, context)


def book_message(record: SQSRecord, lambda_context: LambdaContext) -> None:
    """Book the transfer of one message, put poison aside, or say why neither."""
    logger.append_keys(message_id=record.message_id)
    logger.set_correlation_id(record.message_id)
    try:
        transfer = parse(record)
        status = settle(transfer, lambda_context)
        logger.info(f"transfer is {status}", extra={"id": transfer.transfer_id})
    except PoisonError as fault:
        put_aside(record)
        logger.error("message is put aside", extra={"fault": str(fault)})
    except Exception:
        logger.exception("transfer has to wait")
        raise


def parse(record: SQSRecord) -> Transfer:
    """Read a transfer; name the first fault without quoting what was sent."""
    try:
        transfer = Transfer.model_validate_json(record.body)
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        place = ".".join(map(str, fault["loc"]))[:80]
        raise PoisonError(f"not a transfer: {fault['type']} at '{place}'") from None
    # The queue keeps the order within a group, so the group has to be the payer.
    if record.attributes.message_group_id != transfer.from_account:
        raise PoisonError("the message's group is not from_account")
    return transfer


def put_aside(record: SQSRecord) -> None:
    """Move a poison message to the dead-letter queue at once.

    Left to the queue's redrive it would block its account for five visibility
    timeouts, and take those behind it along: they are received as often as it is.
    """
    sqs.send_message(
        QueueUrl=DEAD_LETTERS_URL,
        MessageBody=record.body,
        MessageGroupId=record.attributes.message_group_id or "unknown",
        MessageDeduplicationId=record.message_id,
    )


def settle(transfer: Transfer, context: LambdaContext) -> str:
    """Book or reject a transfer, unless that was done; tell which.

    Payees are credited from several groups at once, so that a round may find that
    another transfer was faster; it then reads the accounts anew.
    """
    for number in range(ROUNDS):
        # A function that times out reports nothing, so what it booked comes again.
        if context.get_remaining_time_in_millis() < TIME_FOR_A_ROUND_MS:
            raise TimeoutError("too little time is left for this transfer")
        try:
            return try_to_settle(transfer)
        except dynamodb.exceptions.TransactionCanceledException as error:
            reasons = error.response.get("CancellationReasons", [])
            if not {each.get("Code", "None") for each in reasons} <= RACES:
                raise
        time.sleep(random.uniform(0, 0.05 * 2**number))  # noqa: S311  # jitter
    raise TimeoutError("others were faster every time")


def try_to_settle(transfer: Transfer) -> str:
    """Read what is known, decide, and write all of it or nothing."""
    known, payer, payee = read(
        (TRANSFERS_TABLE, "transfer_id", transfer.transfer_id),
        (ACCOUNTS_TABLE, "account_id", transfer.from_account),
        (ACCOUNTS_TABLE, "account_id", transfer.to_account),
    )
    if known:
        if not transfer.model_dump().items() <= known.items():
            raise PoisonError("another transfer has this transfer_id")
        return f"{known['status']} already"
    reason = objection(transfer, payer, payee)
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    decision = transfer.model_dump() | {"at": now, "status": "booked"}
    if reason:
        decision |= {"status": "rejected", "reason": reason}
    # The decision is kept for good, in the transaction that it belongs to. A record
    # beside it, as of an idempotency utility, could disagree with it.
    writes: list[Any] = [new(TRANSFERS_TABLE, "transfer_id", decision)]
    if not reason:
        writes += postings(transfer, payer, -transfer.amount, now)
        writes += postings(transfer, payee, transfer.amount, now)
    dynamodb.transact_write_items(TransactItems=writes)
    return str(decision["status"])


def objection(
    transfer: Transfer, payer: dict[str, Any], payee: dict[str, Any]
) -> str | None:
    """Say why a transfer is not to be; that is a decision, and no failure."""
    if not payer or not payee:
        return "unknown account"
    if payer["balance"] + payer.get("overdraft", 0) < transfer.amount:
        return "insufficient funds"
    return None


def postings(
    transfer: Transfer, account: dict[str, Any], amount: int, now: str
) -> list[dict[str, Any]]:
    """Write the next entry of an account, and its balance after that."""
    seen = account["entries"]
    balance = account["balance"] + amount
    entry = {
        "account_id": account["account_id"],
        "number": seen + 1,
        "transfer_id": transfer.transfer_id,
        "amount": amount,
        "balance": balance,
        "at": now,
    }
    update = {
        "TableName": ACCOUNTS_TABLE,
        "Key": {"account_id": {"S": account["account_id"]}},
        "UpdateExpression": "SET balance = :balance, entries = :number",
        "ConditionExpression": "entries = :seen",
        "ExpressionAttributeValues": {
            ":balance": {"N": str(balance)},
            ":number": {"N": str(seen + 1)},
            ":seen": {"N": str(seen)},
        },
    }
    return [new(ENTRIES_TABLE, "account_id", entry), {"Update": update}]


def new(table: str, key: str, item: dict[str, Any]) -> dict[str, Any]:
    """Write an item that must not be there yet."""
    absent = f"attribute_not_exists({key})"
    values = TypeSerializer().serialize(item)["M"]
    put = {"TableName": table, "Item": values, "ConditionExpression": absent}
    return {"Put": put}


def read(*places: tuple[str, str, str]) -> list[dict[str, Any]]:
    """Read items as they are at one moment; one that is not there is empty."""
    answer = dynamodb.transact_get_items(
        TransactItems=[
            {"Get": {"TableName": table, "Key": {key: {"S": value}}}}
            for table, key, value in places
        ]
    )
    return [
        TypeDeserializer().deserialize({"M": each.get("Item", {})})
        for each in answer["Responses"]
    ]
