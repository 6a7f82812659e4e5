"""What the projector of a table promises."""

from __future__ import annotations

import pytest

from stacks.table_projector import TableProjectorStack
from tests.contracts.table_projector import contract, delete, order, rows
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["table_projector"]


def test_records_have_the_item_before_and_after(stack):
    """
    Without the old one no row could be taken away.
    """
    orders = stack.named("AWS::DynamoDB::GlobalTable", "Orders")

    assert {"StreamViewType": "NEW_AND_OLD_IMAGES"} == orders["StreamSpecification"]


@pytest.mark.parametrize("name", ["Orders", "OrdersByCustomer"])
def test_both_tables_are_kept_and_can_be_restored(stack, name):
    """
    They survive the stack, and yesterday can be had back.
    """
    (replica,) = stack.named("AWS::DynamoDB::GlobalTable", name)["Replicas"]

    assert replica["DeletionProtectionEnabled"] is True
    assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]


def test_what_cannot_be_projected_ends_in_a_queue(stack):
    """
    It says where in the stream the record is, six hours before it is gone.
    """
    (mapping,) = stack.properties("AWS::Lambda::EventSourceMapping")

    assert "ProjectorFailures" in str(mapping["DestinationConfig"]["OnFailure"])
    assert 18 * 3600 == mapping["MaximumRecordAgeInSeconds"]


def test_the_projector_may_not_touch_the_orders(stack):
    """
    It reads their stream, and nothing of the table.
    """
    policy = stack.named("AWS::IAM::ManagedPolicy", "ProjectorPolicy")
    (actions,) = [
        each["Action"]
        for each in policy["PolicyDocument"]["Statement"]
        if str(each["Resource"]).startswith("{'Fn::GetAtt': ['OrdersA")
    ]

    assert [
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
    ] == actions


class TestDriven:
    """The stack at work, under its own role and Lambda's own rules."""

    @pytest.fixture
    def shop(self, account):
        return account.deploy(TableProjectorStack)

    def test_orders_are_found_moved_and_taken_away(self, account, shop):
        """
        Though each batch comes twice.
        """
        shop.function("Projector").deliver_twice(times=3)
        for number in range(3):
            shop.table("Orders").put(order(number, "c-1"))
        account.settle()
        shop.table("Orders").put(order(1, "c-2"))
        delete(account, shop, 2)
        account.settle()

        assert [("c-1", "o-0"), ("c-2", "o-1")] == rows(shop)
        assert [] == shop.queue("Projector/Failures").bodies()

    def test_a_bad_order_is_put_aside_and_stops_no_other(self, account, shop):
        """
        The queue says where in the stream it is.
        """
        shop.table("Orders").put(order(1, "c-1"))
        shop.table("Orders").put({"order_id": "bad"})
        shop.table("Orders").put(order(2, "c-1"))
        account.settle()

        assert [("c-1", "o-1"), ("c-1", "o-2")] == rows(shop)
        (given_up,) = shop.queue("Projector/Failures").bodies()
        assert 1 == given_up["DDBStreamBatchInfo"]["batchSize"]

    def test_changes_of_an_order_keep_their_order_though_a_call_fails(
        self, account, shop
    ):
        """
        The row of the first customer does not stay behind.
        """
        account.fail_calls(
            "dynamodb", "TransactWriteItems", "ThrottlingException", times=1
        )

        for customer in ("c-1", "c-2", "c-3"):
            shop.table("Orders").put(order(1, customer))
        account.settle()

        assert [("c-3", "o-1")] == rows(shop)

    def test_every_grant_is_needed_and_none_is_missing(self, account, shop):
        """
        The failure path needs the queue.
        """
        contract(shop)

        account.assert_least_privilege()
