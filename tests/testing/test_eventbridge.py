"""Rules match events and send them on by EventBridge's rules.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html
"""

from __future__ import annotations

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from lambda_constructs import AsyncInvoke
from lambda_constructs.testing._sources.patterns import check_pattern, matches
from lambda_constructs.testing.errors import AccountError, UnmodelledError

from .conftest import CONTEXT, make_function
from .test_sns import without

ECHO = "def handler(event, context):\n    return event"
FAIL = "def handler(event, context):\n    raise ValueError('no')"


@pytest.fixture
def stack() -> Stack:
    return Stack(App(context=CONTEXT), "Shop")


def make_rule(stack: Stack, *, id="Rule", **options) -> events.Rule:
    pattern = options.pop("event_pattern", events.EventPattern(source=["shop"]))
    return events.Rule(stack, id, event_pattern=pattern, **options)


def seen(shop, name="Worker"):
    return [each.event for each in shop.function(name).invocations]


def test_the_event_has_the_documented_shape(account, stack):
    """
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
    """
    make_rule(stack).add_target(targets.LambdaFunction(make_function(stack, ECHO).live))
    shop = account.deploy(stack)

    shop.bus().put("placed", {"n": 1}, source="shop", resources=["arn:x"])
    shop.bus().put("placed", {"n": 2}, source="other")
    account.settle()

    (event,) = seen(shop)
    assert len(event.pop("id")) == 36
    assert {
        "version": "0",
        "detail-type": "placed",
        "source": "shop",
        "account": "123456789012",
        "time": "2026-01-01T00:00:00Z",
        "region": "eu-west-1",
        "resources": ["arn:x"],
        "detail": {"n": 1},
    } == event


def test_each_bus_has_rules_of_its_own(account, stack):
    """
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus.html
    """
    bus = events.EventBus(stack, "Bus")
    rule = make_rule(stack, event_bus=bus)
    rule.add_target(targets.LambdaFunction(make_function(stack, ECHO).live))
    shop = account.deploy(stack)

    shop.bus().put("placed", {"n": 1}, source="shop")
    shop.bus("Bus").put("placed", {"n": 2}, source="shop")
    account.settle()

    assert [2] == [each["detail"]["n"] for each in seen(shop)]


EVENT = {
    "source": "shop",
    "detail": {
        "state": "Paid",
        "price": 150,
        "ip": "10.1.2.3",
        "file": "a/b/c.png",
        "items": [{"id": 1, "kind": "book"}, {"id": 2, "kind": "pen"}],
        "tags": ["x", "y"],
        "none": None,
    },
}


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ({"state": ["Paid"]}, True),
        ({"state": ["paid"]}, False),
        ({"state": [{"prefix": "Pa"}]}, True),
        ({"state": [{"prefix": {"equals-ignore-case": "pA"}}]}, True),
        ({"state": [{"suffix": "id"}]}, True),
        ({"state": [{"suffix": "di"}]}, False),
        ({"state": [{"equals-ignore-case": "PAID"}]}, True),
        ({"state": [{"anything-but": ["New", "Old"]}]}, True),
        ({"state": [{"anything-but": "Paid"}]}, False),
        ({"state": [{"anything-but": {"prefix": "Pa"}}]}, False),
        ({"state": [{"anything-but": {"suffix": ["x", "id"]}}]}, False),
        ({"state": [{"anything-but": {"wildcard": "P*d"}}]}, False),
        ({"price": [{"numeric": [">", 100, "<=", 150]}]}, True),
        ({"price": [{"numeric": ["<", 150]}]}, False),
        ({"price": [{"anything-but": [150]}]}, False),
        ({"ip": [{"cidr": "10.1.0.0/16"}]}, True),
        ({"ip": [{"cidr": "10.2.0.0/16"}]}, False),
        ({"file": [{"wildcard": "a/*.png"}]}, True),
        ({"file": [{"wildcard": "a/*.jpg"}]}, False),
        ({"tags": ["y", "z"]}, True),
        ({"tags": ["z"]}, False),
        ({"gone": [{"exists": False}]}, True),
        ({"state": [{"exists": False}]}, False),
        ({"none": [None]}, True),
        ({"items": {"id": [2], "kind": ["pen"]}}, True),
        ({"items": {"id": [1], "kind": ["pen"]}}, False),
        ({"$or": [{"state": ["New"]}, {"price": [150]}]}, True),
        ({"$or": [{"state": ["New"]}, {"price": [151]}]}, False),
    ],
)
def test_patterns_match_as_documented(detail, expected):
    """
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
    and ...eb-event-patterns-arrays.html
    """
    pattern = {"source": ["shop"], "detail": detail}
    check_pattern("pattern", pattern)

    assert expected == matches(pattern, EVENT)


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ({"source": "shop"}, "must be an object or a list of values"),
        ({"source": []}, "must be an object or a list of values"),
        ({"source": [{"like": "x"}]}, "'like' is not known; known are anything-but"),
        ({"source": [{"prefix": "a", "suffix": "b"}]}, "one operator at a time"),
        ({"source": [{"numeric": ["~", 1]}]}, "numeric cannot be"),
        ({"source": [{"cidr": "10.0.0.1/8"}]}, "cidr cannot be"),
        ({"$or": [{"source": ["a"]}]}, "two or more patterns"),
    ],
)
def test_fails_if_a_pattern_would_not_be_understood(pattern, fault):
    """
    Rather than be matched wrongly.
    """
    with pytest.raises(AccountError, match=fault):
        check_pattern("Rule: EventPattern", pattern)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (events.RuleTargetInput.from_object({"fixed": 1}), {"fixed": 1}),
        (events.RuleTargetInput.from_event_path("$.detail.order"), {"id": 'a"b'}),
        (
            events.RuleTargetInput.from_object(
                {
                    "id": events.EventField.from_path("$.detail.order.id"),
                    "count": events.EventField.from_path("$.detail.count"),
                    "text": f"got {events.EventField.from_path('$.detail.order.id')}",
                }
            ),
            {"id": 'a"b', "count": 3, "text": 'got a"b'},
        ),
    ],
)
def test_the_input_is_fixed_a_part_or_made(account, stack, made, expected):
    """
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
    """
    worker = make_function(stack, ECHO)
    make_rule(stack).add_target(targets.LambdaFunction(worker.live, event=made))
    shop = account.deploy(stack)

    shop.bus().put("placed", {"order": {"id": 'a"b'}, "count": 3}, source="shop")
    account.settle()

    assert [expected] == seen(shop)


