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

from .conftest import CONTEXT, make_function

TRANSFORM = """
import base64
def handler(event, context):
    records = []
    for record in event["records"]:
        data = base64.b64decode(record["data"]).decode()
        result = {"drop": "Dropped", "bad": "ProcessingFailed"}.get(data, "Ok")
        if data == "crash":
            raise RuntimeError("crash")
        if data == "lose":
            continue
        body = base64.b64encode(data.upper().encode()).decode()
        records.append({"recordId": record["recordId"], "result": result,
                        "data": body, "metadata": {"partitionKeys": {"k": data}}})
        if data == "twice":
            records.append(records[-1])
    return {"records": records}
"""


@pytest.fixture
def deploy(account):
    """Deploy a delivery stream with its function and bucket."""

    def deploy(overrides=None):
        stack = Stack(App(context=CONTEXT), "Shop")
        function = make_function(stack, TRANSFORM)
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
