"""Events are filed by type and day, and what is none is kept aside."""

from __future__ import annotations

import base64
import gzip
import json


def contract(shop) -> None:
    """One is sent twice, one is a heartbeat, one is none."""
    account = shop.account
    placed = event("order_placed", "e-1")
    viewed = event("page_viewed", "e-2", at="2025-12-31T23:59:59Z")

    shop.delivery_stream("Stream").put(
        placed, viewed, placed, {"type": "heartbeat"}, "no event"
    )
    account.settle()

    assert {
        "events/type=order_placed/day=2026-01-01": ["e-1", "e-1"],
        "events/type=page_viewed/day=2025-12-31": ["e-2"],
    } == filed(account, shop)
    (failure,) = failures(shop)
    assert b"no event" == base64.b64decode(failure["rawData"])


def event(type: str, id: str, at: str = "2026-01-01T00:00:00Z") -> dict[str, str]:
    return {"type": type, "id": id, "at": at}


def filed(account, shop) -> dict[str, list[str]]:
    """The ids of the events in each partition."""
    bucket = shop.bucket("Lake")
    found: dict[str, list[str]] = {}
    for key in bucket.keys():  # noqa: SIM118
        if key.startswith("events/"):
            read = account.client("s3").get_object(Bucket=bucket.name, Key=key)
            lines = gzip.decompress(read["Body"].read()).decode().splitlines()
            ids = [json.loads(line)["id"] for line in lines]
            found.setdefault(key.rpartition("/")[0], []).extend(ids)
    return found


def failures(shop) -> list[dict]:
    """What Firehose kept aside."""
    bucket = shop.bucket("Lake")
    return [
        json.loads(line)
        for key in bucket.keys()  # noqa: SIM118
        if key.startswith("failed/processing-failed/2026/01/01/")
        for line in bucket.read(key).decode().splitlines()
    ]
