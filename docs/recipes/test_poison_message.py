"""A poison message ends in the dead-letter queue, and takes nothing with it."""

from .shop import ShopStack


def test_a_poison_order_fails_alone(account):
    shop = account.deploy(ShopStack)

    shop.queue("Orders").send({"id": 1}, {"id": "poison"}, {"id": 2})
    account.settle()

    assert shop.queue("Shipped").bodies() == [{"id": 1}, {"id": 2}]
    assert shop.queue("Orders/DeadLetters").bodies() == [{"id": "poison"}]
