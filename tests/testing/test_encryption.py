"""What is encrypted with a customer's key works under the role, and not without it."""

from __future__ import annotations

import json

import boto3
import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from lambda_constructs import AsyncInvoke, FailureDestination
from lambda_constructs.event_sources import (
    DynamoDbEventSource,
    KinesisEventSource,
    SnsEventSource,
    SqsEventSource,
)
from lambda_constructs.testing import AccountError

from ._templates import deny
from .conftest import CONTEXT, make_function

SHOW = """
import os
def handler(event, context):
    print("asked")
    return os.environ["STAGE"]
"""
QUIET = "def handler(event, context): ..."


@pytest.fixture
def stack() -> Stack:
    return Stack(App(context=CONTEXT), "Shop")


def queue_source(stack: Stack, key: kms.Key) -> SqsEventSource:
    return SqsEventSource(sqs.Queue(stack, "Source", encryption_master_key=key))


def stream_source(stack: Stack, key: kms.Key) -> KinesisEventSource:
    stream = kinesis.Stream(
        stack,
        "Source",
        encryption=kinesis.StreamEncryption.KMS,
        encryption_key=key,
    )
    return KinesisEventSource(stream, on_failure=None)


def table_source(stack: Stack, key: kms.Key) -> DynamoDbEventSource:
    table = dynamodb.Table(
        stack,
        "Source",
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
        stream=dynamodb.StreamViewType.NEW_IMAGE,
        encryption_key=key,
    )
    return DynamoDbEventSource(table, on_failure=None)


SENT = {
    queue_source: lambda shop: shop.queue("Source").send("a"),
    stream_source: lambda shop: boto3.client("kinesis").put_record(
        StreamName=shop.physical_id("Source"), Data=b"{}", PartitionKey="a"
    ),
    table_source: lambda shop: shop.table("Source").put({"id": "a"}),
}


@pytest.mark.parametrize("source", SENT)
def test_a_polled_source_of_a_customer_s_key_needs_it(account, stack, source):
    """
    The poller decrypts with the role that the library gave the permission to.
    """
    worker = make_function(stack, QUIET)
    worker.add_event_source(source(stack, kms.Key(stack, "Key")))
    shop = account.deploy(stack)
    worker = shop.function("Worker")

    SENT[source](shop)
    account.advance(60)

    assert 1 == len(worker.invocations)
    assert "kms:Decrypt" in {action for action, _ in worker.access.used}
    assert set() == worker.access.missing

    deny(account, worker, "kms:Decrypt")
    SENT[source](shop)
    account.advance(60)

    assert 1 == len(worker.invocations)
    assert "kms:Decrypt" in {action for action, _ in worker.access.missing}


def test_the_environment_of_a_customer_s_key_is_decrypted_under_the_role(
    account, stack
):
    """
    By this function alone, and for its variables alone: nothing is left over, and
    without it no environment starts.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
    """
    make_function(
        stack,
        SHOW,
        environment={"STAGE": "test"},
        encryption_key=kms.Key(stack, "Key"),
    )
    shop = account.deploy(stack)
    worker = shop.function("Worker")

    assert "test" == worker.invoke({}).payload
    account.assert_least_privilege()

    deny(account, worker, "kms:Decrypt")
    worker.start_cold()
    assert "KMSAccessDeniedException" == worker.invoke({}).payload["errorType"]


def test_the_code_may_not_decrypt_by_the_key_of_its_environment(account, stack):
    """
    The permission is bound to what Lambda says of itself when it decrypts.
    """
    code = """
import boto3, os
from botocore.exceptions import ClientError
def handler(event, context):
    try:
        boto3.client("kms").decrypt(CiphertextBlob=event["blob"].encode("latin-1"))
    except ClientError as error:
        return error.response["Error"]["Code"]
"""
    key = kms.Key(stack, "Key")
    make_function(stack, code, environment={"STAGE": "test"}, encryption_key=key)
    shop = account.deploy(stack)
    blob = boto3.client("kms").encrypt(
        KeyId=shop.physical_id("Key"), Plaintext=b"other"
    )["CiphertextBlob"]

    error = shop.function("Worker").invoke({"blob": blob.decode("latin-1")})

    assert "AccessDeniedException" == error.payload


def test_failures_end_in_the_library_s_encrypted_queue(account, stack):
    """
    The record takes the key as well as the queue.
    """
    code = "def handler(event, context): raise RuntimeError('no')"
    key = kms.Key(stack, "Key")
    make_function(
        stack, code, encryption_key=key, async_invoke=AsyncInvoke(retry_attempts=0)
    )
    shop = account.deploy(stack)
    worker, failures = shop.function("Worker"), shop.queue("Worker/Failures")

    worker.invoke_async({"order": 1})
    account.settle()
    assert 1 == len(failures.bodies())

    deny(account, worker, "kms:GenerateDataKey")
    worker.invoke_async({"order": 2})
    account.settle()
    assert 1 == len(failures.bodies())


@pytest.mark.parametrize("kind", ["queue", "topic", "bucket"])
def test_a_destination_of_a_customer_s_key_is_reached(account, stack, kind):
    """
    Of each kind that has a key, with nothing missing.
    """
    key = kms.Key(stack, "Key")
    destination = {
        "queue": lambda: FailureDestination.queue(
            sqs.Queue(stack, "Store", encryption_master_key=key)
        ),
        "topic": lambda: FailureDestination.topic(
            sns.Topic(stack, "Store", master_key=key)
        ),
        "bucket": lambda: FailureDestination.bucket(
            s3.Bucket(stack, "Store", encryption_key=key)
        ),
    }[kind]()
    make_function(
        stack,
        "def handler(event, context): raise RuntimeError('no')",
        async_invoke=AsyncInvoke(retry_attempts=0, on_failure=destination),
    )
    shop = account.deploy(stack)

    shop.function("Worker").invoke_async({"order": 1})
    account.settle()

    access = shop.function("Worker").access
    assert set() == access.missing
    assert "kms:GenerateDataKey" in {action for action, _ in access.used}


