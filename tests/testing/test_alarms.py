"""What goes wrong puts data into exactly the metric that an alarm looks at."""

from __future__ import annotations

import pytest
from aws_cdk import App, Duration, RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_events as events
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import (
    EventBridgeEventSource,
    FunctionUrlEventSource,
    HttpApiEventSource,
    KinesisEventSource,
    RestApiEventSource,
    SqsEventSource,
)
from lambda_constructs.testing import UnmodelledError

CODE = """
import json, time
def handler(event, context):
    text = json.dumps(event)
    if "slow" in text: time.sleep(9)
    if "poison" in text or "cG9pc29u" in text: raise ValueError("no")
    return {"batchItemFailures": [
        {"itemIdentifier": each["messageId"]}
        for each in event.get("Records", ()) if "partial" in each.get("body", "")
    ]} if "Records" in event else {"statusCode": 200, "body": "fine"}
"""


def watched(source) -> Stack:
    """A stack with a function that is watched, and its source."""
    stack = Stack(App(context={"aws:cdk:enable-path-metadata": True}), "Shop")
    Monitoring(topic=sns.Topic(stack, "OnCall")).apply_to(stack)
    function = LambdaFunction(
        stack,
        "Worker",
        code=lambda_.Code.from_inline(CODE),
        timeout=Duration.seconds(10),
    )
    function.add_event_source(source(stack))
    return stack


def fired(shop) -> set[str]:
    """The metrics whose alarms would have gone off."""
    return {
        each.properties["MetricName"]
        for each in shop.alarms()
        if each.path not in shop.account.unmodelled and each.fired
    }


def test_nobody_knows_of_an_alarm_on_metric_math(account):
    """
    It did not stay quiet: nobody looked.
    """
    shop = account.deploy(
        {
            "Resources": {
                "Growth": {
                    "Type": "AWS::CloudWatch::Alarm",
                    "Properties": {
                        "EvaluationPeriods": 1,
                        "Metrics": [{"Id": "any", "Expression": "DIFF(m1)"}],
                    },
                }
            }
        }
    )

    with pytest.raises(UnmodelledError, match="alarm Growth is not modelled"):
        assert shop.alarm("Growth").fired


@pytest.fixture
def queue(account):
    def source(stack):
        return SqsEventSource(sqs.Queue(stack, "Queue"))

    return account.deploy(watched(source))


def test_nothing_goes_off_while_all_is_well(account, queue):
    """
    Invocations put zeros where errors are counted.
    """
    queue.queue("Queue").send({"id": 1}, {"id": 2})
    account.settle()

    assert set() == fired(queue)
    errors = queue.alarm("LambdaMonitoring/Worker-Errors")
    assert [0] == errors.data.values


def test_a_poison_message_sets_off_the_alarm_on_its_dead_letter_queue(account, queue):
    """
    Five receives, a minute apart, are five minutes with errors too.
    """
    queue.queue("Queue").send("poison")
    account.settle()

    assert {
        "ApproximateNumberOfMessagesVisible",
        "Errors",
        "FailedInvokeEventCount",
    } == fired(queue)
    stored = queue.alarm("LambdaMonitoring/Worker-FailuresVisible-Queue-DeadLetters")
    assert [1] == stored.data.values


def test_items_that_fail_alone_are_no_errors_and_still_go_off(account, queue):
    """
    Only the mapping counts what the handler returns as failed.
    """
    queue.queue("Queue").send("partial")
    account.settle()

    assert {
        "ApproximateNumberOfMessagesVisible",
        "FailedInvokeEventCount",
    } == fired(queue)


def test_throttles_go_off(account, queue):
    """
    Reserved concurrency that is used up.
    """
    queue.function("Worker").throttle(times=5)
    for _ in range(5):
        queue.function("Worker").invoke({})
        account.advance(60)

    assert {"Throttles"} == fired(queue)


def test_invocations_near_the_timeout_go_off(account, queue):
    """
    9 s of 10.
    """
    queue.function("Worker").invoke({"slow": True})

    assert {"Duration"} == fired(queue)


def test_a_poison_record_of_a_stream_sets_off_what_counts_drops(account):
    """
    In the queue is where in the stream it was.
    """

    def source(stack):
        stream = kinesis.Stream(stack, "Stream", removal_policy=RemovalPolicy.DESTROY)
        return KinesisEventSource(stream, retry_attempts=1)

    shop = account.deploy(watched(source))
    shop.stream("Stream").put("poison")
    account.settle()

    assert {"ApproximateNumberOfMessagesVisible", "DroppedEventCount"} <= fired(shop)
    age = shop.alarm("LambdaMonitoring/Worker-IteratorAge")
    assert age.data.values
    assert not age.fired


@pytest.fixture
def listener(account):
    pattern = events.EventPattern(source=["shop"])
    return account.deploy(watched(lambda _: EventBridgeEventSource(pattern)))


def test_an_event_that_is_given_up_goes_off_in_three_places(account, listener):
    """
    Its three tries, its end, and the queue where it is kept.
    """
    listener.function("Worker").invoke_async({"poison": True})
    account.settle()

    assert {
        "ApproximateNumberOfMessagesVisible",
        "AsyncEventsDropped",
        "Errors",
    } == fired(listener)


def test_an_event_whose_record_is_lost_goes_off(account, listener):
    """
    The queue is gone.
    """
    queue = listener.physical_id("Worker/Failures")
    account.client("sqs").delete_queue(QueueUrl=queue)
    function = listener.function("Worker")

    function.invoke_async({"poison": True})
    account.settle()

    lost = listener.alarm("LambdaMonitoring/Worker-DestinationDeliveryFailures")
    assert lost.fired


def http_api(stack):
    return HttpApiEventSource(apigatewayv2.HttpApi(stack, "Api"), routes=["GET /"])


def rest_api(stack):
    return RestApiEventSource(apigateway.RestApi(stack, "Api"), routes=["GET /"])


def function_url(_):
    return FunctionUrlEventSource(auth_type=lambda_.FunctionUrlAuthType.NONE)


@pytest.mark.parametrize(
    ("source", "front", "metric"),
    [
        (http_api, lambda shop: shop.http_api("Api"), "5xx"),
        (rest_api, lambda shop: shop.rest_api("Api"), "5XXError"),
        (function_url, lambda shop: shop.function_url("Worker"), "Url5xxCount"),
    ],
)
def test_clients_that_get_errors_set_an_alarm_off(account, source, front, metric):
    """
    Three minutes of five; answers that are fine do not.
    """
    shop = account.deploy(watched(source))
    client = front(shop)
    assert 200 == client.get("/").status
    assert set() == fired(shop)

    for _ in range(3):
        account.advance(60)
        assert 500 <= client.get("/", query={"is": "poison"}).status

    assert {"Errors", metric} == fired(shop)
