"""The rows are what the stack says, and an event that is given up is kept."""

from __future__ import annotations

import pytest

from lambda_constructs.testing import AccountError
from stacks.seed_data import ZONES


def contract(shop) -> None:
    """An event that no attempt could answer ends in the function's failures."""
    rows = shop.custom_resource("Seed/Rows")
    assert sorted(each["zone"] for each in ZONES) == zones(shop)

    rows.update(Rows=ZONES[:1])

    assert ["domestic"] == zones(shop)

    shop.function("Seed").fail(times=3)
    with pytest.raises(AccountError, match="did not receive a response"):
        rows.update(Rows=ZONES)
    shop.account.settle()

    (record,) = shop.queue("Seed/Failures").bodies()
    assert "Update" == record["requestPayload"]["RequestType"]


def zones(shop) -> list[str]:
    return sorted(each["zone"] for each in shop.table("Zones").items())
