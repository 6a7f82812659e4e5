"""What the subscribers of a topic do with a notification: by boto3 alone."""

import hashlib
import hmac
import json
import logging
import os
import re
import time
from decimal import Decimal
from typing import Any

import boto3

logger = logging.getLogger()
logger.setLevel(logging.INFO)
dynamodb = boto3.client("dynamodb")
s3 = boto3.client("s3")
secretsmanager = boto3.client("secretsmanager")
sqs = boto3.client("sqs")
ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)T.*")
KEPT = ("MessageId", "Timestamp", "Subject", "Message")
KEY_SECONDS = 300
keys: dict[str, tuple[float, bytes]] = {}


def mailer(event: dict[str, Any], context: Any) -> None:
    """Put the mail of each notification."""
    for record in event["Records"]:
        told = json.loads(record["Sns"]["Message"])
        mail = {
            name: checked(told[name])
            for name in ("notification_id", "order_id", "customer_id")
        }
        if told["kind"] not in ("confirmed", "shipped"):
            raise ValueError("not a mail: kind")
        mail["kind"] = told["kind"]
        customer = mail["customer_id"].encode()
        signature = hmac.new(signing_key(), customer, hashlib.sha256).hexdigest()
        item = mail | {"unsubscribe": f"{mail['customer_id']}.{signature}"}
        try:
            dynamodb.put_item(
                TableName=os.environ["OUTBOX_TABLE"],
                Item={name: {"S": value} for name, value in item.items()},
                ConditionExpression="attribute_not_exists(notification_id)",
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            logger.info("mail is there already", extra=mail)
        else:
            logger.info("mail is in the outbox", extra=mail)


def reviewer(event: dict[str, Any], context: Any) -> None:
    """Send the refund of each notification."""
    for record in event["Records"]:
        told = json.loads(record["Sns"]["Message"], parse_float=Decimal)
        total = Decimal(told["total"])
        if not 0 < total < 10**10 or total != total.quantize(Decimal("0.01")):
            raise ValueError("not a refund: total")
        refund = {
            "notification_id": checked(told["notification_id"]),
            "order_id": checked(told["order_id"]),
            "total": str(total),
        }
        sqs.send_message(
            QueueUrl=os.environ["REVIEWS_QUEUE_URL"],
            MessageBody=json.dumps(refund),
            MessageDeduplicationId=refund["notification_id"],
            MessageGroupId=refund["order_id"],
        )
        about = {"order_id": refund["order_id"]}
        logger.info("refund is to be reviewed", extra=about)


def archivist(event: dict[str, Any], context: Any) -> None:
    """Keep each notification as it came."""
    for record in event["Records"]:
        message = record["Sns"]
        day = DAY.fullmatch(message["Timestamp"])
        if not day:
            raise ValueError("not a notification: its timestamp has no date")
        key = f"{day[1]}/{day[2]}/{day[3]}/{message['MessageId']}.json"
        kept = {name: message.get(name) for name in KEPT}
        kept["MessageAttributes"] = message.get("MessageAttributes", {})
        s3.put_object(
            Bucket=os.environ["ARCHIVE_BUCKET"],
            Key=key,
            Body=json.dumps(kept, sort_keys=True).encode(),
            ContentType="application/json",
        )
        logger.info("notification is kept", extra={"key": key})


def checked(value: str) -> str:
    """Check an id."""
    if not ID.fullmatch(value):
        raise ValueError("not an id")
    return value


def signing_key() -> bytes:
    """Read the key once in a while."""
    name = os.environ["SIGNING_KEY_ARN"]
    until, key = keys.get(name, (0.0, b""))
    now = time.monotonic()
    if until < now:
        found = secretsmanager.get_secret_value(SecretId=name)
        key = found["SecretString"].encode()
        keys[name] = (now + KEY_SECONDS, key)
    return key
