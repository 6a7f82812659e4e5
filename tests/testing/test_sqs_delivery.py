"""Queues are delivered by Lambda's rules.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

from __future__ import annotations

import json
from collections import Counter

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambda_constructs.event_sources import SqsEventSource
from lambda_constructs.testing import LocalAccount

from ._templates import allow, arn_of, template
from .conftest import BY_BODY, CONTEXT, Deploy, make_function

DEAD = "Queue/DeadLetters"


def batches(stack) -> list[list[object]]:
    return [
        [parsed(each["body"]) for each in invocation.event["Records"]]
        for invocation in stack.function("Worker").invocations
    ]


def parsed(body: str) -> object:
    return json.loads(body) if body[0] in "{[0123456789" else body


def whats(account) -> Counter[str]:
    return Counter(each.what for each in account.timeline)


def test_a_message_that_is_processed_is_deleted(account, deploy: Deploy):
    """
    It is invoked with once, and the queue is empty.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    shop = deploy()

    shop.queue("Queue").send("good")
    account.settle()

    assert [["good"]] == batches(shop)
    assert 0 == len(shop.queue("Queue"))
    assert [] == shop.queue(DEAD).bodies()


@pytest.mark.parametrize(("size", "expected"), [(10, [10, 10, 3]), (9, [9, 9, 5])])
def test_a_batch_holds_as_many_as_it_may(account, deploy: Deploy, size, expected):
    """
    What is left comes in a batch of its own.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
    """
    shop = deploy(batch_size=size)

    shop.queue("Queue").send(*range(23))
    account.settle()

    assert expected == [len(batch) for batch in batches(shop)]


def test_a_mapping_that_says_nothing_takes_ten_messages_at_once(account):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
    """
    more = {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {}},
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": arn_of("Queue"),
                "FunctionName": {"Ref": "Alias"},
            },
        },
    }
    shop = account.deploy(template(BY_BODY, allow("sqs:*"), more=more))

    shop.queue("Queue").send(*range(12))
    account.settle()

    assert [10, 2] == [len(batch) for batch in batches(shop)]


def test_a_batch_is_no_larger_than_a_payload(account, deploy: Deploy):
    """
    6 MB, whatever its size may be.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    shop = deploy()

    shop.queue("Queue").send(*["x" * 1_000_000] * 8)
    account.settle()

    assert [6, 2] == [len(batch) for batch in batches(shop)]
    assert 0 == len(shop.queue("Queue"))


def test_a_record_has_the_attributes_of_the_sender(account, deploy: Deploy):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    shop = deploy()

    account.client("sqs").send_message(
        QueueUrl=shop.queue("Queue").url,
        MessageBody="good",
        MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "order"},
            "photo": {"DataType": "Binary", "BinaryValue": b"x"},
        },
    )
    account.settle()

    (invocation,) = shop.function("Worker").invocations
    (record,) = invocation.event["Records"]
    lists: dict[str, object] = {"stringListValues": [], "binaryListValues": []}
    assert {
        "kind": {"stringValue": "order", **lists, "dataType": "String"},
        "photo": {"binaryValue": "eA==", **lists, "dataType": "Binary"},
    } == record["messageAttributes"]


def test_the_record_has_the_documented_shape(account, deploy: Deploy):
    """
    What a handler reads in the account it reads here.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    shop = deploy()

    shop.queue("Queue").send("good")
    account.settle()

    (invocation,) = shop.function("Worker").invocations
    (record,) = invocation.event["Records"]
    assert {
        "attributes",
        "awsRegion",
        "body",
        "eventSource",
        "eventSourceARN",
        "md5OfBody",
        "messageAttributes",
        "messageId",
        "receiptHandle",
    } == record.keys()
    assert "aws:sqs" == record["eventSource"]
    assert "1" == record["attributes"]["ApproximateReceiveCount"]
    assert {"ApproximateFirstReceiveTimestamp", "SenderId", "SentTimestamp"} < (
        record["attributes"].keys()
    )


def test_only_the_reported_message_comes_back(account, deploy: Deploy):
    """
    After the visibility timeout, alone, five times; then it is a dead letter.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    shop = deploy()

    shop.queue("Queue").send("good", "bad", "good")
    account.settle()

    assert [["good", "bad", "good"], *[["bad"]] * 4] == batches(shop)
    assert ["bad"] == shop.queue(DEAD).bodies()
    assert 300 <= account.elapsed() < 301


