"""Every call is authorised under the role that makes it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import boto3
import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs

from lambda_constructs import AsyncInvoke, FunctionDefaults
from lambda_constructs.event_sources import SqsEventSource

from ._templates import allow, deny, template
from .conftest import CONTEXT, make_function

SEND = """
import os, boto3
from botocore.exceptions import ClientError
sqs = boto3.client("sqs")
def handler(event, context):
    try:
        sqs.send_message(QueueUrl=os.environ["QUEUE"], MessageBody="x")
    except ClientError as error:
        return error.response["Error"]
"""


@pytest.fixture
def stack() -> Stack:
    return Stack(App(context=CONTEXT), "Shop")


@pytest.fixture
def outbox(stack) -> sqs.Queue:
    return sqs.Queue(stack, "Outbox")


def sender(stack, queue):
    return make_function(stack, SEND, environment={"QUEUE": queue.queue_url})


def test_a_call_that_is_allowed_reaches_the_service(account, stack, outbox):
    """
    And counts as used.
    """
    sender(stack, outbox).allow("sqs:SendMessage", on=outbox)
    shop = account.deploy(stack)

    assert shop.function("Worker").invoke({}).payload is None
    assert ["x"] == shop.queue("Outbox").bodies()
    assert "sqs:SendMessage" in {
        action for action, _ in shop.function("Worker").access.used
    }


def test_a_call_that_is_not_allowed_is_refused_in_aws_s_words(account, stack, outbox):
    """
    The handler sees the exception of the service, and nothing arrives.
    """
    sender(stack, outbox)
    shop = account.deploy(stack)

    error = shop.function("Worker").invoke({}).payload

    ((action, resource),) = shop.function("Worker").access.missing
    assert "AccessDenied" == error["Code"]
    assert error["Message"].endswith(
        f"is not authorized to perform: sqs:sendmessage on resource: {resource} "
        "because no identity-based policy allows the sqs:sendmessage action"
    )
    assert "sqs:SendMessage" == action
    assert [] == shop.queue("Outbox").bodies()


def test_an_explicit_deny_of_the_resource_wins(account, stack, outbox):
    """
    The queue's policy counts, too.
    """
    sender(stack, outbox).allow("sqs:SendMessage", on=outbox)
    outbox.add_to_resource_policy(
        iam.PolicyStatement(
            effect=iam.Effect.DENY,
            actions=["sqs:SendMessage"],
            principals=[iam.AnyPrincipal()],
            resources=["*"],
        )
    )
    shop = account.deploy(stack)

    assert (
        "with an explicit deny in a resource-based policy"
        in (shop.function("Worker").invoke({}).payload["Message"])
    )


ASK = """
import boto3
from botocore.exceptions import ClientError
def handler(event, context):
    client = boto3.client(event["service"])
    try:
        getattr(client, event["method"])(**event["params"])
    except ClientError as error:
        return error.response["Error"]["Message"]
