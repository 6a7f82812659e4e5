"""The events of a delivery stream, checked: by the standard library alone."""

import base64
import json
import logging
import re
from datetime import UTC, datetime, timedelta
from typing import Any

logger = logging.getLogger()
logger.setLevel(logging.INFO)
ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
TYPES = ("order_placed", "order_shipped", "page_viewed")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Return each record of the batch, once and in its order."""
    records = []
    for record in event["records"]:
        answer = {"recordId": record["recordId"], "result": "Ok"}
        try:
            made = checked(json.loads(base64.b64decode(record["data"])), record)
        except (KeyError, TypeError, ValueError):
            logger.warning("no event", extra={"record_id": record["recordId"]})
            answer |= {"result": "ProcessingFailed", "data": record["data"]}
        else:
            answer |= made
        records.append(answer)
    logger.info("batch is checked", extra={"records": len(records)})
    return {"records": records}


def checked(found: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    """Check an event, and say by what to file it."""
    at = datetime.fromisoformat(found["at"])
    arrived = datetime.fromtimestamp(record["approximateArrivalTimestamp"] / 1e3, UTC)
    if not arrived - timedelta(days=30) <= at <= arrived + timedelta(hours=1):
        raise ValueError("it is too old, or of the future")
    if found["type"] not in TYPES or not ID.fullmatch(found["id"]):
        raise ValueError("no event")
    line = json.dumps(found) + "\n"
    keys = {"type": found["type"], "day": f"{at.astimezone(UTC):%Y-%m-%d}"}
    return {
        "data": base64.b64encode(line.encode()).decode(),
        "metadata": {"partitionKeys": keys},
    }
