"""What Lambda checks of a role before it creates something that needs it."""

from __future__ import annotations

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_ec2 as ec2

from lambda_constructs.testing import AccountError

from ._templates import allow, arn_of, template
from .conftest import CONTEXT, make_function

VPC = {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
INTERFACES = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
]
QUEUE = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {}}}
TOPIC = {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {}}}


def test_lambda_makes_the_interfaces_under_the_role(account):
    """
    .../dg/configuration-vpc.html: what the role has for that is used at deployment.
    """
    what = template("", allow(INTERFACES), VpcConfig=VPC)
    shop = account.deploy(what)

    used = {action for action, _ in shop.function("Worker").access.used}
    assert set(INTERFACES) == used & set(INTERFACES)


@pytest.mark.parametrize(
    "operation",
    ["CreateNetworkInterface", "DescribeNetworkInterfaces", "DeleteNetworkInterface"],
)
def test_fails_if_a_function_in_a_vpc_may_make_no_interface(account, operation):
    """
    .../dg/configuration-vpc.html: in Lambda's own words.
    """
    allowed = [each for each in INTERFACES if not each.endswith(f":{operation}")]
    what = template("", allow(allowed), VpcConfig=VPC)

    with pytest.raises(AccountError) as error:
        account.deploy(what)

    assert (
        "Worker: The provided execution role does not have permissions to call "
        f"{operation} on EC2: ec2:{operation} on "
    ) in str(error.value)


@pytest.mark.parametrize("subnets", [[], None])
def test_a_function_outside_a_vpc_makes_no_interface(account, subnets):
    """
    Without subnets there is none.
    """
    given = {} if subnets is None else {"VpcConfig": {"SubnetIds": subnets}}

    assert set() == account.deploy(template(**given)).function("Worker").access.missing


def test_a_missing_grant_that_only_scaling_needs_is_named(account):
    """
    .../dg/configuration-vpc.html: the role needs it, though the function is created.
    """
    what = template("", allow(INTERFACES[1:]), VpcConfig=VPC)
    shop = account.deploy(what)

    ((action, _),) = shop.function("Worker").access.missing
    assert "ec2:AssignPrivateIpAddresses" == action


CREATE = """
import boto3
from botocore.exceptions import ClientError
def handler(event, context):
    try:
        boto3.client("ec2").create_network_interface(SubnetId="subnet-1")
    except ClientError as error:
        return error.response["Error"]
"""


def test_the_code_of_a_function_in_a_vpc_may_make_no_interface(account):
    """
    .../dg/configuration-vpc.html: it is denied by `lambda:SourceFunctionArn`, which
    Lambda's own calls do not have; the library's functions all are.
    """
    stack = Stack(App(context=CONTEXT), "Shop")
    make_function(stack, CREATE, vpc=ec2.Vpc(stack, "Vpc", nat_gateways=0))
    worker = account.deploy(stack).function("Worker")

    error = worker.invoke({}).payload

    assert "UnauthorizedOperation" == error["Code"]
    assert "with an explicit deny in an identity-based policy" in error["Message"]
    assert "ec2:CreateNetworkInterface" in {action for action, _ in worker.access.used}


@pytest.mark.parametrize(
    ("target", "words"),
    [(QUEUE, "SendMessage on SQS"), (TOPIC, "Publish on SNS")],
)
def test_fails_if_the_dead_letter_queue_cannot_be_written(account, target, words):
    """
    .../dg/invocation-async-retain-records.html
    """
    (id,) = target
    config = {"TargetArn": arn_of(id) if id == "Queue" else {"Ref": id}}
    what = template(more=target, DeadLetterConfig=config)

    with pytest.raises(AccountError, match=f"permissions to call {words}: "):
        account.deploy(what)


def invoke_config(kind: str, target: object) -> dict[str, object]:
    return {
        "Config": {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "Properties": {
                "FunctionName": {"Ref": "Worker"},
                "Qualifier": "live",
                "DestinationConfig": {kind: {"Destination": target}},
            },
        }
    }


@pytest.mark.parametrize("kind", ["OnSuccess", "OnFailure"])
@pytest.mark.parametrize(
    ("resource", "target", "action"),
    [
        (QUEUE, arn_of("Queue"), "SendMessage"),
        (TOPIC, {"Ref": "Topic"}, "Publish"),
        ({}, "arn:aws:events:eu-west-1:123456789012:event-bus/default", "PutEvents"),
        ({}, "arn:aws:lambda:eu-west-1:123456789012:function:x", "InvokeFunction"),
        ({}, "arn:aws:s3:::letters", "PutObject"),
    ],
)
def test_fails_if_a_destination_cannot_be_reached(
    account, kind, resource, target, action
):
    """
    .../dg/invocation-async-retain-records.html: Lambda checks it when it is set.
    """
    more = {**resource, **invoke_config(kind, target)}

    with pytest.raises(
        AccountError, match=f"execution role does not have .* to call {action} on arn:"
    ):
        account.deploy(template(more=more))


