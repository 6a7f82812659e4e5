"""What the worker behind a queue promises."""

from __future__ import annotations

import pytest

from stacks.sqs_worker import SqsWorkerStack
from tests.contracts.sqs_worker import contract, order
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["sqs_worker"]


def test_orders_are_kept_and_can_be_restored(stack):
    """
    The table survives the stack, and yesterday can be had back.
    """
    (orders,) = [
        resource
        for logical_id, resource in stack.of_type("AWS::DynamoDB::GlobalTable").items()
        if logical_id.startswith("Orders")
    ]
    (replica,) = orders["Properties"]["Replicas"]

    assert "Retain" == orders["DeletionPolicy"]
    assert replica["DeletionProtectionEnabled"] is True
    assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]


def test_what_is_known_of_an_order_expires(stack):
    """
    Idempotency records go by themselves.
    """
    table = stack.named("AWS::DynamoDB::GlobalTable", "Idempotency")

    assert {"AttributeName": "expiration", "Enabled": True} == (
        table["TimeToLiveSpecification"]
    )


def test_queue_waits_six_function_timeouts_and_gives_up_after_five(stack):
    """
    A poison order ends in Queue/DeadLetters.
    """
    queue = stack.named("AWS::SQS::Queue", "Queue")

    assert 60 == queue["VisibilityTimeout"]
    assert 5 == queue["RedrivePolicy"]["maxReceiveCount"]
    assert "QueueDeadLetters" in str(queue["RedrivePolicy"]["deadLetterTargetArn"])


def test_at_most_twenty_orders_are_in_process_at_once(stack):
    """
    The mapping limits it, not reserved concurrency, which would throttle.
    """
    (mapping,) = stack.properties("AWS::Lambda::EventSourceMapping")
    (function,) = stack.properties("AWS::Lambda::Function")

    assert {"MaximumConcurrency": 20} == mapping["ScalingConfig"]
    assert "ReservedConcurrentExecutions" not in function


class TestDriven:
    """The stack at work, under its own role and Lambda's own rules."""

    @pytest.fixture
    def shop(self, account):
        return account.deploy(SqsWorkerStack)

    def test_orders_are_stored_once_and_poison_is_put_aside(self, account, shop):
        """
        Twenty orders, one of them twice, and one that is none.
        """
        orders = [order(n) for n in range(20)]

        shop.queue("Queue").send(*orders, orders[3], {"poison": True})
        account.settle()

        stored = shop.table("Orders").items()
        assert sorted(each["order_id"] for each in orders) == sorted(
            each["order_id"] for each in stored
        )
        assert [{"poison": True}] == shop.queue("Queue/DeadLetters").bodies()
        assert 0 == len(shop.queue("Queue"))

    def test_an_order_is_stored_once_though_the_worker_is_killed(self, account, shop):
        """
        What timed out comes back, and is taken for what it is.
        """
        shop.function("Worker").time_out()

        shop.queue("Queue").send(order(1))
        account.settle()

        assert 1 == len(shop.table("Orders").items())
        assert [] == shop.queue("Queue/DeadLetters").bodies()

    def test_a_throttled_table_delays_and_loses_nothing(self, account, shop):
        """
        The order comes back when the queue shows it again.
        """
        account.fail_calls("dynamodb", "PutItem", "ThrottlingException", times=2)

        shop.queue("Queue").send(order(1), order(2))
        account.settle()

        assert 2 == len(shop.table("Orders").items())
        assert [] == shop.queue("Queue/DeadLetters").bodies()

    def test_every_grant_is_needed_and_none_is_missing(self, account, shop):
        """
        The failure path needs one of its own: forgetting that an order was begun.
        """
        contract(shop)

        account.assert_least_privilege()
