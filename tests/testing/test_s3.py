"""Buckets tell of their objects by S3's rules.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
"""

from __future__ import annotations

import pytest
from aws_cdk import App, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from lambda_constructs.testing.errors import AccountError

from .conftest import CONTEXT, make_function

ECHO = "def handler(event, context):\n    return event"


@pytest.fixture
def stack() -> Stack:
    return Stack(App(context=CONTEXT), "Shop")


@pytest.fixture
def bucket(stack) -> s3.Bucket:
    return s3.Bucket(stack, "Files", removal_policy=RemovalPolicy.DESTROY)


def notify(bucket, function, *events, prefix=None, suffix=None):
    within = {"prefix": prefix, "suffix": suffix}
    filters = [s3.NotificationKeyFilter(**within)] if prefix or suffix else []
    destination = notifications.LambdaDestination(function.live)
    for event in events or [s3.EventType.OBJECT_CREATED]:
        bucket.add_event_notification(event, destination, *filters)


def records(shop, name="Worker"):
    return [
        record
        for each in shop.function(name).invocations
        for record in each.event["Records"]
    ]


def test_the_event_has_the_documented_shape(account, stack, bucket):
    """
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    notify(bucket, make_function(stack, ECHO))
    shop = account.deploy(stack)

    shop.bucket("Files").put("a b/ü+.txt", b"hello")
    account.settle()

    (record,) = records(shop)
    name = shop.bucket("Files").name
    assert {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "eu-west-1",
        "eventTime": "2026-01-01T00:00:00.000Z",
        "eventName": "ObjectCreated:Put",
    }.items() <= record.items()
    assert name == record["s3"]["bucket"]["name"]
    assert f"arn:aws:s3:::{name}" == record["s3"]["bucket"]["arn"]
    stored = record["s3"]["object"]
    assert "a+b/%C3%BC%2B.txt" == stored["key"]
    assert 5 == stored["size"]
    assert "5d41402abc4b2a76b9719d911017c592" == stored["eTag"]
    assert ["live"] == [each.qualifier for each in shop.function("Worker").invocations]


def test_prefix_and_suffix_choose_the_keys(account, stack, bucket):
    """
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
    """
    notify(bucket, make_function(stack, ECHO), prefix="in/", suffix=".csv")
    shop = account.deploy(stack)

    for key in ("in/a.csv", "in/a.txt", "out/a.csv"):
        shop.bucket("Files").put(key, "x")
    account.settle()

    assert ["in/a.csv"] == [each["s3"]["object"]["key"] for each in records(shop)]


def test_prefix_and_suffix_are_encoded_as_keys_in_events_are(account, stack, bucket):
    """
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
    """
    notify(bucket, make_function(stack, ECHO), prefix="a+b/%C3%BC/")
    shop = account.deploy(stack)

    for key in ("a b/ü/1", "a+b/%C3%BC/2"):
        shop.bucket("Files").put(key, "x")
    account.settle()

    assert ["a+b/%C3%BC/1"] == [each["s3"]["object"]["key"] for each in records(shop)]


def test_each_way_of_writing_and_deleting_has_its_name(account, stack, bucket):
    """
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
    """
    worker = make_function(stack, ECHO)
    notify(bucket, worker, s3.EventType.OBJECT_CREATED, s3.EventType.OBJECT_REMOVED)
    shop = account.deploy(stack)
    client, name = account.client("s3"), shop.bucket("Files").name

    shop.bucket("Files").put("a", "x")
    client.copy_object(Bucket=name, Key="b", CopySource={"Bucket": name, "Key": "a"})
    upload = client.create_multipart_upload(Bucket=name, Key="c")["UploadId"]
    part = client.upload_part(
        Bucket=name, Key="c", UploadId=upload, PartNumber=1, Body=b"x"
    )
    parts = [{"ETag": part["ETag"], "PartNumber": 1}]
    client.complete_multipart_upload(
        Bucket=name, Key="c", UploadId=upload, MultipartUpload={"Parts": parts}
    )
    shop.bucket("Files").delete("a")
    client.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "b"}]})
    account.settle()

    assert [
        ("ObjectCreated:Put", "a"),
        ("ObjectCreated:Copy", "b"),
        ("ObjectCreated:CompleteMultipartUpload", "c"),
        ("ObjectRemoved:Delete", "a"),
        ("ObjectRemoved:Delete", "b"),
    ] == [(each["eventName"], each["s3"]["object"]["key"]) for each in records(shop)]


def test_a_versioned_bucket_tells_of_delete_markers(account, stack):
    """
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
    """
    bucket = s3.Bucket(stack, "Files", versioned=True)
    notify(bucket, make_function(stack, ECHO), s3.EventType.OBJECT_REMOVED)
    shop = account.deploy(stack)

    shop.bucket("Files").put("a", "x")
    shop.bucket("Files").delete("a")
    account.settle()

    (record,) = records(shop)
    assert "ObjectRemoved:DeleteMarkerCreated" == record["eventName"]
    assert record["s3"]["object"]["versionId"]


def test_the_deletion_of_a_version_is_no_delete_marker(account, stack):
    """
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
    """
    bucket = s3.Bucket(stack, "Files", versioned=True)
    notify(bucket, make_function(stack, ECHO), s3.EventType.OBJECT_REMOVED)
    shop = account.deploy(stack)
    client, name = account.client("s3"), shop.bucket("Files").name

    version = client.put_object(Bucket=name, Key="a", Body=b"x")["VersionId"]
    client.delete_object(Bucket=name, Key="a", VersionId=version)
    account.settle()

    assert ["ObjectRemoved:Delete"] == [each["eventName"] for each in records(shop)]


def test_fails_if_two_rules_overlap(account, stack, bucket):
    """
    S3 refuses them; CDK does not.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
    """
    notify(bucket, make_function(stack, ECHO), prefix="in/")
    notify(
        bucket,
        make_function(stack, ECHO, "Other"),
        s3.EventType.OBJECT_CREATED_PUT,
        prefix="in/new/",
    )

    with pytest.raises(AccountError, match="overlap, which S3 refuses"):
        account.deploy(stack)


def test_suffixes_that_no_key_shares_do_not_overlap(account, stack, bucket):
    """
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
    """
    notify(bucket, make_function(stack, ECHO), suffix=".csv")
    notify(bucket, make_function(stack, ECHO, "Other"), suffix=".txt")
    shop = account.deploy(stack)

    shop.bucket("Files").put("a.txt", "x")
    account.settle()

    assert [] == records(shop)
    assert 1 == len(records(shop, "Other"))


def test_fails_if_the_queue_does_not_allow_the_bucket(account):
    """
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
    """
    told = {"Event": "s3:ObjectCreated:*", "Queue": {"Fn::GetAtt": ["Queue", "Arn"]}}
    template = {
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Files": {
                "Type": "AWS::S3::Bucket",
                "Properties": {
                    "NotificationConfiguration": {"QueueConfigurations": [told]}
                },
            },
        }
    }

    with pytest.raises(AccountError, match="S3 would not accept the destination"):
        account.deploy(template)


def test_fails_if_the_function_does_not_allow_the_bucket(account, stack, bucket):
    """
    S3 validates its destinations.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
    """
    notify(bucket, make_function(stack, ECHO))
    template = without_permissions(stack)

    with pytest.raises(AccountError, match="S3 would not accept the destination"):
        account.deploy(template)


def without_permissions(stack):
    for child in stack.node.find_all():
        if getattr(child, "cfn_resource_type", None) == "AWS::Lambda::Permission":
            child.add_property_override("SourceAccount", "999999999999")
    return stack


def test_queues_and_topics_are_told_too(account, stack, bucket):
    """
    By policies of their own.
    """
    queue, topic = sqs.Queue(stack, "Queue"), sns.Topic(stack, "Topic")
    created, removed = s3.EventType.OBJECT_CREATED, s3.EventType.OBJECT_REMOVED
    bucket.add_event_notification(created, notifications.SqsDestination(queue))
    bucket.add_event_notification(removed, notifications.SnsDestination(topic))
    shop = account.deploy(stack)

    shop.bucket("Files").put("a", "x")
    shop.bucket("Files").delete("a")
    account.settle()

    (body,) = shop.queue("Queue").bodies()
    assert "ObjectCreated:Put" == body["Records"][0]["eventName"]


def test_event_bridge_gets_the_event_in_its_own_shape(account, stack):
    """
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """
    bucket = s3.Bucket(stack, "Files", event_bridge_enabled=True)
    pattern = events.EventPattern(
        source=["aws.s3"], detail={"bucket": {"name": [bucket.bucket_name]}}
    )
    rule = events.Rule(stack, "Rule", event_pattern=pattern)
    rule.add_target(targets.LambdaFunction(make_function(stack, ECHO).live))
    shop = account.deploy(stack)

    shop.bucket("Files").put("a b", "x")
    shop.bucket("Files").delete("a b")
    account.settle()

    created, deleted = (each.event for each in shop.function("Worker").invocations)
    assert "Object Created" == created["detail-type"]
    assert {"key": "a b", "size": 1}.items() <= created["detail"]["object"].items()
    assert "PutObject" == created["detail"]["reason"]
    assert "Object Deleted" == deleted["detail-type"]
    assert "Permanently Deleted" == deleted["detail"]["deletion-type"]


def test_a_bucket_without_notifications_is_silent(account, stack, bucket):
    """
    Nothing is sent that nobody asked for.
    """
    pattern = events.EventPattern(source=["aws.s3"])
    rule = events.Rule(stack, "Rule", event_pattern=pattern)
    rule.add_target(targets.LambdaFunction(make_function(stack, ECHO).live))
    shop = account.deploy(stack)

    shop.bucket("Files").put("a", "x")
    account.settle()

    assert [] == shop.function("Worker").invocations


def test_a_bucket_tells_the_bus_nothing_unless_asked(account, stack, bucket):
    """
    Though it notifies a function.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
    """
    notify(bucket, make_function(stack, ECHO))
    pattern = events.EventPattern(source=["aws.s3"])
    rule = events.Rule(stack, "Rule", event_pattern=pattern)
    other = make_function(stack, ECHO, "Other")
    rule.add_target(targets.LambdaFunction(other.live))
    shop = account.deploy(stack)

    shop.bucket("Files").put("a", "x")
    account.settle()

    assert 1 == len(records(shop))
    assert [] == shop.function("Other").invocations


def test_events_that_the_kit_never_sends_are_listed(account, stack, bucket):
    """
    `account.unmodelled` names them.
    """
    notify(bucket, make_function(stack, ECHO), s3.EventType.OBJECT_TAGGING)
    account.deploy(stack)

    assert "ObjectTagging:*" in account.unmodelled.values()


def test_a_handler_writes_too(account, stack, bucket):
    """
    Its objects are told of as any.
    """
    code = (
        "import boto3, os\ndef handler(event, context):\n"
        "    s3 = boto3.client('s3')\n"
        "    s3.put_object(Bucket=os.environ['BUCKET'], Key='x', Body=b'')"
    )
    environment = {"BUCKET": bucket.bucket_name}
    first = make_function(stack, code, "First", environment=environment)
    bucket.grant_put(first)
    notify(bucket, make_function(stack, ECHO))
    shop = account.deploy(stack)

    assert not shop.function("First").invoke({}).failed
    account.settle()

    assert ["x"] == [each["s3"]["object"]["key"] for each in records(shop)]


def test_a_bucket_that_refuses_plain_http_takes_what_comes_by_tls(account, stack):
    """
    Its policy's condition is read.
    """
    s3.Bucket(stack, "Files", enforce_ssl=True)
    shop = account.deploy(stack)

    shop.bucket("Files").put("a", "x")

    assert b"x" == shop.bucket("Files").read("a")
