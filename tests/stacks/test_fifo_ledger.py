"""What the ledger behind a FIFO queue promises."""

from __future__ import annotations

import pytest

from stacks.fifo_ledger import FifoLedgerStack
from tests.contracts.fifo_ledger import Bank, contract
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["fifo_ledger"]


def test_the_books_are_kept_and_can_be_restored(stack):
    """
    All three tables survive the stack, and yesterday can be had back.
    """
    tables = stack.of_type("AWS::DynamoDB::GlobalTable")

    assert 3 == len(tables)
    for table in tables.values():
        (replica,) = table["Properties"]["Replicas"]
        recovery = replica["PointInTimeRecoverySpecification"]
        assert "Retain" == table["DeletionPolicy"]
        assert replica["DeletionProtectionEnabled"] is True
        assert recovery["PointInTimeRecoveryEnabled"] is True


def test_both_queues_are_fifo(stack):
    """
    SQS redrives from FIFO into FIFO only, and so the order is kept there too.
    """
    queue = stack.named("AWS::SQS::Queue", "Queue")
    dead = stack.named("AWS::SQS::Queue", "DeadLetters")

    assert queue["FifoQueue"] is True
    assert dead["FifoQueue"] is True
    assert 5 == queue["RedrivePolicy"]["maxReceiveCount"]


def test_accounts_do_not_share_a_throughput(stack):
    """
    Each message group has its own; deduplication goes by group then, too.
    """
    queue = stack.named("AWS::SQS::Queue", "Queue")

    assert "perMessageGroupId" == queue["FifoThroughputLimit"]
    assert "messageGroup" == queue["DeduplicationScope"]


def test_the_ledger_can_neither_delete_nor_scan(stack):
    """
    Entries are written once, and what is read is read by its key.
    """
    policy = stack.named("AWS::IAM::ManagedPolicy", "LedgerPolicy")
    actions = {
        action
        for statement in policy["PolicyDocument"]["Statement"]
        for action in (
            [statement["Action"]]
            if isinstance(statement["Action"], str)
            else statement["Action"]
        )
        if action.startswith("dynamodb:")
    }

    assert {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"} == actions


class TestDriven:
    """The stack at work, under its own role and Lambda's own rules."""

    @pytest.fixture
    def bank(self, account) -> Bank:
        return Bank(account.deploy(FifoLedgerStack))

    def test_transfers_are_booked_in_order_and_once(self, account, bank):
        """
        Each account's entries are numbered, and each goes on from the one before.
        """
        bank.open("alice", "bob")
        for number in range(12):
            bank.send("alice", "bob", 10 + number, id=f"t-{number}")
            bank.send("bob", "alice", 1, id=f"b-{number}")
        bank.send("alice", "bob", 10, id="t-0", deduplication="sent again")
        account.settle()

        assert [f"t-{number}" for number in range(12)] == [
            each["transfer_id"] for each in bank.entries("alice") if each["amount"] < 0
        ]
        assert 24 == len(bank.entries("bob"))
        assert bank.is_sound()
        assert [] == bank.dead_letters()

    def test_nothing_is_booked_twice_though_everything_is_delivered_twice(
        self, account, bank
    ):
        """
        What is known of a transfer is kept in the transaction that books it.
        """
        bank.open("alice", "bob")
        bank.shop.function("Ledger").deliver_twice()
        bank.send("alice", "bob", 10, id="t-1")
        account.settle()

        assert 2 == len(bank.shop.function("Ledger").invocations)
        assert [-10] == [each["amount"] for each in bank.entries("alice")]
        assert bank.is_sound()

    def test_a_transfer_without_funds_is_rejected_and_is_no_failure(
        self, account, bank
    ):
        """
        It is recorded with its reason, and the next one of the account goes on.
        """
        bank.open("alice", "bob", balance=10)
        bank.send("alice", "bob", 11, id="t-2")
        bank.send("alice", "bob", 10, id="t-3")
        account.settle()

        assert "insufficient funds" == bank.transfer("t-2")["reason"]
        assert "booked" == bank.transfer("t-3")["status"]
        assert [] == bank.dead_letters()
        assert bank.is_sound()

    def test_poison_is_put_aside_at_once_and_takes_nobody_along(self, account, bank):
        """
        Those behind it in its group are booked in the same invocation.
        """
        bank.open("alice", "bob")
        bank.send("alice", "bob", 1, id="t-1")
        bank.queue.send("poison", group="alice", deduplication="p")
        bank.send("alice", "bob", 2, id="t-2")
        account.settle()

        assert ["poison"] == bank.dead_letters()
        assert [-1, -2] == [each["amount"] for each in bank.entries("alice")]
        assert 1 == len(bank.shop.function("Ledger").invocations)

    def test_a_failing_table_delays_and_keeps_the_order(self, account, bank):
        """
        The rest of the group waits for the one that failed.
        """
        bank.open("alice", "bob", "carol")
        account.fail_calls("dynamodb", "TransactWriteItems", "InternalServerError")
        for number in range(3):
            bank.send("alice", "bob", number + 1, id=f"t-{number}")
        bank.send("carol", "bob", 9, id="c-1")
        account.settle()

        assert [-1, -2, -3] == [each["amount"] for each in bank.entries("alice")]
        assert 9 == bank.entries("bob")[0]["amount"]
        assert bank.is_sound()
        assert [] == bank.dead_letters()

    def test_what_fails_five_times_is_a_dead_letter(self, account, bank):
        """
        In its order, by the queue's own redrive.
        """
        bank.open("alice", "bob")
        account.fail_calls(
            "dynamodb", "TransactGetItems", "InternalServerError", times=5
        )
        bank.send("alice", "bob", 1, id="t-1")
        account.settle()

        assert ["t-1"] == [each["transfer_id"] for each in bank.dead_letters()]
        assert 5 == len(bank.shop.function("Ledger").invocations)
        assert [] == bank.entries("alice")

    def test_every_grant_is_needed_and_none_is_missing(self, account, bank):
        """
        Booking takes all of them but one; that is for poison.
        """
        contract(bank.shop)

        account.assert_least_privilege()
