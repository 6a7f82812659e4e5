"""Orders are found and taken away, and a bad one stops no other."""

from __future__ import annotations

from decimal import Decimal


def contract(shop) -> None:
    """The failure path needs the queue."""
    account = shop.account
    shop.table("Orders").put(order(1, "c-1"))
    shop.table("Orders").put({"order_id": "bad"})
    account.settle()

    assert [("c-1", "o-1")] == rows(shop)
    (given_up,) = shop.queue("Projector/Failures").bodies()
    assert 1 == given_up["DDBStreamBatchInfo"]["batchSize"]

    delete(account, shop, 1)
    account.settle()

    assert [] == rows(shop)


def order(number: int, customer_id: str) -> dict:
    line = {"sku": "A1", "quantity": 2, "unit_price": Decimal("9.95")}
    return {"order_id": f"o-{number}", "customer_id": customer_id, "items": [line]}


def delete(account, shop, number: int) -> None:
    account.client("dynamodb").delete_item(
        TableName=shop.physical_id("Orders"), Key={"order_id": {"S": f"o-{number}"}}
    )


def rows(shop) -> list[tuple[str, str]]:
    items = shop.table("OrdersByCustomer").items()
    return sorted((each["customer_id"], each["order_id"]) for each in items)
