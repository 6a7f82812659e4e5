"""Every kind of store that the library makes or takes is found."""

from __future__ import annotations

import pytest
from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from lambda_constructs import AsyncInvoke, FailureDestination, LambdaFunction
from lambda_constructs.event_sources import KinesisEventSource
from lambda_constructs.redrive import (
    Options,
    RedriveError,
    Status,
    choose,
    find_stores,
    look,
    redrive,
)
from lambda_constructs.redrive.stores import Origin, Store

from .operator import Operator

CODE = """
def handler(event, context):
    if event.get("poison"):
        raise ValueError("poison")
"""


class ManyStoresStack(Stack):
    """A function for each kind of destination."""

    def __init__(self, scope, id) -> None:
        super().__init__(scope, id)
        topic = sns.Topic(self, "Topic")
        topic.add_subscription(subscriptions.SqsSubscription(sqs.Queue(self, "Told")))
        bus = events.EventBus(self, "Bus")
        lost = sqs.Queue(self, "Lost")
        rule = events.Rule(
            self,
            "Records",
            event_bus=bus,
            event_pattern=events.EventPattern(
                detail_type=["Lambda Function Invocation Result - Failure"]
            ),
        )
        rule.add_target(targets.SqsQueue(lost))
        bucket = s3.Bucket(self, "Bucket")
        last = self.function("Last")
        for name, destination in (
            ("ByTopic", FailureDestination.topic(topic)),
            ("ByBus", FailureDestination.event_bus(bus)),
            ("ByBucket", FailureDestination.bucket(bucket)),
            ("ByFunction", FailureDestination.function(last)),
            ("ByQueue", FailureDestination.new_queue()),
        ):
            self.function(name, async_invoke=AsyncInvoke(on_failure=destination))
        letters = sqs.Queue(self, "Letters")
        self.function("ByLetter", dead_letter_queue=letters)
        stream = kinesis.Stream(self, "Stream")
        self.function("Reader").add_event_source(KinesisEventSource(stream))

    def function(self, id: str, **options) -> LambdaFunction:
        return LambdaFunction(
            self,
            id,
            code=lambda_.Code.from_inline(CODE),
            runtime=lambda_.Runtime.PYTHON_3_13,
            timeout=Duration.seconds(3),
            **options,
        )


def test_each_is_found_and_what_is_in_it_goes_back(account, tmp_path):
    """
    Behind a topic and behind a bus, too; a function keeps nothing.
    """
    shop = account.deploy(ManyStoresStack)
    senders = ("ByTopic", "ByBus", "ByBucket", "ByQueue", "ByLetter")
    for name in senders:
        shop.function(name).invoke_async({"poison": True})
    account.settle()
    outcomes = []
    with Operator(shop).asked() as aws:
        stores = find_stores(aws, "ManyStores")
        for store in [each for each in stores if each.is_readable]:
            options = Options(journal=tmp_path)
            redrive(aws, store, options, report=outcomes.append)
        (function,) = [each for each in stores if each.kind == "function"]
        with pytest.raises(RedriveError, match="nothing is kept"):
            look(aws, function)
    account.advance(1)

    assert {
        "Bucket": ("bucket", ["async"], ["ByBucket"]),
        "ByQueue/Failures": ("queue", ["async"], ["ByQueue"]),
        "Letters": ("queue", ["dead letters"], ["ByLetter"]),
        "Lost": ("queue", ["async"], ["ByBus"]),
        "Reader/Failures": ("queue", ["kinesis"], ["Reader/Kinesis-Stream"]),
        "Told": ("queue", ["async"], ["ByTopic"]),
        "Last/Live": ("function", ["async"], ["ByFunction"]),
    } == {
        each.name: (
            each.kind,
            [origin.kind for origin in each.origins],
            [origin.name for origin in each.origins],
        )
        for each in stores
    }
    assert [Status.SENT] * 5 == [each.status for each in outcomes]
    for name in senders:
        assert 4 == len(shop.function(name).invocations)


def test_a_store_is_named_by_the_end_of_its_path():
    """
    Unless that is of two.
    """
    origin = Origin("async", "W", "arn:f", "arn:f")
    first, second = (
        Store(f"{name}/Failures", "queue", f"arn:aws:sqs:r:1:{name}", (origin,))
        for name in ("One", "Two")
    )

    assert [second] == choose([first, second], ["Two/Failures"])
    assert [second] == choose([first, second], ["Two"])
    assert [first, second] == choose([first, second], [])
    with pytest.raises(
        RedriveError,
        match="more than one store is named 'Failures'; say One/Failures or Two/",
    ):
        choose([first, second], ["Failures"])
