"""The ledger: each transfer is booked or rejected once, in the order of its payer."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from aws_lambda_powertools.utilities.data_classes import SQSEvent
from botocore.exceptions import ClientError

from tests.conftest import ColdStart
from tests.handlers.conftest import LambdaContext
from tests.handlers.events import sqs_event, sqs_message
from tests.synthesized import Synthesized

TABLES = {
    "ACCOUNTS_TABLE": "Accounts",
    "ENTRIES_TABLE": "Entries",
    "TRANSFERS_TABLE": "Transfers",
}


def transfer(id: str = "t-1", **fields: Any) -> dict[str, Any]:
    return {
        "transfer_id": id,
        "from_account": "alice",
        "to_account": "bob",
        "amount": 10,
    } | fields


def message(id: str = "t-1", **fields: Any) -> dict[str, Any]:
    """A transfer in the group of its payer; the message has the transfer's id."""
    body = transfer(id, **fields)
    return sqs_message(body, id, group=str(body["from_account"]))


def cancelled(*codes: str) -> ClientError:
    """DynamoDB's answer when a transaction is not carried out."""
    reasons = [{"Code": code} for code in codes]
    error = {"Code": "TransactionCanceledException", "Message": "cancelled"}
    return boto3.client("dynamodb").exceptions.TransactionCanceledException(
        {"Error": error, "CancellationReasons": reasons}, "TransactWriteItems"
    )


@dataclass
class Ledger:
    """The handler after a cold start, its tables and its dead-letter queue."""

    module: ModuleType
    dead_letters_url: str
    stdout: io.StringIO = field(default_factory=io.StringIO)
    calls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tables = boto3.resource("dynamodb")
        for client in (self.module.dynamodb, self.module.sqs):
            client.meta.events.register("before-parameter-build.*.*", self.record)

    def record(self, model: Any, **_: object) -> None:
        self.calls.append(model.name)

    def open(self, *names: str, balance: int = 100, **fields: Any) -> None:
        for name in names:
            item = {"account_id": name, "balance": balance, "entries": 0, **fields}
            self.tables.Table("Accounts").put_item(Item=item)

    def deliver(
        self, *messages: dict[str, Any], context: LambdaContext | None = None
    ) -> list[str]:
        """Invoke the handler and return the ids of the messages that have to wait."""
        event = sqs_event(*messages)
        context = context or LambdaContext(timeout_in_millis=30_000)
        response = self.module.handler(event, context)
        return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]

    def items(self, table: str) -> list[dict[str, Any]]:
        return list(self.tables.Table(table).scan()["Items"])

    def entries(self, account: str) -> list[tuple[int, int, int]]:
        """Number, amount and balance of each entry of an account."""
        return sorted(
            (int(each["number"]), int(each["amount"]), int(each["balance"]))
            for each in self.items("Entries")
            if each["account_id"] == account
        )

    def balances(self) -> dict[str, int]:
        return {
            each["account_id"]: int(each["balance"]) for each in self.items("Accounts")
        }

    def decisions(self) -> dict[str, str]:
        return {
            each["transfer_id"]: each.get("reason", each["status"])
            for each in self.items("Transfers")
        }

    def dead_letters(self) -> list[tuple[str, str]]:
        """Group and body of each message that was put aside."""
        answer = boto3.client("sqs").receive_message(
            QueueUrl=self.dead_letters_url,
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["MessageGroupId"],
        )
        return [
            (each["Attributes"]["MessageGroupId"], each["Body"])
            for each in answer.get("Messages", [])
        ]

    def fail(self, operation: str, *errors: Exception | None) -> None:
        """Raise these instead of the first calls; None lets one pass."""
        answers = list(errors)

        def before_call(**_: object) -> None:
            error = answers.pop(0) if answers else None
            if error is not None:
                raise error

        events = self.module.dynamodb.meta.events
        events.register(f"before-call.dynamodb.{operation}", before_call)


@pytest.fixture
def ledger(
    assembly: dict[str, Synthesized],
    cold_start: ColdStart,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Ledger]:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    stack = assembly["fifo_ledger"]
    for name in TABLES.values():
        table = stack.named("AWS::DynamoDB::GlobalTable", name)
        boto3.client("dynamodb").create_table(
            TableName=name,
            BillingMode=table["BillingMode"],
            KeySchema=table["KeySchema"],
            AttributeDefinitions=table["AttributeDefinitions"],
        )
    url = boto3.client("sqs").create_queue(
        QueueName="dead.fifo", Attributes={"FifoQueue": "true"}
    )["QueueUrl"]
    with redirect_stdout(io.StringIO()) as stdout:
        module = cold_start(
            "fifo_ledger",
            **TABLES,
            DEAD_LETTERS_URL=url,
            POWERTOOLS_SERVICE_NAME="ledger",
        )
    made = Ledger(module, url, stdout)
    made.open("alice", "bob")
    yield made
    assert sum(made.balances().values()) % 100 == 0  # money is neither made nor lost


