"""What the delivery stream into the lake promises."""

from __future__ import annotations

import base64
import json

import pytest

from stacks.delivery_transform import DeliveryTransformStack
from tests.contracts.delivery_transform import contract, event, failures, filed
from tests.synthesized import Synthesized

STREAM = "AWS::KinesisFirehose::DeliveryStream"

pytestmark = pytest.mark.xdist_group("assembly")


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["delivery_transform"]


@pytest.fixture
def destination(stack) -> dict:
    (stream,) = stack.properties(STREAM)
    return stream["ExtendedS3DestinationConfiguration"]


def test_events_are_filed_by_type_and_day(destination):
    """
    As the function says; what fails has a place of its own.
    """
    assert destination["DynamicPartitioningConfiguration"]["Enabled"] is True
    assert (
        "events/type=!{partitionKeyFromLambda:type}/day=!{partitionKeyFromLambda:day}/"
    ) == destination["Prefix"]
    assert destination["ErrorOutputPrefix"].startswith(
        "failed/!{firehose:error-output-type}/"
    )
    assert "GZIP" == destination["CompressionFormat"]


def test_stream_may_write_where_it_delivers_and_nowhere_else(stack):
    """
    Neither read nor write what others have in the lake.
    """
    (policy,) = [
        each["PolicyDocument"]["Statement"]
        for each in stack.properties("AWS::IAM::ManagedPolicy")
        if "s3:PutObject" in str(each)
    ]
    (objects,) = [
        each["Resource"] for each in policy if "s3:PutObject" in each["Action"]
    ]

    assert ["/events/*", "/failed/*"] == [each["Fn::Join"][1][-1] for each in objects]


def test_function_may_only_write_its_logs_and_traces(stack):
    """
    Firehose does the rest.
    """
    (policy,) = [
        each["PolicyDocument"]["Statement"]
        for each in stack.properties("AWS::IAM::ManagedPolicy")
        if "xray:" in str(each)
    ]

    assert {"logs", "xray"} == {
        action.split(":")[0] for each in policy for action in each["Action"]
    }


def test_a_batch_leaves_room_for_the_response(stack, destination):
    """
    A megabyte at most, of the six that a response may have.
    """
    (processor,) = destination["ProcessingConfiguration"]["Processors"]
    parameters = {
        each["ParameterName"]: each["ParameterValue"]
        for each in processor["Parameters"]
    }

    assert "1" == parameters["BufferSizeInMBs"]
    assert "60" == parameters["BufferIntervalInSeconds"]


def test_stream_and_lake_are_encrypted(stack):
    """
    And the lake takes TLS only, and outlives the stack.
    """
    (stream,) = stack.properties(STREAM)
    (lake,) = stack.of_type("AWS::S3::Bucket").values()

    assert (
        "AWS_OWNED_CMK"
        == (stream["DeliveryStreamEncryptionConfigurationInput"]["KeyType"])
    )
    assert lake["Properties"]["BucketEncryption"]
    assert "Retain" == lake["DeletionPolicy"]
    assert "aws:SecureTransport" in str(list(stack.properties("AWS::S3::BucketPolicy")))


class TestDriven:
    """The stack at work, under its own roles and Firehose's own rules."""

    @pytest.fixture
    def shop(self, account):
        return account.deploy(DeliveryTransformStack)

    def test_every_grant_is_needed_and_none_is_missing(self, account, shop):
        """
        Events are filed, and what is none is kept aside.
        """
        contract(shop)

        account.assert_least_privilege()

    def test_a_batch_that_fails_is_tried_again_and_then_kept(self, account, shop):
        """
        Nothing is lost with it, and the next one goes on.
        """
        for _ in range(4):
            shop.function("Transformer").time_out()

        shop.delivery_stream("Stream").put(event("order_placed", "e-1"))
        account.advance(60 * 10)
        shop.delivery_stream("Stream").put(event("order_placed", "e-2"))
        account.settle()

        assert [["e-2"]] == list(filed(account, shop).values())
        (failure,) = failures(shop)
        assert "e-1" == json.loads(base64.b64decode(failure["rawData"]))["id"]
        assert 4 == failure["attemptsMade"]
