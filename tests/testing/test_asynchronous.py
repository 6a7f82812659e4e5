"""Asynchronous events are tried, given up and sent on by Lambda's rules.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

from itertools import accumulate

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from lambda_constructs import AsyncInvoke, FailureDestination, SuccessDestination

from ._templates import allow, template
from .conftest import CONTEXT, make_function

ECHO = "def handler(event, context):\n    return {'echo': event}"
FAIL = "def handler(event, context):\n    raise ValueError('no')"


@pytest.fixture
def stack() -> Stack:
    return Stack(App(context=CONTEXT), "Shop")


def times(shop, name="Worker") -> list[float]:
    return [each.at for each in shop.function(name).invocations]


def test_a_success_is_tried_once(account, stack):
    """
    And nothing is left behind.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    make_function(stack, ECHO, async_invoke=AsyncInvoke())
    shop = account.deploy(stack)

    shop.function("Worker").invoke_async({"n": 1})
    account.settle()

    assert [0] == times(shop)
    assert [] == shop.queue("Worker/Failures").bodies()


def test_a_failure_is_tried_again_after_one_and_two_minutes(account, stack):
    """
    Three attempts, and then the record goes to the destination.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    make_function(stack, FAIL, async_invoke=AsyncInvoke())
    shop = account.deploy(stack)

    shop.function("Worker").invoke_async({"n": 1})
    account.settle()

    assert [0, 60, 180] == times(shop)
    assert 1 == len(shop.queue("Worker/Failures"))


def test_a_configuration_that_says_nothing_of_retries_has_two(account, stack):
    """
    As Lambda itself has it.

    https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html
    """
    worker = make_function(stack, FAIL)
    lambda_.CfnEventInvokeConfig(
        stack,
        "Config",
        function_name=worker.function.function_name,
        qualifier=worker.live.alias_name,
        maximum_event_age_in_seconds=3_600,
    )
    shop = account.deploy(stack)

    shop.function("Worker").invoke_async({"n": 1})
    account.settle()

    assert [0, 60, 180] == times(shop)


def test_the_age_of_an_event_is_told_at_each_attempt(account, stack):
    """
    In milliseconds since it was queued.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    """
    make_function(stack, FAIL, async_invoke=AsyncInvoke())
    shop = account.deploy(stack)

    shop.function("Worker").invoke_async({"n": 1})
    account.settle()

    ages = [each.value for each in shop.function("Worker").metrics["AsyncEventAge"]]
    assert [0, 60_000, 180_000] == [round(age) for age in ages]


def test_the_failure_record_has_the_documented_shape(account, stack):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    make_function(stack, FAIL, async_invoke=AsyncInvoke(retry_attempts=0))
    shop = account.deploy(stack)

    shop.function("Worker").invoke_async({"n": 1})
    account.settle()

    (record,) = shop.queue("Worker/Failures").bodies()
    assert "1.0" == record["version"]
    assert "2026-01-01T00:00:00.000Z" == record["timestamp"]
    assert "RetriesExhausted" == record["requestContext"]["condition"]
    assert 1 == record["requestContext"]["approximateInvokeCount"]
    assert record["requestContext"]["functionArn"].endswith(":live")
    assert {"n": 1} == record["requestPayload"]
    assert {
        "statusCode": 200,
        "executedVersion": "1",
        "functionError": "Unhandled",
    } == (record["responseContext"])
    assert "ValueError" == record["responsePayload"]["errorType"]
    assert "no" == record["responsePayload"]["errorMessage"]


def test_a_bucket_keeps_the_record_under_a_dated_key(account, stack):
    """
    aws/lambda/async/<function>/YYYY/MM/DD/<time>-<id>.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    failed = s3.Bucket(stack, "Failed")
    make_function(
        stack,
        FAIL,
        async_invoke=AsyncInvoke(
            retry_attempts=0, on_failure=FailureDestination.bucket(failed)
        ),
    )
    shop = account.deploy(stack)

    shop.function("Worker").invoke_async({"n": 1})
    account.settle()

    (key,) = shop.bucket("Failed").keys()
    assert key.startswith("aws/lambda/async/Shop-WorkerFunction")
    assert "/2026/01/01/2026-01-01T00.00.00-" in key
    assert b'"requestPayload": {"n": 1}' in shop.bucket("Failed").read(key)


