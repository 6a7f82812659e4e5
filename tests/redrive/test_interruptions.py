"""An interruption at any call loses nothing, and doubles nothing that it could know."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient

from lambda_constructs.redrive import (
    Aws,
    Options,
    Origin,
    Outcome,
    RedriveError,
    Status,
    Store,
    redrive,
)
from lambda_constructs.testing._served import Served

from .operator import MoveTasks

ALIAS = "arn:aws:lambda:eu-west-1:123456789012:function:worker:live"
MESSAGES = 2
SENDS = ("Invoke", "SendMessage")


class Interrupt:
    """Raises at the n-th call, or that of an operation, before it is made or after."""

    def __init__(self, at: int, *, after: bool, operation: str = "") -> None:
        self.at = at
        self.after = after
        self.operation = operation
        self.calls: list[str] = []

    def __enter__(self) -> Interrupt:
        self.original = BaseClient._make_api_call
        interrupt = self

        def call(client: BaseClient, operation: str, params: object) -> object:
            interrupt.calls.append(operation)
            counts = interrupt.operation in ("", operation)
            counted = [
                each for each in interrupt.calls if interrupt.operation in ("", each)
            ]
            hit = counts and len(counted) == interrupt.at
            if hit and not interrupt.after:
                raise KeyboardInterrupt
            answer = interrupt.original(client, operation, params)
            if hit:
                raise KeyboardInterrupt
            return answer

        BaseClient._make_api_call = call
        return self

    def __exit__(self, *_: object) -> None:
        BaseClient._make_api_call = self.original


class Function:
    """What Lambda took."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def served(self) -> AbstractContextManager[None]:
        served = Served()
        served.add("lambda", "Invoke", self.invoke)
        return served.watching()

    def invoke(self, params: Any) -> dict[str, Any]:
        self.events.append(json.loads(params["Payload"]))
        return {"StatusCode": 202}


def queue_with(bodies: list[str], name: str = "store") -> str:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body)
    return url


def left_in(url: str) -> int:
    wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = boto3.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=wanted
    )["Attributes"]
    return sum(map(int, told.values()))


def arn_of(name: str) -> str:
    return f"arn:aws:sqs:eu-west-1:123456789012:{name}"


def record(number: int) -> str:
    context = {"functionArn": ALIAS, "condition": "RetriesExhausted"}
    return json.dumps({"requestContext": context, "requestPayload": {"n": number}})


def run_twice(
    interrupt: Interrupt, run: Callable[[], list[Outcome]], again: Callable[[], None]
) -> tuple[bool, list[Outcome]]:
    """Run with the interruption and then without; tell whether there was one."""
    try:
        with interrupt:
            run()
    except KeyboardInterrupt:
        again()
        return True, run()
    return False, []


