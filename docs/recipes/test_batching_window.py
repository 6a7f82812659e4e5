"""Time is simulated: five seconds, or five days, cost nothing."""

from .shop import ShopStack


def test_a_batch_waits_for_its_window(account):
    shop = account.deploy(ShopStack)

    shop.queue("Orders").send({"id": 1})
    account.advance(4)
    assert shop.function("Worker").invocations == []

    account.advance(1)
    assert len(shop.function("Worker").invocations) == 1
