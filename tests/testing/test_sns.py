"""Topics invoke functions and fill queues by SNS's rules.

https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
"""

from __future__ import annotations

import json

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from lambda_constructs import AsyncInvoke
from lambda_constructs.testing.errors import AccountError, UnmodelledError

from .conftest import CONTEXT, make_function

ECHO = "def handler(event, context):\n    return event"
FAIL = "def handler(event, context):\n    raise ValueError('no')"


@pytest.fixture
def stack() -> Stack:
    return Stack(App(context=CONTEXT), "Shop")


@pytest.fixture
def topic(stack) -> sns.Topic:
    return sns.Topic(stack, "Orders")


def subscribe(topic: sns.Topic, function, **options) -> None:
    topic.add_subscription(subscriptions.LambdaSubscription(function.live, **options))


def events(shop, name="Worker"):
    return [each.event for each in shop.function(name).invocations]


def test_the_event_has_the_documented_shape(account, stack, topic):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    """
    subscribe(topic, make_function(stack, ECHO))
    shop = account.deploy(stack)

    shop.topic("Orders").publish("hi", subject="News", attributes={"n": 1})
    account.settle()

    (event,) = events(shop)
    (record,) = event["Records"]
    arn = shop.topic("Orders").arn
    message = record.pop("Sns")
    assert record.pop("EventSubscriptionArn").startswith(f"{arn}:")
    assert {"EventVersion": "1.0", "EventSource": "aws:sns"} == record
    assert {
        "Type": "Notification",
        "TopicArn": arn,
        "Subject": "News",
        "Message": "hi",
        "Timestamp": "2026-01-01T00:00:00.000Z",
        "MessageAttributes": {"n": {"Type": "Number", "Value": "1"}},
    }.items() <= message.items()
    assert {"MessageId", "Signature", "SigningCertUrl", "UnsubscribeUrl"} < set(message)


def test_the_alias_is_invoked_and_waits_for_nothing(account, stack, topic):
    """
    The invocation is asynchronous: the publisher has an answer before it.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    """
    subscribe(topic, make_function(stack, ECHO))
    shop = account.deploy(stack)

    shop.topic("Orders").publish("hi")

    assert [] == events(shop)
    account.settle()
    assert ["live"] == [each.qualifier for each in shop.function("Worker").invocations]


@pytest.mark.parametrize(
    ("attributes", "let_through"),
    [
        ({"kind": "order", "price": 150}, True),
        ({"kind": "order", "price": 150, "extra": "x"}, True),
        ({"kind": "order", "price": 50}, False),
        ({"kind": "other", "price": 150}, False),
        ({"kind": ["other", "order"], "price": 150}, True),
        ({"price": 150}, False),
        ({}, False),
    ],
)
def test_a_filter_policy_reads_attributes(
    account, stack, topic, attributes, let_through
):
    """
    https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
    """
    subscribe(
        topic,
        make_function(stack, ECHO),
        filter_policy={
            "kind": sns.SubscriptionFilter.string_filter(allowlist=["order"]),
            "price": sns.SubscriptionFilter.numeric_filter(greater_than=100),
        },
    )
    shop = account.deploy(stack)

    shop.topic("Orders").publish("hi", attributes=attributes)
    account.settle()

    assert let_through == bool(events(shop))


@pytest.mark.parametrize(
    ("body", "let_through"),
    [
        ({"order": {"state": "NEW"}}, True),
        ({"order": {"state": "old"}}, False),
        ({"order": [{"state": "old"}, {"state": "new"}]}, True),
        ("no JSON", False),
    ],
)
def test_a_filter_policy_reads_the_body(account, stack, topic, body, let_through):
    """
    https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering-scope.html
    """
    function = make_function(stack, ECHO)
    subscribe(topic, function)
    subscription = function.live.node.find_child("Orders").node.default_child
    subscription.add_property_override("FilterPolicyScope", "MessageBody")
    subscription.add_property_override(
        "FilterPolicy", {"order": {"state": [{"equals-ignore-case": "new"}]}}
    )
    shop = account.deploy(stack)

    shop.topic("Orders").publish(body)
    account.settle()

    assert let_through == bool(events(shop))


def test_fails_if_a_filter_policy_has_an_unknown_operator(account):
    """
    Rather than be matched wrongly.
    """
    with pytest.raises(AccountError, match="'like' is not known"):
        account.deploy(template(FilterPolicy={"kind": [{"like": "x"}]}))


def template(protocol="lambda", **subscription):
    return {
        "Resources": {
            "Orders": {"Type": "AWS::SNS::Topic"},
            "Subscription": {
                "Type": "AWS::SNS::Subscription",
                "Properties": {
                    "TopicArn": {"Ref": "Orders"},
                    "Protocol": protocol,
                    "Endpoint": "arn:aws:lambda:eu-west-1:123456789012:function:no",
                    **subscription,
                },
            },
        }
    }


def test_what_the_function_refuses_is_dead_lettered_at_once(account, stack, topic):
    """
    A client-side error is not retried.
    https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
    """
    lost = sqs.Queue(stack, "Lost")
    subscribe(topic, make_function(stack, ECHO), dead_letter_queue=lost)
    shop = account.deploy(without(stack, "AWS::Lambda::Permission"))

    shop.topic("Orders").publish("hi")
    account.settle()

    assert [] == events(shop)
    assert ["hi"] == [each["Message"] for each in shop.queue("Lost").bodies()]
    assert 0 == account.elapsed()


def without(stack: Stack, *types: str):
    for child in stack.node.find_all():
        if getattr(child, "cfn_resource_type", None) in types:
            child.node.scope.node.try_remove_child(child.node.id)
    return stack


def test_the_dead_letter_queue_has_to_allow_sns(account, stack, topic):
    """
    https://docs.aws.amazon.com/sns/latest/dg/sns-configure-dead-letter-queue.html
    """
    lost = sqs.Queue(stack, "Lost")
    subscribe(topic, make_function(stack, ECHO), dead_letter_queue=lost)
    shop = account.deploy(
        without(stack, "AWS::Lambda::Permission", "AWS::SQS::QueuePolicy")
    )

    shop.topic("Orders").publish("hi")
    account.settle()

    assert 0 == len(shop.queue("Lost"))
    assert "lost" == account.timeline[-1].what


def test_failed_delivery_and_failed_processing_have_stores_of_their_own(
    account, stack, topic
):
    """
    SNS is done when Lambda has taken the event; then Lambda retries.

    https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
    """
    lost = sqs.Queue(stack, "Lost")
    worker = make_function(stack, FAIL, async_invoke=AsyncInvoke())
    subscribe(topic, worker, dead_letter_queue=lost)
    shop = account.deploy(stack)

    shop.topic("Orders").publish("hi")
    account.settle()

    assert 3 == len(shop.function("Worker").invocations)
    assert 0 == len(shop.queue("Lost"))
    assert 1 == len(shop.queue("Worker/Failures"))


@pytest.mark.parametrize("raw", [True, False])
def test_a_queue_gets_the_message_alone_or_in_an_envelope(account, stack, topic, raw):
    """
    https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html
    """
    queue = sqs.Queue(stack, "Queue")
    topic.add_subscription(
        subscriptions.SqsSubscription(queue, raw_message_delivery=raw)
    )
    shop = account.deploy(stack)

    shop.topic("Orders").publish({"n": 1})
    account.settle()

    (body,) = shop.queue("Queue").bodies()
    assert {"n": 1} == (body if raw else json.loads(body["Message"]))


def test_a_queue_has_to_allow_the_topic(account, stack, topic):
    """
    https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    """
    queue = sqs.Queue(stack, "Queue")
    topic.add_subscription(subscriptions.SqsSubscription(queue))
    shop = account.deploy(without(stack, "AWS::SQS::QueuePolicy"))

    shop.topic("Orders").publish("hi")
    account.settle()

    assert 0 == len(shop.queue("Queue"))


def test_a_filter_policy_for_what_is_not_there_needs_some_attribute(
    account, stack, topic
):
    """
    https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html
    """
    subscribe(
        topic,
        make_function(stack, ECHO),
        filter_policy={"kind": sns.SubscriptionFilter.not_exists_filter()},
    )
    shop = account.deploy(stack)

    shop.topic("Orders").publish("none")
    shop.topic("Orders").publish("other", attributes={"n": 1})
    shop.topic("Orders").publish("it", attributes={"kind": "x"})
    account.settle()

    (event,) = events(shop)
    assert "other" == event["Records"][0]["Sns"]["Message"]


def test_a_message_may_differ_by_protocol(account, stack, topic):
    """
    https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    """
    subscribe(topic, make_function(stack, ECHO))
    shop = account.deploy(stack)

    account.client("sns").publish(
        TopicArn=shop.topic("Orders").arn,
        MessageStructure="json",
        Message=json.dumps({"default": "any", "lambda": "for functions"}),
    )
    account.settle()

    (event,) = events(shop)
    assert "for functions" == event["Records"][0]["Sns"]["Message"]


def test_each_message_of_a_batch_is_delivered(account, stack, topic):
    """
    https://docs.aws.amazon.com/sns/latest/dg/sns-batch-api-actions.html
    """
    subscribe(topic, make_function(stack, ECHO))
    shop = account.deploy(stack)

    entries = [{"Id": each, "Message": each} for each in "ab"]
    account.client("sns").publish_batch(
        TopicArn=shop.topic("Orders").arn, PublishBatchRequestEntries=entries
    )
    account.settle()

    told = [event["Records"][0]["Sns"]["Message"] for event in events(shop)]
    assert ["a", "b"] == told


def test_a_handler_publishes_too(account, stack, topic):
    """
    Its message takes the same way.
    """
    code = (
        "import boto3, os\ndef handler(event, context):\n"
        "    boto3.client('sns').publish(TopicArn=os.environ['TOPIC'], Message='hi')"
    )
    first = make_function(stack, code, "First", environment={"TOPIC": topic.topic_arn})
    topic.grant_publish(first)
    subscribe(topic, make_function(stack, ECHO))
    shop = account.deploy(stack)

    assert not shop.function("First").invoke({}).failed
    account.settle()

    assert 1 == len(events(shop))


def test_fails_if_a_fifo_topic_is_to_invoke_a_function(account, stack):
    """
    https://docs.aws.amazon.com/sns/latest/dg/fifo-message-delivery.html
    """
    topic = sns.Topic(stack, "Orders", fifo=True)
    subscribe(topic, make_function(stack, ECHO))

    with pytest.raises(AccountError, match="a FIFO topic cannot invoke a function"):
        account.deploy(stack)


def test_a_fifo_topic_fills_a_fifo_queue(account, stack):
    """
    With the group and the deduplication id of the message.
    """
    topic = sns.Topic(stack, "Orders", fifo=True)
    queue = sqs.Queue(stack, "Queue", fifo=True)
    topic.add_subscription(subscriptions.SqsSubscription(queue))
    shop = account.deploy(stack)

    for _ in range(2):
        shop.topic("Orders").publish("hi", group="a", deduplication="1")
    account.settle()

    assert 1 == len(shop.queue("Queue"))


def test_mail_ends_in_the_timeline(account):
    """
    It leaves the account.
    """
    shop = account.deploy(template("email", Endpoint="me@example.com"))

    shop.topic("Orders").publish("hi")
    account.settle()

    assert "by email to me@example.com" == account.timeline[-1].detail


def test_fails_if_a_message_has_to_pass_what_is_not_modelled(account):
    """
    Never silently skipped.
    """
    shop = account.deploy(template("firehose"))
    assert {"Subscription": "subscription of firehose"} == account.unmodelled

    shop.topic("Orders").publish("hi")

    with pytest.raises(UnmodelledError, match="firehose is not modelled"):
        account.settle()
