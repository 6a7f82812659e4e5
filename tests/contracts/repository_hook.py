"""Each pushed commit is searched once, and a push that is given up is kept."""

from __future__ import annotations

KEY_ID = "AKIA" + "IOSFODNN7EXAMPLE"


def contract(shop) -> None:
    """A push that no attempt could check is kept."""
    account = shop.account
    shop.repository("Code").push(files={"config.py": KEY_ID})
    account.settle()

    assert 1 == len(shop.table("Commits").items())
    assert 1 == len(shop.topic("Findings").messages())

    shop.function("Hook").fail(times=3)
    commit = shop.repository("Code").push(files={"a.txt": "a"})
    account.settle()

    (record,) = shop.queue("Hook/Failures").bodies()
    (told,) = record["requestPayload"]["Records"]
    assert commit == told["codecommit"]["references"][0]["commit"]
