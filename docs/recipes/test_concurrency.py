"""What runs at once stays below the maximum concurrency."""

from .shop import ShopStack


def test_the_third_batch_waits(account):
    shop = account.deploy(ShopStack)

    for n in range(3):
        shop.queue("Orders").send(*[{"id": n, "seconds": 0.5}] * 10)
    account.settle()

    assert [each.at for each in shop.function("Worker").invocations] == [0, 0, 5]
