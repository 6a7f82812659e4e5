"""CloudWatch has what an alarm needs."""

from .shop import ShopStack


def test_an_alarm_on_dropped_events_would_fire(account):
    shop = account.deploy(ShopStack)
    worker = shop.function("Worker")

    worker.invoke_async({"id": 1})
    worker.invoke_async({"id": "poison"})
    account.settle()

    assert worker.metrics["Invocations"].sum == 4
    assert worker.metrics["Errors"].sum == 3
    assert [each.at for each in worker.metrics["AsyncEventsDropped"]] == [180]
    live = {"FunctionName": worker.name, "Resource": f"{worker.name}:live"}
    assert account.metrics("Errors", dimensions=live).sum == 3
