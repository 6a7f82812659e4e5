"""A worker that runs out of time gets its messages again."""

from .shop import ShopStack


def test_an_order_survives_a_timeout(account):
    shop = account.deploy(ShopStack)
    shop.function("Worker").time_out()

    shop.queue("Orders").send({"id": 1})
    account.settle()

    outcomes = [each.outcome.kind for each in shop.function("Worker").invocations]
    assert outcomes == ["timeout", "ok"]
    assert shop.queue("Shipped").bodies() == [{"id": 1}]