def test_events_have_the_documented_shape() -> None:
    """
    What these tests deliver is what Powertools knows as a message of a FIFO queue.
    """
    (record,) = SQSEvent(sqs_event(message())).records

    assert "alice" == record.attributes.message_group_id
    assert "t-1" == record.json_body["transfer_id"]


@pytest.mark.parametrize("variable", [*TABLES, "DEAD_LETTERS_URL"])
def test_fails_if_a_variable_is_missing(cold_start: ColdStart, variable: str) -> None:
    """
    A deployment that forgets a variable fails at once, not at the first transfer.
    """
    given = {**TABLES, "DEAD_LETTERS_URL": "https://sqs"}
    del given[variable]

    with pytest.raises(KeyError, match=variable):
        cold_start("fifo_ledger", **given)


class TestBooking:
    def test_writes_two_entries_and_both_balances(self, ledger: Ledger) -> None:
        """
        What one account loses the other gains, and each entry has the balance after.
        """
        assert [] == ledger.deliver(message(amount=30))

        assert [(1, -30, 70)] == ledger.entries("alice")
        assert [(1, 30, 130)] == ledger.entries("bob")
        assert {"alice": 70, "bob": 130} == ledger.balances()
        assert {"t-1": "booked"} == ledger.decisions()

    def test_numbers_the_entries_of_an_account_in_order(self, ledger: Ledger) -> None:
        """
        The running balance can be read at every number.
        """
        assert [] == ledger.deliver(
            *(message(f"t-{number}", amount=number) for number in (1, 2, 3))
        )

        assert [(1, -1, 99), (2, -2, 97), (3, -3, 94)] == ledger.entries("alice")

    def test_spends_the_last_cent(self, ledger: Ledger) -> None:
        """
        A balance of 0 is fine.
        """
        assert [] == ledger.deliver(message(amount=100))

        assert {"alice": 0, "bob": 200} == ledger.balances()

    def test_an_overdraft_may_be_used(self, ledger: Ledger) -> None:
        """
        As far as the account allows.
        """
        ledger.open("carol", balance=0, overdraft=50)

        ledger.deliver(
            message("t-1", from_account="carol", amount=50),
            message("t-2", from_account="carol", amount=1),
        )

        assert {"t-1": "booked", "t-2": "insufficient funds"} == ledger.decisions()


class TestRejections:
    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"amount": 101}, "insufficient funds"),
            ({"from_account": "nobody"}, "unknown account"),
            ({"to_account": "nobody"}, "unknown account"),
        ],
    )
    def test_are_recorded_with_a_reason_and_are_no_failures(
        self, ledger: Ledger, fields: dict[str, Any], reason: str
    ) -> None:
        """
        A decision of the business needs neither a retry nor a dead letter.
        """
        assert [] == ledger.deliver(message(**fields))

        assert {"t-1": reason} == ledger.decisions()
        assert [] == ledger.items("Entries")
        assert [] == ledger.dead_letters()

    def test_stay_rejections_when_money_comes_in_later(self, ledger: Ledger) -> None:
        """
        The second delivery of a transfer gets the first one's decision.
        """
        ledger.deliver(message(amount=101))
        ledger.deliver(message("t-2", from_account="bob", to_account="alice"))

        assert [] == ledger.deliver(message(amount=101))
        assert {"alice": 110, "bob": 90} == ledger.balances()

    def test_let_the_next_transfer_of_the_account_pass(self, ledger: Ledger) -> None:
        """
        The group goes on.
        """
        ledger.deliver(message("t-1", amount=101), message("t-2", amount=100))

        assert {"t-1": "insufficient funds", "t-2": "booked"} == ledger.decisions()


