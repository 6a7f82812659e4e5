"""Clicks count once, and what cannot be counted ends in a bucket."""

from __future__ import annotations

import json


def contract(shop) -> None:
    """The failure path needs the bucket."""
    shop.function("Processor").deliver_twice()
    shop.stream("Clicks").put(click(1), "poison")
    shop.account.settle()

    assert {"/1": 1} == counts(shop)
    (key,) = shop.bucket("Discarded").keys()
    assert "cG9pc29u" in json.loads(shop.bucket("Discarded").read(key))["payload"]


def click(number: int) -> dict:
    return {"page": f"/{number}", "at": "2026-11-21T10:00:00Z"}


def counts(shop) -> dict[str, int]:
    return {each["page"]: int(each["clicks"]) for each in shop.table("Counts").items()}
