"""Ranges of a stream are read again: exactly what failed, or nothing."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from lambda_constructs.redrive import Aws
from lambda_constructs.redrive._batches import Batch, sequence_of
from lambda_constructs.redrive._streams import Range
from lambda_constructs.redrive.errors import SendError
from lambda_constructs.testing._served import ApiError, Served

ALIAS = "arn:aws:lambda:eu-west-1:123456789012:function:worker:live"
STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks"
SHARD = "shardId-000000000000"


class Progress:
    """How far it came."""

    def __init__(self, through: str = "") -> None:
        self.through = through
        self.reached: list[str] = []

    def reach(self, through: str) -> None:
        self.reached.append(through)


class Function:
    """Answers with what it is told to, and remembers its events."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.events: list[Any] = []

    def invoke(self, params: Any) -> dict[str, Any]:
        from lambda_constructs.testing._invoke_api import _stream

        self.events.append(json.loads(params["Payload"]))
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, ApiError):
            raise answer
        failed = {"FunctionError": "Unhandled"} if "errorMessage" in answer else {}
        payload = _stream(json.dumps(answer).encode())
        return {"StatusCode": 200, "Payload": payload, **failed}

    def served(self):
        served = Served()
        served.add("lambda", "Invoke", self.invoke)
        role = {"Role": "arn:aws:iam::123456789012:role/worker"}
        served.add("lambda", "GetFunctionConfiguration", lambda _: role)
        return served.watching()


@pytest.fixture
def account(aws) -> Aws:
    return Aws(boto3.Session(), sleep=lambda _: None, patience=0)


@pytest.fixture
def sequences(account) -> list[str]:
    """Six records in a shard."""
    kinesis = boto3.client("kinesis")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    return [
        kinesis.put_record(
            StreamName="clicks", Data=str(n).encode(), PartitionKey=f"k{n}"
        )["SequenceNumber"]
        for n in range(6)
    ]


def range_of(start: str, end: str, size: int, **options: Any) -> Range:
    return Range(ALIAS, STREAM, STREAM, SHARD, start, end, size, **options)


def test_the_range_is_read_in_the_shape_that_lambda_gives(account, sequences):
    """
    .../dg/with-kinesis.html; not one record more.
    """
    function = Function()
    with function.served():
        range_of(sequences[1], sequences[3], 3).send(account, Progress())

    (event,) = function.events
    assert sequences[1:4] == [sequence_of(each) for each in event["Records"]]
    first = event["Records"][0]
    assert f"{SHARD}:{sequences[1]}" == first["eventID"]
    assert ("k1", "MQ==") == (
        first["kinesis"]["partitionKey"],
        first["kinesis"]["data"],
    )
    assert (STREAM, "aws:kinesis", "eu-west-1") == (
        first["eventSourceARN"],
        first["eventSource"],
        first["awsRegion"],
    )
    assert "arn:aws:iam::123456789012:role/worker" == first["invokeIdentityArn"]


def test_batches_are_no_larger_than_the_mappings(account, sequences):
    """
    And what is done is noted after each.
    """
    function, progress = Function(), Progress()
    with function.served():
        range_of(sequences[0], sequences[4], 5, most=2).send(account, progress)

    assert [2, 2, 1] == [len(each["Records"]) for each in function.events]
    assert [sequences[1], sequences[3], sequences[4]] == progress.reached


def test_batches_hold_what_lambda_takes_at_once(account):
    """
    6 MB.
    """
    big = "x" * 2_500_000
    records = [{"kinesis": {"sequenceNumber": str(n), "data": big}} for n in range(5)]
    function = Function()
    with function.served():
        Batch(ALIAS, records).send(account, Progress())

    assert [2, 2, 1] == [len(each["Records"]) for each in function.events]


def test_an_interrupted_range_goes_on_behind_what_is_done(account, sequences):
    """
    By the journal's sequence number.
    """
    function = Function()
    with function.served():
        range_of(sequences[0], sequences[4], 5).send(account, Progress(sequences[2]))

    (event,) = function.events
    assert sequences[3:5] == [sequence_of(each) for each in event["Records"]]


def test_a_partial_response_ends_it_before_the_first_that_failed(account, sequences):
    """
    .../dg/services-kinesis-batchfailurereporting.html.
    """
    failed = {"batchItemFailures": [{"itemIdentifier": sequences[2]}]}
    function, progress = Function(failed), Progress()
    with function.served(), pytest.raises(SendError) as error:
        range_of(sequences[0], sequences[4], 5).send(account, progress)

    assert (
        f"the function failed again on record {sequences[2]}; "
        "2 of 5 in this batch are done"
    ) == str(error.value)
    assert [sequences[1]] == progress.reached


@pytest.mark.parametrize("identifier", ["", "no such record"])
def test_an_identifier_that_is_none_fails_the_batch(account, sequences, identifier):
    """
    As with Lambda.
    """
    failed = {"batchItemFailures": [{"itemIdentifier": identifier}]}
    function, progress = Function(failed), Progress()
    with function.served(), pytest.raises(SendError, match="0 of 2 in this batch"):
        range_of(sequences[0], sequences[1], 2).send(account, progress)

    assert [] == progress.reached


def test_what_others_took_is_not_sent_unless_told_to(account, sequences):
    """
    A filter, or a lane of another partition key.
    """
    narrow = range_of(sequences[0], sequences[4], 2)
    wide = range_of(sequences[0], sequences[4], 2, whole=True)
    function = Function()
    with function.served():
        assert "the range has 5 records now and the batch had 2" in narrow.check(
            account
        )
        wide.send(account, Progress())

    assert 5 == len(function.events[0]["Records"])


def test_what_has_expired_is_said_and_not_sent(account, sequences):
    """
    A part is not sent either: the record would go, and with it what tells of it.
    """
    gone = str(int(sequences[0]) - 1)
    function = Function()
    with function.served():
        why = range_of(gone, sequences[1], 3).check(account)

    assert (
        "expired: of 3 records 2 are left in the stream; a bucket as on_failure would "
        "have kept them"
    ) == why
    assert [] == function.events


def test_a_throttled_invocation_is_tried_again(account, sequences):
    """
    It has not arrived.
    """
    throttled = ApiError("TooManyRequestsException", "Rate Exceeded.", 429)
    function = Function(throttled, throttled)
    with function.served():
        range_of(sequences[0], sequences[1], 2).send(account, Progress())

    assert 3 == len(function.events)


def test_an_error_of_the_service_leaves_it_open(account, sequences):
    """
    The function may have run; the SDK does not send it again by itself.
    """
    function = Function(ApiError("ServiceException", "oops", 500))
    with function.served(), pytest.raises(SendError) as error:
        range_of(sequences[0], sequences[1], 2).send(account, Progress())

    assert error.value.certain is False
    assert 1 == len(function.events)