def test_queues_and_topics_are_targets(account, stack):
    """
    By policies of their own.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    queue, topic = sqs.Queue(stack, "Queue"), sns.Topic(stack, "Topic")
    topic.add_subscription(
        subscriptions.LambdaSubscription(make_function(stack, ECHO).live)
    )
    rule = make_rule(stack)
    rule.add_target(targets.SqsQueue(queue))
    rule.add_target(targets.SnsTopic(topic))
    shop = account.deploy(stack)

    shop.bus().put("placed", {"n": 1}, source="shop")
    account.settle()

    assert [{"n": 1}] == [each["detail"] for each in shop.queue("Queue").bodies()]
    assert 1 == len(seen(shop))


def test_another_bus_is_a_target_by_role(account, stack):
    """
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-bus-to-bus.html
    """
    other = events.EventBus(stack, "Other")
    make_rule(stack).add_target(targets.EventBus(other))
    worker = make_function(stack, ECHO)
    make_rule(stack, id="There", event_bus=other).add_target(
        targets.LambdaFunction(worker.live)
    )
    shop = account.deploy(stack)

    shop.bus().put("placed", {"n": 1}, source="shop")
    account.settle()

    assert 1 == len(seen(shop))


def test_a_refused_event_is_dead_lettered_at_once_with_why(account, stack):
    """
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """
    lost = sqs.Queue(stack, "Lost")
    worker = make_function(stack, ECHO)
    rule = make_rule(stack)
    rule.add_target(targets.LambdaFunction(worker.live, dead_letter_queue=lost))
    shop = account.deploy(without(stack, "AWS::Lambda::Permission"))

    shop.bus().put("placed", {"n": 1}, source="shop")
    account.settle()

    assert 0 == account.elapsed()
    (attributes,) = attributes_of(account, shop)
    assert attributes["RULE_ARN"].startswith("arn:aws:events:eu-west-1:123456789012:")
    assert attributes["TARGET_ARN"].endswith(":live")
    assert "NO_PERMISSIONS" == attributes["ERROR_CODE"]
    assert "0" == attributes["RETRY_ATTEMPTS"]
    assert "EXHAUSTED_RETRY_CONDITION" not in attributes
    assert [{"n": 1}] == [each["detail"] for each in shop.queue("Lost").bodies()]


def attributes_of(account, shop):
    found = account.client("sqs").receive_message(
        QueueUrl=shop.queue("Lost").url, MessageAttributeNames=["All"]
    )
    return [
        {name: each["StringValue"] for name, each in one["MessageAttributes"].items()}
        for one in found["Messages"]
    ]


@pytest.mark.parametrize(
    ("policy", "failures", "condition", "retries"),
    [
        ({"retry_attempts": 2}, 3, "MaximumRetryAttempts", "2"),
        ({"max_event_age": Duration.minutes(1)}, 99, "MaximumEventAgeInSeconds", "5"),
    ],
)
def test_delivery_is_retried_until_its_policy_gives_up(
    account, stack, policy, failures, condition, retries
):
    """
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
    """
    lost = sqs.Queue(stack, "Lost")
    worker = make_function(stack, ECHO)
    make_rule(stack).add_target(
        targets.LambdaFunction(worker.live, dead_letter_queue=lost, **policy)
    )
    shop = account.deploy(stack)
    shop.rule("Rule").fail(times=failures)

    shop.bus().put("placed", {}, source="shop")
    account.settle()

    (attributes,) = attributes_of(account, shop)
    assert "THROTTLING" == attributes["ERROR_CODE"]
    assert condition == attributes["EXHAUSTED_RETRY_CONDITION"]
    assert retries == attributes["RETRY_ATTEMPTS"]
    assert [] == seen(shop)


def test_delivery_succeeds_when_the_target_is_there_again(account, stack):
    """
    By default it is tried for 24 hours.
    """
    worker = make_function(stack, ECHO)
    make_rule(stack).add_target(targets.LambdaFunction(worker.live))
    shop = account.deploy(stack)
    shop.rule("Rule").fail(times=3)

    shop.bus().put("placed", {}, source="shop")
    account.settle()

    assert [7] == [each.at for each in shop.function("Worker").invocations]


def test_a_rule_that_says_nothing_retries_for_a_day(account, stack):
    """
    Or 185 times: by the kit's backoff, the number comes first.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
    """
    lost = sqs.Queue(stack, "Lost")
    worker = make_function(stack, ECHO)
    target = targets.LambdaFunction(worker.live, dead_letter_queue=lost)
    make_rule(stack).add_target(target)
    shop = account.deploy(stack)
    shop.rule("Rule").fail(times=999)

    shop.bus().put("placed", {}, source="shop")
    account.settle()

    (attributes,) = attributes_of(account, shop)
    assert "185" == attributes["RETRY_ATTEMPTS"]
    assert 75_000 < account.elapsed() <= 86_400


def test_a_function_that_fails_is_not_the_rules_affair(account, stack):
    """
    Lambda retries, and has its own destination.
    """
    lost = sqs.Queue(stack, "Lost")
    worker = make_function(stack, FAIL, async_invoke=AsyncInvoke())
    rule = make_rule(stack)
    rule.add_target(targets.LambdaFunction(worker.live, dead_letter_queue=lost))
    shop = account.deploy(stack)

    shop.bus().put("placed", {}, source="shop")
    account.settle()

    assert 3 == len(seen(shop))
    assert 0 == len(shop.queue("Lost"))
    assert 1 == len(shop.queue("Worker/Failures"))


def test_a_handler_puts_events_too(account, stack):
    """
    They take the same way.
    """
    code = (
        "import boto3\ndef handler(event, context):\n"
        "    boto3.client('events').put_events(Entries=[{'Source': 'shop',"
        " 'DetailType': 'placed', 'Detail': '{}'}])"
    )
    first = make_function(stack, code, "First")
    bus = events.EventBus.from_event_bus_name(stack, "Default", "default")
    bus.grant_put_events_to(first)
    make_rule(stack).add_target(targets.LambdaFunction(make_function(stack, ECHO).live))
    shop = account.deploy(stack)

    assert not shop.function("First").invoke({}).failed
    account.settle()

    assert 1 == len(seen(shop))


def test_a_disabled_rule_does_nothing(account, stack):
    """
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-manage-rules.html
    """
    make_rule(stack, enabled=False).add_target(
        targets.LambdaFunction(make_function(stack, ECHO).live)
    )
    shop = account.deploy(stack)

    shop.bus().put("placed", {}, source="shop")
    account.settle()

    assert [] == seen(shop)


def test_fails_if_an_event_has_to_pass_what_is_not_modelled(account):
    """
    Never silently skipped.
    """
    target = "arn:aws:batch:eu-west-1:123456789012:job-queue/x"
    rule = {
        "EventPattern": {"source": ["shop"]},
        "Targets": [{"Arn": target, "Id": "T"}],
    }
    shop = account.deploy(
        {"Resources": {"Rule": {"Type": "AWS::Events::Rule", "Properties": rule}}}
    )
    assert {"Rule": "targets of batch"} == account.unmodelled

    shop.bus().put("placed", {}, source="shop")

    with pytest.raises(UnmodelledError, match="batch"):
        account.settle()
