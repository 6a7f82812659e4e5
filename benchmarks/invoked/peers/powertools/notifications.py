"""What the subscribers of a topic do: as Powertools' documentation does it.

Its examples of the parser's envelope of SNS, of secrets and of SNS's data class, with
its Logger.
https://docs.aws.amazon.com/powertools/python/latest/utilities/parser/
"""

import hashlib
import hmac
import json
import os
import re
from decimal import Decimal
from typing import Annotated, Literal

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.data_classes import SNSEvent, event_source
from aws_lambda_powertools.utilities.parser import event_parser
from aws_lambda_powertools.utilities.parser.envelopes import SnsEnvelope
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, Field

logger = Logger()
dynamodb = boto3.client("dynamodb")
s3 = boto3.client("s3")
sqs = boto3.client("sqs")
MESSAGE_ID = "Records[0].Sns.MessageId"
DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)T.*")
KEPT = ("MessageId", "Timestamp", "Subject", "Message")
KEY_SECONDS = 300

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class Mail(BaseModel, strict=True):
    """What the mailer reads of a notification."""

    notification_id: Id
    order_id: Id
    customer_id: Id
    kind: Literal["confirmed", "shipped"]


class Refund(BaseModel, strict=True):
    """What the reviewer reads of a notification."""

    notification_id: Id
    order_id: Id
    total: Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=2)]


@logger.inject_lambda_context(correlation_id_path=MESSAGE_ID)
@event_parser(model=Mail, envelope=SnsEnvelope)
def mailer(event: list[Mail], context: LambdaContext) -> None:
    """Put the mail of each notification."""
    for mail in event:
        key = parameters.get_secret(os.environ["SIGNING_KEY_ARN"], max_age=KEY_SECONDS)
        customer = mail.customer_id.encode()
        signature = hmac.new(str(key).encode(), customer, hashlib.sha256).hexdigest()
        item = mail.model_dump() | {"unsubscribe": f"{mail.customer_id}.{signature}"}
        try:
            dynamodb.put_item(
                TableName=os.environ["OUTBOX_TABLE"],
                Item={name: {"S": value} for name, value in item.items()},
                ConditionExpression="attribute_not_exists(notification_id)",
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            logger.info("mail is there already", **mail.model_dump())
        else:
            logger.info("mail is in the outbox", **mail.model_dump())


@logger.inject_lambda_context(correlation_id_path=MESSAGE_ID)
@event_parser(model=Refund, envelope=SnsEnvelope)
def reviewer(event: list[Refund], context: LambdaContext) -> None:
    """Send the refund of each notification."""
    for refund in event:
        sqs.send_message(
            QueueUrl=os.environ["REVIEWS_QUEUE_URL"],
            MessageBody=refund.model_dump_json(),
            MessageDeduplicationId=refund.notification_id,
            MessageGroupId=refund.order_id,
        )
        logger.info("refund is to be reviewed", order_id=refund.order_id)


@logger.inject_lambda_context(correlation_id_path=MESSAGE_ID)
@event_source(data_class=SNSEvent)
def archivist(event: SNSEvent, context: LambdaContext) -> None:
    """Keep each notification as it came."""
    for record in event.records:
        message = record.sns
        day = DAY.fullmatch(message.timestamp)
        if not day:
            raise ValueError("not a notification: its timestamp has no date")
        key = f"{day[1]}/{day[2]}/{day[3]}/{message.message_id}.json"
        kept = {name: message.get(name) for name in KEPT}
        kept["MessageAttributes"] = message.get("MessageAttributes", {})
        s3.put_object(
            Bucket=os.environ["ARCHIVE_BUCKET"],
            Key=key,
            Body=json.dumps(kept, sort_keys=True).encode(),
            ContentType="application/json",
        )
        logger.info("notification is kept", key=key)
