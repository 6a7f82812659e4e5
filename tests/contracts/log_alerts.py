"""Errors of an application are told, and an event that is given up is kept."""

from __future__ import annotations

FAILURES = "Watcher/Failures"


def contract(shop) -> None:
    """The failure path needs a grant of its own."""
    account = shop.account
    shop.log_group("Application").write("ERROR order 1")
    account.settle()

    assert ["1 x ERROR order 1"] == shop.topic("Alerts").messages()

    shop.function("Watcher").fail(times=3)
    shop.log_group("Application").write("ERROR payment 1")
    account.settle()

    assert 1 == len(shop.queue(FAILURES))
