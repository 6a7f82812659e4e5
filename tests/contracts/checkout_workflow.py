"""An order is placed once, or undone."""

from __future__ import annotations

ORDER = {
    "order_id": "o-1",
    "customer_id": "c-1",
    "cents": 995,
    "day": "2026-11-26",
    "items": {"A1": 2},
}
FULL = {"sku#A1": 5, "customer#c-1": 1_000, "day#2026-11-26": 1}
TABLES = ("StockTable", "PaymentsTable", "CourierTable")


def contract(shop) -> None:
    """Taking and giving back need all three."""
    fill(shop)
    dear = {**ORDER, "cents": 2_000}

    undone = shop.state_machine("Checkout").run({"order": dear})

    assert ("FAILED", "OrderCancelled") == (undone.status, undone.error)
    assert available(shop) == FULL

    placed = shop.state_machine("Checkout").run({"order": {**ORDER, "order_id": "o-2"}})

    assert "SUCCEEDED" == placed.status
    assert {"sku#A1": 3, "customer#c-1": 5, "day#2026-11-26": 0} == available(shop)


def fill(shop) -> None:
    """There is something to sell, to pay with, and somebody to bring it."""
    for id, table in zip(FULL, TABLES, strict=True):
        shop.table(table).put({"id": id, "available": FULL[id]})


def available(shop) -> dict[str, int]:
    """What is left of each."""
    return {
        item["id"]: int(item["available"])
        for name in TABLES
        for item in shop.table(name).items()
        if "available" in item
    }
