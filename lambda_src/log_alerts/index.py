"""Tell of the errors in an application's logs: each kind of them once an hour."""

import base64
import hashlib
import json
import logging
import os
import re
import time
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

ALERTS_TOPIC_ARN = os.environ["ALERTS_TOPIC_ARN"]
TOLD_TABLE = os.environ["TOLD_TABLE"]

QUIET_SECONDS = 3_600
# A batch is at most 6 MB as it is sent; more than this is no log.
MOST_BYTES = 32 * 1024 * 1024
MOST_KINDS = 20
MOST_CHARACTERS = 500

# Nothing of what is read is logged here: logs of one application would end in those
# of another, and back in this function where somebody watches these, too.
logger = logging.getLogger()
logger.setLevel(logging.INFO)
config = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 2},
)
dynamodb = boto3.client("dynamodb", config=config)
sns = boto3.client("sns", config=config)

ERROR = re.compile(r"\b(ERROR|CRITICAL)\b")
# What differs from one occurrence of an error to the next: ids, addresses, numbers.
CHANGING = re.compile(r"0x[0-9a-f]+|\b[0-9a-f-]{8,}\b|\d+", re.IGNORECASE)


@dataclass(frozen=True)
class Batch:
    """Lines of one log stream.

    Attributes:
        id: What Lambda's retries of the batch have in common.
        log_group: Where they were logged.
        messages: The lines.
    """

    id: str
    log_group: str
    messages: list[str]


def handler(event: dict[str, Any], context: object) -> dict[str, int]:
    """Publish one summary of the errors that were not told within the hour."""
    batch = read(event)
    if batch is None:
        return {"kinds": 0, "told": 0}
    errors = [line for line in map(error_of, batch.messages) if line is not None]
    kinds = list(map(kind_of, errors))
    counts = Counter(kinds)
    samples = dict(zip(reversed(kinds), reversed(errors), strict=True))
    news = [kind for kind in counts if claim(kind, batch)]
    if news:
        publish(batch.log_group, [(counts[each], samples[each]) for each in news])
    for kind in news:
        settle(kind, batch)
    done = {"kinds": len(counts), "told": len(news)}
    logger.info("batch is read", extra={"correlation_id": batch.id, **done})
    return done


def read(event: dict[str, Any]) -> Batch | None:
    """Unpack a batch; none where CloudWatch Logs only checks that we are there."""
    try:
        packed = base64.b64decode(event["awslogs"]["data"], validate=True)
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)  # as gzip packs
        text = unpacker.decompress(packed, MOST_BYTES)
        if not unpacker.eof:
            raise ValueError("too large, or cut short")
        data = json.loads(text)
        if data["messageType"] != "DATA_MESSAGE":
            return None
        lines = data["logEvents"]
        return Batch(
            id=hashlib.sha256(packed).hexdigest(),
            log_group=str(data["logGroup"]),
            messages=[str(line["message"]) for line in lines],
        )
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        # Without the cause, which quotes what was sent.
        kind = type(error).__name__
        raise ValueError(f"not a batch of log lines: {kind}") from None


def error_of(message: str) -> str | None:
    """Give what a line says of an error; none where it only has the word in it."""
    try:
        line = json.loads(message)
    except ValueError:
        return message if ERROR.search(message) else None
    if not isinstance(line, dict) or line.get("level") not in ("ERROR", "CRITICAL"):
        return None
    return str(line.get("message", ""))


def kind_of(error: str) -> str:
    """Give what an error has in common with those like it."""
    return CHANGING.sub("#", error.partition("\n")[0])[:MOST_CHARACTERS]


def claim(kind: str, batch: Batch) -> bool:
    """Tell whether it is for this batch to tell of a kind of error.

    A claim is its batch's until it is settled, so that a retry of a batch that was not
    published publishes it, and one of a batch that was does not.
    """
    now = int(time.time())
    try:
        dynamodb.put_item(
            TableName=TOLD_TABLE,
            Item=claim_of(kind, batch, now),
            # DynamoDB deletes what expired within days, not at once.
            ConditionExpression=(
                "attribute_not_exists(fingerprint) OR expires_at <= :now "
                "OR (claimed_by = :batch AND attribute_not_exists(settled))"
            ),
            ExpressionAttributeValues={
                ":now": {"N": str(now)},
                ":batch": {"S": batch.id},
            },
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return False
    return True


def settle(kind: str, batch: Batch) -> None:
    """Say that a kind of error was told."""
    item = claim_of(kind, batch, int(time.time())) | {"settled": {"BOOL": True}}
    dynamodb.put_item(TableName=TOLD_TABLE, Item=item)


def claim_of(kind: str, batch: Batch, now: int) -> dict[str, Any]:
    """Give the item of a claim, which holds nothing of the text."""
    text = f"{batch.log_group}\n{kind}"
    return {
        "fingerprint": {"S": hashlib.sha256(text.encode()).hexdigest()},
        "claimed_by": {"S": batch.id},
        "expires_at": {"N": str(now + QUIET_SECONDS)},
    }


def publish(log_group: str, errors: list[tuple[int, str]]) -> None:
    """Publish a summary: how often each error came, and its first lines."""
    shown = sorted(errors, reverse=True)[:MOST_KINDS]
    lines = [f"{count} x {line[:MOST_CHARACTERS]}" for count, line in shown]
    if len(errors) > len(shown):
        lines.append(f"and {len(errors) - len(shown)} more kinds")
    sns.publish(
        TopicArn=ALERTS_TOPIC_ARN,
        Subject=f"{sum(count for count, _ in errors)} errors in {log_group}"[:100],
        Message="\n".join(lines),
    )
