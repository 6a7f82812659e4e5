"""The errors of a log, told once an hour: as Powertools' documentation does it.

Its example of the data class of CloudWatch Logs, with its Logger.
https://docs.aws.amazon.com/powertools/python/latest/utilities/data_classes/
"""

import hashlib
import json
import os
import re
import time
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import (
    CloudWatchLogsEvent,
    event_source,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
dynamodb = boto3.client("dynamodb")
sns = boto3.client("sns")
ERROR = re.compile(r"\b(ERROR|CRITICAL)\b")
CHANGING = re.compile(r"0x[0-9a-f]+|\b[0-9a-f-]{8,}\b|\d+", re.IGNORECASE)


@logger.inject_lambda_context
@event_source(data_class=CloudWatchLogsEvent)
def handler(event: CloudWatchLogsEvent, context: LambdaContext) -> dict[str, int]:
    """Publish one summary of the errors that were not told within the hour."""
    data = event.parse_logs_data()
    if data.message_type != "DATA_MESSAGE":
        return {"kinds": 0, "told": 0}
    counts: dict[str, int] = {}
    samples: dict[str, str] = {}
    for line in data.log_events:
        error = error_of(line.message)
        if error is not None:
            kind = CHANGING.sub("#", error.partition("\n")[0])[:500]
            counts[kind] = counts.get(kind, 0) + 1
            samples.setdefault(kind, error)
    batch = hashlib.sha256(event.raw_logs_data.encode()).hexdigest()
    group = data.log_group
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
