"""Streams are delivered by Lambda's rules: in order, and until done or given up.

https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
"""

from __future__ import annotations

import pytest
from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Template

from lambda_constructs.event_sources import DynamoDbEventSource
from lambda_constructs.testing.errors import AccountError, UnmodelledError

from ._streams import (
    BY_RECORD,
    KINESIS,
    batches,
    lines,
    new_stack,
    stream_stack,
    times,
    told,
)
from ._templates import deny
from .conftest import make_function

PARTIAL = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
BISECT = {"BisectBatchOnFunctionError": True}


def test_records_come_in_order_and_once(account):
    """
    What was processed is not delivered again.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
    """
    shop = account.deploy(stream_stack())

    shop.stream("Stream").put("a", "b")
    account.settle()
    shop.stream("Stream").put("c")
    account.settle()

    assert [["a", "b"], ["c"]] == batches(shop)


@pytest.mark.parametrize(("size", "expected"), [(None, [100, 5]), (40, [40, 40, 25])])
def test_a_batch_holds_as_many_as_it_may(account, size, expected):
    """
    A hundred by default.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
    """
    given = {} if size is None else {"BatchSize": size}
    shop = account.deploy(stream_stack(**given))

    shop.stream("Stream").put(*["x"] * 105)
    account.settle()

    assert expected == [len(batch) for batch in batches(shop)]


def test_a_batch_is_no_larger_than_a_payload(account):
    """
    6 MB, of which base64 takes a third.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
    """
    shop = account.deploy(stream_stack())

    shop.stream("Stream").put(*["x" * 1_000_000] * 6)
    account.settle()

    assert [4, 2] == [len(batch) for batch in batches(shop)]


def test_the_next_batch_waits_for_the_one_before(account):
    """
    One at a time per shard.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
    """
    shop = account.deploy(stream_stack(BatchSize=1))

    shop.stream("Stream").put(2, 3, 1)
    account.settle()

    assert [0, 2, 5] == times(shop)


def test_a_window_gathers_a_batch(account):
    """
    Until it is full or the window is over.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
    """
    shop = account.deploy(stream_stack(BatchSize=3, MaximumBatchingWindowInSeconds=20))

    shop.stream("Stream").put(0)
    account.advance(5)
    shop.stream("Stream").put(0)
    account.settle()
    shop.stream("Stream").put(0, 0, 0, 0)
    account.settle()

    assert [[0, 0], [0, 0, 0], [0]] == batches(shop)
    assert [20, 20, 40] == times(shop)


