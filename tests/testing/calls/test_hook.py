"""Every call is asked about before it is sent, and refused as AWS refuses it."""

from __future__ import annotations

import boto3
import pytest
from boto3.dynamodb.conditions import Attr
from botocore import UNSIGNED
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError

from lambda_constructs.testing._calls import install
from tests.testing.calls.conftest import PRINCIPAL, ROLE_KEY

TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/Orders"
ON_DEMAND = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def test_a_client_is_asked_with_its_key_and_the_parameters_of_the_api(guard, role):
    """
    The key says whose call it is.
    """
    role.client("sqs").create_queue(QueueName="q")

    [call] = guard.calls
    assert (ROLE_KEY, "sqs", "CreateQueue") == (
        call.access_key,
        call.service,
        call.operation,
    )
    assert {"QueueName": "q"} == call.params
    assert ("eu-west-1", True) == (call.region, call.secure)


def test_a_resource_is_asked_with_wire_values(guard, role, kit):
    """
    Resources turn Python values and conditions into the API's own first.
    """
    kit.client("dynamodb").create_table(TableName="Orders", **ON_DEMAND)
    table = role.resource("dynamodb").Table("Orders")

    table.put_item(
        Item={"id": "1"},
        ConditionExpression=Attr("id").not_exists(),
    )

    [call] = guard.calls
    assert {"id": {"S": "1"}} == call.params["Item"]
    assert "attribute_not_exists(#n0)" == call.params["ConditionExpression"]


def test_the_items_of_a_batch_writer_are_asked_as_one_batch(guard, role, kit):
    """
    The writer is a convenience; what is sent is BatchWriteItem.
    """
    kit.client("dynamodb").create_table(TableName="Orders", **ON_DEMAND)

    with role.resource("dynamodb").Table("Orders").batch_writer() as batch:
        batch.put_item(Item={"id": "1"})

    assert [("dynamodb", "BatchWriteItem")] == guard.seen()


def test_paginators_and_waiters_are_asked_page_by_page(guard, role, kit):
    """
    Each request is one question.
    """
    kit.client("dynamodb").create_table(TableName="Orders", **ON_DEMAND)
    client = role.client("dynamodb")

    list(client.get_paginator("scan").paginate(TableName="Orders"))
    client.get_waiter("table_exists").wait(TableName="Orders")

    assert [("dynamodb", "Scan"), ("dynamodb", "DescribeTable")] == guard.seen()


def test_a_transfer_is_asked_in_its_threads(guard, role, kit):
    """
    Uploads and downloads run in a pool.
    """
    kit.client("s3").create_bucket(
        Bucket="shop", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    bucket = role.resource("s3").Bucket("shop")

    bucket.put_object(Key="k", Body=b"1")
    bucket.copy({"Bucket": "shop", "Key": "k"}, "copy")

    assert [("s3", "PutObject"), ("s3", "HeadObject"), ("s3", "CopyObject")] == (
        guard.seen()
    )
    assert "shop/k" == guard.calls[-1].params["CopySource"]


def test_a_client_from_before_is_asked_too_and_left_alone_after(aws, monkeypatch):
    """
    Module-level clients outlive a test; installing leaves no trace.
    """
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ROLE_KEY)
    client = boto3.client("sqs")
    before = BaseClient._make_api_call
    asked = []
    with install(lambda call: asked.append(call.operation)):
        client.list_queues()
    client.list_queues()

    assert ["ListQueues"] == asked
    assert before is BaseClient._make_api_call


def test_a_client_without_credentials_of_the_account_is_refused(guard, role):
    """
    Explicit credentials are nobody's.
    """
    client = role.client(
        "sqs", aws_access_key_id="AKIAOTHER", aws_secret_access_key="x"
    )

    with pytest.raises(ClientError) as error:
        client.list_queues()

    assert (
        "The security token included in the request is invalid."
        == (error.value.response["Error"]["Message"])
    )


def test_unknown_credentials_fail_deleting_many_as_a_whole(guard, role):
    """
    Who is unknown is told nothing about single keys.
    """
    client = role.client("s3", aws_access_key_id="AKIAOTHER", aws_secret_access_key="x")

    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        client.delete_objects(Bucket="shop", Delete={"Objects": [{"Key": "k"}]})


