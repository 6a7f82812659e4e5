"""Count the clicks of a data stream by page and hour, each of them once."""

import os
import time
from datetime import UTC
from typing import Annotated, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.kinesis_stream_event import (
    KinesisStreamRecord,
)
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

COUNTS_TABLE = os.environ["COUNTS_TABLE"]
COUNTED_TABLE = os.environ["COUNTED_TABLE"]
TIME_FOR_A_CLICK_MS = 4_000
# Longer than a click can come back: 3 days in the stream, then 30 in the bucket of
# those that were given up, from where it may be sent again.
REMEMBERED_SECONDS = 35 * 24 * 60 * 60

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
# Raises when every click of a batch failed, so that the Errors metric, which alarms and
# canary deployments watch, shows a version that counts nothing. A click that fails
# stops none behind it: counts add up in any order, and one that comes again is known.
processor = BatchProcessor(EventType.KinesisDataStreams)


class Click(BaseModel, extra="ignore", strict=True):
    """What a browser reports; fields that are not counted may be there."""

    page: Annotated[str, Field(pattern=r"^/[!-~]{0,255}$")]
    at: AwareDatetime


@logger.inject_lambda_context(clear_state=True)
def handler(
    event: dict[str, Any], context: LambdaContext
) -> PartialItemFailureResponse:
    """Count each click of the batch and report the records that failed."""
    return process_partial_response(event, count_record, processor, context)


def count_record(record: KinesisStreamRecord, lambda_context: LambdaContext) -> None:
    """Count the click of one record, or say why not."""
    logger.append_keys(event_id=record.event_id)
    logger.set_correlation_id(record.event_id)
    try:
        # A function that times out reports nothing, and the whole batch comes again.
        if lambda_context.get_remaining_time_in_millis() < TIME_FOR_A_CLICK_MS:
            raise TimeoutError("too little time is left for this click")
        count(parse(record.kinesis.data_as_bytes()), record.event_id)
    except Exception:
        logger.exception("click is not counted")
        raise


def parse(data: bytes) -> Click:
    """Read a click; name the first fault without quoting what the browser sent."""
    try:
        return Click.model_validate_json(data)
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        place = ".".join(map(str, fault["loc"]))[:80]
        raise ValueError(f"not a click: {fault['type']} at '{place}'") from None


def count(click: Click, event_id: str) -> None:
    """Count a click and remember its record, both or neither.

    The id of a record, its shard and its sequence number, is the same whenever Lambda
    delivers it.
    """
    expiration = int(time.time()) + REMEMBERED_SECONDS
    hour = click.at.astimezone(UTC).strftime("%Y-%m-%dT%H")
    try:
        dynamodb.transact_write_items(
            TransactItems=[
                {
                    "Put": {
                        "TableName": COUNTED_TABLE,
                        "Item": {
                            "id": {"S": event_id},
                            "expiration": {"N": str(expiration)},
                        },
                        "ConditionExpression": "attribute_not_exists(id)",
                    }
                },
                {
                    "Update": {
                        "TableName": COUNTS_TABLE,
                        "Key": {"page": {"S": click.page}, "hour": {"S": hour}},
                        "UpdateExpression": "ADD clicks :one",
                        "ExpressionAttributeValues": {":one": {"N": "1"}},
                    }
                },
            ]
        )
    except dynamodb.exceptions.TransactionCanceledException as error:
        reasons: Any = error.response.get("CancellationReasons", [])
        if "ConditionalCheckFailed" not in [each.get("Code") for each in reasons]:
            raise
        logger.info("click is counted already")
