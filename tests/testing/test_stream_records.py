"""Records of streams look as documented, come filtered, and leave a record behind.

https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

import json
import re

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_lambda_powertools.utilities.data_classes import (
    DynamoDBStreamEvent,
    KinesisStreamEvent,
)
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import (
    DynamoDBRecordEventName,
    StreamViewType,
)

from lambda_constructs.testing.errors import AccountError

from ._streams import (
    DYNAMODB,
    add_mapping,
    batches,
    lines,
    stream_stack,
    table_stack,
)
from .conftest import CONTEXT, make_function

LAZY = "def handler(event, context):\n    pass\n"


def filters(*patterns) -> dict[str, object]:
    return {
        "FilterCriteria": {"Filters": [{"Pattern": json.dumps(p)} for p in patterns]}
    }


def test_a_kinesis_record_has_the_documented_shape(account):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
    """
    shop = account.deploy(stream_stack(LAZY))

    account.advance(1.5)
    shop.stream("Stream").put({"n": 1}, partition_key="k")
    account.settle()

    (invocation,) = shop.function("Worker").invocations
    (record,) = invocation.event["Records"]
    arn = f"arn:aws:kinesis:eu-west-1:{account.id}:stream/{shop.stream('Stream').name}"
    assert {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "k",
            "sequenceNumber": "1",
            "data": "eyJuIjogMX0=",
            "approximateArrivalTimestamp": account.clock.start + 1.5,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": "shardId-000000000000:1",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": shop.function("Worker").state.role_arn,
        "awsRegion": "eu-west-1",
        "eventSourceARN": arn,
    } == record
    (parsed,) = KinesisStreamEvent(invocation.event).records
    assert {"n": 1} == parsed.kinesis.data_as_json()


def test_a_dynamodb_record_has_the_documented_shape(account):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
    """
    shop = account.deploy(table_stack(LAZY))
    name = shop.table("Table").name
    client = account.client("dynamodb")

    shop.table("Table").put({"id": "a", "n": 1, "raw": b"\x00\xff"})
    shop.table("Table").put({"id": "a", "n": 1, "raw": b"\x00\xff"})  # no change
    shop.table("Table").put({"id": "a", "n": 2})
    client.delete_item(TableName=name, Key={"id": {"S": "a"}})
    account.settle()

    (invocation,) = shop.function("Worker").invocations
    inserted, modified, removed = invocation.event["Records"]
    assert {
        "awsRegion",
        "dynamodb",
        "eventID",
        "eventName",
        "eventSource",
        "eventSourceARN",
        "eventVersion",
    } == inserted.keys()
    assert {
        "ApproximateCreationDateTime": account.clock.start,
        "Keys": {"id": {"S": "a"}},
        "NewImage": {"id": {"S": "a"}, "n": {"N": "1"}, "raw": {"B": "AP8="}},
        "SequenceNumber": inserted["dynamodb"]["SequenceNumber"],
        "SizeBytes": inserted["dynamodb"]["SizeBytes"],
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    } == inserted["dynamodb"]
    assert "eu-west-1" == inserted["awsRegion"]
    assert {"Keys", "NewImage", "OldImage"} < modified["dynamodb"].keys()
    assert "NewImage" not in removed["dynamodb"]
    parsed = list(DynamoDBStreamEvent(invocation.event).records)
    assert [
        DynamoDBRecordEventName.INSERT,
        DynamoDBRecordEventName.MODIFY,
        DynamoDBRecordEventName.REMOVE,
    ] == [each.event_name for each in parsed]
    assert {"id": "a", "n": 2} == parsed[1].dynamodb.new_image
    assert StreamViewType.NEW_AND_OLD_IMAGES == parsed[0].dynamodb.stream_view_type


def test_keys_only_shows_no_images(account):
    """
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
    """
    shop = account.deploy(table_stack(LAZY, view=dynamodb.StreamViewType.KEYS_ONLY))

    shop.table("Table").put({"id": "a", "n": 1})
    account.settle()

    (invocation,) = shop.function("Worker").invocations
    change = invocation.event["Records"][0]["dynamodb"]
    assert {"id": {"S": "a"}} == change["Keys"]
    assert not {"NewImage", "OldImage"} & change.keys()


def test_a_table_is_delivered_by_the_same_rules(account):
    """
    Partial responses by sequence number, bisecting, retries.

    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    """
    shop = account.deploy(
        table_stack(
            failures="sqs",
            MaximumRetryAttempts=1,
            BisectBatchOnFunctionError=True,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )
    )

    for number, body in enumerate(["a", "bad", "c"]):
        shop.table("Table").put({"id": str(number), "body": body})
    account.settle()

    assert [["a", "bad", "c"], ["bad", "c"], ["bad"], ["bad"], ["c"]] == batches(shop)
    (failed,) = shop.queue("Failures").bodies()
    assert 1 == failed["DDBStreamBatchInfo"]["batchSize"]


def test_a_table_knows_no_timestamp_to_start_at(account):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
    """
    with pytest.raises(AccountError, match="LATEST or TRIM_HORIZON, got 'AT_TIME"):
        account.deploy(table_stack(StartingPosition="AT_TIMESTAMP"))


