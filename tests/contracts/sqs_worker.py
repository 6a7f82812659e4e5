"""Orders are stored once and at once, and poison is put aside."""

from __future__ import annotations


def contract(shop) -> None:
    """The failure path needs a grant of its own: forgetting that one was begun."""
    account = shop.account
    shop.queue("Queue").send(order(1), order(1), {"poison": True})
    account.settle()

    assert [{"poison": True}] == shop.queue("Queue/DeadLetters").bodies()

    # The claim of the order is the first PutItem, the order itself the second.
    before = len(shop.function("Worker").invocations)
    shop.queue("Queue").send(order(2))
    account.fail_calls("dynamodb", "PutItem", "ThrottlingException", after=1)
    account.settle()

    # What the table said is in the logs, and not that the claim could not be undone.
    logs = str(shop.function("Worker").logs)
    assert "ThrottlingException" in logs
    assert "IdempotencyPersistenceLayerError" not in logs
    assert 2 == len(shop.function("Worker").invocations) - before
    assert 2 == len(shop.table("Orders").items())
    assert [{"poison": True}] == shop.queue("Queue/DeadLetters").bodies()


def order(number: int) -> dict:
    items = [{"sku": "A1", "quantity": 2, "unit_price": "9.95"}]
    return {"order_id": f"o-{number}", "customer_id": "c-1", "items": items}