def test_a_full_batch_does_not_wait_for_the_window(account):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
    """
    stack = stream_stack(BatchSize=3, MaximumBatchingWindowInSeconds=20)
    shop = account.deploy(stack)

    shop.stream("Stream").put(0, 0, 0)
    account.settle()

    assert [0] == times(shop)


def test_trim_horizon_reads_what_was_there_before(account):
    """
    From the oldest record on.

    https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    """
    assert [["old"], ["new"]] == _delivered(account, StartingPosition="TRIM_HORIZON")


def test_latest_reads_only_what_comes_then(account):
    """
    What was there before is never delivered.

    https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    """
    assert [["new"]] == _delivered(account, StartingPosition="LATEST")


@pytest.mark.parametrize(("at", "expected"), [(0, ["old"]), (1, [])])
def test_at_timestamp_reads_from_then_on(account, at, expected):
    """
    In seconds since 1970.

    https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    """
    delivered = _delivered(
        account,
        StartingPosition="AT_TIMESTAMP",
        StartingPositionTimestamp=account.clock.start + at,
    )

    assert [*expected, "new"] == [each for batch in delivered for each in batch]


def _delivered(account, **properties):
    """Put a record, deploy the worker two seconds later, and put another one."""
    client = account.client("kinesis")
    client.create_stream(StreamName="known", ShardCount=1)
    client.put_record(StreamName="known", Data=b'"old"', PartitionKey="k")
    account.advance(2)
    stack = stream_stack(**properties)
    template = Template.from_stack(stack).to_json()
    mapping = template["Resources"]["Mapping"]["Properties"]
    mapping["EventSourceArn"] = (
        f"arn:aws:kinesis:{account.region}:{account.id}:stream/known"
    )
    policy = {"Effect": "Allow", "Action": list(KINESIS), "Resource": "*"}
    for each in template["Resources"].values():
        if each["Type"] == "AWS::IAM::ManagedPolicy":
            each["Properties"]["PolicyDocument"]["Statement"].append(policy)
    shop = account.deploy(template)
    account.settle()
    client.put_record(StreamName="known", Data=b'"new"', PartitionKey="k")
    account.settle()
    name = next(iter(account.functions))
    return [
        [told(each) for each in invocation.event["Records"]]
        for invocation in shop.account.functions[name].invocations
    ]


def test_an_error_stops_the_shard_until_it_is_retried(account):
    """
    The same batch comes again, after 1 s, 2 s, 4 s and so on up to 60 s.

    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    """
    shop = account.deploy(stream_stack())
    shop.function("Worker").fail(times=9)

    shop.stream("Stream").put("a")
    account.advance(0)
    shop.stream("Stream").put("b")
    account.settle()

    assert [["a"]] * 10 + [["b"]] == batches(shop)
    assert [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 243] == times(shop)


def test_another_shard_goes_on(account):
    """
    A failure blocks its own shard only.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
    """
    shop = account.deploy(stream_stack(shards=2, MaximumRetryAttempts=1))

    shop.stream("Stream").put("crash", partition_key="a")
    account.advance(0)
    shop.stream("Stream").put("good", partition_key="b")
    account.settle()

    assert [["crash"], ["good"], ["crash"]] == batches(shop)
    assert [0, 0, 1] == times(shop)


def test_retries_end_and_the_shard_goes_on(account):
    """
    One attempt and two retries; then the next batch.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
    """
    shop = account.deploy(stream_stack(MaximumRetryAttempts=2, BatchSize=1))

    shop.stream("Stream").put("crash", "good")
    account.settle()

    assert [*[["crash"]] * 3, ["good"]] == batches(shop)
    assert ["given up 1 record, 1: RetryAttemptsExhausted"] == lines(
        account, "given up"
    )


def test_without_a_limit_records_are_retried_until_they_expire(account):
    """
    A day, unless the stream keeps them longer.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
    """
    shop = account.deploy(stream_stack(failures="sqs"))

    shop.stream("Stream").put("crash")
    account.advance(86_000)
    before = len(shop.queue("Failures"))
    account.settle()

    assert 0 == before
    assert 86_400 <= account.elapsed() < 86_460
    (failed,) = shop.queue("Failures").bodies()
    assert "RecordAgeExceeded" == failed["requestContext"]["condition"]


def test_records_expire_with_the_retention_of_the_stream(account):
    """
    Two days here.

    https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html
    """
    kept = {"retention_period": Duration.hours(48)}
    shop = account.deploy(stream_stack(failures="sqs", stream=kept))

    shop.stream("Stream").put("crash")
    account.settle()

    assert 2 * 86_400 <= account.elapsed() < 2 * 86_400 + 60
    assert 1 == len(shop.queue("Failures"))


def test_a_record_that_is_too_old_is_given_up_alone(account):
    """
    The younger ones of its batch are still delivered.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
    """
    shop = account.deploy(
        stream_stack(
            failures="sqs",
            MaximumRecordAgeInSeconds=60,
            MaximumBatchingWindowInSeconds=30,
        )
    )
    shop.function("Worker").fail(times=5)

    shop.stream("Stream").put("old")
    account.advance(29)
    shop.stream("Stream").put("young")
    account.settle()

    assert [*[["old", "young"]] * 5, ["young"]] == batches(shop)
    (failed,) = shop.queue("Failures").bodies()
    assert "RecordAgeExceeded" == failed["requestContext"]["condition"]
    assert 1 == failed["KinesisBatchInfo"]["batchSize"]


def test_throttles_are_retried_and_do_not_count(account):
    """
    Without any attempt left, the record still comes to its handler.

    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    """
    shop = account.deploy(stream_stack(failures="sqs", MaximumRetryAttempts=0))
    shop.function("Worker").throttle(times=5)

    shop.stream("Stream").put("good")
    account.settle()

    kinds = [each.outcome.kind for each in shop.function("Worker").invocations]
    assert [*["throttled"] * 5, "ok"] == kinds
    assert 0 == len(shop.queue("Failures"))


def test_bisecting_isolates_the_bad_record(account):
    """
    Halves are retried separately and in order, and splitting costs no retry.

    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    """
    shop = account.deploy(
        stream_stack(failures="sqs", MaximumRetryAttempts=1, **BISECT)
    )

    shop.stream("Stream").put("a", "b", "crash", "d", "e")
    account.settle()

    assert [
        ["a", "b", "crash", "d", "e"],
        ["a", "b", "crash"],
        ["a", "b"],
        ["crash"],
        ["crash"],
        ["d", "e"],
    ] == batches(shop)
    assert ["bisected 3 + 2", "bisected 2 + 1"] == lines(account, "bisected")
    assert 1 == len(shop.queue("Failures"))


def test_a_partial_response_goes_back_to_the_lowest_number(account):
    """
    Whatever comes behind it is delivered again.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """
    shop = account.deploy(stream_stack(MaximumRetryAttempts=1, **PARTIAL))

    shop.stream("Stream").put("a", "bad", "c", "bad")
    account.settle()

    assert [["a", "bad", "c", "bad"], ["bad", "c", "bad"]] == batches(shop)
    assert ["given up 3 records, 2 to 4: RetryAttemptsExhausted"] == lines(
        account, "given up"
    )


def test_a_partial_response_goes_back_to_the_lowest_number_of_several(account):
    """
    In whatever order they are reported.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """
    code = """
