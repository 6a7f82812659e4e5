"""What the batch job for new tags promises."""

from __future__ import annotations

import json
from urllib.parse import quote_plus

import pytest

from stacks.batch_relabel import BatchRelabelStack
from tests.contracts.batch_relabel import contract, put, reports, run, tags
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["batch_relabel"]


def policies(stack) -> list[list[dict]]:
    return [
        each["PolicyDocument"]["Statement"]
        for each in stack.properties("AWS::IAM::ManagedPolicy")
    ]


def test_job_is_to_be_confirmed_and_reports_every_task(stack):
    """
    Whoever starts it sees first how many objects there are.
    """
    (parameter,) = stack.properties("AWS::SSM::Parameter")
    text = json.dumps(parameter["Value"]).replace("\\", "")

    assert '"ConfirmationRequired":true' in text
    assert '"ReportScope":"AllTasks"' in text
    assert '"InvocationSchemaVersion":"2.0"' in text


def test_function_may_only_tag(stack):
    """
    It reads no document, and changes none.
    """
    (granted,) = [each for each in policies(stack) if "xray:" in str(each)]
    actions = {
        action
        for each in granted
        for action in (
            each["Action"] if isinstance(each["Action"], list) else [each["Action"]]
        )
        if action.startswith("s3:")
    }

    assert {
        "s3:GetObjectTagging",
        "s3:GetObjectVersionTagging",
        "s3:ListBucket",
        "s3:PutObjectVersionTagging",
    } == actions


def test_jobs_may_neither_see_nor_touch_the_documents(stack):
    """
    That is the function's business.
    """
    (granted,) = [each for each in policies(stack) if "xray:" not in str(each)]

    assert "Documents" not in str(granted)
    assert ["lambda:InvokeFunction", "s3:PutObject"] == [
        each["Action"] for each in granted if isinstance(each["Action"], str)
    ]


def test_buckets_are_private_encrypted_and_take_tls_only(stack):
    """
    With the past of each object, and they outlive the stack.
    """
    buckets = stack.of_type("AWS::S3::Bucket").values()

    assert 2 == len(buckets)
    for bucket in buckets:
        properties = bucket["Properties"]
        assert all(properties["PublicAccessBlockConfiguration"].values())
        assert properties["BucketEncryption"]
        assert "Enabled" == properties["VersioningConfiguration"]["Status"]
        assert "Retain" == bucket["DeletionPolicy"]
    policies = str(list(stack.properties("AWS::S3::BucketPolicy")))
    assert 2 == policies.count("aws:SecureTransport")


class TestDriven:
    """The stack at work, under its own roles and S3 Batch's own rules."""

    @pytest.fixture
    def shop(self, account):
        return account.deploy(BatchRelabelStack)

    def test_objects_get_the_tags_of_their_rules_once(self, account, shop):
        """
        One is named twice, one is gone, one has no rule, one an old version.
        """
        put(account, shop, "invoices/a b+ü.pdf", "team=shop")
        put(account, shop, "drafts/b.txt", "class=finance")
        put(account, shop, "other/c.txt", "class=none")
        keys = ["invoices/a b+ü.pdf", "drafts/b.txt", "other/c.txt"]

        tasks = run(account, shop, [*keys, keys[0], "invoices/gone.pdf"])

        assert [
            "relabeled",
            "relabeled",
            "no rule fits",
            "unchanged",
            "the object is gone",
        ] == [each.message for each in tasks]
        assert {"class": "finance", "retention": "10y", "team": "shop"} == (
            tags(account, shop, keys[0])
        )
        assert {"retention": "1y"} == tags(account, shop, keys[1])
        assert {"class": "none"} == tags(account, shop, keys[2])

    def test_versions_that_are_named_are_the_ones(self, account, shop):
        """
        An older one keeps its place.
        """
        old = put(account, shop, "invoices/a.pdf", "team=shop")
        put(account, shop, "invoices/a.pdf", "team=other")

        run(account, shop, ["invoices/a.pdf"], versions=[old])

        assert {"team": "other"} == tags(account, shop, "invoices/a.pdf")
        assert "10y" == tags(account, shop, "invoices/a.pdf", old)["retention"]

    def test_failures_are_in_the_report_and_what_passes_is_tried_again(
        self, account, shop
    ):
        """
        A bucket that is busy once costs nothing.
        """
        put(account, shop, "invoices/a.pdf", "team=shop")
        account.fail_calls("s3", "PutObjectTagging", "SlowDown", times=1)

        run(account, shop, ["invoices/a.pdf", "invoices/gone.pdf"])

        (rows,) = reports(shop)
        assert [
            ("invoices%2Fa.pdf", "succeeded", "relabeled"),
            ("invoices%2Fgone.pdf", "failed", "the object is gone"),
        ] == [(quote_plus(row[1]), row[3], row[-1]) for row in rows]

    def test_every_grant_is_needed(self, account, shop):
        """
        Those for versions, and for what is gone, as well.
        """
        contract(shop)

        account.assert_least_privilege()
