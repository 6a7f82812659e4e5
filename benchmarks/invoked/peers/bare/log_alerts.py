"""The errors of a log, told once an hour: by boto3 alone."""

import base64
import gzip
import hashlib
import json
import logging
import os
import re
import time
from typing import Any

import boto3

logger = logging.getLogger()
logger.setLevel(logging.INFO)
dynamodb = boto3.client("dynamodb")
sns = boto3.client("sns")
ERROR = re.compile(r"\b(ERROR|CRITICAL)\b")
CHANGING = re.compile(r"0x[0-9a-f]+|\b[0-9a-f-]{8,}\b|\d+", re.IGNORECASE)


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Publish one summary of the errors that were not told within the hour."""
    packed = base64.b64decode(event["awslogs"]["data"])
    data = json.loads(gzip.decompress(packed))
    if data["messageType"] != "DATA_MESSAGE":
        return {"kinds": 0, "told": 0}
    counts: dict[str, int] = {}
    samples: dict[str, str] = {}
    for line in data["logEvents"]:
        error = error_of(line["message"])
        if error is not None:
            kind = CHANGING.sub("#", error.partition("\n")[0])[:500]
            counts[kind] = counts.get(kind, 0) + 1
            samples.setdefault(kind, error)
    batch, group = hashlib.sha256(packed).hexdigest(), data["logGroup"]
    news = [kind for kind in counts if claim(kind, batch, group)]
    if news:
        publish(group, [(counts[kind], samples[kind]) for kind in news])
    for kind in news:
        item = {**claim_of(kind, batch, group), "settled": {"BOOL": True}}
        dynamodb.put_item(TableName=os.environ["TOLD_TABLE"], Item=item)
    done = {"kinds": len(counts), "told": len(news)}
    logger.info("batch is read", extra=done)
    return done


def error_of(message: str) -> str | None:
    """Give what a line says of an error."""
    try:
        line = json.loads(message)
    except ValueError:
        return message if ERROR.search(message) else None
    if not isinstance(line, dict) or line.get("level") not in ("ERROR", "CRITICAL"):
        return None
    return str(line.get("message", ""))


def claim_of(kind: str, batch: str, group: str) -> dict[str, Any]:
    """Give the item of a claim."""
    text = f"{group}\n{kind}"
    return {
        "fingerprint": {"S": hashlib.sha256(text.encode()).hexdigest()},
        "claimed_by": {"S": batch},
        "expires_at": {"N": str(int(time.time()) + 3_600)},
    }


def claim(kind: str, batch: str, group: str) -> bool:
    """Tell whether it is for this batch to tell of a kind of error."""
    try:
        dynamodb.put_item(
            TableName=os.environ["TOLD_TABLE"],
            Item=claim_of(kind, batch, group),
            ConditionExpression=(
                "attribute_not_exists(fingerprint) OR expires_at <= :now "
                "OR (claimed_by = :batch AND attribute_not_exists(settled))"
            ),
            ExpressionAttributeValues={
                ":now": {"N": str(int(time.time()))},
                ":batch": {"S": batch},
            },
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return False
    return True


def publish(group: str, errors: list[tuple[int, str]]) -> None:
    """Publish a summary."""
    shown = sorted(errors, reverse=True)[:20]
    lines = [f"{count} x {text[:500]}" for count, text in shown]
    if len(errors) > len(shown):
        lines.append(f"and {len(errors) - len(shown)} more kinds")
    sns.publish(
        TopicArn=os.environ["ALERTS_TOPIC_ARN"],
        Subject=f"{sum(count for count, _ in errors)} errors in {group}"[:100],
        Message="\n".join(lines),
    )
