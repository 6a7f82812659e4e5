"""A service that fails for a while delays the work and loses none."""

from .shop import ShopStack


def test_an_order_survives_a_throttled_queue(account):
    shop = account.deploy(ShopStack)
    account.fail_calls("sqs", "SendMessage", "RequestThrottled", times=2)

    shop.queue("Orders").send({"id": 1})
    account.settle()

    assert shop.queue("Shipped").bodies() == [{"id": 1}]
