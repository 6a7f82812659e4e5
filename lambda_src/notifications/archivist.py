"""Keep each notification as it came, whatever is in it."""

import json
import os
import re
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.sns_event import SNSEvent, SNSMessage
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

ARCHIVE_BUCKET = os.environ["ARCHIVE_BUCKET"]

# Lambda reads the level of a JSON line only beside an RFC 3339 timestamp.
logger = Logger(use_rfc3339=True, utc=True)
# A call that hangs gives up after 5 s, well before the function's timeout.
s3 = boto3.client(
    "s3",
    config=Config(
        connect_timeout=1,
        read_timeout=2,
        retries={"mode": "standard", "total_max_attempts": 2},
    ),
)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Keep one notification; SNS sends one in each event."""
    for record in SNSEvent(event).records:
        logger.set_correlation_id(record.sns.message_id)
        keep(record.sns)


def keep(message: SNSMessage) -> None:
    """Write a notification under its day and id, so that a repetition adds nothing."""
    day = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)T.*", message.timestamp)
    if not day:
        raise ValueError("not a notification: its timestamp has no date")
    key = f"{day[1]}/{day[2]}/{day[3]}/{message.message_id}.json"
    # Not the signature and its URLs: one of them lets its reader unsubscribe.
    kept = {
        name: message.raw_event.get(name)
        for name in ("MessageId", "Timestamp", "Subject", "Message")
    } | {"MessageAttributes": message.raw_event.get("MessageAttributes", {})}
    s3.put_object(
        Bucket=ARCHIVE_BUCKET,
        Key=key,
        Body=json.dumps(kept, sort_keys=True).encode(),
        ContentType="application/json",
    )
    logger.info("notification is kept", extra={"key": key})
