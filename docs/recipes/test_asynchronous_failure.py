"""An asynchronous event is tried three times, and then kept with its error."""

from .shop import ShopStack


def test_a_failed_event_is_kept(account):
    shop = account.deploy(ShopStack)

    shop.function("Worker").invoke_async({"id": "poison"})
    account.settle()

    assert [each.at for each in shop.function("Worker").invocations] == [0, 60, 180]
    (record,) = shop.queue("Worker/Failures").bodies()
    assert record["requestPayload"] == {"id": "poison"}
    assert record["responsePayload"]["errorMessage"] == "poison"
