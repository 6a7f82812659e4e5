"""allow() grants exactly what it is told, on exactly that resource."""

from __future__ import annotations

import pytest
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm
from aws_cdk import aws_stepfunctions as sfn

from lambda_constructs import ConfigurationError
from tests.unit.conftest import allowed, make_function, resources, statements


def table(stack):
    return dynamodb.TableV2(
        stack,
        "Target",
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
    )


TARGETS = {
    "dynamodb:PutItem": table,
    "events:PutEvents": lambda stack: events.EventBus(stack, "Target"),
    "kinesis:PutRecord": lambda stack: kinesis.Stream(stack, "Target"),
    "kms:Decrypt": lambda stack: kms.Key(stack, "Target"),
    "lambda:InvokeFunction": lambda stack: make_function(stack, "Target").live,
    "s3:ListBucket": lambda stack: s3.Bucket(stack, "Target"),
    "secretsmanager:GetSecretValue": lambda stack: secretsmanager.Secret(
        stack, "Target"
    ),
    "sns:Publish": lambda stack: sns.Topic(stack, "Target"),
    "sqs:SendMessage": lambda stack: sqs.Queue(stack, "Target"),
    "ssm:GetParameter": lambda stack: ssm.StringParameter(
        stack, "Target", string_value="x"
    ),
    "states:StartExecution": lambda stack: sfn.StateMachine(
        stack, "Target", definition_body=sfn.DefinitionBody.from_string("{}")
    ),
}


@pytest.mark.parametrize("action", TARGETS)
def test_allows_the_one_action_on_the_one_resource(stack, worker, action):
    """
    Nothing is added, for any of the services that it knows.
    """
    worker.allow(action, on=TARGETS[action](stack))

    assert {action} == allowed(stack, "Target")


def test_object_actions_are_allowed_on_objects_and_bucket_actions_on_the_bucket(
    stack, worker
):
    """
    s3:GetObject on the bucket itself would allow nothing.
    """
    worker.allow("s3:GetObject", "s3:ListBucket", on=s3.Bucket(stack, "Target"))

    on = {each["Action"]: each["Resource"] for each in statements(stack)[2:]}
    assert {"Fn::GetAtt"} == on["s3:ListBucket"].keys()
    assert "/*" == on["s3:GetObject"]["Fn::Join"][1][-1]


@pytest.mark.parametrize(
    ("action", "on_objects"),
    [
        ("s3:PutObject", True),
        ("s3:DeleteObjectVersion", True),
        ("s3:AbortMultipartUpload", True),
        ("s3:BypassGovernanceRetention", True),
        ("s3:ReplicateDelete", True),
        ("s3:GetBucketLocation", False),
        ("s3:GetBucketObjectLockConfiguration", False),
        ("s3:ListBucketVersions", False),
    ],
)
def test_tells_object_actions_from_bucket_actions(stack, worker, action, on_objects):
    """
    By the names in the service authorization reference.
    """
    worker.allow(action, on=s3.Bucket(stack, "Target"))

    assert on_objects == ("/*" in str(statements(stack)[2]["Resource"]))


def test_an_arn_will_do(stack, worker):
    """
    For what CDK has no construct for.
    """
    arn = "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_x"

    worker.allow("cognito-idp:AdminGetUser", on=arn)

    assert {"cognito-idp:AdminGetUser"} == allowed(stack, arn)


def test_an_imported_resource_will_do(stack, worker):
    """
    Only its ARN is needed.
    """
    queue = sqs.Queue.from_queue_arn(
        stack, "Imported", "arn:aws:sqs:eu-west-1:111122223333:outbox"
    )

    worker.allow("sqs:SendMessage", on=queue)

    assert {"sqs:SendMessage"} == allowed(stack, ":outbox")


@pytest.mark.parametrize("action", ["*", "dynamodb:*", "dynamodb:Put*", "PutItem"])
def test_fails_if_an_action_is_not_one_whole_name(stack, worker, action):
    """
    A wildcard allows what the handler does not do.
    """
    with pytest.raises(ConfigurationError, match="must each be one whole name"):
        worker.allow(action, on=table(stack))