def test_an_unsigned_call_has_no_key(guard, role):
    """
    Anonymous access is a caller, too.
    """
    client = role.client("s3", config=Config(signature_version=UNSIGNED))

    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        client.get_object(Bucket="shop", Key="k")


def test_a_refused_call_is_not_sent_and_not_retried(guard, role, kit):
    """
    AWS answers once; a retry would be refused again.
    """
    guard.refuse("sqs", "CreateQueue", "sqs:CreateQueue", "arn")

    with pytest.raises(ClientError) as error:
        role.client("sqs").create_queue(QueueName="q")

    assert 1 == len(guard.calls)
    assert "QueueUrls" not in kit.client("sqs").list_queues()
    assert 0 == error.value.response["ResponseMetadata"]["RetryAttempts"]
    assert 403 == error.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_the_message_is_in_aws_s_words(guard, role):
    """
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    guard.refuse("dynamodb", "PutItem", "dynamodb:PutItem", TABLE)

    with pytest.raises(ClientError) as error:
        role.client("dynamodb").put_item(TableName="Orders", Item={"id": {"S": "1"}})

    assert (
        "An error occurred (AccessDeniedException) when calling the PutItem operation: "
        f"User: {PRINCIPAL} is not authorized to perform: dynamodb:PutItem "
        f"on resource: {TABLE} because no identity-based policy allows "
        "the dynamodb:PutItem action"
    ) == str(error.value)
    assert "PutItem" == error.value.operation_name


def test_head_has_no_body_and_so_no_words(guard, role):
    """
    botocore makes the code of the status.
    """
    guard.refuse("s3", "HeadObject", "s3:GetObject", "arn:aws:s3:::shop/k")

    with pytest.raises(ClientError, match=r"\(403\) .* HeadObject .*: Forbidden"):
        role.client("s3").head_object(Bucket="shop", Key="k")


def test_a_refused_bucket_location_is_an_error_like_any(guard, role):
    """
    botocore parses this one response by itself.
    """
    guard.refuse("s3", "GetBucketLocation", "s3:GetBucketLocation", "arn:aws:s3:::shop")

    with pytest.raises(ClientError, match="AccessDenied"):
        role.client("s3").get_bucket_location(Bucket="shop")


@pytest.fixture
def bucket(kit):
    """A bucket with two objects."""
    client = kit.client("s3")
    client.create_bucket(
        Bucket="shop", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    for key in ("mine", "theirs"):
        client.put_object(Bucket="shop", Key=key, Body=b"1")
    return kit.resource("s3").Bucket("shop")


@pytest.mark.parametrize("refused", [{"theirs"}, {"mine", "theirs"}])
def test_deleting_many_refuses_each_key_alone(guard, role, bucket, refused):
    """
    The response is a success that lists the refused keys.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
    """
    guard.refused_keys = refused
    objects = [{"Key": "mine"}, {"Key": "theirs"}]

    answer = role.client("s3").delete_objects(
        Bucket="shop", Delete={"Objects": objects}
    )

    assert refused == {error["Key"] for error in answer["Errors"]}
    assert {"AccessDenied"} == {error["Code"] for error in answer["Errors"]}
    assert refused == {each.key for each in bucket.objects.all()}
    assert [{"Key": "mine"}, {"Key": "theirs"}] == objects


@pytest.mark.parametrize(
    ("hidden", "code"), [(False, "NoSuchKey"), (True, "AccessDenied")]
)
def test_a_missing_object_is_hidden_from_who_may_not_list(
    guard, role, bucket, hidden, code
):
    """
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    guard.hidden = hidden

    with pytest.raises(ClientError) as error:
        role.client("s3").get_object(Bucket="shop", Key="none")

    assert code == error.value.response["Error"]["Code"]
    assert (403 if hidden else 404) == (
        error.value.response["ResponseMetadata"]["HTTPStatusCode"]
    )


def test_a_missing_object_is_forbidden_to_head(guard, role, bucket):
    """
    HEAD has a status and nothing else.
    """
    guard.hidden = True

    with pytest.raises(ClientError, match=r"\(403\)"):
        role.client("s3").head_object(Bucket="shop", Key="none")