class TestDuplicates:
    def test_a_transfer_delivered_again_is_booked_once(self, ledger: Ledger) -> None:
        """
        In another invocation, in the same batch, or in a new message.
        """
        again = sqs_message(transfer(), "another message", group="alice")

        assert [] == ledger.deliver(message(), message())
        assert [] == ledger.deliver(again)
        assert [(1, -10, 90)] == ledger.entries("alice")

    def test_another_transfer_under_a_known_id_is_put_aside(
        self, ledger: Ledger
    ) -> None:
        """
        It is neither dropped nor booked.
        """
        ledger.deliver(message(amount=10))

        assert [] == ledger.deliver(message(amount=11))
        assert [("alice", json.dumps(transfer(amount=11)))] == ledger.dead_letters()
        assert {"alice": 90, "bob": 110} == ledger.balances()

    def test_a_lost_answer_is_no_failure(self, ledger: Ledger) -> None:
        """
        The transaction is found when the next delivery looks for it.
        """
        error = TimeoutError("lost")

        def lose(**_: object) -> None:
            nonlocal error
            events.unregister("after-call.dynamodb.TransactWriteItems", lose)
            raise error

        events = ledger.module.dynamodb.meta.events
        events.register("after-call.dynamodb.TransactWriteItems", lose)
        assert ["t-1"] == ledger.deliver(
            message(), message("b", from_account="bob", to_account="alice")
        )

        assert [] == ledger.deliver(message())
        assert 1 == len([n for n, amount, _ in ledger.entries("alice") if amount < 0])


BAD = {
    "not JSON": "poison",
    "empty": "",
    "not an object": "[]",
    "null": "null",
    "no amount": {key: transfer()[key] for key in ("transfer_id", "from_account")},
    "amount 0": transfer(amount=0),
    "negative amount": transfer(amount=-1),
    "half a cent": transfer(amount=0.5),
    "amount in words": transfer(amount="10"),
    "true as amount": transfer(amount=True),
    "huge amount": transfer(amount=10**12 + 1),
    "to itself": transfer(to_account="alice"),
    "blank in id": transfer("t 1"),
    "long id": transfer("t" * 65),
    "unknown field": transfer(currency="EUR"),
    "group of another": transfer(from_account="bob", to_account="alice"),
}


class TestPoison:
    @pytest.mark.parametrize("body", BAD.values(), ids=BAD)
    def test_is_put_aside_and_takes_nobody_along(
        self, ledger: Ledger, body: str | dict[str, Any]
    ) -> None:
        """
        Neither those of its own group nor others wait, and none is received for it.
        """
        bad = sqs_message(body, "bad", group="alice")

        assert [] == ledger.deliver(message("t-1"), bad, message("t-2"))
        assert [("alice", bad["body"])] == ledger.dead_letters()
        assert [(1, -10, 90), (2, -10, 80)] == ledger.entries("alice")

    def test_delivered_twice_is_put_aside_once(self, ledger: Ledger) -> None:
        """
        The queue knows it by the id of the message.
        """
        bad = sqs_message("poison", "bad", group="alice")

        ledger.deliver(bad)
        ledger.deliver(bad)

        assert 1 == len(ledger.dead_letters())

    def test_waits_if_it_cannot_be_put_aside(self, ledger: Ledger) -> None:
        """
        It is then in the hands of the queue's own redrive.
        """
        boto3.client("sqs").delete_queue(QueueUrl=ledger.dead_letters_url)
        bad = sqs_message("poison", "bad", group="alice")

        assert ["bad", "t-1"] == ledger.deliver(
            bad,
            message("t-1"),
            message("t-2", from_account="bob", to_account="alice"),
        )
        assert [(1, -10, 90)] == ledger.entries("bob")


