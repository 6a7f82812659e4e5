"""Each service's own error: class, code, status and words."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from lambda_constructs.testing._calls import Denial, Reason, UnknownCaller
from lambda_constructs.testing._calls.denial import refusal
from tests.testing.calls.conftest import PRINCIPAL
from tests.testing.calls.facts import KEY
from tests.testing.calls.samples import model

WORDS = f"User: {PRINCIPAL} is not authorized to perform: "


def answer(service, operation, action, resource="arn:r", reason=None):
    denial = Denial(PRINCIPAL, action, resource, reason or Reason.NO_IDENTITY_POLICY)
    return refusal(model(service).operation_model(operation), denial)


@pytest.mark.parametrize(
    ("service", "operation", "action", "code", "status"),
    [
        ("dynamodb", "PutItem", "dynamodb:PutItem", "AccessDeniedException", 400),
        ("kinesis", "PutRecord", "kinesis:PutRecord", "AccessDeniedException", 400),
        ("kms", "Decrypt", "kms:Decrypt", "AccessDeniedException", 400),
        ("events", "PutEvents", "events:PutEvents", "AccessDeniedException", 400),
        ("ssm", "GetParameter", "ssm:GetParameter", "AccessDeniedException", 400),
        ("logs", "PutLogEvents", "logs:PutLogEvents", "AccessDeniedException", 400),
        ("lambda", "Invoke", "lambda:InvokeFunction", "AccessDeniedException", 403),
        ("scheduler", "GetSchedule", "scheduler:G", "AccessDeniedException", 403),
        ("xray", "PutTraceSegments", "xray:P", "AccessDeniedException", 403),
        ("sqs", "SendMessage", "sqs:SendMessage", "AccessDenied", 403),
        ("cloudwatch", "PutMetricData", "cloudwatch:P", "AccessDenied", 403),
        ("sts", "AssumeRole", "sts:AssumeRole", "AccessDenied", 403),
        ("s3", "GetObject", "s3:GetObject", "AccessDenied", 403),
        ("s3", "HeadObject", "s3:GetObject", "403", 403),
        ("sns", "Publish", "sns:Publish", "AuthorizationError", 403),
        ("ec2", "StopInstances", "ec2:StopInstances", "UnauthorizedOperation", 403),
        ("iot-data", "Publish", "iot:Publish", "ForbiddenException", 403),
        ("sqs", "SendMessage", "kms:Decrypt", "KMS.AccessDeniedException", 400),
        ("sns", "Publish", "kms:Decrypt", "KMSAccessDenied", 400),
        ("kinesis", "PutRecord", "kms:Decrypt", "KMSAccessDeniedException", 400),
        (
            "rekognition",
            "DetectLabels",
            "s3:GetObject",
            "InvalidS3ObjectException",
            400,
        ),
    ],
)
def test_the_code_and_status_are_the_services(service, operation, action, code, status):
    """
    Protocols differ, and some services from their protocol.
    """
    found = answer(service, operation, action)

    assert (code, status) == (found.code, found.status)


@pytest.mark.parametrize(
    ("service", "operation", "action", "resource", "message"),
    [
        (
            "sqs",
            "SendMessageBatch",
            "sqs:SendMessage",
            "arn:q",
            f"{WORDS}sqs:sendmessage on resource: arn:q because no identity-based "
            "policy allows the sqs:sendmessage action",
        ),
        (
            "sns",
            "Publish",
            "sns:Publish",
            "arn:t",
            f"{WORDS}SNS:Publish on resource: arn:t because no identity-based policy "
            "allows the SNS:Publish action",
        ),
        (
            "s3",
            "GetObject",
            "s3:GetObject",
            "arn:aws:s3:::b/k",
            f'{WORDS}s3:GetObject on resource: "arn:aws:s3:::b/k" because no '
            "identity-based policy allows the s3:GetObject action",
        ),
        (
            "ec2",
            "DescribeInstances",
            "ec2:DescribeInstances",
            "*",
            f"You are not authorized to perform this operation. {WORDS}"
            "ec2:DescribeInstances because no identity-based policy allows the "
            "ec2:DescribeInstances action",
        ),
        (
            "ses",
            "SendEmail",
            "ses:SendEmail",
            "arn:i",
            f"User `{PRINCIPAL}' is not authorized to perform `ses:SendEmail' on "
            "resource `arn:i'",
        ),
        (
            "secretsmanager",
            "GetSecretValue",
            "kms:Decrypt",
            KEY,
            "Access to KMS is not allowed",
        ),
    ],
)
def test_the_words_are_the_services(service, operation, action, resource, message):
    """
    As people quote them: SQS writes actions in lower case, SNS its prefix in upper.
    https://github.com/aws/serverless-application-model/issues/3633
    """
    assert message == answer(service, operation, action, resource).message


def test_an_explicit_deny_is_worded_as_one():
    """
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    found = answer("dynamodb", "PutItem", "dynamodb:PutItem", "t", Reason.RESOURCE_DENY)

    assert found.message == (
        f"{WORDS}dynamodb:PutItem on resource: t with an explicit deny in a "
        "resource-based policy"
    )


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("dynamodb", "PutItem", "UnrecognizedClientException"),
        ("sns", "Publish", "InvalidClientTokenId"),
        ("s3", "GetObject", "InvalidAccessKeyId"),
        ("ec2", "DescribeInstances", "AuthFailure"),
    ],
)
def test_unknown_credentials_are_no_denial(service, operation, code):
    """
    https://docs.aws.amazon.com/general/latest/gr/CommonErrors.html
    """
    unknown = UnknownCaller("AKIA")

    assert code == refusal(model(service).operation_model(operation), unknown).code


@pytest.mark.parametrize(
    ("service", "method", "params", "action", "name"),
    [
        (
            "events",
            "put_events",
            {"Entries": [{"Source": "s"}]},
            "events:PutEvents",
            "AccessDeniedException",
        ),
        (
            "sns",
            "publish",
            {"Message": "m", "TopicArn": "arn:t"},
            "sns:Publish",
            "AuthorizationErrorException",
        ),
        (
            "sqs",
            "send_message",
            {"QueueUrl": "https://q/1/q", "MessageBody": "m"},
            "kms:GenerateDataKey",
            "KmsAccessDenied",
        ),
        (
            "sns",
            "publish",
            {"Message": "m", "TopicArn": "arn:t"},
            "kms:GenerateDataKey",
            "KMSAccessDeniedException",
        ),
        (
            "logs",
            "describe_log_groups",
            {},
            "logs:DescribeLogGroups",
            "AccessDeniedException",
        ),
        (
            "kinesis",
            "put_record",
            {"StreamName": "s", "Data": b"", "PartitionKey": "k"},
            "kms:GenerateDataKey",
            "KMSAccessDeniedException",
        ),
        (
            "rekognition",
            "detect_labels",
            {"Image": {"S3Object": {"Bucket": "bucket", "Name": "n"}}},
            "s3:GetObject",
            "InvalidS3ObjectException",
        ),
        (
            "iot-data",
            "publish",
            {"topic": "t"},
            "iot:Publish",
            "ForbiddenException",
        ),
    ],
)
def test_a_handler_catches_the_modelled_exception(
    guard, role, service, method, params, action, name
):
    """
    `except client.exceptions.X` works as it does against AWS.
    """
    client = role.client(service)
    guard.refuse(service, client.meta.method_to_api_mapping[method], action, "arn:r")
    expected = getattr(client.exceptions, name)

    with pytest.raises(expected) as error:
        getattr(client, method)(**params)

    assert isinstance(error.value, ClientError)
    assert error.value.response["ResponseMetadata"]["RequestId"]