def test_fails_if_the_action_cannot_apply_to_the_resource(stack, worker):
    """
    It would be a grant that grants nothing.
    """
    with pytest.raises(ConfigurationError) as error:
        worker.allow("dynamodb:PutItem", on=sqs.Queue(stack, "Orders"))

    assert (
        "Shop/Worker: 'dynamodb:PutItem' acts on a resource with table_arn, got "
        "Shop/Orders (Queue); pass the resource that the action is for"
    ) == str(error.value)


def test_fails_if_the_service_is_not_known_and_names_the_nearest(stack, worker):
    """
    A misspelt service is found; for another one the ARN will do.
    """
    with pytest.raises(ConfigurationError) as error:
        worker.allow("dynamobd:PutItem", on=table(stack))

    assert "got 'dynamobd:PutItem'; pass the ARN as on=, or did you mean dynamodb?" in (
        str(error.value)
    )


@pytest.mark.parametrize("arn", ["*", "orders"])
def test_fails_if_a_text_is_not_an_arn(worker, arn):
    """
    A bare * is every resource there is.
    """
    with pytest.raises(ConfigurationError, match="on must be a resource or its ARN"):
        worker.allow("dynamodb:PutItem", on=arn)


def test_fails_if_there_is_no_action(stack, worker):
    """
    A call that does nothing is a mistake.
    """
    with pytest.raises(ConfigurationError, match="needs one action or more"):
        worker.allow(on=table(stack))


def test_another_function_is_its_live_alias(stack, worker):
    """
    What every caller invokes.
    """
    worker.allow("lambda:InvokeFunction", on=make_function(stack, "Other"))

    assert {"lambda:InvokeFunction"} == allowed(stack, "OtherLive")


def test_a_secret_that_was_imported_by_name_gets_the_end_of_its_arn(stack, worker):
    """
    Six characters that only Secrets Manager knows.
    """
    secret = secretsmanager.Secret.from_secret_name_v2(stack, "Imported", "db")

    worker.allow("secretsmanager:GetSecretValue", on=secret)

    assert "secret:db-??????" in str(statements(stack)[2]["Resource"])


def test_the_stream_of_a_table_is_a_resource_of_its_own(stack, worker):
    """
    Reading it on the table would allow nothing.
    """
    streamed = dynamodb.TableV2(
        stack,
        "Target",
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
        dynamo_stream=dynamodb.StreamViewType.NEW_IMAGE,
    )

    worker.allow("dynamodb:GetRecords", on=streamed)

    assert "StreamArn" == statements(stack)[2]["Resource"]["Fn::GetAtt"][1]


def test_an_alias_of_a_key_stands_for_the_key(stack, worker):
    """
    IAM allows nothing by the ARN of an alias.
    """
    alias = kms.Alias(stack, "Alias", alias_name="q", target_key=kms.Key(stack, "Key"))

    worker.allow("kms:Decrypt", on=alias)

    assert {"kms:Decrypt"} == allowed(stack, "Key")


def test_fails_if_a_key_is_an_imported_alias(stack, worker):
    """
    Which key it is cannot be known.
    """
    alias = kms.Alias.from_alias_name(stack, "Alias", "alias/q")

    with pytest.raises(ConfigurationError, match="is an imported alias"):
        worker.allow("kms:Decrypt", on=alias)


def test_fails_if_the_arn_is_of_another_service(worker):
    """
    It would be a grant that grants nothing.
    """
    with pytest.raises(ConfigurationError, match="dynamodb actions act on ARNs of"):
        worker.allow("dynamodb:PutItem", on="arn:aws:s3:::orders")


def test_a_grant_that_needs_the_resource_s_policy_works(stack, worker):
    """
    An encrypted secret grants its key, whose policy names the role.
    """
    secret = secretsmanager.Secret(
        stack, "Target", encryption_key=kms.Key(stack, "Key")
    )

    secret.grant_read(worker)

    assert "secretsmanager:GetSecretValue" in allowed(stack, "Target")
    assert "WorkerRole" in str(resources(stack, "AWS::KMS::Key"))
