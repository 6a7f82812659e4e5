"""Describe the mail that SES received: who wrote what, and with which attachments."""

import os
import re
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.utils import getaddresses
from typing import Any, TypedDict

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import SESEvent, event_source
from aws_lambda_powertools.utilities.data_classes.ses_event import SESMessage
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.types import TypeSerializer
from botocore.config import Config

MAILS_BUCKET = os.environ["MAILS_BUCKET"]
MESSAGES_TABLE = os.environ["MESSAGES_TABLE"]
PREFIX = "raw/"
MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
# An item of DynamoDB holds 400 KB, and anybody may write to us.
MAX_TEXT = 1_000
MAX_LIST = 100
# Decoding takes time by the square of a header's length, which may be megabytes. For
# the same reason the parser is that of old: the new one decodes in full.
MAX_HEADER = 8_000

# Lambda reads the level of a JSON line only beside an RFC 3339 timestamp.
logger = Logger(use_rfc3339=True, utc=True)
config = Config(
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 2},
)
s3 = boto3.client("s3", config=config)
dynamodb = boto3.client("dynamodb", config=config)


class Attachment(TypedDict):
    """What is known of an attachment; its name is the sender's and no path."""

    name: str
    content_type: str
    bytes: int


@logger.inject_lambda_context(clear_state=True)
@event_source(data_class=SESEvent)
def handler(event: SESEvent, context: LambdaContext) -> None:
    """Store what is known of each mail of the event, which is one in practice."""
    for record in event.records:
        store(describe(record.ses))


def describe(message: SESMessage) -> dict[str, Any]:
    """Describe a mail, having opened it only if SES found neither virus nor spam."""
    message_id = message.mail.message_id
    if not MESSAGE_ID.fullmatch(message_id):
        raise ValueError("SES sent a message id that is none")
    logger.append_keys(message_id=message_id)
    logger.set_correlation_id(message_id)
    key = f"{PREFIX}{message_id}"
    known = {
        "message_id": message_id,
        "received_at": message.mail.timestamp,
        "recipients": shortened(message.receipt.recipients),
        "key": key,
    }
    if fault := distrust(message):
        logger.warning("mail is put aside", extra={"reason": fault})
        return {**known, "status": "quarantined", "reason": fault}
    found = s3.get_object(Bucket=MAILS_BUCKET, Key=key)
    with found["Body"] as body:
        raw = body.read()
    try:
        mail = BytesParser().parsebytes(raw)
        return {**known, "status": "accepted", **contents(mail)}
    except RecursionError:
        # Parts within parts within parts: nobody writes so, and a retry is no use.
        logger.warning("mail is put aside", extra={"reason": "nested too deeply"})
        return {**known, "status": "quarantined", "reason": "nested too deeply"}


def distrust(message: SESMessage) -> str:
    """Say why a mail is not to be opened, if it is not.

    SES rejects nothing by itself. A scan that failed, as of an encrypted archive, is
    no proof of innocence; an unclear one is enough for spam, but not for a virus.
    """
    receipt = message.receipt
    if receipt.virus_verdict.status != "PASS":
        return f"virus verdict {receipt.virus_verdict.status}"[:MAX_TEXT]
    if receipt.spam_verdict.status not in ("PASS", "GRAY"):
        return f"spam verdict {receipt.spam_verdict.status}"[:MAX_TEXT]
    return ""


def contents(mail: Message) -> dict[str, Any]:
    """Give headers and attachments; what is malformed in them is left out."""
    senders = getaddresses([header(mail, "From")])
    parts = [part for part in mail.walk() if name_of(part)]
    return {
        "sender": next((address for _, address in senders), "")[:MAX_TEXT],
        "subject": header(mail, "Subject")[:MAX_TEXT],
        "sent_at": header(mail, "Date")[:MAX_TEXT],
        "attachments": [describe_part(part) for part in parts[:MAX_LIST]],
        "attachment_count": len(parts),
    }


def describe_part(part: Message) -> Attachment:
    """Describe an attachment without keeping it."""
    payload = part.get_payload(decode=True)
    return {
        "name": name_of(part)[:MAX_TEXT],
        "content_type": part.get_content_type()[:MAX_TEXT],
        "bytes": len(payload) if isinstance(payload, bytes) else 0,
    }


def name_of(part: Message) -> str:
    """Give the name that the sender gave an attachment."""
    short = Message()
    for name in ("Content-Disposition", "Content-Type"):
        short[name] = str(part.get(name, ""))[:MAX_HEADER]
    try:
        return decoded(short.get_filename(""))
    except (LookupError, ValueError):
        return ""


def header(mail: Message, name: str) -> str:
    """Read a header, which is empty if it is missing."""
    return decoded(str(mail.get(name, ""))[:MAX_HEADER])


def decoded(text: str) -> str:
    """Decode a header onto one line; one that is malformed stays as it is."""
    with suppress(LookupError, ValueError, HeaderParseError):
        text = str(make_header(decode_header(text)))
    return " ".join(clean(text).split())


def shortened(values: list[str]) -> list[str]:
    """Keep as many values, and as much of each, as an item has room for."""
    return [clean(value)[:MAX_TEXT] for value in values[:MAX_LIST]]


def clean(text: str) -> str:
    """Replace what is no character, which DynamoDB refuses."""
    return text.encode("utf-8", "replace").decode()


def store(item: dict[str, Any]) -> None:
    """Put the item, unless an earlier run of the same event has."""
    try:
        dynamodb.put_item(
            TableName=MESSAGES_TABLE,
            Item=TypeSerializer().serialize(item)["M"],
            ConditionExpression="attribute_not_exists(message_id)",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        logger.info("mail is known already")
    else:
        logger.info("mail is described", extra={"status": item["status"]})