def handler(event, context):
    numbers = [each["kinesis"]["sequenceNumber"] for each in event["Records"]]
    if len(numbers) == 4:
        failed = [{"itemIdentifier": each} for each in (numbers[3], numbers[1])]
        return {"batchItemFailures": failed}
"""
    shop = account.deploy(stream_stack(code, **PARTIAL))

    shop.stream("Stream").put("a", "b", "c", "d")
    account.settle()

    assert [["a", "b", "c", "d"], ["b", "c", "d"]] == batches(shop)


def test_a_partial_response_is_bisected_where_it_says(account):
    """
    At the returned number, and in the middle where that splits off nothing.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """
    shop = account.deploy(stream_stack(MaximumRetryAttempts=0, **PARTIAL, **BISECT))

    shop.stream("Stream").put("a", "bad", "c", "d")
    account.settle()

    assert [
        ["a", "bad", "c", "d"],
        ["bad", "c", "d"],
        ["bad", "c"],
        ["bad"],
        ["c"],
        ["d"],
    ] == batches(shop)
    assert ["given up 1 record, 2: RetryAttemptsExhausted"] == lines(
        account, "given up"
    )


def test_without_partial_responses_what_is_returned_does_not_count(account):
    """
    The mapping has to say so.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """
    shop = account.deploy(stream_stack())

    shop.stream("Stream").put("bad")
    account.settle()

    assert [["bad"]] == batches(shop)


@pytest.mark.parametrize(
    ("response", "attempts"),
    [
        ("None", 1),
        ("{}", 1),
        ('{"batchItemFailures": None}', 1),
        ('{"batchItemFailures": []}', 1),
        ('{"batchItemFailures": [{"itemIdentifier": ""}]}', 2),
        ('{"batchItemFailures": [{"itemIdentifier": None}]}', 2),
        ('{"batchItemFailures": [{"itemIdentifier": "unknown"}]}', 2),
        ('{"batchItemFailures": [{"itemIdentifier": []}]}', 2),
        ('{"batchItemFailures": [{"id": "1"}]}', 2),
        ('{"batchItemFailures": ["1"]}', 2),
        ('{"batchItemFailures": "x"}', 2),
        ('"text"', 2),
    ],
)
def test_a_malformed_response_fails_the_whole_batch(account, response, attempts):
    """
    An empty one is a success, an unknown or empty identifier is not.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """
    code = f"def handler(event, context):\n    return {response}"
    shop = account.deploy(stream_stack(code, MaximumRetryAttempts=1, **PARTIAL))

    shop.stream("Stream").put("a", "b")
    account.settle()

    assert attempts == len(batches(shop))


def test_a_timeout_fails_the_batch(account):
    """
    It counts as an error of the function.

    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    """
    shop = account.deploy(stream_stack(MaximumRetryAttempts=1))

    shop.stream("Stream").put(11)
    account.settle()

    assert [0, 11] == times(shop)


def test_reserved_concurrency_throttles_shards(account):
    """
    Two shards want two environments; the second batch comes when it can.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
    """
    stack = stream_stack(shards=2, function={"reserved_concurrent_executions": 1})
    shop = account.deploy(stack)

    shop.stream("Stream").put(4, partition_key="a")
    shop.stream("Stream").put(5, partition_key="b")
    account.settle()

    invocations = shop.function("Worker").invocations
    kinds = [each.outcome.kind for each in invocations]
    assert ["ok", "throttled", "throttled", "throttled", "ok"] == kinds
    assert [0, 0, 1, 3, 7] == times(shop)


def test_a_mapping_that_may_not_read_delivers_nothing(account):
    """
    The denial is in the timeline and in what the role misses.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
    """
    shop = account.deploy(stream_stack())
    deny(account, shop.function("Worker"), "kinesis:GetRecords")

    shop.stream("Stream").put("a")
    account.settle()

    assert [] == batches(shop)
    (missing,) = shop.function("Worker").access.missing
    assert "kinesis:GetRecords" == missing[0]


def test_what_the_poller_needs_is_what_it_uses(account):
    """
    No permission too many, none too few.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
    """
    shop = account.deploy(stream_stack())

    shop.stream("Stream").put("a")
    account.settle()

    used = {action for action, _ in shop.function("Worker").access.used}
    assert set(KINESIS) <= used
    assert not {
        action
        for action, _ in shop.function("Worker").access.unused
        if action.startswith("kinesis:")
    }


def test_a_disabled_mapping_does_not_poll(account):
    """
    The records stay where they are.

    https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    """
    shop = account.deploy(stream_stack(Enabled=False))

    shop.stream("Stream").put("a")
    account.settle()

    assert [] == batches(shop)


def test_a_record_of_a_handler_comes_when_it_was_put(account):
    """
    Not before, although the kit runs the handler in one go.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
    """
    code = """