"""

RESOURCES = {
    "queue": (
        "sqs:SendMessage",
        "AWS::SQS::Queue",
        ("AWS::SQS::QueuePolicy", "Queues", "PolicyDocument"),
        lambda ref: ("send_message", {"QueueUrl": ref, "MessageBody": "x"}),
    ),
    "topic": (
        "sns:Publish",
        "AWS::SNS::Topic",
        ("AWS::SNS::TopicPolicy", "Topics", "PolicyDocument"),
        lambda ref: ("publish", {"TopicArn": ref, "Message": "x"}),
    ),
    "bucket": (
        "s3:PutObject",
        "AWS::S3::Bucket",
        ("AWS::S3::BucketPolicy", "Bucket", "PolicyDocument"),
        lambda ref: ("put_object", {"Bucket": ref, "Key": "k", "Body": "x"}),
    ),
    "secret": (
        "secretsmanager:GetSecretValue",
        "AWS::SecretsManager::Secret",
        ("AWS::SecretsManager::ResourcePolicy", "SecretId", "ResourcePolicy"),
        lambda ref: ("get_secret_value", {"SecretId": ref}),
    ),
    "key": (
        "kms:Encrypt",
        "AWS::KMS::Key",
        None,
        lambda ref: ("encrypt", {"KeyId": ref, "Plaintext": "x"}),
    ),
}


@pytest.mark.parametrize("kind", RESOURCES)
def test_the_policy_of_each_resource_counts(account, kind):
    """
    The role allows, the resource denies.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """
    action, type_, attached, call = RESOURCES[kind]
    root = {"AWS": "arn:aws:iam::123456789012:root"}
    every = {"Action": f"{action.partition(':')[0]}:*", "Resource": "*"}
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": root, **every},
            {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*"},
        ],
    }
    thing = {"Type": type_, "Properties": {}}
    more = {"Thing": thing}
    if attached is None:
        thing["Properties"]["KeyPolicy"] = document
    else:
        policy, whose, where = attached
        ref = {"Ref": "Thing"}
        named = {whose: [ref] if whose.endswith("s") else ref, where: document}
        more["Policy"] = {"Type": policy, "Properties": named}
    shop = account.deploy(template(ASK, allow(action), more=more))

    method, params = call(shop.physical_id("Thing"))
    service = action.partition(":")[0]
    event = {"service": service, "method": method, "params": params}
    said = shop.function("Worker").invoke(event).payload

    assert "with an explicit deny in a resource-based policy" in str(said)


def test_fails_if_a_handler_swallows_a_denial(account, stack, outbox):
    """
    What was refused is missing, whatever became of the invocation.
    """
    sender(stack, outbox)
    shop = account.deploy(stack)
    shop.function("Worker").invoke({})

    with pytest.raises(AssertionError, match="misses sqs:SendMessage on arn:aws:sqs"):
        account.assert_least_privilege()


def test_a_boundary_limits_what_the_policy_allows(account, stack, outbox):
    """
    What the boundary leaves out is refused.
    """
    worker = sender(stack, outbox)
    worker.allow("sqs:SendMessage", on=outbox)
    iam.PermissionsBoundary.of(worker.role).apply(
        iam.ManagedPolicy(
            stack,
            "Boundary",
            statements=[iam.PolicyStatement(actions=["logs:*"], resources=["*"])],
        )
    )
    shop = account.deploy(stack)

    assert (
        "because no permissions boundary allows the sqs:sendmessage action"
        in (shop.function("Worker").invoke({}).payload["Message"])
    )


def test_a_boundary_that_somebody_else_makes_is_not_known(account, stack, outbox):
    """
    It limits nothing here, and the account says so.
    """
    worker = sender(stack, outbox)
    worker.allow("sqs:SendMessage", on=outbox)
    theirs = iam.ManagedPolicy.from_managed_policy_name(stack, "Boundary", "developers")
    FunctionDefaults(permissions_boundary=theirs).apply_to(stack)
    shop = account.deploy(stack)

    shop.function("Worker").invoke({})

    assert 1 == len(shop.queue("Outbox").bodies())
    assert (
        "permissions boundary arn:aws:iam::123456789012:policy/developers, which is "
        "not in this account"
    ) in account.unmodelled.values()


def test_the_key_of_a_queue_is_used_in_the_caller_s_name(account, stack):
    """
    Sending to an encrypted queue takes the key as well.
    """
    encrypted = sqs.Queue(stack, "Outbox", encryption_master_key=kms.Key(stack, "Key"))
    sender(stack, encrypted).allow("sqs:SendMessage", on=encrypted)
    shop = account.deploy(stack)

    error = shop.function("Worker").invoke({}).payload

    assert "KMS.AccessDeniedException" == error["Code"]
    assert "kms:GenerateDataKey" in error["Message"]


def test_a_poller_without_its_permission_receives_nothing(account, stack):
    """
    Lambda polls under the function's role.
    """
    worker = make_function(stack, "def handler(event, context): ...")
    worker.add_event_source(SqsEventSource(sqs.Queue(stack, "Queue")))
    shop = account.deploy(stack)
    deny(account, shop.function("Worker"), "sqs:ReceiveMessage")

    shop.queue("Queue").send("x")
    account.settle()

    assert [] == shop.function("Worker").invocations
    assert ["x"] == shop.queue("Queue").bodies()
    assert "denied" in {each.what for each in account.timeline}


def test_a_failure_record_needs_its_permission(account, stack):
    """
    Without it the event is lost, and the timeline says so.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    make_function(
        stack,
        "def handler(event, context):\n    raise ValueError",
        async_invoke=AsyncInvoke(retry_attempts=0),
    )
    shop = account.deploy(stack)
    deny(account, shop.function("Worker"), "sqs:SendMessage")

    shop.function("Worker").invoke_async({})
    account.settle()

    assert [] == shop.queue("Worker/Failures").bodies()
    assert any("sqs:SendMessage" in each.detail for each in account.timeline)
    assert "lost" in {each.what for each in account.timeline}


def test_logs_and_traces_are_sent_under_the_role(account, stack):
    """
    All that a function has from the start is used by any invocation that logs.
    """
    make_function(stack, "def handler(event, context):\n    print('hello')")
    shop = account.deploy(stack)

    shop.function("Worker").invoke({})

    account.assert_least_privilege()
    group = shop.function("Worker").state.log_group
    events = account.client("logs").filter_log_events(logGroupName=group)["events"]
    assert ["hello"] == [each["message"] for each in events]


def test_fails_if_a_grant_is_never_used(account, stack, outbox):
    """
    One line for each, with the resource.
    """
    make_function(stack, "def handler(event, context):\n    print('hello')").allow(
        "sqs:SendMessage", on=outbox
    )
    shop = account.deploy(stack)
    shop.function("Worker").invoke({})

    with pytest.raises(AssertionError) as error:
        account.assert_least_privilege()

    first, second = str(error.value).splitlines()
    assert "not least privilege:" == first
    assert second.startswith("Worker/Function: never used sqs:SendMessage on arn:aws:")


def test_an_operation_that_is_not_mapped_is_refused(account, stack):
    """
    The kit does not guess; it names the operation.
    """
    make_function(
        stack,
        "import boto3\ndef handler(event, context):\n"
        "    boto3.client('rds').describe_db_instances()",
    )
    shop = account.deploy(stack)

    outcome = shop.function("Worker").invoke({})

    assert "UnmappedOperationError" == outcome.payload["errorType"]
    assert "rds.DescribeDBInstances" in outcome.payload["errorMessage"]
    assert "unmapped" in {each.what for each in account.timeline}


def test_the_test_s_own_clients_may_do_everything(account, stack):
    """
    boto3 in a test is the account's owner.
    """
    s3.Bucket(stack, "Bucket")
    shop = account.deploy(stack)

    boto3.client("s3").put_object(Bucket=shop.physical_id("Bucket"), Key="k", Body=b"v")

    assert ["k"] == shop.bucket("Bucket").keys()


def test_a_call_fails_as_often_as_it_was_asked_to(account, stack, outbox):
    """
    Throttled, then fine.
    """
    sender(stack, outbox).allow("sqs:SendMessage", on=outbox)
    shop = account.deploy(stack)
    account.fail_calls("sqs", "SendMessage", "RequestThrottled", times=1)

    answers = [shop.function("Worker").invoke({}).payload for _ in range(2)]

    assert "RequestThrottled" == answers[0]["Code"]
    assert answers[1] is None
