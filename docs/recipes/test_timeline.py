"""The timeline says what happened; a test that fails shows it."""

from .shop import ShopStack


def test_the_story_of_a_poison_message(account):
    shop = account.deploy(ShopStack)

    shop.queue("Orders").send({"id": "poison"})
    account.settle()

    print(account.timeline)
    story = [each.what for each in account.timeline]
    assert story[:4] == ["sent", "polled", "invoked", "failed"]
    assert story[-1] == "dead-lettered"