class TestFailures:
    def test_the_rest_of_the_group_waits_and_other_groups_do_not(
        self, ledger: Ledger
    ) -> None:
        """
        Order holds within an account, and only there.
        """
        ledger.open("carol")
        ledger.fail("TransactWriteItems", OSError("no network"))

        assert ["t-1", "t-2"] == ledger.deliver(
            message("t-1"),
            message("c-1", from_account="carol"),
            message("t-2"),
            message("c-2", from_account="carol"),
        )
        assert [(1, -10, 90), (2, -10, 80)] == ledger.entries("carol")
        assert [] == ledger.entries("alice")

    def test_groups_are_forgotten_from_batch_to_batch(self, ledger: Ledger) -> None:
        """
        What failed once is tried when it comes again.
        """
        ledger.fail("TransactWriteItems", OSError("no network"))
        with pytest.raises(BatchProcessingError, match="All records failed"):
            ledger.deliver(message("t-1"), message("t-2"))

        assert [] == ledger.deliver(message("t-1"), message("t-2"))
        assert [(1, -10, 90), (2, -10, 80)] == ledger.entries("alice")

    @pytest.mark.parametrize("code", ["ConditionalCheckFailed", "TransactionConflict"])
    def test_a_race_is_run_again_with_what_is_there_now(
        self, ledger: Ledger, code: str
    ) -> None:
        """
        Another group credited the same payee in between.
        """
        ledger.fail("TransactWriteItems", cancelled("None", code))

        assert [] == ledger.deliver(message())
        assert ["TransactGetItems", "TransactWriteItems"] * 2 == ledger.calls
        assert [(1, -10, 90)] == ledger.entries("alice")

    def test_money_that_comes_in_between_reading_and_writing_is_kept(
        self, ledger: Ledger
    ) -> None:
        """
        The write is conditional on the entry that was seen last.
        """
        other = Ledger(ledger.module, ledger.dead_letters_url)

        def meddle(**_: object) -> None:
            events.unregister("before-call.dynamodb.TransactWriteItems", meddle)
            ledger.module.try_to_settle(
                ledger.module.Transfer(
                    **transfer("b-1", from_account="bob", to_account="alice")
                )
            )

        events = other.module.dynamodb.meta.events
        events.register("before-call.dynamodb.TransactWriteItems", meddle)

        assert [] == ledger.deliver(message("t-1", amount=100))
        assert {"alice": 10, "bob": 190} == ledger.balances()
        assert [(1, 10, 110), (2, -100, 10)] == ledger.entries("alice")

    def test_a_race_that_is_always_lost_goes_back_to_the_queue(
        self, ledger: Ledger
    ) -> None:
        """
        After five rounds.
        """
        ledger.fail("TransactWriteItems", *[cancelled("TransactionConflict")] * 5)

        with pytest.raises(BatchProcessingError, match="others were faster"):
            ledger.deliver(message())
        assert [] == ledger.items("Entries")

    def test_any_other_cancellation_is_a_failure(self, ledger: Ledger) -> None:
        """
        It would only fail again.
        """
        ledger.fail("TransactWriteItems", cancelled("ThrottlingError"))

        with pytest.raises(BatchProcessingError, match="TransactionCanceled"):
            ledger.deliver(message())
        assert 1 == ledger.calls.count("TransactWriteItems")

    def test_transfers_that_lack_time_go_back_to_the_queue(
        self, ledger: Ledger
    ) -> None:
        """
        A function that times out reports nothing, so what it booked would come again.
        """
        hurried = LambdaContext(timeout_in_millis=6_000)

        with pytest.raises(BatchProcessingError, match="too little time"):
            ledger.deliver(message(), context=hurried)
        assert [] == ledger.calls

    def test_a_round_gives_up_in_the_time_that_is_kept_for_it(
        self, ledger: Ledger
    ) -> None:
        """
        Two calls, each attempt of which hangs, and the longest pauses between.
        """
        config = ledger.module.config
        attempts = config.retries["total_max_attempts"]
        hanging = attempts * max(config.connect_timeout, config.read_timeout)
        pausing = sum(2**retry for retry in range(attempts - 1))

        assert 2_000 * (hanging + pausing) <= ledger.module.TIME_FOR_A_ROUND_MS


class TestLogs:
    def test_lines_name_the_message_and_the_outcome(self, ledger: Ledger) -> None:
        """
        Each message leaves one JSON line.
        """
        ledger.deliver(
            message("t-1"),
            message("t-1"),
            message("t-2", amount=1_000),
            sqs_message("poison", "bad", group="alice"),
        )

        assert [
            ("t-1", "transfer is booked"),
            ("t-1", "transfer is booked already"),
            ("t-2", "transfer is rejected"),
            ("bad", "message is put aside"),
        ] == [
            (line["message_id"], line["message"])
            for line in map(json.loads, ledger.stdout.getvalue().splitlines())
        ]

    @pytest.mark.parametrize("name", ["transfer_id", "from_account", "amount", "note"])
    def test_nothing_logs_what_was_sent(self, ledger: Ledger, name: str) -> None:
        """
        A fault is named by its place.
        """
        body = (
            transfer(**{name: "se cret"})
            if name != "transfer_id"
            else (transfer("se cret"))
        )

        ledger.deliver(sqs_message(body, "bad", group="alice"))

        assert "se cret" not in ledger.stdout.getvalue()
        assert 1 == len(ledger.dead_letters())
