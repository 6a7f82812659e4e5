"""The clicks processor: every click counts once, and a bad one fails alone."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError

from tests.handlers.conftest import LambdaContext
from tests.handlers.events import event

AT = "2026-11-21T10:59:59+01:00"
GOOD = {"page": "/", "at": AT}


def record(click: object, sequence: int) -> dict[str, Any]:
    """One record as Lambda reads it from a shard."""
    (given,) = event("kinesis")["Records"]
    data = click if isinstance(click, bytes) else json.dumps(click).encode()
    number = str(sequence)
    return {
        **given,
        "eventID": f"shardId-000000000000:{number}",
        "kinesis": {
            **given["kinesis"],
            "data": base64.b64encode(data).decode(),
            "sequenceNumber": number,
        },
    }


@pytest.fixture
def processor(cold_start):
    client = boto3.client("dynamodb")
    for name, keys in (("counts", ("page", "hour")), ("counted", ("id",))):
        client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": key, "KeyType": kind}
                for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            AttributeDefinitions=[
                {"AttributeName": key, "AttributeType": "S"} for key in keys
            ],
        )
    return cold_start(
        "stream_processor", COUNTS_TABLE="counts", COUNTED_TABLE="counted"
    )


def deliver(processor, *records, context: LambdaContext | None = None) -> list[str]:
    answer = processor.handler({"Records": list(records)}, context or LambdaContext())
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def counts() -> dict[tuple[str, str], int]:
    items = boto3.resource("dynamodb").Table("counts").scan()["Items"]
    return {(each["page"], each["hour"]): int(each["clicks"]) for each in items}


@pytest.mark.parametrize("variable", ["COUNTS_TABLE", "COUNTED_TABLE"])
def test_fails_if_a_variable_is_missing(cold_start, variable):
    """
    A deployment that forgets a variable fails at once, not at the first click.
    """
    names = {"COUNTS_TABLE": "counts", "COUNTED_TABLE": "counted"}
    del names[variable]

    with pytest.raises(KeyError, match=variable):
        cold_start("stream_processor", **names)


def test_clicks_are_counted_by_page_and_hour(processor):
    """
    The hour is UTC's, wherever the browser is.
    """
    clicks = [GOOD, GOOD, GOOD | {"page": "/a"}, GOOD | {"at": "2026-11-21T10:00:00Z"}]

    assert [] == deliver(
        processor, *(record(click, number) for number, click in enumerate(clicks))
    )
    assert {
        ("/", "2026-11-21T09"): 2,
        ("/a", "2026-11-21T09"): 1,
        ("/", "2026-11-21T10"): 1,
    } == counts()


def test_a_record_that_comes_again_counts_once(processor):
    """
    Lambda delivers at least once, in a batch of its own or with others.
    """
    assert [] == deliver(processor, record(GOOD, 1))
    assert [] == deliver(processor, record(GOOD, 1), record(GOOD, 2))

    assert {("/", "2026-11-21T09"): 2} == counts()


BAD = {
    "not JSON": b"poison",
    "not text": b"\xff\xfe",
    "empty": b"",
    "not an object": [],
    "no page": {"at": AT},
    "no path": GOOD | {"page": "start"},
    "long page": GOOD | {"page": "/" + "x" * 256},
    "line break": GOOD | {"page": "/\n"},
    "no time": {"page": "/"},
    "time without zone": GOOD | {"at": "2026-11-21T10:00:00"},
}


@pytest.mark.parametrize("click", BAD.values(), ids=BAD)
def test_a_bad_click_fails_alone(processor, click):
    """
    Its neighbours count.
    """
    failed = deliver(processor, record(GOOD, 1), record(click, 2), record(GOOD, 3))

    assert ["2"] == failed
    assert {("/", "2026-11-21T09"): 2} == counts()


def test_fails_if_every_click_is_bad(processor):
    """
    A batch without a good click is an error of the function, so alarms see it.
    """
    with pytest.raises(BatchProcessingError, match="All records failed"):
        deliver(processor, record(b"poison", 1))

    assert {} == counts()


def test_what_does_not_fit_into_the_time_comes_again(processor):
    """
    A function that times out would report nothing.
    """
    with pytest.raises(BatchProcessingError):
        deliver(
            processor, record(GOOD, 1), context=LambdaContext(timeout_in_millis=3_000)
        )

    assert {} == counts()


def test_fails_if_the_table_is_gone(processor):
    """
    Only a record that is known is taken for a duplicate.
    """
    boto3.client("dynamodb").delete_table(TableName="counts")

    with pytest.raises(BatchProcessingError):
        deliver(processor, record(GOOD, 1))


def test_what_is_remembered_expires(processor):
    """
    Later than a click can come back.
    """
    began = time.time()

    deliver(processor, record(GOOD, 1))

    (item,) = boto3.resource("dynamodb").Table("counted").scan()["Items"]
    assert "shardId-000000000000:1" == item["id"]
    assert item["expiration"] > began + 33 * 24 * 60 * 60