def test_a_service_s_dead_letters_take_the_key_of_the_queue(account, stack):
    """
    SNS delivers by the permission of the alias; without that it uses the library's
    queue, and the key by the statement that the library added to its policy.

    https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
    """
    key = kms.Key(stack, "Key")
    worker = make_function(stack, QUIET, encryption_key=key)
    worker.add_event_source(SnsEventSource(sns.Topic(stack, "Topic", master_key=key)))
    shop = account.deploy(stack)
    (path,) = [
        each.node.path for each in worker.failure_queues if "Topic" in each.node.path
    ]
    dead_letters = shop.queue(path.partition("/")[2])

    def publish(body: str) -> None:
        boto3.client("sns").publish(TopicArn=shop.physical_id("Topic"), Message=body)
        account.settle()

    publish("a")
    assert (1, 0) == (len(shop.function("Worker").invocations), len(dead_letters))

    shop.function("Worker").state.permissions.clear()
    publish("b")
    assert 1 == len(dead_letters)

    root = {"AWS": "arn:aws:iam::123456789012:root"}
    only = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    boto3.client("kms").put_key_policy(
        KeyId=shop.physical_id("Key"),
        PolicyName="default",
        Policy=json.dumps({"Version": "2012-10-17", "Statement": [only]}),
    )
    publish("c")
    assert 1 == len(dead_letters)


READ = """
import boto3, json, os
def handler(event, context):
    secrets, parameters = boto3.client("secretsmanager"), boto3.client("ssm")
    secret = secrets.get_secret_value(SecretId=os.environ["SECRET_ARN"])
    parameter = parameters.get_parameter(Name=os.environ["PARAMETER_NAME"])
    print("read")
    return [json.loads(secret["SecretString"]), parameter["Parameter"]["Value"]]
"""


def test_a_handler_reads_its_secret_and_its_parameter(account, stack):
    """
    With each of the permissions that it was given, and no other.
    """
    key = kms.Key(stack, "Key")
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    worker = make_function(stack, READ)
    worker.add_secret(secret, variable="SECRET_ARN")
    worker.add_parameter(
        ssm.StringParameter(stack, "Parameter", string_value="eu"),
        variable="PARAMETER_NAME",
    )
    shop = account.deploy(stack)
    boto3.client("secretsmanager").put_secret_value(
        SecretId=shop.physical_id("Secret"), SecretString='{"user": "shop"}'
    )

    assert [{"user": "shop"}, "eu"] == shop.function("Worker").invoke({}).payload
    account.assert_least_privilege()

    for denied in ("kms:Decrypt", "secretsmanager:*", "ssm:*"):
        deny(account, shop.function("Worker"), denied)
        assert shop.function("Worker").invoke({}).failed


@pytest.mark.parametrize("groups", ["log-group:others-*", None])
def test_a_log_group_is_not_made_by_a_key_that_the_service_may_not_use(
    account, stack, groups
):
    """
    CloudWatch Logs names the group by the encryption context.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    key = kms.Key(stack, "Key")
    if groups is not None:
        arn = stack.format_arn(service="logs", resource=groups)
        use = iam.PolicyStatement(
            actions=["kms:*"],
            principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
            resources=["*"],
            conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": arn}},
        )
        key.add_to_resource_policy(use)
    logs.LogGroup(stack, "Logs", encryption_key=key)

    with pytest.raises(AccountError, match=r"Logs: The specified KMS key .* let the"):
        account.deploy(stack)


def test_a_key_that_is_not_in_the_account_is_not_asked(account, stack):
    """
    What it allows is not known here, and is said to be left out.
    """
    arn = "arn:aws:kms:eu-west-1:123456789012:key/1234"
    key = kms.Key.from_key_arn(stack, "Key", arn)
    logs.LogGroup(stack, "Logs", encryption_key=key)

    account.deploy(stack)

    assert {"Logs": "a key that is not in this account"} == account.unmodelled


class Encrypted(Stack):
    """All that belongs to a function, its secret as well, by one key."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        key = kms.Key(self, "Key")
        queue = sqs.Queue(self, "Queue", encryption_master_key=key, enforce_ssl=True)
        worker = make_function(self, ASKS, encryption_key=key)
        worker.add_event_source(SqsEventSource(queue))
        secret = secretsmanager.Secret(self, "Secret", encryption_key=key)
        worker.add_secret(secret, variable="SECRET")


ASKS = """
import boto3, os
client = boto3.client("secretsmanager")
def handler(event, context):
    print("asked")
    client.get_secret_value(SecretId=os.environ["SECRET"])
"""


def test_every_grant_of_a_stack_of_one_key_is_necessary(account):
    """
    What CDK adds to the key for the secret repeats what the account may already.
    """

    def contract(shop) -> None:
        shop.queue("Queue").send("order")
        shop.account.settle()
        assert not shop.queue("Queue/DeadLetters").bodies()

    report = account.prove_permissions(Encrypted, contract)

    report.assert_proven()
    repeated = {each.action for each in report.grants if each.verdict == "repeated"}
    assert {"kms:CreateGrant", "kms:DescribeKey"} < repeated
    assert "kms:*" not in repeated
