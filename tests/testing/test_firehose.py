"""Firehose buffers, transforms and delivers to S3, under the stream's own role.

https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
"""

from __future__ import annotations

import gzip
import json

import pytest
from aws_cdk import App, Duration, RemovalPolicy, Size, Stack
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_s3 as s3
from botocore.exceptions import ClientError

from .conftest import CONTEXT, make_function

TRANSFORM = """
import base64, time
def handler(event, context):
    records = []
    for record in event["records"]:
        data = base64.b64decode(record["data"]).decode()
        results = {"drop": "Dropped", "bad": "ProcessingFailed", "odd": "Fine"}
        result = results.get(data, "Ok")
        if data == "crash":
            raise RuntimeError("crash")
        if data == "lose":
            continue
        if data == "nothing":
            return {}
        if data == "slow":
            time.sleep(301)
        body = base64.b64encode(data.upper().encode()).decode()
        if data == "garbled":
            body = "%"
        records.append({"recordId": record["recordId"], "result": result,
                        "data": body, "metadata": {"partitionKeys": {"k": data}}})
        if data == "twice":
            records.append(records[-1])
    return {"records": records}
"""


@pytest.fixture
def deploy(account):
    """Deploy a delivery stream with its function and bucket."""

    def deploy(overrides=None, **options):
        stack = Stack(App(context=CONTEXT), "Shop")
        function = make_function(stack, TRANSFORM, **options)
        processor = firehose.LambdaFunctionProcessor(
            function.live,
            buffer_interval=Duration.seconds(60),
            buffer_size=Size.mebibytes(1),
            retries=2,
        )
        bucket = s3.Bucket(stack, "Bucket", removal_policy=RemovalPolicy.DESTROY)
        destination = firehose.S3Bucket(
            bucket,
            processors=[processor],
            buffering_interval=Duration.seconds(120),
            logging_config=firehose.DisableLogging(),
        )
        stream = firehose.DeliveryStream(stack, "Stream", destination=destination)
        for path, value in (overrides or {}).items():
            stream.node.default_child.add_property_override(
                f"ExtendedS3DestinationConfiguration.{path}", value
            )
        return account.deploy(stack)

    return deploy


def objects(stack):
    bucket = stack.bucket("Bucket")
    return {key: bucket.read(key).decode() for key in bucket.keys()}  # noqa: SIM118


def failures(stack):
    return [
        json.loads(line)
        for key, text in objects(stack).items()
        if key.startswith("processing-failed/")
        for line in text.splitlines()
    ]


def test_records_are_transformed_and_delivered_as_one_object(account, deploy):
    """
    The function waits for its buffer, S3 for another.

    https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html
    """
    stack = deploy()

    stack.delivery_stream("Stream").put("a", "drop", "b")
    account.advance(59)
    assert [] == stack.function("Worker").invocations
    account.settle()

    [(key, text)] = objects(stack).items()
    assert "AB" == text
    assert key.startswith("2026/01/01/00/")
    assert 180 == round(account.elapsed())
    [invocation] = stack.function("Worker").invocations
    assert 3 == len(invocation.event["records"])


def test_a_full_buffer_does_not_wait(account, deploy):
    """
    Its size is that of the processor, in megabytes.

    https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
    """
    stack = deploy()

    stack.delivery_stream("Stream").put("x" * 600_000, "y" * 600_000)

    assert 1 == len(stack.function("Worker").invocations)
    assert 0 == account.elapsed()


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ("bad", "Lambda.ProcessingFailedStatus"),
        ("lose", "Lambda.MissingRecordId"),
        ("twice", "Lambda.DuplicatedRecordId"),
        ("garbled", "Lambda.InvalidData"),
        ("odd", "Lambda.InvalidResult"),
    ],
)
def test_a_record_that_fails_goes_aside(account, deploy, record, code):
    """
    The others go on.

    https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html
    """
    stack = deploy()

    stack.delivery_stream("Stream").put("a", record)
    account.settle()

    [failure] = failures(stack)
    assert code == failure["errorCode"]
    assert "A" in objects(stack).values()
    assert 1 == len(stack.function("Worker").invocations)


def test_a_batch_that_fails_is_tried_again_and_then_goes_aside(account, deploy):
    """
    As often as the processor says; then the source records are kept.

    https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html
    """
    stack = deploy()

    stack.delivery_stream("Stream").put("a", "crash")
    account.settle()

    assert 3 == len(stack.function("Worker").invocations)
    assert ["YQ==", "Y3Jhc2g="] == [each["rawData"] for each in failures(stack)]
    assert {3} == {each["attemptsMade"] for each in failures(stack)}