def test_a_function_gets_the_record_of_a_success(account, stack):
    """
    Asynchronously, with the response in it.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    other = make_function(stack, ECHO, "Other")
    make_function(
        stack,
        ECHO,
        async_invoke=AsyncInvoke(on_success=SuccessDestination.function(other)),
    )
    shop = account.deploy(stack)

    shop.function("Worker").invoke_async({"n": 1})
    account.settle()

    (invocation,) = shop.function("Other").invocations
    assert "Success" == invocation.event["requestContext"]["condition"]
    assert {"echo": {"n": 1}} == invocation.event["responsePayload"]
    assert {"statusCode": 200, "executedVersion": "1"} == (
        invocation.event["responseContext"]
    )


def test_an_event_that_is_too_old_is_given_up_before_its_retry(account, stack):
    """
    A retry that would come after its age is not made.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    make_function(
        stack, FAIL, async_invoke=AsyncInvoke(max_event_age=Duration.seconds(90))
    )
    shop = account.deploy(stack)

    shop.function("Worker").invoke_async({})
    account.settle()

    (record,) = shop.queue("Worker/Failures").bodies()
    assert [0, 60] == times(shop)
    assert "EventAgeExceeded" == record["requestContext"]["condition"]


def test_a_throttle_costs_no_attempt_and_backs_off(account, stack):
    """
    From a second on, doubling, up to five minutes.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    make_function(stack, ECHO, async_invoke=AsyncInvoke(retry_attempts=0))
    shop = account.deploy(stack)
    shop.function("Worker").throttle(times=10)

    shop.function("Worker").invoke_async({})
    account.settle()

    waits = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert [0, *accumulate(waits)] == times(shop)
    assert [] == shop.queue("Worker/Failures").bodies()


def test_a_function_that_is_switched_off_gives_up_after_six_hours(account, stack):
    """
    Reserved concurrency of 0 throttles every attempt.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    make_function(
        stack, ECHO, async_invoke=AsyncInvoke(), reserved_concurrent_executions=0
    )
    shop = account.deploy(stack)

    shop.function("Worker").invoke_async({})
    account.settle()

    (record,) = shop.queue("Worker/Failures").bodies()
    assert "EventAgeExceeded" == record["requestContext"]["condition"]
    assert 0 == record["requestContext"]["approximateInvokeCount"]
    assert not {"responseContext", "responsePayload"} & record.keys()
    assert 21_600 == account.elapsed()


def test_an_event_is_kept_for_six_hours_where_nothing_is_configured(account, stack):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    dead = sqs.Queue(stack, "Dead")
    make_function(stack, ECHO, dead_letter_queue=dead, reserved_concurrent_executions=0)
    shop = account.deploy(stack)

    shop.function("Worker").invoke_async({"n": 1})
    account.settle()

    assert 21_600 == account.elapsed()
    assert [{"n": 1}] == shop.queue("Dead").bodies()


