"""The mail that SES received, described: by boto3 alone."""

import logging
import os
import re
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.utils import getaddresses
from typing import Any

import boto3
from boto3.dynamodb.types import TypeSerializer

logger = logging.getLogger()
logger.setLevel(logging.INFO)
s3 = boto3.client("s3")
dynamodb = boto3.client("dynamodb")
serialize = TypeSerializer().serialize
ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def handler(event: dict[str, Any], context: Any) -> None:
    """Store what is known of each mail of the event."""
    for record in event["Records"]:
        item = describe(record["ses"]["mail"], record["ses"]["receipt"])
        about = {"message_id": item["message_id"], "status": item["status"]}
        try:
            dynamodb.put_item(
                TableName=os.environ["MESSAGES_TABLE"],
                Item=serialize(item)["M"],
                ConditionExpression="attribute_not_exists(message_id)",
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            logger.info("mail is known already", extra=about)
        else:
            logger.info("mail is described", extra=about)


def describe(mail: dict[str, Any], receipt: dict[str, Any]) -> dict[str, Any]:
    """Describe a mail, having opened it only if SES found neither virus nor spam."""
    if not ID.fullmatch(mail["messageId"]):
        raise ValueError("SES sent a message id that is none")
    key = f"raw/{mail['messageId']}"
    known = {
        "message_id": mail["messageId"],
        "received_at": mail["timestamp"],
        "recipients": [clean(each)[:1_000] for each in receipt["recipients"][:100]],
        "key": key,
    }
    virus, spam = receipt["virusVerdict"]["status"], receipt["spamVerdict"]["status"]
    if virus != "PASS" or spam not in ("PASS", "GRAY"):
        reason = f"virus verdict {virus}, spam verdict {spam}"
        return {**known, "status": "quarantined", "reason": reason}
    raw = s3.get_object(Bucket=os.environ["MAILS_BUCKET"], Key=key)["Body"].read()
    try:
        return {**known, "status": "accepted", **contents(raw)}
    except RecursionError:
        return {**known, "status": "quarantined", "reason": "nested too deeply"}


def contents(raw: bytes) -> dict[str, Any]:
    """Give headers and attachments."""
    mail = BytesParser().parsebytes(raw)
    parts = [part for part in mail.walk() if name_of(part)]
    senders = getaddresses([header(mail, "From")])
    return {
        "sender": next((address for _, address in senders), "")[:1_000],
        "subject": header(mail, "Subject")[:1_000],
        "sent_at": header(mail, "Date")[:1_000],
        "attachments": [described(part) for part in parts[:100]],
        "attachment_count": len(parts),
    }


def described(part: Message) -> dict[str, Any]:
    """Describe an attachment."""
    payload = part.get_payload(decode=True)
    return {
        "name": name_of(part)[:1_000],
        "content_type": part.get_content_type()[:1_000],
        "bytes": len(payload) if isinstance(payload, bytes) else 0,
    }


def name_of(part: Message) -> str:
    """Give the name that the sender gave an attachment."""
    try:
        return decoded(part.get_filename(""))
    except (LookupError, ValueError):
        return ""


def header(mail: Message, name: str) -> str:
    """Read a header, which is empty if it is missing."""
    return decoded(str(mail.get(name, ""))[:8_000])


def decoded(text: str) -> str:
    """Decode a header onto one line; one that is malformed stays as it is."""
    with suppress(LookupError, ValueError, HeaderParseError):
        text = str(make_header(decode_header(text)))
    return " ".join(clean(text).split())


def clean(text: str) -> str:
    """Replace what is no character, which DynamoDB refuses."""
    return text.encode("utf-8", "replace").decode()
