"""Events as AWS documents them, for handlers of any reference stack."""

from __future__ import annotations

import hashlib
import itertools
import json
from typing import Any

from tests.synthesized import ROOT

_numbers = itertools.count(1)


def event(name: str) -> dict[str, Any]:
    """A fresh copy of `tests/events/<name>.json`."""
    return dict(json.loads((ROOT / "tests" / "events" / f"{name}.json").read_text()))


def sqs_message(
    body: str | dict[str, Any], message_id: str = "", *, group: str | None = None
) -> dict[str, Any]:
    """One message as Lambda reads it from a queue; one with a *group* is FIFO."""
    (message,) = event("sqs" if group is None else "sqs_fifo")["Records"]
    if group is not None:
        message["attributes"]["MessageGroupId"] = group
    text = body if isinstance(body, str) else json.dumps(body)
    return {
        **message,
        "messageId": message_id or f"00000000-0000-4000-8000-{next(_numbers):012}",
        "body": text,
        "md5OfBody": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
    }


def sqs_event(*messages: dict[str, Any]) -> dict[str, Any]:
    """A batch of messages."""
    return {"Records": list(messages)}
