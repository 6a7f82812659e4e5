"""Reading a message of a store: what it is, where it failed, and the way back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from lambda_constructs.redrive import _letters, _records
from lambda_constructs.redrive._delivery import of_delivery
from lambda_constructs.redrive._received import Received
from lambda_constructs.redrive._resend import Cannot
from lambda_constructs.redrive.messages import FailedMessage
from lambda_constructs.redrive.stores import Store

UNKNOWN = "no record or dead letter of a kind that is sent to this store"

MALFORMED = "it has not the form that is documented"


def read(store: Store, message: Received, *, whole: bool = False) -> FailedMessage:
    """Read a message.

    It goes back only to what the stack has as an origin of this store: a message
    cannot name another function to be invoked with it.

    Args:
        store: Where it is kept.
        message: The message.
        whole: Whether to send all of a stream's range, if it is more than failed.
    """
    try:
        return _read(store, message, whole=whole)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        reason = f"{MALFORMED}: {type(error).__name__} {error}"
        return FailedMessage(message, Cannot(reason), parsed(message.body))


def _read(store: Store, message: Received, *, whole: bool) -> FailedMessage:
    body = parsed(message.body)
    for attempt in (of_delivery, _letters.of_queue):
        found = attempt(store.origins, message)
        if found is not None:
            return found
    for service in (_letters.of_subscription, _letters.of_rule, _letters.of_schedule):
        found = service(store.origins, message, body)
        if found is not None:
            return found
    body, message = _unwrapped(body, message)
    if isinstance(body, dict):
        found = _records.of_lambda(
            store.origins, message, body, whole=whole
        ) or _letters.of_iot(store.origins, message, body)
        if found is not None:
            return found
    found = _letters.of_function(store.origins, message, body)
    if found is not None:
        return found
    return FailedMessage(message, Cannot(UNKNOWN), body)


def parsed(text: str) -> Any:
    """Parse JSON; give text that is none as it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _unwrapped(body: Any, message: Received) -> tuple[Any, Received]:
    """Take a record out of what a topic or a bus wrapped it in."""
    if not isinstance(body, dict):
        return body, message
    if body.get("Type") == "Notification" and "Message" in body:
        attributes = {
            name: {"StringValue": each["Value"], "DataType": each["Type"]}
            for name, each in body.get("MessageAttributes", {}).items()
        }
        inner = replace(message, body=str(body["Message"]), attributes=attributes)
        return parsed(inner.body), inner
    if str(body.get("detail-type", "")).startswith("Lambda Function Invocation Result"):
        return body.get("detail"), message
    return body, message