def test_what_the_poller_of_a_table_needs_is_what_it_uses(account):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
    """
    shop = account.deploy(table_stack(LAZY))

    shop.table("Table").put({"id": "a"})
    account.settle()

    access = shop.function("Worker").access
    assert set(DYNAMODB) <= {action for action, _ in access.used}
    assert not access.missing


def test_filters_skip_what_they_do_not_match(account):
    """
    It is neither delivered nor given up; what is no JSON does not match.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html
    """
    order = {"data": {"kind": ["order"]}}
    shop = account.deploy(stream_stack(LAZY, failures="sqs", **filters(order)))

    shop.stream("Stream").put({"kind": "return"}, {"kind": "order"}, "text", b"\xff")
    account.settle()

    assert [[{"kind": "order"}]] == batches(shop)
    assert 0 == len(shop.queue("Failures"))
    assert ["filtered 3 records skipped"] == lines(account, "filtered")


def test_filters_match_the_metadata_too(account):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html
    """
    shop = account.deploy(stream_stack(LAZY, **filters({"partitionKey": ["vip"]})))

    shop.stream("Stream").put("a", partition_key="vip")
    shop.stream("Stream").put("b", partition_key="other")
    account.settle()

    assert [["a"]] == batches(shop)


def test_filters_see_changes_as_the_stream_has_them(account):
    """
    With their DynamoDB types, and the name of the event.

    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html
    """
    paid = {"dynamodb": {"NewImage": {"body": {"S": ["paid"]}}}}
    shop = account.deploy(
        table_stack(LAZY, **filters({"eventName": ["MODIFY"], **paid}))
    )

    shop.table("Table").put({"id": "a", "body": "paid"})
    shop.table("Table").put({"id": "a", "body": "open"})
    shop.table("Table").put({"id": "a", "body": "paid", "by": "card"})
    account.settle()

    assert [["paid"]] == batches(shop)


def test_the_failure_record_has_the_documented_shape(account):
    """
    Metadata only: the records themselves stay in the stream.

    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    """
    shop = account.deploy(stream_stack(failures="sqs", MaximumRetryAttempts=1))

    shop.stream("Stream").put("crash")
    account.advance(0.25)
    shop.stream("Stream").put("later")
    account.settle()

    (failed,) = shop.queue("Failures").bodies()
    function = shop.function("Worker")
    assert {
        "requestContext": {
            "requestId": function.invocations[1].request_id,
            "functionArn": f"{function.state.arn}:live",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 2,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "1",
            "functionError": "Unhandled",
        },
        "version": "1.0",
        "timestamp": "2026-01-01T00:00:01.000Z",
        "KinesisBatchInfo": {
            "shardId": "shardId-000000000000",
            "startSequenceNumber": "1",
            "endSequenceNumber": "1",
            "approximateArrivalOfFirstRecord": "2026-01-01T00:00:00.000Z",
            "approximateArrivalOfLastRecord": "2026-01-01T00:00:00.000Z",
            "batchSize": 1,
            "streamArn": (
                f"arn:aws:kinesis:eu-west-1:{account.id}:stream/"
                f"{shop.stream('Stream').name}"
            ),
        },
    } == failed


