"""Placed orders are shipped and earn points; what is lost is in a queue."""

from __future__ import annotations


def contract(shop) -> None:
    """Success, failure of both, and what reaches neither."""
    account = shop.account
    place(shop, order(1, total=60), {"total": 60})
    account.settle()

    assert ["o-1"] == [each["order_id"] for each in shop.table("Shipments").items()]
    assert ["o-1"] == [each["order_id"] for each in shop.table("Points").items()]
    assert 1 == len(shop.queue("Shipped"))
    assert 1 == len(shop.queue("Shipping/Failures"))
    assert 1 == len(shop.queue("Loyalty/Failures"))

    for name in ("Shipping", "Loyalty"):
        shop.rule(f"{name}/Rule").fail(times=200)
    place(shop, order(2, total=60))
    account.settle()

    assert 1 == len(shop.queue("Shipping/RuleUndelivered"))
    assert 1 == len(shop.queue("Loyalty/RuleUndelivered"))


def place(shop, *details: dict) -> None:
    for detail in details:
        shop.bus("Bus").put("OrderPlaced", detail, source="shop.orders")


def order(number: int, total: float = 9.9) -> dict:
    items = [{"sku": "A1", "quantity": 2}]
    return {
        "order_id": f"o-{number}",
        "customer_id": "c-1",
        "items": items,
        "total": total,
    }
