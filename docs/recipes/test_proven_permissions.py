"""Each grant is taken away in turn, and the contract fails without it."""

from .shop import ShopStack


def contract(shop):
    shop.queue("Orders").send({"id": 1}, {"id": "poison"})
    shop.function("Worker").invoke_async({"id": "poison"})
    shop.account.settle()

    assert shop.queue("Shipped").bodies() == [{"id": 1}]
    assert len(shop.queue("Orders/DeadLetters")) == 1
    assert len(shop.queue("Worker/Failures")) == 1


def test_every_grant_is_necessary_and_every_attack_is_refused(account):
    account.prove_permissions(ShopStack, contract).assert_proven()