def test_a_crash_fails_the_whole_batch(account, deploy: Deploy):
    """
    Nothing of it is deleted.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    shop = deploy()

    shop.queue("Queue").send("good", "crash")
    account.settle()

    assert [["good", "crash"]] * 5 == batches(shop)
    assert ["crash", "good"] == sorted(shop.queue(DEAD).bodies())


@pytest.mark.parametrize(
    ("response", "kept"),
    [
        ("None", 0),
        ("{}", 0),
        ('{"batchItemFailures": None}', 0),
        ('{"batchItemFailures": []}', 0),
        ('{"batchItemFailures": [{"itemIdentifier": ""}]}', 2),
        ('{"batchItemFailures": [{"itemIdentifier": None}]}', 2),
        ('{"batchItemFailures": [{"itemIdentifier": "unknown"}]}', 2),
        ('{"batchItemFailures": [{"id": "x"}]}', 2),
        ('{"batchItemFailures": "x"}', 2),
        ('"text"', 2),
        ('{"failures": []}', 2),
    ],
)
def test_a_malformed_response_fails_the_whole_batch(account, deploy, response, kept):
    """
    An empty one is a success, an unknown or empty identifier is not.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    shop = deploy(f"def handler(event, context):\n    return {response}")

    shop.queue("Queue").send("a", "b")
    account.advance(1)

    assert kept == len(shop.queue("Queue"))


def test_without_partial_responses_what_is_returned_does_not_count(account, deploy):
    """
    The mapping has to say so.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    shop = deploy(report_batch_item_failures=False)

    shop.queue("Queue").send("bad")
    account.settle()

    assert [["bad"]] == batches(shop)


@pytest.mark.parametrize("partial", [True, False])
def test_a_timeout_fails_the_batch(account, deploy: Deploy, partial):
    """
    The time is simulated: nothing waits.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    shop = deploy(report_batch_item_failures=partial)

    shop.queue("Queue").send({"sleep": 11})
    account.settle()

    outcomes = [each.outcome for each in shop.function("Worker").invocations]
    assert ["timeout"] * 5 == [each.kind for each in outcomes]
    assert {10.0} == {each.duration for each in outcomes}
    assert [{"sleep": 11}] == shop.queue(DEAD).bodies()


def test_a_window_gathers_a_batch(account, deploy: Deploy):
    """
    It waits for more until it is full or the window is over.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
    """
    shop = deploy(batch_size=100, max_batching_window=Duration.seconds(20))

    shop.queue("Queue").send(1)
    account.advance(5)
    shop.queue("Queue").send(2)
    account.advance(14)
    before = batches(shop)
    account.settle()

    assert [] == before
    assert [[1, 2]] == batches(shop)
    (invocation,) = shop.function("Worker").invocations
    assert 20 == invocation.at


def test_a_full_batch_does_not_wait_for_the_window(account, deploy: Deploy):
    """
    A hundred are enough.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
    """
    shop = deploy(batch_size=100, max_batching_window=Duration.minutes(5))

    shop.queue("Queue").send(*range(100))
    account.advance(0)

    assert [100] == [len(batch) for batch in batches(shop)]


def test_each_batch_has_a_window_of_its_own(account, deploy: Deploy):
    """
    It begins with the first message.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
    """
    shop = deploy(batch_size=100, max_batching_window=Duration.seconds(20))

    shop.queue("Queue").send(1)
    account.advance(30)
    shop.queue("Queue").send(2)
    account.settle()

    assert [20, 50] == [each.at for each in shop.function("Worker").invocations]


