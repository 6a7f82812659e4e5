"""Translation, account state and hook as one: a role that may do three things."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError

from lambda_constructs.testing._calls import (
    AccountLookup,
    Call,
    Denial,
    install,
    needs,
)
from tests.testing.calls.conftest import KIT_KEY, PRINCIPAL

ACCOUNT = "123456789012"


def test_sending_to_an_encrypted_queue_needs_its_key(aws, monkeypatch):
    """
    The look-ups are calls, too, and are not themselves authorised.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    kit = boto3.Session(KIT_KEY, "testing", region_name="eu-west-1")
    lookup = AccountLookup(kit, ACCOUNT)
    key = kit.client("kms").create_key()["KeyMetadata"]["Arn"]
    url = kit.client("sqs").create_queue(
        QueueName="q", Attributes={"KmsMasterKeyId": key}
    )["QueueUrl"]
    allowed = {"sqs:SendMessage", "kms:GenerateDataKey"}

    def authorise(call: Call) -> Denial | None:
        if call.access_key == KIT_KEY:
            return None
        for need in needs(
            call.service,
            call.operation,
            call.params,
            partition="aws",
            region=call.region,
            account=ACCOUNT,
            secure=call.secure,
            lookup=lookup,
            endpoint=call.endpoint,
        ):
            if need.action not in allowed:
                return Denial(PRINCIPAL, need.action, need.resource)
        return None

    client = boto3.client("sqs")
    with install(authorise):
        with pytest.raises(client.exceptions.KmsAccessDenied, match="kms:Decrypt"):
            client.send_message(QueueUrl=url, MessageBody="m")
        allowed.add("kms:Decrypt")
        client.send_message(QueueUrl=url, MessageBody="m")
        with pytest.raises(ClientError, match="sqs:receivemessage"):
            client.receive_message(QueueUrl=url)
