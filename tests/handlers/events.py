"""Events as AWS documents them, for handlers of any reference stack."""

from __future__ import annotations

import hashlib
import itertools
import json
from typing import Any

_numbers = itertools.count(1)


def sqs_message(body: str | dict[str, Any], message_id: str = "") -> dict[str, Any]:
    """One message as Lambda reads it from a standard queue."""
    text = body if isinstance(body, str) else json.dumps(body)
    return {
        "messageId": message_id or f"00000000-0000-4000-8000-{next(_numbers):012}",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": text,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1763697600000",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1763697600010",
        },
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:orders",
        "awsRegion": "eu-west-1",
    }


def sqs_event(*messages: dict[str, Any]) -> dict[str, Any]:
    """A batch of messages."""
    return {"Records": list(messages)}