def test_a_response_without_records_fails_the_batch(account, deploy):
    """
    The invocation succeeded, so it is not tried again.

    https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html
    """
    stack = deploy()

    stack.delivery_stream("Stream").put("a", "nothing")
    account.settle()

    assert ["Lambda.InvalidResponse"] * 2 == [e["errorCode"] for e in failures(stack)]
    assert 1 == len(stack.function("Worker").invocations)


def test_a_transformation_has_five_minutes(account, deploy):
    """
    What takes longer has timed out, and is tried again.

    https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
    """
    stack = deploy(timeout=Duration.minutes(10))

    stack.delivery_stream("Stream").put("slow")
    account.settle()

    assert ["Lambda.FunctionTimedOut"] == [e["errorCode"] for e in failures(stack)]
    assert 3 == len(stack.function("Worker").invocations)


def test_a_throttle_is_tried_again(account, deploy):
    """
    As an error is; that it was the last is said of the records.

    https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html
    """
    stack = deploy()
    stack.function("Worker").throttle(times=2)
    stack.delivery_stream("Stream").put("a")
    account.settle()
    assert ["A"] == list(objects(stack).values())

    stack.function("Worker").throttle(times=3)
    stack.delivery_stream("Stream").put("a")
    account.settle()
    assert ["Lambda.InvokeLimitExceeded"] == [e["errorCode"] for e in failures(stack)]


@pytest.mark.parametrize(("size", "taken"), [(1_024_000, True), (1_024_001, False)])
def test_a_record_has_at_most_a_thousand_kilobytes(account, deploy, size, taken):
    """
    Before it is encoded.

    https://docs.aws.amazon.com/firehose/latest/APIReference/API_Record.html
    """
    stream = deploy().delivery_stream("Stream")

    if taken:
        stream.put("x" * size)
    else:
        with pytest.raises(ClientError, match="InvalidArgumentException"):
            stream.put("x" * size)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"Prefix": "in/"}, "in/2026/01/01/00"),
        ({"Prefix": "in/!{timestamp:yyyy}/"}, "in/2026"),
        ({"Prefix": "", "ErrorOutputPrefix": "no/"}, "2026/01/01/00"),
    ],
)
def test_a_prefix_has_the_time_unless_it_says_where(account, deploy, given, expected):
    """
    https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
    """
    stack = deploy(given)

    stack.delivery_stream("Stream").put("a")
    account.settle()

    assert [expected] == [key.rpartition("/")[0] for key in objects(stack)]


def test_the_streams_role_decides(account, deploy):
    """
    A denial is a failure like another.

    https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
    """
    stack = deploy()
    iam = account.client("iam")
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            found = iam.get_role_policy(RoleName=name, PolicyName=policy)
            document = found["PolicyDocument"]
            if "lambda:InvokeFunction" not in json.dumps(document):
                continue
            document["Statement"] = [
                each
                for each in document["Statement"]
                if "lambda:InvokeFunction" not in json.dumps(each)
            ]
            text = json.dumps(document)
            if document["Statement"]:
                iam.put_role_policy(
                    RoleName=name, PolicyName=policy, PolicyDocument=text
                )
            else:
                iam.delete_role_policy(RoleName=name, PolicyName=policy)

    stack.delivery_stream("Stream").put("a")
    account.settle()

    assert [] == stack.function("Worker").invocations
    assert {"Lambda.InvokeAccessDenied"} == {e["errorCode"] for e in failures(stack)}


def test_the_function_names_the_partition(account, deploy):
    """
    Each has an object of its own.

    https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html
    """
    stack = deploy(
        {
            "DynamicPartitioningConfiguration": {"Enabled": True},
            "Prefix": "k=!{partitionKeyFromLambda:k}/!{timestamp:yyyy/MM}/",
            "ErrorOutputPrefix": "errors/",
        }
    )

    stack.delivery_stream("Stream").put("a", "b", "a")
    account.settle()

    found = {key.rpartition("/")[0]: text for key, text in objects(stack).items()}
    assert {"k=a/2026/01": "AA", "k=b/2026/01": "B"} == found


def test_objects_are_compressed_and_say_so_in_their_names(account, deploy):
    """
    Failures are as they were: each has the record in base64.

    https://docs.aws.amazon.com/firehose/latest/dev/create-destination.html
    """
    stack = deploy({"CompressionFormat": "GZIP"})

    stack.delivery_stream("Stream").put("a", "bad")
    account.settle()

    name = stack.bucket("Bucket").name
    keys = stack.bucket("Bucket").keys()
    [key] = [each for each in keys if each.endswith(".gz")]
    body = account.client("s3").get_object(Bucket=name, Key=key)["Body"].read()
    assert b"A" == gzip.decompress(body)
    assert ["processing-failed"] == [each.split("/")[0] for each in keys if each != key]
