"""The clicks of a data stream, counted once: as Powertools' documentation does it.

Its example of a batch of Kinesis, with its Logger, its parser for the data, and the
transaction that our handler makes, too.
https://docs.aws.amazon.com/powertools/python/latest/utilities/batch/
"""

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
from aws_lambda_powertools.utilities.parser import parse
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import AwareDatetime, BaseModel, Field

processor = BatchProcessor(event_type=EventType.KinesisDataStreams)
logger = Logger()
dynamodb = boto3.client("dynamodb")
KEPT_SECONDS = 35 * 24 * 60 * 60


class Click(BaseModel):
    """What a browser reports."""

    page: Annotated[str, Field(pattern=r"^/[!-~]{0,255}$")]
    at: AwareDatetime


def record_handler(record: KinesisStreamRecord) -> None:
    """Count the click of one record."""
    click = parse(event=record.kinesis.data_as_json(), model=Click)
    expiration = int(time.time()) + KEPT_SECONDS
    hour = click.at.astimezone(UTC).strftime("%Y-%m-%dT%H")
    dynamodb.transact_write_items(
        TransactItems=[
            {
                "Put": {
                    "TableName": os.environ["COUNTED_TABLE"],
                    "Item": {
                        "id": {"S": record.event_id},
                        "expiration": {"N": str(expiration)},
                    },
                    "ConditionExpression": "attribute_not_exists(id)",
                }
            },
            {
                "Update": {
                    "TableName": os.environ["COUNTS_TABLE"],
                    "Key": {"page": {"S": click.page}, "hour": {"S": hour}},
                    "UpdateExpression": "ADD clicks :one",
                    "ExpressionAttributeValues": {":one": {"N": "1"}},
                }
            },
        ]
    )
    logger.info("click is counted", event_id=record.event_id)


@logger.inject_lambda_context
def handler(
    event: dict[str, Any], context: LambdaContext
) -> PartialItemFailureResponse:
    """Count each click of the batch."""
    return process_partial_response(
        event=event,
        record_handler=record_handler,
        processor=processor,
        context=context,
    )
