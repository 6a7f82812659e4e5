"""The role allows what the function does, and nothing else."""

from .shop import ShopStack


def test_every_grant_is_needed(account):
    shop = account.deploy(ShopStack)

    shop.queue("Orders").send({"id": 1}, {"id": "poison"})
    shop.function("Worker").invoke_async({"id": "poison"})
    account.settle()

    account.assert_least_privilege()
