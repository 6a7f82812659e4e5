"""Send each large refund to the people who review them."""

import json
import os
from decimal import Decimal
from typing import Annotated, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import SNSEvent
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from pydantic import BaseModel, Field, ValidationError

REVIEWS_QUEUE_URL = os.environ["REVIEWS_QUEUE_URL"]

# Lambda reads the level of a JSON line only beside an RFC 3339 timestamp.
logger = Logger(use_rfc3339=True, utc=True)
# A call that hangs gives up after 3 s, well before the function's timeout.
sqs = boto3.client(
    "sqs",
    config=Config(
        connect_timeout=1,
        read_timeout=1,
        retries={"mode": "standard", "total_max_attempts": 2},
    ),
)

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class Refund(BaseModel, strict=True):
    """What this subscriber reads of a notification; others read other fields."""

    notification_id: Id
    order_id: Id
    total: Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=2)]


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Send the refund of one notification; SNS sends one in each event."""
    for record in SNSEvent(event).records:
        logger.append_keys(message_id=record.sns.message_id)
        logger.set_correlation_id(record.sns.message_id)
        send(parse(record.sns.message))


def parse(message: str) -> Refund:
    """Read a notification; name the first fault without quoting what was sent."""
    try:
        return Refund.model_validate_json(message)
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        place = ".".join(map(str, fault["loc"]))[:80]
        raise ValueError(f"not a refund: {fault['type']} at '{place}'") from None


def send(refund: Refund) -> None:
    """Send a refund; the queue drops what is sent twice within five minutes.

    Lambda's own retries come within three. A later one is seen by its id.
    """
    sqs.send_message(
        QueueUrl=REVIEWS_QUEUE_URL,
        MessageBody=json.dumps(refund.model_dump(mode="json")),
        MessageDeduplicationId=refund.notification_id,
        MessageGroupId=refund.order_id,
    )
    logger.info("refund is to be reviewed", extra={"order_id": refund.order_id})