def test_a_topic_gets_the_same_record(account):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    """
    shop = account.deploy(stream_stack(failures="sns", MaximumRetryAttempts=0))

    shop.stream("Stream").put("crash", "x")
    account.settle()

    (failed,) = shop.queue("Failures").bodies()
    info = failed["KinesisBatchInfo"]
    assert (2, "1", "2") == (
        info["batchSize"],
        info["startSequenceNumber"],
        info["endSequenceNumber"],
    )
    assert "payload" not in failed


def test_a_bucket_gets_the_event_as_well(account):
    """
    As text, under a key that names the mapping, the shard and the time.

    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    """
    shop = account.deploy(stream_stack(failures="s3", MaximumRetryAttempts=0))

    shop.stream("Stream").put("crash")
    account.settle()

    (key,) = shop.bucket("Failures").keys()
    uuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    assert re.fullmatch(
        rf"aws/lambda/{uuid}/shardId-000000000000/2026/01/01/"
        rf"2026-01-01T00\.00\.00-{uuid}",
        key,
    )
    failed = json.loads(shop.bucket("Failures").read(key))
    (invocation,) = shop.function("Worker").invocations
    assert invocation.event == json.loads(failed["payload"])


def test_a_record_that_the_role_may_not_send_is_lost(account):
    """
    The shard goes on, and the role misses what it would have needed.

    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    """
    target = f"arn:aws:sqs:eu-west-1:{account.id}:other"
    account.client("sqs").create_queue(QueueName="other")
    stack = stream_stack(
        MaximumRetryAttempts=0,
        BatchSize=1,
        DestinationConfig={"OnFailure": {"Destination": target}},
    )
    shop = account.deploy(stack)

    shop.stream("Stream").put("crash", "good")
    account.settle()

    assert [["crash"], ["good"]] == batches(shop)
    assert {("sqs:SendMessage", target)} == shop.function("Worker").access.missing
    assert [] == lines(account, "destination")


def test_a_consumer_has_its_records_pushed(account):
    """
    Its mapping subscribes to the shards and calls no GetRecords.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
    """
    stack = Stack(App(context=CONTEXT), "Shop")
    worker = make_function(stack, LAZY)
    stream = kinesis.Stream(
        stack, "Stream", encryption=kinesis.StreamEncryption.UNENCRYPTED
    )
    consumer = kinesis.CfnStreamConsumer(
        stack, "Consumer", consumer_name="fast", stream_arn=stream.stream_arn
    )
    worker.allow(
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:ListShards",
        on=stream,
    )
    worker.allow(
        "kinesis:DescribeStreamConsumer",
        "kinesis:SubscribeToShard",
        on=consumer.attr_consumer_arn,
    )
    add_mapping(stack, worker, consumer.attr_consumer_arn, {})
    shop = account.deploy(stack)

    shop.stream("Stream").put("a")
    account.settle()

    assert [["a"]] == batches(shop)
    assert not shop.function("Worker").access.missing
    (invocation,) = shop.function("Worker").invocations
    assert invocation.event["Records"][0]["eventSourceARN"].endswith("/consumer/fast")


def test_cdk_s_own_event_source_works_too(account):
    """
    Its mapping of a plain function, with the grants that CDK makes.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
    """
    stack = Stack(App(context=CONTEXT), "Shop")
    role = iam.Role(
        stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com")
    )
    worker = lambda_.Function(
        stack,
        "Worker",
        role=role,
        code=lambda_.Code.from_inline(LAZY),
        handler="index.handler",
        runtime=lambda_.Runtime.PYTHON_3_13,
    )
    stream = kinesis.Stream(stack, "Stream")
    worker.add_event_source(
        event_sources.KinesisEventSource(
            stream, starting_position=lambda_.StartingPosition.LATEST
        )
    )
    shop = account.deploy(stack)

    shop.stream("Stream").put("a")
    account.settle()

    assert [["a"]] == batches(shop)
