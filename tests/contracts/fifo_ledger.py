"""Transfers are booked in order and once, and poison takes nobody along."""

from __future__ import annotations

import boto3


def contract(shop) -> None:
    """Booking takes all of the grants but one, which puts poison aside."""
    bank = Bank(shop)
    bank.open("alice", "bob")

    bank.send("alice", "bob", 1, id="t-1")
    bank.queue.send("poison", group="bob", deduplication="p")
    bank.send("alice", "bob", 1, id="t-1", deduplication="sent again")
    shop.account.settle()

    assert [-1] == [each["amount"] for each in bank.entries("alice")]
    assert [1] == [each["amount"] for each in bank.entries("bob")]
    assert "booked" == bank.transfer("t-1")["status"]
    assert bank.is_sound()
    assert ["poison"] == bank.dead_letters()
    # At once: nothing in its group has waited for five receives of it.
    delivered = [
        record["body"]
        for each in shop.function("Ledger").invocations
        for record in each.event["Records"]
    ]
    assert 1 == delivered.count("poison")


class Bank:
    """The deployed ledger, in a bank's words."""

    def __init__(self, shop) -> None:
        self.shop = shop
        self.queue = shop.queue("Queue")
        self.tables = boto3.resource("dynamodb")

    def open(self, *names: str, balance: int = 1_000) -> None:
        """Open accounts with money in them, as if from one that is not shown."""
        for name in names:
            self.tables.Table(self.shop.table("Accounts").name).put_item(
                Item={"account_id": name, "balance": balance, "entries": 0}
            )

    def send(
        self, payer: str, payee: str, amount: int, *, id: str, deduplication: str = ""
    ) -> None:
        transfer = {
            "transfer_id": id,
            "from_account": payer,
            "to_account": payee,
            "amount": amount,
        }
        self.queue.send(transfer, group=payer, deduplication=deduplication or id)

    def entries(self, name: str) -> list[dict]:
        entries = self.shop.table("Entries").items()
        own = [each for each in entries if each["account_id"] == name]
        return sorted(own, key=lambda each: each["number"])

    def transfer(self, id: str) -> dict:
        (found,) = [
            each
            for each in self.shop.table("Transfers").items()
            if each["transfer_id"] == id
        ]
        return found

    def dead_letters(self) -> list:
        return self.shop.queue("DeadLetters").bodies()

    def is_sound(self) -> bool:
        """Debits and credits are equal, and balances are what the entries say."""
        accounts = self.shop.table("Accounts").items()
        total = sum(each["amount"] for each in self.shop.table("Entries").items())
        numbered = [
            [entry["number"] for entry in self.entries(each["account_id"])]
            == list(range(1, int(each["entries"]) + 1))
            for each in accounts
        ]
        balanced = [
            each["balance"] == self.entries(each["account_id"])[-1]["balance"]
            for each in accounts
            if each["entries"]
        ]
        return total == 0 and all(numbered) and all(balanced)
