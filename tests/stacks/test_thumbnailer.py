"""What the thumbnailer promises."""

from __future__ import annotations

import io

import pytest
from aws_cdk import App
from PIL import Image

from stacks.thumbnailer import ThumbnailerStack
from tests.contracts.thumbnailer import contract, image
from tests.synthesized import Synthesized
from tests.testing.test_sns import without

CONTEXT = (
    "aws:cdk:enable-asset-metadata",
    "aws:cdk:enable-path-metadata",
    "lambda-constructs:package-for-host",
)

pytestmark = pytest.mark.xdist_group("assembly")


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["thumbnailer"]


def test_uploads_tell_event_bridge_and_thumbnails_tell_nobody(stack):
    """
    A thumbnail invokes nothing, so nothing goes round in circles.
    """
    uploads = stack.named("AWS::S3::Bucket", "Uploads")
    thumbnails = stack.named("AWS::S3::Bucket", "Thumbnails")

    assert {"EventBridgeConfiguration": {"EventBridgeEnabled": True}} == (
        uploads["NotificationConfiguration"]
    )
    assert "NotificationConfiguration" not in thumbnails


def test_images_alone_are_looked_at(stack):
    """
    What lies elsewhere in the bucket is somebody else's.
    """
    (rule,) = stack.properties("AWS::Events::Rule")
    detail = rule["EventPattern"]["detail"]

    assert ["Object Created"] == rule["EventPattern"]["detail-type"]
    assert {"key": [{"prefix": "images/"}]} == detail["object"]


def test_buckets_are_private_encrypted_and_take_tls_only(stack):
    """
    And they outlive the stack.
    """
    buckets = stack.of_type("AWS::S3::Bucket")
    policies = str(list(stack.properties("AWS::S3::BucketPolicy")))

    assert 2 == len(buckets)
    for logical_id, bucket in buckets.items():
        properties = bucket["Properties"]
        assert all(properties["PublicAccessBlockConfiguration"].values())
        assert properties["BucketEncryption"]
        assert "Retain" == bucket["DeletionPolicy"]
        assert logical_id in policies
    assert 2 == policies.count("aws:SecureTransport")


def test_it_may_read_one_bucket_and_write_the_other(stack):
    """
    Not even see what is in the other.
    """
    (policy,) = stack.properties("AWS::IAM::ManagedPolicy")
    allowed = {
        (each["Action"], "Uploads" in str(each["Resource"]))
        for each in policy["PolicyDocument"]["Statement"]
        if "s3:" in str(each["Action"])
    }

    assert {
        ("s3:GetObject", True),
        ("s3:ListBucket", True),
        ("s3:PutObject", False),
    } == allowed


class TestDriven:
    """The stack at work, under its own role and Lambda's own rules."""

    @pytest.fixture
    def shop(self, account):
        return account.deploy(ThumbnailerStack)

    def test_images_get_thumbnails_and_others_get_none(self, account, shop):
        """
        One is uploaded twice, one is none, and one lies elsewhere.
        """
        uploads = shop.bucket("Uploads")
        uploads.put("images/a b+c.png", image(800, 400))
        uploads.put("images/a b+c.png", image(400, 800))
        uploads.put("images/readme.png", b"not an image")
        uploads.put("other/a.png", image(10, 10))
        account.settle()

        thumbnails = shop.bucket("Thumbnails")
        assert ["images/a b+c.png.webp"] == thumbnails.keys()
        found = account.client("s3").get_object(
            Bucket=thumbnails.name, Key="images/a b+c.png.webp"
        )
        assert (128, 256) == Image.open(io.BytesIO(found["Body"].read())).size
        assert [] == shop.queue("Thumbnailer/Failures").bodies()

    def test_a_bucket_that_fails_delays_and_loses_nothing(self, account, shop):
        """
        Lambda tries again after a minute.
        """
        account.fail_calls("s3", "PutObject", "SlowDown", times=1, after=1)

        shop.bucket("Uploads").put("images/a.png", image(10, 10))
        account.settle()

        assert ["images/a.png.webp"] == shop.bucket("Thumbnails").keys()
        assert [] == shop.queue("Thumbnailer/Failures").bodies()

    def test_what_cannot_be_delivered_is_kept(self, account):
        """
        In another queue than what was delivered and failed.
        """
        app = App(context=dict.fromkeys(CONTEXT, True))
        stack = ThumbnailerStack(app, "Thumbnailer")
        shop = account.deploy(without(stack, "AWS::Lambda::Permission"))

        shop.bucket("Uploads").put("images/a.png", image(10, 10))
        account.settle()

        lost = shop.queue("Thumbnailer/S3-UploadsUndelivered").bodies()
        keys = [each["detail"]["object"]["key"] for each in lost]
        assert ["images/a.png"] == keys
        assert [] == shop.queue("Thumbnailer/Failures").bodies()

    def test_every_grant_is_needed_and_none_is_missing(self, account, shop):
        """
        Keeping what failed takes one of its own, and so does knowing what is gone.
        """
        contract(shop)

        account.assert_least_privilege()
