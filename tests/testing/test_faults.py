"""What goes wrong on request: each fault, as often as it was asked for."""

from __future__ import annotations

import pytest

from ._templates import allow, arn_of, template

COUNT = """
calls = []
def handler(event, context):
    calls.append(event)
    return len(calls)
"""

SEND = """
import boto3
from botocore.exceptions import ClientError
sqs = boto3.client("sqs")
def handler(event, context):
    try:
        sqs.send_message(QueueUrl=event["url"], MessageBody="x")
    except ClientError as error:
        return error.response["Error"]["Code"]
"""


@pytest.fixture
def worker(account):
    return account.deploy(template(COUNT)).function("Worker")


def kinds(worker):
    return [each.outcome.kind for each in worker.invocations]


def test_a_fault_is_as_often_as_it_was_asked_for(worker):
    """
    Then all is well again.
    """
    worker.fail(times=2)

    for _ in range(3):
        worker.invoke({})

    assert ["error", "error", "ok"] == kinds(worker)


def test_a_handler_that_is_to_raise_reports_that_error(worker):
    """
    In Lambda's shape, and without running.
    """
    worker.fail(ValueError("no such order"))

    payload = worker.invoke({}).payload

    assert ("ValueError", "no such order") == (
        payload["errorType"],
        payload["errorMessage"],
    )
    assert 1 == worker.invoke({}).payload


def test_a_handler_that_is_to_time_out_uses_its_time_up(worker):
    """
    Of the function's timeout, ten seconds here.
    """
    worker.time_out()

    outcome = worker.invoke({})

    assert ("timeout", 10) == (outcome.kind, outcome.duration)


def test_a_throttle_runs_nothing(worker):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-retries.html
    """
    worker.throttle()

    assert "throttled" == worker.invoke({}).kind
    assert 1 == worker.invoke({}).payload


def test_an_environment_that_is_lost_takes_its_state_along(worker):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
    """
    assert [1, 2] == [worker.invoke({}).payload for _ in range(2)]

    worker.start_cold()

    outcome = worker.invoke({})
    assert (True, 1) == (outcome.cold, outcome.payload)


def test_an_event_can_be_delivered_twice(worker):
    """
    Lambda delivers at least once; the caller has the second result.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    worker.deliver_twice()

    assert 2 == worker.invoke({"id": 1}).payload
    assert [{"id": 1}] * 2 == [each.event for each in worker.invocations]


def test_calls_fail_after_as_many_as_succeed(account):
    """
    With the code that was asked for, and as often.
    """
    queue = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {}}}
    allowed = allow("sqs:SendMessage", arn_of("Queue"))
    shop = account.deploy(template(SEND, allowed, more=queue))
    account.fail_calls("sqs", "SendMessage", "RequestThrottled", times=2, after=1)

    event = {"url": shop.physical_id("Queue")}
    worker = shop.function("Worker")
    answers = [worker.invoke(event).payload for _ in range(4)]

    assert [None, "RequestThrottled", "RequestThrottled", None] == answers
