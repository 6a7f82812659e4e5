"""What the topic of order notifications promises."""

from __future__ import annotations

import json

import pytest

from stacks.notifications import NotificationsStack
from tests.contracts.notifications import (
    FUNCTIONS,
    contract,
    mails,
    notification,
    publish,
)
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["notifications"]


def test_each_function_has_a_filter_of_its_own(stack):
    """
    By attributes, by the body, and none, which lets everything through.
    """
    filters = {
        logical_id[:-8]: (
            each["Properties"].get("FilterPolicyScope"),
            each["Properties"].get("FilterPolicy"),
        )
        for logical_id, each in stack.of_type("AWS::SNS::Subscription").items()
    }

    assert {
        "ArchivistSnsNotifications": (None, None),
        "MailerSnsNotifications": (None, {"kind": ["confirmed", "shipped"]}),
        "ReviewerSnsNotifications": (
            "MessageBody",
            {"kind": ["refunded"], "total": [{"numeric": [">=", 500]}]},
        ),
    } == filters


def test_each_function_has_two_failure_stores(stack):
    """
    One for what was not delivered, one for what was not processed.
    """
    queues = {name[:-8] for name in stack.of_type("AWS::SQS::Queue")}

    for name in FUNCTIONS:
        assert {f"{name}Failures", f"{name}SnsNotificationsUndelivered"} <= queues
    targets = [
        each["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for each in stack.properties("AWS::SNS::Subscription")
    ]
    assert [f"{name}SnsNotificationsUndelivered" for name in FUNCTIONS] == sorted(
        target[:-8] for target in targets
    )


def test_the_topic_has_a_key_that_can_be_opened_to_publishers(stack):
    """
    AWS's own, alias/aws/sns, cannot: other services could not publish.
    """
    topic = stack.named("AWS::SNS::Topic", "Notifications")
    key = stack.named("AWS::KMS::Key", "Key")

    assert "Fn::GetAtt" in topic["KmsMasterKeyId"]
    assert key["EnableKeyRotation"] is True


def test_the_signing_key_is_in_its_store_and_its_name_with_the_mailer_alone(stack):
    """
    Made up there, kept when the stack is gone, and read by one function.
    """
    ((name, secret),) = stack.of_type("AWS::SecretsManager::Secret").items()
    named = {
        logical_id[:-8]
        for logical_id, each in stack.of_type("AWS::Lambda::Function").items()
        if {"Ref": name} in each["Properties"]["Environment"]["Variables"].values()
    }
    readers = [
        logical_id[:-8]
        for logical_id, each in stack.of_type("AWS::IAM::ManagedPolicy").items()
        if "secretsmanager:GetSecretValue" in json.dumps(each)
    ]

    assert "Retain" == secret["DeletionPolicy"]
    assert "SecretString" not in secret["Properties"]
    assert "Fn::GetAtt" in secret["Properties"]["KmsKeyId"]
    assert {"MailerFunction"} == named
    assert ["MailerPolicy"] == readers


def test_what_is_archived_is_kept(stack):
    """
    Versions survive an overwrite, and the bucket the stack.
    """
    (bucket,) = stack.of_type("AWS::S3::Bucket").values()

    assert "Retain" == bucket["DeletionPolicy"]
    assert {"Status": "Enabled"} == bucket["Properties"]["VersioningConfiguration"]
    block = bucket["Properties"]["PublicAccessBlockConfiguration"]
    assert {True} == set(block.values())


def test_mails_are_kept_and_can_be_restored(stack):
    """
    The table survives the stack, and yesterday can be had back.
    """
    (outbox,) = stack.of_type("AWS::DynamoDB::GlobalTable").values()
    (replica,) = outbox["Properties"]["Replicas"]

    assert "Retain" == outbox["DeletionPolicy"]
    assert replica["DeletionProtectionEnabled"] is True
    assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]


class MisdirectedStack(NotificationsStack):
    """With a mailer that may be invoked for another topic alone."""

    def __init__(self, scope, id) -> None:
        super().__init__(scope, id)
        (permission,) = self.node.find_child("Mailer").permissions
        other = "arn:aws:sns:eu-west-1:123456789012:other"
        permission.add_property_override("SourceArn", other)


class TestDriven:
    """The stack at work, under its own roles and by the rules of SNS and Lambda."""

    @pytest.fixture
    def shop(self, account):
        return account.deploy(NotificationsStack)

    def test_each_function_gets_what_it_wants(self, account, shop):
        """
        A mail, a review, and everything in the archive.
        """
        publish(shop, notification("n-1", "confirmed"))
        publish(shop, notification("n-2", "refunded", total=500))
        publish(shop, notification("n-3", "refunded", total=499.99))
        account.settle()

        assert ["n-1"] == mails(shop)
        assert ["n-2"] == [
            each["notification_id"] for each in shop.queue("Reviews").bodies()
        ]
        assert 3 == len(shop.bucket("Archive").keys())

    def test_what_is_published_or_delivered_twice_is_done_once(self, account, shop):
        """
        By a publisher that tries again, or by Lambda.
        """
        for name in FUNCTIONS:
            shop.function(name).deliver_twice()

        for _ in range(2):
            publish(shop, notification("n-1", "shipped"))
            publish(shop, notification("n-2", "refunded", total=900))
        account.settle()

        assert ["n-1"] == mails(shop)
        assert 1 == len(shop.queue("Reviews"))
        assert 4 == len(shop.bucket("Archive").keys())

    def test_what_is_no_notification_ends_with_its_error(self, account, shop):
        """
        After three attempts, and in the archive all the same.
        """
        shop.topic("Notifications").publish("poison", attributes={"kind": "confirmed"})
        account.settle()

        assert 3 == len(shop.function("Mailer").invocations)
        (record,) = shop.queue("Mailer/Failures").bodies()
        assert (
            "not a mail: json_invalid at ''"
            == (record["responsePayload"]["errorMessage"])
        )
        assert [] == mails(shop)
        assert 1 == len(shop.bucket("Archive").keys())
        assert [] == shop.queue("Mailer/Sns-Notifications-Undelivered").bodies()

    def test_what_cannot_be_delivered_ends_beside_the_function(self, account):
        """
        Here the permission is for another topic; the other functions get theirs.
        """
        shop = account.deploy(MisdirectedStack)

        publish(shop, notification("n-1", "confirmed"))
        account.settle()

        (lost,) = shop.queue("Mailer/Sns-Notifications-Undelivered").bodies()
        assert "n-1" == json.loads(lost["Message"])["notification_id"]
        assert [] == shop.function("Mailer").invocations
        assert 1 == len(shop.bucket("Archive").keys())

    def test_a_throttled_table_delays_and_loses_nothing(self, account, shop):
        """
        Lambda tries again after a minute.
        """
        account.fail_calls("dynamodb", "PutItem", "ThrottlingException")

        publish(shop, notification("n-1", "confirmed"))
        account.settle()

        assert ["n-1"] == mails(shop)
        assert [] == shop.queue("Mailer/Failures").bodies()

    def test_every_grant_is_needed_and_none_is_missing(self, account, shop):
        """
        The failure path of each function needs one of its own.
        """
        contract(shop)

        account.assert_least_privilege()
