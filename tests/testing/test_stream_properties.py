"""Whatever goes wrong, no record of a stream is lost, and none overtakes another.

https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
"""

from __future__ import annotations

import json
from collections import Counter

import pytest
from aws_cdk.assertions import Template
from hypothesis import given, settings
from hypothesis import strategies as st

from lambda_constructs.testing import LocalAccount
from lambda_constructs.testing._stream_poller import _place

from ._streams import stream_stack, told

RECORDS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["good", "bad", "crash", 3, 11])),
    min_size=1,
    max_size=20,
)
MAPPINGS = st.fixed_dictionaries(
    {
        "BatchSize": st.integers(1, 10),
        "BisectBatchOnFunctionError": st.booleans(),
        "FunctionResponseTypes": st.sampled_from([[], ["ReportBatchItemFailures"]]),
        "MaximumBatchingWindowInSeconds": st.sampled_from([0, 5]),
        "MaximumRecordAgeInSeconds": st.sampled_from([-1, 60]),
        "MaximumRetryAttempts": st.integers(0, 3),
        "ParallelizationFactor": st.integers(1, 3),
    }
)


@pytest.fixture(scope="module")
def template():
    return Template.from_stack(stream_stack(shards=2, failures="sqs")).to_json()


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(records=RECORDS, mapping=MAPPINGS, throttles=st.integers(0, 3))
def test_every_record_is_processed_or_at_the_destination(
    template, records, mapping, throttles
):
    """
    In exactly one of the two places; records of one key are processed in order.

    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    """
    template["Resources"]["Mapping"]["Properties"].update(mapping)
    with LocalAccount() as account:
        shop = account.deploy(template)
        (function,) = account.functions.values()
        account.faults.add(function, "throttle", throttles)
        for number, (key, what) in enumerate(records):
            (stream,) = account.client("kinesis").list_streams()["StreamNames"]
            account.client("kinesis").put_record(
                StreamName=stream,
                Data=f'{{"n": {number}, "do": {_json(what)}}}'.encode(),
                PartitionKey=key,
            )
        account.settle()

        partial = bool(mapping["FunctionResponseTypes"])
        processed = _processed(function, partial=partial)
        given_up = _given_up(account, shop, function)

    assert Counter(range(len(records))) == Counter(processed) + Counter(given_up)
    for key in "abc":
        of_key = [n for n in processed if records[n][0] == key]
        assert sorted(of_key) == of_key


def _json(what: object) -> str:
    return f'"{what}"' if isinstance(what, str) else str(what)


def _processed(function, *, partial: bool) -> list[int]:
    """Give the numbers of records that a handler was done with, in order."""
    done: list[tuple[float, int]] = []
    for each in function.invocations:
        if each.outcome.kind != "ok":
            continue
        failed = [
            item["itemIdentifier"] for item in each.outcome.payload["batchItemFailures"]
        ]
        for record in each.event["Records"]:
            if partial and record["kinesis"]["sequenceNumber"] in failed:
                break
            done.append((each.at + each.outcome.duration, told(record)["n"]))
    return [number for _, number in sorted(done, key=lambda pair: pair[0])]


def _given_up(account, shop, function) -> list[int]:
    """Give the numbers of the records that failure records speak of.

    As an operator would find them: by shard and sequence numbers, in the stream. The
    batch may leave out records of other keys in between.
    """
    numbers = {
        each.event["Records"][place]["eventID"]: told(each.event["Records"][place])["n"]
        for each in function.invocations
        for place in range(len(each.event["Records"]))
    }
    found: list[int] = []
    for failed in shop.queue("Failures").bodies():
        info = failed["KinesisBatchInfo"]
        first, last = (int(info[f"{end}SequenceNumber"]) for end in ("start", "end"))
        lane = next(
            lane
            for lane in _lanes(account, info["shardId"])
            if f"{info['shardId']}:{first}" in lane
        )
        inside = [
            event_id
            for event_id in lane
            if first <= int(event_id.partition(":")[2]) <= last
        ]
        assert info["batchSize"] == len(inside)
        found.extend(numbers.get(event_id, lane[event_id]) for event_id in inside)
    return found


def _lanes(account, shard: str) -> list[dict[str, int]]:
    """Give the records of each lane of a shard, as the stream has them."""
    (poller,) = account.pollers
    count = len(poller.lanes[shard])
    client = account.client("kinesis")
    iterator = client.get_shard_iterator(
        StreamName=poller.source.name, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    answer = client.get_records(ShardIterator=iterator, StreamARN=poller.source.arn)
    lanes: list[dict[str, int]] = [{} for _ in range(count)]
    for record in answer["Records"]:
        event_id = f"{shard}:{record['SequenceNumber']}"
        number = json.loads(record["Data"])["n"]
        lanes[_place(record["PartitionKey"], count)][event_id] = number
    return lanes