def test_filters_delete_what_they_do_not_match(account, deploy: Deploy):
    """
    It is neither delivered nor a dead letter.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html
    """
    shop = deploy(
        filters=[lambda_.FilterCriteria.filter({"body": {"kind": ["order"]}})]
    )

    shop.queue("Queue").send({"kind": "order"}, {"kind": "return"}, "text")
    account.settle()

    assert [[{"kind": "order"}]] == batches(shop)
    assert 0 == len(shop.queue("Queue"))
    assert [] == shop.queue(DEAD).bodies()


def test_one_filter_of_several_is_enough(account, deploy: Deploy):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
    """
    filters = [
        lambda_.FilterCriteria.filter({"body": {"kind": [kind]}})
        for kind in ("order", "return")
    ]
    shop = deploy(filters=filters)

    shop.queue("Queue").send({"kind": "order"}, {"kind": "return"}, {"kind": "x"})
    account.settle()

    assert [[{"kind": "order"}, {"kind": "return"}]] == batches(shop)


def test_many_batches_run_at_once_where_the_mapping_says_nothing(account, deploy):
    """
    Up to 1,250, of which Lambda begins with five; here there is no ramp.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    """
    shop = deploy(batch_size=1)

    shop.queue("Queue").send(*[{"sleep": 4}] * 20)
    account.settle()

    assert [0] * 20 == [each.at for each in shop.function("Worker").invocations]


def test_reserved_concurrency_throttles_batches(account, deploy: Deploy):
    """
    What is throttled comes back when it is visible again.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    """
    function = {"reserved_concurrent_executions": 1}
    shop = deploy(batch_size=1, function=function)

    shop.queue("Queue").send({"sleep": 4}, {"sleep": 4})
    account.settle()

    kinds = [each.outcome.kind for each in shop.function("Worker").invocations]
    assert ["ok", "throttled", "ok"] == kinds
    assert [] == shop.queue(DEAD).bodies()


def test_maximum_concurrency_limits_what_runs_at_once(account, deploy: Deploy):
    """
    The third batch starts when the first has ended, and so on.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    """
    shop = deploy(batch_size=1, max_concurrency=2)

    shop.queue("Queue").send(*[{"sleep": 4}] * 5)
    account.settle()

    assert [0, 0, 4, 4, 8] == [each.at for each in shop.function("Worker").invocations]


def test_a_throttled_batch_comes_back_and_counts_as_received(account, deploy: Deploy):
    """
    Nothing is lost, and nothing is processed twice.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    """
    shop = deploy()
    shop.function("Worker").throttle(times=2)

    shop.queue("Queue").send("good")
    account.settle()

    kinds = [each.outcome.kind for each in shop.function("Worker").invocations]
    assert ["throttled", "throttled", "ok"] == kinds
    assert 120 <= account.elapsed() < 121


def test_fifo_keeps_the_order_of_a_group_and_lets_others_pass(account, deploy: Deploy):
    """
    What follows a failed message of its group waits for it.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    shop = deploy(queue={"fifo": True, "content_based_deduplication": True})
    queue = shop.queue("Queue")

    queue.send({"group": "a", "n": 1}, {"group": "a", "n": 2}, group="a")
    queue.send({"group": "b", "n": 1}, group="b")
    shop.function("Worker").fail()
    account.settle()

    seen = [each for batch in batches(shop)[1:] for each in batch]
    assert [1, 2] == [each["n"] for each in seen if each["group"] == "a"]
    assert [1] == [each["n"] for each in seen if each["group"] == "b"]
    assert [] == shop.queue(DEAD).bodies()


def test_fifo_waits_for_what_failed_of_its_group(account, deploy: Deploy):
    """
    Until it is a dead letter.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    """
    queue = {"fifo": True, "content_based_deduplication": True}
    shop = deploy(queue=queue, batch_size=1)

    shop.queue("Queue").send("bad", group="a")
    shop.queue("Queue").send("good", group="a")
    shop.queue("Queue").send("other", group="b")
    account.settle()

    assert [["bad"], ["other"], *[["bad"]] * 4, ["good"]] == batches(shop)
    assert ["bad"] == shop.queue(DEAD).bodies()


