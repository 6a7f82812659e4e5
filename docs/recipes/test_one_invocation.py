"""A handler alone: its result, its logs, and how it fails."""

from .shop import ShopStack


def test_one_invocation(account):
    worker = account.deploy(ShopStack).function("Worker")

    good = worker.invoke({"id": 1})
    bad = worker.invoke({"id": "poison"})

    assert (good.kind, good.payload, good.cold) == (
        "ok",
        {"batchItemFailures": []},
        True,
    )
    assert (bad.kind, bad.payload["errorType"]) == ("error", "ValueError")
    assert worker.logs == ["poison"]