def make_visible(url: str) -> None:
    """Let the time pass that a killed run had hidden messages for."""
    from moto.sqs.models import sqs_backends

    queue = sqs_backends["123456789012"]["eu-west-1"].queues[url.rsplit("/", 1)[1]]
    for message in queue._messages:
        message.change_visibility(-1)
    queue.pending_messages.clear()  # which moto does in another order


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_records_are_neither_lost_nor_doubled(aws, tmp_path, after):
    """
    Each call is interrupted in turn. The one send whose answer is lost is repeated,
    since Lambda has no key to ask by, and is told of.
    """
    origin = Origin("async", "Worker", ALIAS, ALIAS)
    store = Store("Failures", "queue", arn_of("store"), (origin,))
    account, function = Aws(boto3.Session(), patience=0), Function()
    interrupted, at = True, 0
    while interrupted:
        at += 1
        function.events.clear()
        url = queue_with([record(n) for n in range(MESSAGES)])
        options = Options(journal=tmp_path / str(at))
        interrupt = Interrupt(at, after=after)

        def run(options=options) -> list[Outcome]:
            outcomes: list[Outcome] = []
            with function.served():
                redrive(account, store, options, report=outcomes.append)
            return outcomes

        interrupted, outcomes = run_twice(
            interrupt, run, lambda url=url: make_visible(url)
        )

        got = Counter(each["n"] for each in function.events)
        lost_answer = interrupted and after and interrupt.calls[at - 1] in SENDS
        assert set(range(MESSAGES)) == set(got)
        assert MESSAGES + lost_answer == got.total()
        if lost_answer:
            assert 1 == sum(each.status == Status.AGAIN for each in outcomes)
        assert 0 == left_in(url)
        boto3.client("sqs").delete_queue(QueueUrl=url)
    assert 3 * MESSAGES < at


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_fifo_queues_messages_are_not_even_doubled_by_a_lost_answer(
    aws, tmp_path, after
):
    """
    SQS knows their deduplication id for five minutes.
    """
    sqs = boto3.client("sqs")
    origin = Origin("queue", "Orders", arn_of("orders.fifo"), arn_of("orders.fifo"))
    store = Store("Dead", "queue", arn_of("dead.fifo"), (origin,))
    account = Aws(boto3.Session(), patience=0)
    interrupted, at = True, 0
    while interrupted:
        at += 1
        fifo = {"FifoQueue": "true"}
        dead, orders = (
            sqs.create_queue(QueueName=name, Attributes=fifo)["QueueUrl"]
            for name in ("dead.fifo", "orders.fifo")
        )
        for number in range(MESSAGES):
            sqs.send_message(
                QueueUrl=dead,
                MessageBody=str(number),
                MessageGroupId="g",
                MessageDeduplicationId=str(number),
                MessageAttributes={"a": {"DataType": "String", "StringValue": "b"}},
            )
        options = Options(one_by_one=True, journal=tmp_path / str(at))

        def run(options=options) -> list[Outcome]:
            outcomes: list[Outcome] = []
            redrive(account, store, options, report=outcomes.append)
            return outcomes

        interrupted, _ = run_twice(
            Interrupt(at, after=after), run, lambda dead=dead: make_visible(dead)
        )

        found = sqs.receive_message(
            QueueUrl=orders,
            MaxNumberOfMessages=10,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )["Messages"]
        assert [str(n) for n in range(MESSAGES)] == [each["Body"] for each in found]
        assert {"g"} == {each["Attributes"]["MessageGroupId"] for each in found}
        assert all(
            each["MessageAttributes"]["a"]["StringValue"] == "b" for each in found
        )
        assert 0 == left_in(dead)
        for url in (dead, orders):
            sqs.delete_queue(QueueUrl=url)
    assert 3 * MESSAGES < at


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_objects_are_neither_lost_nor_doubled(aws, tmp_path, after):
    """
    A bucket hides nothing; the journal does it alone.
    """
    s3 = boto3.client("s3")
    place = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket="store", CreateBucketConfiguration=place)
    origin = Origin("async", "Worker", ALIAS, ALIAS, "aws/lambda/async/worker/")
    store = Store("Failures", "bucket", "arn:aws:s3:::store", (origin,))
    account, function = Aws(boto3.Session()), Function()
    interrupted, at = True, 0
    while interrupted:
        at += 1
        function.events.clear()
        for number in range(MESSAGES):
            key = f"aws/lambda/async/worker/2026/01/01/{at}-{number}"
            s3.put_object(Bucket="store", Key=key, Body=record(number).encode())
        options = Options(journal=tmp_path / str(at))
        interrupt = Interrupt(at, after=after)

        def run(options=options) -> list[Outcome]:
            outcomes: list[Outcome] = []
            with function.served():
                redrive(account, store, options, report=outcomes.append)
            return outcomes

        interrupted, _ = run_twice(interrupt, run, lambda: None)

        got = Counter(each["n"] for each in function.events)
        lost_answer = interrupted and after and interrupt.calls[at - 1] in SENDS
        assert set(range(MESSAGES)) == set(got)
        assert MESSAGES + lost_answer == got.total()
        assert "Contents" not in s3.list_objects_v2(Bucket="store")
    assert 3 * MESSAGES < at


