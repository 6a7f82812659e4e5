"""Small stacks with streams for the test kit to deploy."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import App, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from .conftest import CONTEXT, make_function

# Each record says what becomes of it.
BY_RECORD = """
import base64, json, time
def told(record):
    if "kinesis" in record:
        text = base64.b64decode(record["kinesis"]["data"]).decode()
    else:
        text = record["dynamodb"]["NewImage"]["body"]["S"]
    return json.loads(text) if text[0] in '{"0123456789' else text
def number(record):
    return record.get("kinesis", record.get("dynamodb"))[
        "sequenceNumber" if "kinesis" in record else "SequenceNumber"
    ]
def handler(event, context):
    failures = []
    for record in event["Records"]:
        body = told(record)
        what = body["do"] if isinstance(body, dict) else body
        if what == "crash":
            raise RuntimeError("crash")
        if isinstance(what, (int, float)):
            time.sleep(what)
        if what == "bad":
            failures.append({"itemIdentifier": number(record)})
    return {"batchItemFailures": failures}
"""

KINESIS = (
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
)
DYNAMODB = (
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
)


def new_stack() -> Stack:
    return Stack(App(context=CONTEXT), "Shop")


def add_mapping(stack, worker, source_arn: str, properties: Mapping[str, Any]) -> None:
    mapping = lambda_.CfnEventSourceMapping(
        stack,
        "Mapping",
        function_name=worker.live.function_arn,
        event_source_arn=source_arn,
    )
    for name, value in {"StartingPosition": "TRIM_HORIZON", **properties}.items():
        mapping.add_property_override(name, value)
    mapping.node.add_dependency(worker.policy)


def stream_stack(
    code: str = BY_RECORD,
    *,
    shards: int = 1,
    failures: str | None = None,
    allow: tuple[str, ...] = KINESIS,
    function: Mapping[str, Any] | None = None,
    stream: Mapping[str, Any] | None = None,
    **properties: Any,
) -> Stack:
    """Define a stream and its worker; *failures* is sqs, sns or s3."""
    stack = new_stack()
    worker = make_function(stack, code, **(function or {}))
    source = kinesis.Stream(
        stack,
        "Stream",
        stream_mode=kinesis.StreamMode.PROVISIONED,
        shard_count=shards,
        encryption=kinesis.StreamEncryption.UNENCRYPTED,
        **(stream or {}),
    )
    worker.allow(*allow, on=source)
    if failures is not None:
        target = add_failures(stack, worker, failures)
        properties["DestinationConfig"] = {"OnFailure": {"Destination": target}}
    add_mapping(stack, worker, source.stream_arn, properties)
    return stack


def table_stack(
    code: str = BY_RECORD,
    *,
    view: dynamodb.StreamViewType = dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
    failures: str | None = None,
    **properties: Any,
) -> Stack:
    """Define a table with a stream, and its worker."""
    stack = new_stack()
    worker = make_function(stack, code)
    table = dynamodb.Table(
        stack,
        "Table",
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
        stream=view,
    )
    worker.allow(*DYNAMODB, on=table.table_stream_arn)
    if failures is not None:
        target = add_failures(stack, worker, failures)
        properties["DestinationConfig"] = {"OnFailure": {"Destination": target}}
    add_mapping(stack, worker, table.table_stream_arn, properties)
    return stack


def add_failures(stack: Stack, worker, kind: str) -> str:
    if kind == "s3":
        from aws_cdk import aws_s3 as s3

        bucket = s3.Bucket(stack, "Failures")
        worker.allow("s3:PutObject", "s3:ListBucket", on=bucket)
        return bucket.bucket_arn
    queue = sqs.Queue(stack, "Failures")
    if kind == "sqs":
        worker.allow("sqs:SendMessage", on=queue)
        return queue.queue_arn
    topic = sns.Topic(stack, "Topic")
    worker.allow("sns:Publish", on=topic)
    topic.add_subscription(
        subscriptions.SqsSubscription(queue, raw_message_delivery=True)
    )
    return topic.topic_arn


def told(record: Mapping[str, Any]) -> Any:
    """Give what a record of an event says."""
    if "kinesis" in record:
        text = base64.b64decode(record["kinesis"]["data"]).decode()
    else:
        text = record["dynamodb"]["NewImage"]["body"]["S"]
    return json.loads(text) if text[0] in '{"0123456789' else text


def batches(shop) -> list[list[Any]]:
    return [
        [told(each) for each in invocation.event["Records"]]
        for invocation in shop.function("Worker").invocations
    ]


def times(shop) -> list[float]:
    return [each.at for each in shop.function("Worker").invocations]


def lines(account, *whats: str) -> list[str]:
    """Give what the timeline says of these."""
    return [
        f"{each.what} {each.detail}"
        for each in account.timeline
        if not whats or each.what in whats
    ]
