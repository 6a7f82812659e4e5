"""Answer CloudFormation for seeded rows: each time, in time, and for a failure too."""

import hashlib
import json
import logging
import urllib.request
from collections.abc import Mapping
from typing import Any, Protocol

logger = logging.getLogger()
logger.setLevel(logging.INFO)

MOST_CHARACTERS = 250  # of a reason: twelve bytes each in JSON, of 4,096 in all


class Context(Protocol):
    """What is used of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """Give the time until Lambda ends the process."""


def handler(event: Mapping[str, Any], context: Context) -> None:
    """Seed, change or remove the rows of a stack, and say how it went."""
    kind = event["RequestType"]
    # Not the id in the event: CloudFormation makes one up for the Delete of a Create
    # that never answered, and what that has seeded is to go as well.
    owner = owner_of(event["StackId"], event["LogicalResourceId"])
    about = {"correlation_id": event["RequestId"], "request_type": kind}
    answer: dict[str, Any] = {"Status": "SUCCESS"}
    try:
        # Here, so that what is wrong with it is answered, and not waited for.
        from rows import settle  # type: ignore[import-not-found]  # beside this file

        old = event.get("OldResourceProperties", {}).get("Rows", [])
        new = event["ResourceProperties"].get("Rows", [])
        old, new = (new, []) if kind == "Delete" else (old, new)
        settle(owner, old, new, context.get_remaining_time_in_millis)
        answer["Data"] = {"Rows": len(new)}
        logger.info("rows are settled", extra={**about, "rows": len(new)})
    except Exception as error:  # whatever it is, CloudFormation waits
        logger.exception("rows are not settled", extra=about)
        reason = f"{type(error).__name__}: {error}"[:MOST_CHARACTERS]
        answer = {"Status": "FAILED", "Reason": reason}
    send(event, {**answer, "PhysicalResourceId": owner})


def owner_of(stack: str, logical_id: str) -> str:
    """Give an id that is always the same for the same resource."""
    return "rows-" + hashlib.sha256(f"{stack}/{logical_id}".encode()).hexdigest()[:32]


def send(event: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    """Put the answer; if that fails, Lambda's retry does all of it again."""
    same = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    request = urllib.request.Request(  # noqa: S310  CloudFormation made it
        event["ResponseURL"],  # signed, so it is never logged
        data=json.dumps({**same, **answer}).encode(),
        headers={"Content-Type": ""},
        method="PUT",
    )
    urllib.request.urlopen(request, timeout=5).close()  # noqa: S310