def test_a_dead_letter_is_the_event_with_the_error_beside_it(account, stack):
    """
    RequestID, ErrorCode and ErrorMessage are attributes.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    make_function(stack, FAIL, dead_letter_queue=sqs.Queue(stack, "Dead"))
    shop = account.deploy(stack)

    shop.function("Worker").invoke_async({"n": 1})
    account.settle()

    assert [0, 60, 180] == times(shop)
    assert [{"n": 1}] == shop.queue("Dead").bodies()
    attributes = dead_letter(account, shop)["MessageAttributes"]
    assert 36 == len(attributes.pop("RequestID")["StringValue"])
    assert {
        "ErrorCode": {"DataType": "Number", "StringValue": "200"},
        "ErrorMessage": {"DataType": "String", "StringValue": "no"},
    } == attributes


def dead_letter(account, shop):
    (found,) = account.client("sqs").receive_message(
        QueueUrl=shop.queue("Dead").url, MessageAttributeNames=["All"]
    )["Messages"]
    return found


def test_a_dead_letter_has_the_first_kilobyte_of_the_message(account, stack):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    code = "def handler(event, context):\n    raise ValueError('x' * 2_000)"
    make_function(stack, code, dead_letter_queue=sqs.Queue(stack, "Dead"))
    shop = account.deploy(stack)

    shop.function("Worker").invoke_async({})
    account.settle()

    attributes = dead_letter(account, shop)["MessageAttributes"]
    assert "x" * 1_024 == attributes["ErrorMessage"]["StringValue"]


def test_a_dead_letter_goes_to_a_topic_too(account):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    what = template(
        FAIL,
        allow("sns:Publish", {"Ref": "Dead"}),
        more={"Dead": {"Type": "AWS::SNS::Topic", "Properties": {}}},
        DeadLetterConfig={"TargetArn": {"Ref": "Dead"}},
    )
    shop = account.deploy(what)

    shop.function("Worker").invoke_async({"n": 1})
    account.settle()

    assert [{"n": 1}] == shop.topic("Dead").messages()


def test_a_bus_gets_the_record_as_detail(account, stack):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    bus, caught = events.EventBus(stack, "Bus"), sqs.Queue(stack, "Caught")
    pattern = events.EventPattern(source=["lambda"])
    rule = events.Rule(stack, "Rule", event_bus=bus, event_pattern=pattern)
    rule.add_target(targets.SqsQueue(caught))
    make_function(
        stack,
        "def handler(event, context): return event['n']",
        async_invoke=AsyncInvoke(
            retry_attempts=0,
            on_failure=FailureDestination.event_bus(bus),
            on_success=SuccessDestination.event_bus(bus),
        ),
    )
    shop = account.deploy(stack)

    shop.function("Worker").invoke_async({"n": 1})
    shop.function("Worker").invoke_async({})
    account.settle()

    good, bad = shop.queue("Caught").bodies()
    prefix = "Lambda Function Invocation Result - "
    assert [f"{prefix}Success", f"{prefix}Failure"] == [
        good["detail-type"],
        bad["detail-type"],
    ]
    assert {"n": 1} == good["detail"]["requestPayload"]
    assert 1 == good["detail"]["responsePayload"]
    assert "KeyError" == bad["detail"]["responsePayload"]["errorType"]
    arn = f"{shop.function('Worker').state.arn}:live"
    (other,) = (each for each in good["resources"] if each != arn)
    assert ":event-bus/" in other


def test_a_topic_gets_the_record_as_message(account, stack):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    failed = FailureDestination.topic(sns.Topic(stack, "Failed"))
    options = AsyncInvoke(retry_attempts=0, on_failure=failed)
    make_function(stack, FAIL, async_invoke=options)
    shop = account.deploy(stack)

    shop.function("Worker").invoke_async({"n": 1})
    account.settle()

    (record,) = shop.topic("Failed").messages()
    assert {"n": 1} == record["requestPayload"]


def test_a_destination_that_fails_is_retried_for_itself(account, stack):
    """
    It is invoked asynchronously, as any function.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    other = make_function(stack, FAIL, "Other")
    success = SuccessDestination.function(other)
    make_function(stack, ECHO, async_invoke=AsyncInvoke(on_success=success))
    shop = account.deploy(stack)

    shop.function("Worker").invoke_async({"n": 1})
    account.settle()

    assert [0] == times(shop)
    assert [0, 60, 180] == times(shop, "Other")


def test_a_timeout_is_retried_as_an_error_is(account, stack):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    make_function(stack, ECHO, async_invoke=AsyncInvoke())
    shop = account.deploy(stack)
    shop.function("Worker").time_out()

    shop.function("Worker").invoke_async({"n": 1})
    account.settle()

    assert [0, 70] == times(shop)


def test_what_is_configured_for_the_alias_does_not_hold_for_latest(account, stack):
    """
    Each qualifier has a configuration of its own.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html
    """
    make_function(stack, FAIL, async_invoke=AsyncInvoke(retry_attempts=0))
    shop = account.deploy(stack)

    shop.function("Worker").invoke_async({}, qualifier="$LATEST")
    account.settle()

    assert [0, 60, 180] == times(shop)
    assert [] == shop.queue("Worker/Failures").bodies()
