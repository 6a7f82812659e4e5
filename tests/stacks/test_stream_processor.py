"""What the processor of a data stream promises."""

from __future__ import annotations

import json

import pytest

from stacks.stream_processor import StreamProcessorStack
from tests.contracts.stream_processor import click, contract, counts
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["stream_processor"]


def mapping(stack) -> dict:
    (found,) = stack.properties("AWS::Lambda::EventSourceMapping")
    return found


def test_a_record_is_given_up_a_quarter_before_it_leaves_the_stream(stack):
    """
    Three days, of which 54 hours are Lambda's.
    """
    stream = stack.named("AWS::Kinesis::Stream", "Clicks")

    assert 72 == stream["RetentionPeriodHours"]
    assert 54 * 3600 == mapping(stack)["MaximumRecordAgeInSeconds"]


def test_what_is_given_up_is_kept_with_its_payload(stack):
    """
    A bucket is the one destination that gets the records.
    """
    bucket = stack.named("AWS::S3::Bucket", "Discarded")
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]

    assert "Discarded" in str(mapping(stack)["DestinationConfig"]["OnFailure"])
    assert 30 == rule["ExpirationInDays"]
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert "aws:SecureTransport" in str(
        stack.named("AWS::S3::BucketPolicy", "DiscardedPolicy")
    )


def test_counts_are_kept_and_what_was_counted_expires(stack):
    """
    The one is the result, the other only keeps it right.
    """
    counts = stack.named("AWS::DynamoDB::GlobalTable", "Counts")
    counted = stack.named("AWS::DynamoDB::GlobalTable", "Counted")

    assert counts["Replicas"][0]["DeletionProtectionEnabled"] is True
    assert {"AttributeName": "expiration", "Enabled": True} == (
        counted["TimeToLiveSpecification"]
    )


class TestDriven:
    """The stack at work, under its own role and Lambda's own rules."""

    @pytest.fixture
    def shop(self, account):
        return account.deploy(StreamProcessorStack)

    def test_clicks_count_once_and_poison_is_put_aside(self, account, shop):
        """
        Forty clicks on four pages, a batch that comes twice, and one that is none.
        """
        shop.function("Processor").deliver_twice()
        for number in range(4):
            clicks = [click(number) for _ in range(10)]
            shop.stream("Clicks").put(*clicks, partition_key=f"/{number}")
        shop.stream("Clicks").put("poison", click(0), partition_key="/0")
        account.settle()

        assert {"/0": 11, "/1": 10, "/2": 10, "/3": 10} == counts(shop)
        (key,) = shop.bucket("Discarded").keys()
        given_up = json.loads(shop.bucket("Discarded").read(key))
        assert 1 == given_up["KinesisBatchInfo"]["batchSize"]
        assert "cG9pc29u" in given_up["payload"]

    def test_a_click_counts_once_though_the_processor_is_killed(self, account, shop):
        """
        A batch that timed out comes back whole.
        """
        shop.function("Processor").time_out()

        shop.stream("Clicks").put(click(1), click(1))
        account.settle()

        assert {"/1": 2} == counts(shop)
        assert [] == shop.bucket("Discarded").keys()

    def test_a_throttled_table_delays_and_loses_nothing(self, account, shop):
        """
        What failed is retried, and what did not is known.
        """
        account.fail_calls(
            "dynamodb", "TransactWriteItems", "ThrottlingException", times=2
        )

        shop.stream("Clicks").put(*[click(1)] * 5)
        account.settle()

        assert {"/1": 5} == counts(shop)

    def test_every_grant_is_needed_and_none_is_missing(self, account, shop):
        """
        The failure path needs the bucket.
        """
        contract(shop)

        account.assert_least_privilege()