def test_a_disabled_mapping_does_not_poll(account, deploy: Deploy):
    """
    The messages stay.

    https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    """
    shop = deploy(enabled=False)

    shop.queue("Queue").send("good")
    account.settle()

    assert 1 == len(shop.queue("Queue"))


def test_the_timeline_says_what_happened(account, deploy: Deploy):
    """
    One aligned line each, for a person.
    """
    shop = deploy()

    shop.queue("Queue").send("bad")
    account.settle()

    first, *_, last = str(account.timeline).splitlines()
    assert "     0.000 s  Queue            sent           1 message" == first
    assert last.endswith("Queue            dead-lettered  1 to Queue/DeadLetters")
    assert {"sent": 1, "polled": 5, "invoked": 5, "failed": 5, "dead-lettered": 1} == (
        whats(account)
    )


BODIES = st.lists(
    st.sampled_from(["good", "bad", "crash", {"sleep": 3}, {"sleep": 11}]),
    min_size=1,
    max_size=25,
)


@pytest.mark.slow
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(bodies=BODIES, batch_size=st.integers(1, 10), throttles=st.integers(0, 3))
def test_every_message_is_processed_or_a_dead_letter(bodies, batch_size, throttles):
    """
    In exactly one of the two places, whatever goes wrong.
    """
    with LocalAccount() as account:
        stack = Stack(App(context=CONTEXT), "Shop")
        worker = make_function(stack, BY_BODY)
        worker.add_event_source(
            SqsEventSource(sqs.Queue(stack, "Queue"), batch_size=batch_size)
        )
        shop = account.deploy(stack)
        shop.function("Worker").throttle(times=throttles)
        numbered = [{"n": n, "body": body} for n, body in enumerate(bodies)]
        shop.queue("Queue").send(*bodies)
        account.settle()

        dead = shop.queue(DEAD).bodies()
        assert 0 == len(shop.queue("Queue"))
        assert len(numbered) >= len(dead)
        for fatal in ("bad", "crash", {"sleep": 11}):
            assert bodies.count(fatal) == dead.count(fatal)


@pytest.mark.slow
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    groups=st.lists(st.sampled_from("abc"), min_size=1, max_size=20),
    batch_size=st.integers(1, 10),
    faults=st.lists(st.sampled_from(["fail", "time_out", "throttle"]), max_size=3),
)
def test_fifo_order_holds_whatever_goes_wrong(groups, batch_size, faults):
    """
    Each message of a group is first processed after those before it, and once.
    """
    with LocalAccount() as account:
        stack = Stack(App(context=CONTEXT), "Shop")
        worker = make_function(stack, BY_BODY)
        queue = sqs.Queue(stack, "Queue", fifo=True, content_based_deduplication=True)
        worker.add_event_source(SqsEventSource(queue, batch_size=batch_size))
        shop = account.deploy(stack)
        for fault in faults:
            getattr(shop.function("Worker"), fault)()
        for number, group in enumerate(groups):
            shop.queue("Queue").send({"n": number, "group": group}, group=group)
        account.settle()

        done = [
            json.loads(record["body"])
            for invocation in shop.function("Worker").invocations
            if invocation.outcome.kind == "ok"
            for record in invocation.event["Records"]
        ]
        assert [] == shop.queue(DEAD).bodies()
        for group in set(groups):
            sent = [n for n, each in enumerate(groups) if each == group]
            assert sent == [each["n"] for each in done if each["group"] == group]


def test_an_event_may_be_delivered_twice(account, deploy: Deploy):
    """
    At least once is all that Lambda promises.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    shop = deploy()
    shop.function("Worker").deliver_twice()

    shop.queue("Queue").send("good")
    account.settle()

    assert [["good"], ["good"]] == batches(shop)
    assert 0 == len(shop.queue("Queue"))
