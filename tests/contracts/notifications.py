"""Each function gets what it wants, and keeps what it gave up."""

from __future__ import annotations

FUNCTIONS = ["Archivist", "Mailer", "Reviewer"]


def contract(shop) -> None:
    """The failure path of each function needs one of its own."""
    account = shop.account
    publish(shop, notification("n-1", "confirmed"))
    publish(shop, notification("n-2", "refunded", total=900))
    account.settle()

    assert ["n-1"] == mails(shop)
    assert ["n-2"] == [
        each["notification_id"] for each in shop.queue("Reviews").bodies()
    ]
    assert 2 == len(shop.bucket("Archive").keys())

    for name in FUNCTIONS:
        shop.function(name).fail(times=6)  # three attempts of each message
    publish(shop, notification("n-3", "confirmed"))
    publish(shop, notification("n-4", "refunded", total=900))
    account.settle()

    assert {"Archivist": 2, "Mailer": 1, "Reviewer": 1} == {
        name: len(shop.queue(f"{name}/Failures")) for name in FUNCTIONS
    }

    for name in FUNCTIONS:
        shop.subscription(f"{name}/Sns-Notifications").fail(times=200)
    publish(shop, notification("n-5", "confirmed"))
    publish(shop, notification("n-6", "refunded", total=900))
    account.settle()

    assert {"Archivist": 2, "Mailer": 1, "Reviewer": 1} == {
        name: len(shop.queue(f"{name}/Sns-Notifications-Undelivered"))
        for name in FUNCTIONS
    }


def notification(id: str, kind: str, total: float = 19.9) -> dict:
    return {
        "notification_id": id,
        "order_id": f"o-{id}",
        "customer_id": "c-1",
        "kind": kind,
        "total": total,
    }


def publish(shop, message: dict) -> None:
    attributes = {"kind": message["kind"]}
    shop.topic("Notifications").publish(message, attributes=attributes)


def mails(shop) -> list[str]:
    return [each["notification_id"] for each in shop.table("Outbox").items()]
