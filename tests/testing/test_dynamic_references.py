"""Values are read from Parameter Store and Secrets Manager as CloudFormation does.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
"""

from __future__ import annotations

import boto3
import pytest
from aws_cdk import App, CfnOutput, SecretValue, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm

from lambda_constructs import NotSecret
from lambda_constructs.testing import AccountError
from lambda_constructs.testing._dynamic_references import read_references

from .conftest import CONTEXT, make_function

SHOW = "import os\ndef handler(event, context): return os.environ['VALUE']"


@pytest.fixture
def stack() -> Stack:
    return Stack(App(context=CONTEXT), "Shop")


def shown(account, stack, value: str) -> str:
    make_function(stack, SHOW, environment={"VALUE": value})
    return account.deploy(stack).function("Worker").invoke({}).payload


def test_a_parameter_is_read(account, stack):
    """
    By a dynamic reference, within a text.
    """
    boto3.client("ssm").put_parameter(Name="/stage", Type="String", Value="test")

    assert "stage: test" == shown(account, stack, "stage: {{resolve:ssm:/stage}}")


def test_a_parameter_of_the_template_is_read(account, stack):
    """
    By its type, which names Parameter Store.
    """
    boto3.client("ssm").put_parameter(Name="/stage", Type="String", Value="test")
    value = ssm.StringParameter.value_for_string_parameter(stack, "/stage")

    assert "test" == shown(account, stack, value)


def test_a_key_of_a_secret_is_read(account, stack):
    """
    By the JSON key.
    """
    boto3.client("secretsmanager").create_secret(
        Name="db", SecretString='{"user": "shop"}'
    )
    user = SecretValue.secrets_manager("db", json_field="user").unsafe_unwrap()
    value = NotSecret(user, reason="the name of the user, not the password")

    assert "shop" == shown(account, stack, value)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("{arn}", "new"),
        ("db", "new"),
        ("db:SecretString", "new"),
        ("db:SecretString::AWSPREVIOUS", "old"),
    ],
)
def test_a_secret_is_read_whole_by_its_arn_or_by_its_stage(account, key, expected):
    """
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
    """
    client = boto3.client("secretsmanager")
    arn = client.create_secret(Name="db", SecretString="old")["ARN"]
    client.put_secret_value(SecretId="db", SecretString="new")
    text = f"<{{{{resolve:secretsmanager:{key.format(arn=arn)}}}}}>"

    assert {"a": [f"<{expected}>"]} == read_references(account, {"a": [text]})


def test_a_secure_parameter_is_read_decrypted(account):
    """
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-ssm-secure-strings.html
    """
    client = boto3.client("ssm")
    client.put_parameter(Name="/key", Type="SecureString", Value="s3cret")

    assert "s3cret" == read_references(account, "{{resolve:ssm-secure:/key}}")


def test_parameters_and_secrets_of_the_stack_are_created(account, stack):
    """
    And a function that may reads them.
    """
    parameter = ssm.StringParameter(stack, "Stage", string_value="test")
    secret = secretsmanager.Secret(stack, "Db", encryption_key=kms.Key(stack, "Key"))
    CfnOutput(stack, "SecretArn", value=secret.secret_arn)
    worker = make_function(
        stack,
        "import boto3, os\ndef handler(event, context):\n"
        "    stage = boto3.client('ssm').get_parameter(Name=os.environ['STAGE'])\n"
        "    db = boto3.client('secretsmanager').get_secret_value(\n"
        "        SecretId=os.environ['DB'])\n"
        "    return [stage['Parameter']['Value'], len(db['SecretString'])]",
        environment={"STAGE": parameter.parameter_name, "DB": secret.secret_arn},
    )
    worker.allow("ssm:GetParameter", on=parameter)
    secret.grant_read(worker)

    outcome = account.deploy(stack).function("Worker").invoke({})

    assert ["test", 32] == outcome.payload


def test_fails_if_there_is_no_such_parameter(account, stack):
    """
    The deployment would fail.
    """
    with pytest.raises(AccountError, match="there is no parameter '/stage' to read"):
        shown(account, stack, "{{resolve:ssm:/stage}}")
