"""What failed in the reference stacks goes back to where it failed, once."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from lambda_constructs.redrive import (
    Aws,
    Options,
    Outcome,
    Status,
    Store,
    choose,
    find_stores,
    look,
    measure,
    redrive,
)
from lambda_constructs.redrive._queue import LOOKING_SECONDS, SENDING_SECONDS
from stacks.delivery_transform import DeliveryTransformStack
from stacks.device_telemetry import DeviceTelemetryStack
from stacks.fifo_ledger import FifoLedgerStack
from stacks.nightly_cleanup import NightlyCleanupStack
from stacks.order_events import OrderEventsStack
from stacks.sqs_worker import SqsWorkerStack
from stacks.stream_processor import StreamProcessorStack
from stacks.table_projector import TableProjectorStack
from tests.stacks.test_delivery_transform import event, filed
from tests.stacks.test_fifo_ledger import Bank
from tests.stacks.test_notifications import (
    MisdirectedStack,
    mails,
    notification,
    publish,
)
from tests.stacks.test_order_events import order as placed
from tests.stacks.test_order_events import place
from tests.stacks.test_sqs_worker import order
from tests.stacks.test_stream_processor import click, counts
from tests.stacks.test_table_projector import order as tabled
from tests.stacks.test_table_projector import rows

from .operator import Operator
from .test_interruptions import Interrupt


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def stores(aws: Aws, shop, *names: str) -> list[Store]:
    return choose(find_stores(aws, shop.name), names)


def send(aws: Aws, store: Store, journal: Path, *ids: str, **options) -> list[Outcome]:
    outcomes: list[Outcome] = []
    given = Options(ids=frozenset(ids), journal=journal, **options)
    redrive(aws, store, given, report=outcomes.append)
    return outcomes


def statuses(outcomes: list[Outcome]) -> list[Status]:
    return [each.status for each in outcomes for _ in range(each.count)]


def test_a_selection_goes_back_alone_and_sqs_moves_the_rest(account, journal):
    """
    SQS moves all or nothing, so that a selection is sent from here.
    """
    shop = account.deploy(SqsWorkerStack)
    shop.function("Worker").fail(times=5)
    shop.queue("Queue").send(*[order(number) for number in range(3)])
    account.settle()

    with Operator(shop).asked() as aws:
        (store,) = stores(aws, shop)
        inside = measure(aws, store)
        later()
        messages = look(aws, store)
        later()
        (wanted,) = [each.id for each in messages if each.payload == order(1)]
        selected = send(aws, store, journal, wanted)
        account.settle()
        stored = [each["order_id"] for each in shop.table("Orders").items()]
        later()
        moved = send(aws, store, journal, rate=5)
    account.settle()

    assert ("Queue/DeadLetters", "queue", 3) == (store.name, store.kind, inside.count)
    assert 3 == len(messages)
    assert [(Status.SENT, wanted)] == [(each.status, each.id) for each in selected]
    assert [order(1)["order_id"]] == stored
    assert [Status.MOVED] * 2 == statuses(moved)
    assert 3 == len(shop.table("Orders").items())
    assert 3 == len(
        [r for i in shop.function("Worker").invocations[5:] for r in i.event["Records"]]
    )
    assert 0 == len(shop.queue("Queue/DeadLetters"))


def test_a_fifo_queue_gets_its_dead_letters_back_in_order(account, journal):
    """
    Group by group, and no deduplication swallows what is sent again.
    """
    bank = Bank(account.deploy(FifoLedgerStack))
    bank.open("alice", "bob")
    bank.shop.function("Ledger").fail(times=100)
    for number in range(3):
        bank.send("alice", "bob", number + 1, id=f"t-{number}")
    account.advance(3600)
    dead = [each["transfer_id"] for each in bank.dead_letters()]

    with Operator(bank.shop).asked() as aws:
        (store,) = stores(aws, bank.shop, "DeadLetters")
        outcomes = send(aws, store, journal, one_by_one=True)
    waiting = [each["transfer_id"] for each in bank.queue.bodies()]

    assert ["t-0", "t-1", "t-2"] == dead
    assert [Status.SENT] * 3 == statuses(outcomes)
    assert dead == waiting
    assert [] == bank.dead_letters()


def later() -> None:
    """moto puts back nothing that is older than twelve hours, unlike SQS."""
    time.sleep(LOOKING_SECONDS + 1)


class TestEvents:
    """Rules of a bus, and the functions that they invoke."""

    @pytest.fixture
    def shop(self, account):
        shop = account.deploy(OrderEventsStack)
        shop.function("Shipping").fail(times=3)
        place(shop, placed(1, total=60))
        account.settle()
        shop.rule("Shipping/Rule").fail(times=200)
        place(shop, placed(2, total=60))
        account.settle()
        return shop

    def test_what_was_not_processed_and_what_was_not_delivered_go_back(
        self, account, shop, journal
    ):
        """
        Each to the one function that missed it: the other has had its points.
        """
        with Operator(shop).asked() as aws:
            found = [each for each in stores(aws, shop) if measure(aws, each).count]
            later()
            (failed,) = look(aws, found[0])
            (lost,) = look(aws, found[1])
            later()
            outcomes = [each for store in found for each in send(aws, store, journal)]
        account.settle()

        assert ["Shipping/Failures", "Shipping/RuleUndelivered"] == [
            each.name for each in found
        ]
        assert "o-1" == failed.payload["detail"]["order_id"]
        assert "RuntimeError: fault on request" == failed.error
        assert (3, "1") == (failed.attempts, failed.version)
        assert "o-2" == lost.payload["detail"]["order_id"]
        assert "THROTTLING: fault on request" == lost.error
        assert failed.back.where == lost.back.where
        assert [Status.SENT] * 2 == statuses(outcomes)
        assert ["o-1", "o-2"] == [
            each["order_id"] for each in shop.table("Shipments").items()
        ]
        assert 2 == len(shop.function("Loyalty").invocations)
        assert 0 == sum(len(shop.queue(each.name)) for each in found)

    def test_an_interruption_in_the_middle_loses_and_doubles_nothing(
        self, account, shop, journal
    ):
        """
        The second of three was sent and is not yet deleted.
        """
        shop.function("Shipping").fail(times=6)
        place(shop, placed(3, total=9), placed(4, total=9))
        account.settle()
        tried = len(shop.function("Shipping").invocations)

        with Operator(shop).asked() as aws:
            (store,) = stores(aws, shop, "Shipping/Failures")
            interrupt = Interrupt(2, after=False, operation="DeleteMessage")
            with pytest.raises(KeyboardInterrupt), interrupt:
                send(aws, store, journal)
            time.sleep(SENDING_SECONDS + 1)
            outcomes = send(aws, store, journal)
        account.settle()

        sent = shop.function("Shipping").invocations[tried:]
        assert ["o-1", "o-3", "o-4"] == sorted(
            each.event["detail"]["order_id"] for each in sent
        )
        assert {Status.SETTLED: 1, Status.SENT: 1} == Counter(statuses(outcomes))
        assert 0 == len(shop.queue("Shipping/Failures"))

    def test_what_fails_again_is_in_the_store_again(self, account, shop, journal):
        """
        Lambda's retries give a new record, and the old one is gone.
        """
        shop.function("Shipping").fail(times=3)
        with Operator(shop).asked() as aws:
            (store,) = stores(aws, shop, "Shipping/Failures")
            (before,) = look(aws, store)
            later()
            send(aws, store, journal)
            account.settle()
            (after,) = look(aws, store)

        assert before.payload == after.payload
        assert before.id != after.id


def test_a_notification_goes_to_the_subscriber_that_missed_it(account, journal):
    """
    In the shape that SNS gives it, and no other subscriber gets it again.
    """
    shop = account.deploy(MisdirectedStack)
    publish(shop, notification("n-1", "confirmed"))
    account.settle()

    with Operator(shop).asked() as aws:
        (store,) = stores(aws, shop, "Mailer/Sns-Notifications-Undelivered")
        outcomes = send(aws, store, journal)
    account.settle()

    (event,) = [each.event for each in shop.function("Mailer").invocations]
    (archived,) = [each.event for each in shop.function("Archivist").invocations]
    assert [Status.SENT] == statuses(outcomes)
    assert ["n-1"] == mails(shop)
    assert archived["Records"][0].keys() == event["Records"][0].keys()
    assert archived["Records"][0]["Sns"] == {
        **event["Records"][0]["Sns"],
        "UnsubscribeUrl": archived["Records"][0]["Sns"]["UnsubscribeUrl"],
    }


class TestStreams:
    """What a mapping of a stream gave up."""

    def test_records_in_a_bucket_go_back_as_they_were(self, account, journal):
        """
        They are processed before the object is deleted.
        """
        shop = account.deploy(StreamProcessorStack)
        shop.function("Processor").fail(times=100)
        shop.stream("Clicks").put(*[click(1)] * 4, partition_key="/1")
        account.advance(60 * 3600)
        kept = shop.bucket("Discarded").keys()
        account.faults._pending.clear()

        with Operator(shop).asked() as aws:
            (store,) = stores(aws, shop)
            outcomes = send(aws, store, journal)

        assert ("Discarded", "bucket") == (store.name, store.kind)
        assert [Status.SENT] * len(kept) == statuses(outcomes)
        assert {"/1": 4} == counts(shop)
        assert [] == shop.bucket("Discarded").keys()

    def test_records_that_are_still_in_the_stream_are_read_again(
        self, account, journal
    ):
        """
        A queue has the range only.
        """
        shop = self.projector_that_gave_up(account)

        with Operator(shop).asked() as aws:
            (store,) = stores(aws, shop)
            messages = look(aws, store)
            later()
            problems = [each.back.check(aws) for each in messages]
            outcomes = send(aws, store, journal)

        assert ["", ""] == problems
        assert [1, 1] == [each.payload["batchSize"] for each in messages]
        assert [Status.SENT] * 2 == statuses(outcomes)
        assert [("c-1", "o-1"), ("c-1", "o-2")] == rows(shop)
        assert 0 == len(shop.queue("Projector/Failures"))

    def test_what_the_function_fails_again_stays(self, account, journal):
        """
        With how far it came.
        """
        shop = self.projector_that_gave_up(account)
        shop.function("Projector").fail()

        with Operator(shop).asked() as aws:
            (store,) = stores(aws, shop)
            failed, sent = send(aws, store, journal)

        assert (Status.FAILED, Status.SENT) == (failed.status, sent.status)
        assert (
            "the function failed again: RuntimeError: fault on request" == failed.detail
        )
        assert 1 == len(shop.queue("Projector/Failures"))

    def projector_that_gave_up(self, account):
        shop = account.deploy(TableProjectorStack)
        function = shop.function("Projector")
        function.fail(times=1000)
        for number in (1, 2):
            shop.table("Orders").put(tabled(number, "c-1"))
        account.settle()
        account.faults._pending.clear()
        return shop


def test_what_iot_alone_could_shape_is_kept_and_said(account, journal):
    """
    The rule's SQL adds to the message, which nothing here repeats.
    """
    plant = account.deploy(DeviceTelemetryStack)
    plant.topic_rule("Recorder/TopicRule").fail()
    account.client("iot-data").publish(
        topic="devices/press-7/telemetry", payload='{"celsius": 91.0}'
    )
    account.settle()

    with Operator(plant).asked() as aws:
        (store,) = stores(aws, plant, "Recorder/TopicRule/Undelivered")
        (message,) = look(aws, store)
        later()
        (outcome,) = send(aws, store, journal)

    assert {"celsius": 91.0} == message.payload
    assert (
        Status.KEPT,
        "what the rule's SQL makes of it is known to AWS IoT alone",
    ) == (outcome.status, outcome.detail)
    assert 1 == len(plant.queue("Recorder/TopicRule/Undelivered"))


def test_a_schedules_input_goes_to_its_target(account, journal):
    """
    As the schedule would have given it.
    """
    site = account.deploy(NightlyCleanupStack)
    (store_path,) = [
        each.path
        for each in site._resources.values()
        if each.type == "AWS::SQS::Queue" and "Undelivered" in each.path
    ]
    (schedule,) = [
        each
        for each in site._resources.values()
        if each.type == "AWS::Scheduler::Schedule"
    ]
    site.schedule(schedule.path).fail(times=500)
    account.advance(30 * 3600)
    account.sources.faults.clear()
    missed = len(site.queue(store_path))

    with Operator(site).asked() as aws:
        (store,) = stores(aws, site, store_path)
        outcomes = send(aws, store, journal)
    account.settle()

    assert 1 <= missed
    assert [Status.SENT] * missed == statuses(outcomes)
    assert missed == len(site.function("Cleaner").invocations)
    assert 0 == len(site.queue(store_path))


def test_records_of_a_delivery_stream_are_put_into_it_again(account, journal):
    """
    As they came, and transformed this time.
    """
    lake = account.deploy(DeliveryTransformStack)
    lake.function("Transformer").time_out(times=4)
    records = [event("order_placed", "e-1"), event("order_placed", "e-2")]
    lake.delivery_stream("Stream").put(*records)
    account.advance(600)
    account.settle()

    with Operator(lake).asked() as aws:
        (store,) = stores(aws, lake)
        (message,) = look(aws, store)
        outcomes = send(aws, store, journal)
    account.advance(600)
    account.settle()

    assert ("Lake", 4, records) == (store.name, message.attempts, message.payload)
    assert [Status.SENT] == statuses(outcomes)
    assert [["e-1", "e-2"]] == list(filed(account, lake).values())
    kept = lake.bucket("Lake").keys()
    assert not any(key.startswith("failed/") for key in kept)
