"""What the recorder of devices' readings promises."""

from __future__ import annotations

import pytest

from stacks.device_telemetry import DeviceTelemetryStack
from tests.contracts.device_telemetry import contract, publish
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["device_telemetry"]


def test_the_device_is_who_published(stack):
    """
    By its topic; what a payload says of it is not selected.
    """
    (rule,) = stack.properties("AWS::IoT::TopicRule")
    sql = rule["TopicRulePayload"]["Sql"]

    assert "topic(2) AS device_id" in sql
    assert "*" not in sql


def test_the_state_of_devices_is_kept_and_readings_expire(stack):
    """
    The first can be restored, the second goes by itself.
    """
    devices = stack.named("AWS::DynamoDB::GlobalTable", "Devices")
    readings = stack.named("AWS::DynamoDB::GlobalTable", "Readings")
    (replica,) = devices["Replicas"]

    assert replica["DeletionProtectionEnabled"] is True
    assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    assert "expires_at" == readings["TimeToLiveSpecification"]["AttributeName"]


def test_both_kinds_of_failures_have_a_store(stack):
    """
    What IoT could not hand over, and what the function could not process.
    """
    (rule,) = stack.properties("AWS::IoT::TopicRule")
    (config,) = stack.properties("AWS::Lambda::EventInvokeConfig")
    undelivered = rule["TopicRulePayload"]["ErrorAction"]["Sqs"]["QueueUrl"]["Ref"]
    failures = config["DestinationConfig"]["OnFailure"]["Destination"]

    assert undelivered.startswith("RecorderTopicRuleUndelivered")
    assert failures["Fn::GetAtt"][0].startswith("RecorderFailures")


def test_alerts_are_encrypted_by_a_key_that_rotates(stack):
    """
    Of the account's own, which other services may be let use.
    """
    key = stack.named("AWS::KMS::Key", "AlertsKey")

    assert key["EnableKeyRotation"] is True


class TestDriven:
    """The stack at work, under its own role and Lambda's own rules."""

    @pytest.fixture
    def plant(self, account):
        return account.deploy(DeviceTelemetryStack)

    def test_readings_are_kept_once_and_in_any_order(self, account, plant):
        """
        A duplicate, and one that was overtaken.
        """
        now = int(account.clock.now() * 1_000)

        publish(account, measured_at=now)
        account.settle()
        publish(account, measured_at=now)
        publish(account, measured_at=now - 1_000, celsius=90.0)
        plant.function("Recorder").deliver_twice()
        account.settle()

        (device,) = plant.table("Devices").items()
        assert (now, 70) == (device["measured_at"], device["celsius"])
        assert [(now - 1_000, False), (now, False)] == sorted(
            (each["measured_at"], each["alert"])
            for each in plant.table("Readings").items()
        )

    def test_a_device_cannot_pass_for_another(self, account, plant):
        """
        Its payload may say what it likes.
        """
        publish(account, "press-7", device_id="press-8", received_at=1)
        account.settle()

        (device,) = plant.table("Devices").items()
        assert "press-7" == device["device_id"]

    def test_every_grant_is_needed_and_none_is_missing(self, account, plant):
        """
        A hot reading, one that is none, and one that IoT cannot hand over.
        """
        contract(plant)

        account.assert_least_privilege()
