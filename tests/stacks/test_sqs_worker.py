"""What the worker behind a queue promises."""

from __future__ import annotations

import pytest

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