class TestMoving:
    """A whole dead-letter queue, which SQS moves."""

    @pytest.fixture
    def queues(self, aws):
        bodies = [str(number) for number in range(25)]
        return queue_with(bodies, "dead"), queue_with([], "orders")

    @pytest.fixture
    def store(self) -> Store:
        origin = Origin("queue", "Orders", arn_of("orders"), arn_of("orders"))
        return Store("Dead", "queue", arn_of("dead"), (origin,))

    def run(self, moves, store, options, stop=lambda: False) -> list[Outcome]:
        outcomes: list[Outcome] = []
        served = Served()
        moves.serve(served)
        with served.watching():
            account = Aws(boto3.Session(), sleep=lambda _: None, patience=0)
            redrive(account, store, options, report=outcomes.append, stop=stop)
        return outcomes

    def test_the_rate_goes_to_sqs(self, queues, store, tmp_path):
        """
        With the queue, since it is the one source.
        """
        moves = MoveTasks(boto3.client("sqs"))

        outcomes = self.run(moves, store, Options(rate=50, journal=tmp_path))

        assert 25 == sum(each.count for each in outcomes)
        assert [
            {
                "SourceArn": arn_of("dead"),
                "DestinationArn": arn_of("orders"),
                "MaxNumberOfMessagesPerSecond": 50,
            }
        ] == moves.requests
        assert (0, 25) == tuple(map(left_in, queues))

    def test_ending_cancels_the_task_and_the_next_run_moves_the_rest(
        self, queues, store, tmp_path
    ):
        """
        What was moved is in one queue only.
        """
        moves = MoveTasks(boto3.client("sqs"), at_once=5)
        asked = iter([False, True])

        first = self.run(
            moves, store, Options(journal=tmp_path), stop=lambda: next(asked)
        )
        between = tuple(map(left_in, queues))
        second = self.run(moves, store, Options(journal=tmp_path))

        assert "CANCELLED" == moves.tasks[1]["Status"]
        assert (True, 25) == (0 < between[0] < 25, sum(between))
        assert 25 == sum(each.count for each in first + second)
        assert (0, 25) == tuple(map(left_in, queues))

    def test_a_task_that_runs_is_waited_for(self, queues, store, tmp_path):
        """
        SQS has one for each queue.
        """
        moves = MoveTasks(boto3.client("sqs"))
        moves.start({"SourceArn": arn_of("dead"), "DestinationArn": arn_of("orders")})

        self.run(moves, store, Options(journal=tmp_path))

        assert 1 == len(moves.requests)
        assert (0, 25) == tuple(map(left_in, queues))

    def test_what_a_killed_run_had_sent_is_not_moved_again(
        self, queues, store, tmp_path
    ):
        """
        It is deleted first, by the journal.
        """
        one = Options(one_by_one=True, journal=tmp_path)
        with pytest.raises(KeyboardInterrupt), Interrupt(5, after=False) as interrupt:
            self.run(MoveTasks(boto3.client("sqs")), store, one)
        make_visible(queues[0])

        outcomes = self.run(
            MoveTasks(boto3.client("sqs")), store, Options(journal=tmp_path)
        )

        assert "DeleteMessage" == interrupt.calls[-2]
        assert Status.SETTLED == outcomes[0].status
        assert (0, 25) == tuple(map(left_in, queues))

    def test_what_a_killed_run_still_hides_is_not_left_to_sqs(
        self, queues, store, tmp_path
    ):
        """
        It would be visible again in the middle of moving.
        """
        one = Options(one_by_one=True, journal=tmp_path)
        interrupt = Interrupt(1, after=False, operation="DeleteMessage")
        with pytest.raises(KeyboardInterrupt), interrupt:
            self.run(MoveTasks(boto3.client("sqs")), store, one)
        boto3.client("sqs").receive_message(
            QueueUrl=queues[0], MaxNumberOfMessages=1, VisibilityTimeout=600
        )
        moves = MoveTasks(boto3.client("sqs"))

        self.run(moves, store, Options(journal=tmp_path))

        assert [] == moves.requests
        assert (1, 25) == tuple(map(left_in, queues))

    def test_fails_if_sqs_gives_up(self, queues, store, tmp_path):
        """
        In its own words.
        """
        moves = MoveTasks(boto3.client("sqs"))
        moves.start({"SourceArn": arn_of("dead"), "DestinationArn": arn_of("orders")})
        moves._move = lambda task: task.update(
            Status="FAILED", FailureReason="AccessDenied"
        )

        with pytest.raises(RedriveError, match="SQS stopped moving Dead: AccessDenied"):
            self.run(moves, store, Options(journal=tmp_path))


def test_one_run_at_a_time(aws, tmp_path: Path):
    """
    Two would send the same message twice.
    """
    from lambda_constructs.redrive._journal import open_journal

    other = open_journal(tmp_path, "arn:store")
    refused = pytest.raises(RedriveError, match="another run is sending from store")
    with open_journal(tmp_path, "arn:store"), refused, other:
        pass


def test_a_line_that_was_cut_off_is_no_line(tmp_path: Path):
    """
    The call that it announced was not made.
    """
    from lambda_constructs.redrive._journal import open_journal

    with open_journal(tmp_path, "arn:store") as journal:
        journal.note("first", "sent")
    with journal.path.open("a") as file:
        file.write('{"id": "second", "sta')

    with open_journal(tmp_path, "arn:store") as journal:
        assert "sent" == journal.of("first").state
        assert "" == journal.of("second").state
        assert {"first"} == journal.unsettled()