import base64, boto3, time
def handler(event, context):
    record = event["Records"][0]
    if base64.b64decode(record["kinesis"]["data"]) == b"first":
        time.sleep(3)
        name = record["eventSourceARN"].split("/")[1]
        boto3.client("kinesis").put_record(
            StreamName=name, Data=b"second", PartitionKey="b")
        time.sleep(3)
"""
    allow = (*KINESIS, "kinesis:PutRecord")
    shop = account.deploy(stream_stack(code, shards=2, allow=allow, BatchSize=1))

    shop.stream("Stream").put("first", partition_key="a")
    account.settle()

    assert [["first"], ["second"]] == batches(shop)
    assert [0, 3] == times(shop)


def test_fails_if_the_position_is_unknown(account):
    """
    Lambda would not create the mapping.

    https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    """
    with pytest.raises(AccountError, match="AT_TIMESTAMP or LATEST or TRIM_HORIZON"):
        account.deploy(stream_stack(StartingPosition="EARLIEST"))


def test_fails_if_the_stream_is_resharded(account):
    """
    moto moves records to the new shards, where they would be delivered again.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
    """
    shop = account.deploy(stream_stack())

    with pytest.raises(UnmodelledError, match="resharded"):
        account.client("kinesis").update_shard_count(
            StreamName=shop.stream("Stream").name,
            TargetShardCount=2,
            ScalingType="UNIFORM_SCALING",
        )


def test_the_timeline_says_what_happened(account):
    """
    One line each, for a person.
    """
    shop = account.deploy(
        stream_stack(failures="sqs", MaximumRetryAttempts=1, **BISECT)
    )

    shop.stream("Stream").put("good", "crash")
    account.settle()

    assert [
        "sent 2 records of key key",
        "polled 2 records of shardId-000000000000",
        "invoked RuntimeError: crash cold",
        "bisected 1 + 1",
        "retry 1 record in 1 s",
        "invoked ok in 0.000 s",
        "invoked RuntimeError: crash",
        "retry 1 record in 1 s",
        "invoked RuntimeError: crash",
        "given up 1 record, 2: RetryAttemptsExhausted",
        "destination Failures",
    ] == lines(account)


def test_the_stream_of_an_encrypted_table_needs_the_table_s_key(account):
    """
    Which the poller uses, and so the role.

    https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html
    """
    stack = new_stack()
    worker = make_function(stack, BY_RECORD)
    table = dynamodb.Table(
        stack,
        "Table",
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
        stream=dynamodb.StreamViewType.NEW_IMAGE,
        encryption_key=kms.Key(stack, "Key"),
    )
    worker.add_event_source(DynamoDbEventSource(table, on_failure=None))
    shop = account.deploy(stack)

    shop.table("Table").put({"id": "1", "body": "a"})
    account.settle()

    assert 1 == len(batches(shop))
    access = shop.function("Worker").access
    assert "kms:Decrypt" in {action for action, _ in access.used}
    assert set() == access.missing
