"""Mail is kept whole and described, and what is given up is kept as well."""

from __future__ import annotations


def contract(shop) -> None:
    """Keeping what failed takes a grant of its own."""
    account = shop.account
    good = shop.receive_email(to=["a@example.org"], subject="good")
    account.settle()

    (item,) = shop.table("Messages").items()
    assert ("accepted", "good") == (item["status"], item["subject"])
    assert [f"raw/{good}"] == shop.bucket("Mails").keys()

    shop.function("Intake").fail(times=3)
    number = shop.receive_email(to=["a@example.org"], subject="bad")
    account.settle()

    (record,) = shop.queue("Intake/Failures").bodies()
    (lost,) = record["requestPayload"]["Records"]
    assert number == lost["ses"]["mail"]["messageId"]