@pytest.mark.parametrize("missing", ["SubscribeToShard", "DescribeStreamConsumer"])
def test_fails_if_a_consumer_cannot_be_subscribed_to(account, missing):
    """
    .../dg/services-kinesis-create.html: it needs no GetRecords.
    """
    consumer = {"ConsumerName": "fast", "StreamARN": arn_of("Stream")}
    more = {
        **STREAM,
        "Consumer": {"Type": "AWS::Kinesis::StreamConsumer", "Properties": consumer},
        **mapping(
            {"Fn::GetAtt": ["Consumer", "ConsumerARN"]}, StartingPosition="LATEST"
        ),
    }
    actions = ("SubscribeToShard", "DescribeStreamConsumer")
    allowed = [f"kinesis:{each}" for each in actions if each != missing]

    with pytest.raises(AccountError, match=f"kinesis:{missing} on .*/consumer/fast"):
        account.deploy(template("", allow(allowed), more=more))


def test_a_grant_on_the_records_alone_is_enough(account):
    """
    .../dg/invocation-async-retain-records.html: their keys begin alike, and the bucket
    is to be the account's own.
    """
    records = "arn:aws:s3:::letters/aws/lambda/async/worker/*"
    own = {"StringEquals": {"s3:ResourceAccount": "123456789012"}}
    grant = {**allow("s3:PutObject", records), "Condition": own}
    more = invoke_config("OnFailure", "arn:aws:s3:::letters")

    account.deploy(template("", grant, more=more))

    assert set() == account.authority.access(account.functions["worker"]).missing


def test_what_is_only_checked_is_not_used(account):
    """
    A grant that deployment looks for is used by what needs it, and not before.
    """
    more = {**QUEUE, **invoke_config("OnFailure", arn_of("Queue"))}
    what = template("", allow("sqs:SendMessage", arn_of("Queue")), more=more)
    shop = account.deploy(what)

    assert "sqs:SendMessage" in {
        action for action, _ in shop.function("Worker").access.unused
    }


def mapping(arn: object, **properties: object) -> dict[str, object]:
    return {
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "FunctionName": {"Ref": "Alias"},
                "EventSourceArn": arn,
                **properties,
            },
        }
    }


POLLING = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]


@pytest.mark.parametrize("missing", POLLING)
def test_fails_if_a_queue_cannot_be_polled(account, missing):
    """
    .../dg/services-sqs-configure.html
    """
    allowed = [each for each in POLLING if each != missing]
    more = {**QUEUE, **mapping(arn_of("Queue"))}
    what = template("", allow(allowed), more=more)
    words = (
        "The function execution role does not have permissions to call "
        f"{missing.partition(':')[2]} on SQS"
    )

    with pytest.raises(AccountError, match=words):
        account.deploy(what)


READING = {
    "dynamodb": ["GetRecords", "GetShardIterator", "DescribeStream"],
    "kinesis": ["GetRecords", "GetShardIterator", "DescribeStream", "ListShards"],
}
STREAM = {"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}}}
TABLE = {
    "Table": {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
        },
    }
}


@pytest.mark.parametrize(
    ("service", "missing"),
    [(service, each) for service, actions in READING.items() for each in actions],
)
def test_fails_if_a_stream_cannot_be_read(account, service, missing):
    """
    .../dg/services-kinesis-create.html
    .../dg/services-dynamodb-eventsourcemapping.html
    """
    allowed = [f"{service}:{each}" for each in READING[service] if each != missing]
    resource = STREAM if service == "kinesis" else TABLE
    arn = {
        "kinesis": arn_of("Stream"),
        "dynamodb": {"Fn::GetAtt": ["Table", "StreamArn"]},
    }
    more = {**resource, **mapping(arn[service], StartingPosition="LATEST")}

    with pytest.raises(AccountError) as error:
        account.deploy(template("", allow(allowed), more=more))

    assert (
        f"Please ensure the role can perform the {', '.join(READING[service])}, and "
        f"ListStreams Actions on your stream in IAM: {service}:{missing} on "
    ) in str(error.value)
