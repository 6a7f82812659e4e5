"""What the mail intake promises."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from stacks.mail_intake import MailIntakeStack
from tests.contracts.mail_intake import contract
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["mail_intake"]


def test_mail_is_stored_before_the_function_hears_of_it(stack):
    """
    The event has no body.
    """
    (rule,) = stack.properties("AWS::SES::ReceiptRule")
    store, invoke = rule["Rule"]["Actions"]

    assert "raw/" == store["S3Action"]["ObjectKeyPrefix"]
    assert "Event" == invoke["LambdaAction"]["InvocationType"]


def test_mail_comes_by_tls_and_is_scanned(stack):
    """
    The handler goes by the verdicts.
    """
    (rule,) = stack.properties("AWS::SES::ReceiptRule")

    assert ("Require", True) == (rule["Rule"]["TlsPolicy"], rule["Rule"]["ScanEnabled"])


def test_this_rule_alone_may_write_raw_mail(stack):
    """
    Not another rule, and not another account's.
    """
    (policy,) = stack.properties("AWS::S3::BucketPolicy")
    (allowed,) = [
        each
        for each in policy["PolicyDocument"]["Statement"]
        if each["Effect"] == "Allow"
    ]

    assert "s3:PutObject" == allowed["Action"]
    assert "/raw/*" in str(allowed["Resource"])
    assert {"StringEquals", "ArnLike"} == allowed["Condition"].keys()


def test_messages_are_kept_and_can_be_restored_and_raw_mail_expires(stack):
    """
    A mailbox is not an archive.
    """
    (table,) = stack.of_type("AWS::DynamoDB::GlobalTable").values()
    (replica,) = table["Properties"]["Replicas"]
    (rule,) = stack.named("AWS::S3::Bucket", "Mails")["LifecycleConfiguration"]["Rules"]

    assert "Retain" == table["DeletionPolicy"]
    assert replica["DeletionProtectionEnabled"] is True
    assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    assert 365 == rule["ExpirationInDays"]


class TestDriven:
    """The stack at work, under its own role and Lambda's own rules."""

    @pytest.fixture
    def shop(self, account):
        return account.deploy(MailIntakeStack)

    def test_mail_is_kept_whole_and_described(self, account, shop):
        """
        With its attachment.
        """
        message = EmailMessage()
        message["Subject"] = "Angebot für zwei"
        message.set_content("As discussed.")
        message.add_attachment(
            b"%PDF-1.7", maintype="application", subtype="pdf", filename="offer.pdf"
        )

        number = shop.receive_email(
            to=["orders@example.org"], sender="ann@example.com", message=message
        )
        account.settle()

        (item,) = shop.table("Messages").items()
        assert (number, "accepted", "Angebot für zwei", "ann@example.com") == (
            item["message_id"],
            item["status"],
            item["subject"],
            item["sender"],
        )
        assert ["offer.pdf"] == [each["name"] for each in item["attachments"]]
        assert [f"raw/{number}"] == shop.bucket("Mails").keys()

    def test_what_ses_distrusts_is_put_aside(self, account, shop):
        """
        It is in the bucket, and nobody has opened it.
        """
        for verdicts in ({"virus": "FAIL"}, {"spam": "FAIL"}):
            shop.receive_email(to=["a@example.org"], subject="x", verdicts=verdicts)
        account.settle()

        items = shop.table("Messages").items()
        assert {"spam verdict FAIL", "virus verdict FAIL"} == {
            each["reason"] for each in items
        }
        assert 2 == len(shop.bucket("Mails").keys())
        assert not any("subject" in each for each in items)

    def test_mail_that_is_delivered_twice_is_described_once(self, account, shop):
        """
        Lambda delivers at least once.
        """
        shop.function("Intake").deliver_twice()

        shop.receive_email(to=["a@example.org"], subject="x")
        account.settle()

        assert 2 == len(shop.function("Intake").invocations)
        assert 1 == len(shop.table("Messages").items())

    def test_a_throttled_table_delays_and_loses_nothing(self, account, shop):
        """
        Lambda tries again after a minute.
        """
        account.fail_calls("dynamodb", "PutItem", "ThrottlingException", times=1)

        shop.receive_email(to=["a@example.org"], subject="x")
        account.settle()

        assert 1 == len(shop.table("Messages").items())
        assert [] == shop.queue("Intake/Failures").bodies()

    def test_every_grant_is_needed_and_none_is_missing(self, account, shop):
        """
        Keeping what failed takes one of its own.
        """
        contract(shop)

        account.assert_least_privilege()
