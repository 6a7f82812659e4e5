"""One key for all that belongs to a function, and exactly who may use it."""

from __future__ import annotations

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template

from lambda_constructs import ConfigurationError, FunctionDefaults, Practice
from lambda_constructs.event_sources import (
    HttpApiEventSource,
    IotEventSource,
    S3EventSource,
    ScheduleEventSource,
    SnsEventSource,
)
from tests.unit.conftest import is_warned, make_function, only, resources, statements

FUNCTION = "AWS::Lambda::Function"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"


def key_id(stack: Stack) -> str:
    (found,) = resources(stack, "AWS::KMS::Key")
    return found


def key_policy(stack: Stack) -> list[dict]:
    """What the key's policy says beside that IAM decides."""
    return only(stack, "AWS::KMS::Key")["KeyPolicy"]["Statement"][1:]


class TestAllOfIt:
    """A function with every source that makes a store, and one key."""

    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        FunctionDefaults(encryption_key=kms.Key(stack, "Key")).apply_to(stack)
        worker = make_function(stack, environment={"STAGE": "test"})
        for source in (
            HttpApiEventSource(apigatewayv2.HttpApi(stack, "Api"), routes=["GET /"]),
            IotEventSource("SELECT * FROM 'a'"),
            S3EventSource(s3.Bucket(stack, "Bucket")),
            ScheduleEventSource(scheduler.ScheduleExpression.expression("rate(1 day)")),
            SnsEventSource(sns.Topic(stack, "Topic")),
        ):
            worker.add_event_source(source)
        return stack

    def test_environment_logs_and_queues_are_encrypted_with_it(self, stack):
        """
        And so is every store that the library makes: none is left out.
        """
        arn = {"Fn::GetAtt": [key_id(stack), "Arn"]}
        groups = resources(stack, "AWS::Logs::LogGroup").values()
        queues = resources(stack, "AWS::SQS::Queue").values()

        assert arn == only(stack, FUNCTION)["KmsKeyArn"]
        assert [arn] * 2 == [each["Properties"]["KmsKeyId"] for each in groups]
        assert [arn] * 5 == [each["Properties"]["KmsMasterKeyId"] for each in queues]

    def test_the_role_decrypts_the_environment_and_sends_to_the_queue(self, stack):
        """
        The one by the encryption context, which holds this function's ARN; the other
        by way of SQS.
        """
        environment, queue = [
            each for each in statements(stack) if "kms:Decrypt" in str(each["Action"])
        ]
        (function,) = resources(stack, FUNCTION)

        assert "kms:Decrypt" == environment["Action"]
        context = "kms:EncryptionContext:aws:lambda:FunctionArn"
        assert {
            "StringEquals": {context: {"Fn::GetAtt": [function, "Arn"]}}
        } == environment["Condition"]
        assert ["kms:Decrypt", "kms:GenerateDataKey"] == queue["Action"]
        via = queue["Condition"]["StringEquals"]["kms:ViaService"]
        assert "sqs." == via["Fn::Join"][1][0]

    def test_cloudwatch_logs_may_use_it_for_groups_of_this_account(self, stack):
        """
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html,
        said once however many groups there are, and without a wildcard action.
        """
        (logs_,) = [e for e in key_policy(stack) if "logs." in str(e["Principal"])]

        assert "*" not in str(logs_["Action"])
        assert {
            "kms:Decrypt",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "kms:ReEncryptFrom",
        } <= set(logs_["Action"])
        context = logs_["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
        assert {"Ref": "AWS::AccountId"} in context["Fn::Join"][1]
        assert ":log-group:*" == context["Fn::Join"][1][-1]

    def test_services_that_send_may_use_it_for_this_account(self, stack):
        """
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
        """
        senders = {
            each["Principal"]["Service"]: each
            for each in key_policy(stack)
            if isinstance(each["Principal"].get("Service"), str)
        }

        assert {"events.amazonaws.com", "sns.amazonaws.com"} == senders.keys()
        for each in senders.values():
            assert ["kms:Decrypt", "kms:GenerateDataKey"] == each["Action"]
            account = {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
            assert {"StringEquals": account} == each["Condition"]

    def test_nothing_in_the_template_waits_for_itself(self, stack):
        """
        The key's policy names neither group, queue nor function.
        """
        Template.from_stack(stack)  # raises where there is a cycle

        own = [
            each
            for type in (FUNCTION, "AWS::Logs::LogGroup", "AWS::SQS::Queue")
            for each in resources(stack, type)
        ]
        assert not [each for each in own if each in str(key_policy(stack))]


def test_without_a_key_nothing_names_one(stack, worker):
    """
    AWS's own keys cost nothing and need no permission.
    """
    assert "KmsKeyArn" not in only(stack, FUNCTION)
    assert "KmsKeyId" not in only(stack, "AWS::Logs::LogGroup")
    assert "kms" not in str(statements(stack))


def test_what_a_function_says_wins(stack):
    """
    Its own key over the scope's; a key of the environment, and a group, over both.
    """
    FunctionDefaults(encryption_key=kms.Key(stack, "Scope")).apply_to(stack)
    own = kms.Key(stack, "Own")

    make_function(
        stack,
        encryption_key=own,
        environment_encryption=kms.Key(stack, "Environment"),
        log_group=logs.LogGroup(stack, "Given"),
    )
    make_function(stack, "Other", encryption_key=own)

    worker, other = [
        each["Properties"]["KmsKeyArn"]["Fn::GetAtt"][0]
        for each in resources(stack, FUNCTION).values()
    ]
    assert worker.startswith("Environment")
    assert other.startswith("Own")
    (given,) = [
        each["Properties"]
        for name, each in resources(stack, "AWS::Logs::LogGroup").items()
        if name.startswith("Given")
    ]
    assert "KmsKeyId" not in given


def test_a_key_for_the_environment_alone_is_allowed_to_decrypt_it(stack):
    """
    CDK passes it on and allows nothing.
    """
    make_function(stack, environment_encryption=kms.Key(stack, "Key"))

    (decrypt,) = [e for e in statements(stack) if "kms:Decrypt" in str(e["Action"])]
    assert "FunctionArn" in str(decrypt["Condition"])
    assert "KmsKeyId" not in only(stack, "AWS::Logs::LogGroup")


def test_an_alias_stands_for_its_key(stack):
    """
    CloudWatch Logs takes no alias, and IAM allows nothing by one.
    """
    alias = kms.Alias(
        stack, "Alias", alias_name="alias/shop", target_key=kms.Key(stack, "Key")
    )

    make_function(stack, encryption_key=alias)

    arn = {"Fn::GetAtt": [key_id(stack), "Arn"]}
    assert arn == only(stack, "AWS::Logs::LogGroup")["KmsKeyId"]
    assert arn == only(stack, FUNCTION)["KmsKeyArn"]


def test_an_imported_key_warns_and_says_what_its_policy_has_to(stack):
    """
    Or the log group could not be made.
    """
    make_function(stack, encryption_key=kms.Key.from_key_arn(stack, "Key", KEY))

    assert is_warned(stack, Practice.IMPORTED_KEY)
    assert KEY == only(stack, "AWS::Logs::LogGroup")["KmsKeyId"]


def test_a_key_of_this_app_warns_of_nothing(stack):
    """
    Its policy is extended here.
    """
    make_function(stack, encryption_key=kms.Key(stack, "Key"))

    assert not is_warned(stack, Practice.IMPORTED_KEY)


def test_fails_if_the_key_is_in_another_region():
    """
    A key encrypts in its own Region alone.
    """
    stack = Stack(App(), "Shop", env=Environment(region="us-east-1"))
    key = kms.Key.from_key_arn(stack, "Key", KEY)

    with pytest.raises(
        ConfigurationError,
        match=r"must be in the function's Region us-east-1, got eu-west-1; pass a key",
    ):
        make_function(stack, encryption_key=key)


def test_fails_if_it_is_no_key(stack):
    """
    The ARN alone tells nothing of a policy.
    """
    with pytest.raises(ConfigurationError, match="encryption_key must be a Key of"):
        make_function(stack, encryption_key=KEY)
    with pytest.raises(ConfigurationError, match="encryption_key must be a Key of"):
        FunctionDefaults(encryption_key=KEY)
