"""What a message of a store is, and where it goes back to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from lambda_constructs.redrive import Origin, Store
from lambda_constructs.redrive._batches import Batch, WholeEvent
from lambda_constructs.redrive._delivery import prefix_of
from lambda_constructs.redrive._reading import UNKNOWN, read
from lambda_constructs.redrive._received import Received
from lambda_constructs.redrive._resend import Cannot, Event, ToQueue, ToTopic
from lambda_constructs.redrive.messages import FailedMessage

ALIAS = "arn:aws:lambda:eu-west-1:123456789012:function:worker:live"
OTHER = "arn:aws:lambda:eu-west-1:123456789012:function:other:live"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:orders"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:orders"
RULE = "arn:aws:events:eu-west-1:123456789012:rule/bus/placed"
SCHEDULE = "arn:aws:scheduler:eu-west-1:123456789012:schedule/default/nightly"
CONTEXT = {"functionArn": ALIAS, "condition": "RetriesExhausted"}
ASYNC = Origin("async", "Worker", ALIAS, ALIAS)
LETTERS = Origin("dead letters", "Worker", ALIAS, ALIAS)
KAFKA = Origin("kafka", "Worker/Msk", "arn:aws:kafka:cluster", ALIAS)


def found(
    body: Any,
    *origins: Origin,
    attributes: dict[str, str] | None = None,
    **system: str,
) -> FailedMessage:
    store = Store("Failures", "queue", f"{QUEUE}-dead", origins)
    message = Received(
        "m-1",
        "m-1",
        body if isinstance(body, str) else json.dumps(body),
        datetime(2026, 1, 1, tzinfo=UTC),
        {name: {"StringValue": each} for name, each in (attributes or {}).items()},
        system,
    )
    return read(store, message)


def why(message: FailedMessage) -> str:
    assert isinstance(message.back, Cannot), message.back
    return message.back.reason


class TestAsynchronousEvents:
    """Records of Lambda, and bare events of a dead-letter store."""

    def test_the_payload_goes_to_the_alias_that_failed(self):
        """
        .../dg/invocation-async-retain-records.html.
        """
        payload = {"order": 1}
        record = {"requestContext": CONTEXT, "requestPayload": payload}

        assert Event(ALIAS, json.dumps(payload)) == found(record, ASYNC).back

    @pytest.mark.parametrize("payload", [None, [], "text", 0])
    def test_any_json_can_be_a_payload(self, payload):
        """
        As Lambda takes it.
        """
        record = {"requestContext": CONTEXT, "requestPayload": payload}

        assert Event(ALIAS, json.dumps(payload)) == found(record, ASYNC).back

    def test_a_record_is_taken_out_of_a_topics_envelope(self):
        """
        Of a queue that is subscribed to the topic that is the destination.
        """
        record = {"requestContext": CONTEXT, "requestPayload": 1}
        envelope = {"Type": "Notification", "Message": json.dumps(record)}

        assert Event(ALIAS, "1") == found(envelope, ASYNC).back

    def test_a_record_is_taken_out_of_an_event_of_a_bus(self):
        """
        Of a queue to which a rule sends Lambda's records.
        """
        event = {
            "source": "lambda",
            "detail-type": "Lambda Function Invocation Result - Failure",
            "detail": {"requestContext": CONTEXT, "requestPayload": 1},
        }

        assert Event(ALIAS, "1") == found(event, ASYNC).back

    def test_a_topic_may_have_dropped_the_payload(self):
        """
        Above 256 KB.
        """
        told = why(found({"requestContext": CONTEXT}, ASYNC))

        assert "the record lost its payload, which was too large for SNS" == told

    def test_no_message_can_have_another_function_invoked(self):
        """
        Whoever may send to the store may not invoke what they like.
        """
        context = {**CONTEXT, "functionArn": OTHER}

        told = why(found({"requestContext": context, "requestPayload": 1}, ASYNC))

        assert told.startswith(f"it names {OTHER}, of which nothing in this stack ends")

    def test_a_bare_event_goes_to_the_one_function_whose_store_it_is(self):
        """
        With the error of its attributes.
        """
        attributes = {"RequestID": "r", "ErrorCode": "200", "ErrorMessage": "oops"}

        message = found({"order": 1}, LETTERS, attributes=attributes)

        assert Event(ALIAS, '{"order": 1}') == message.back
        assert "oops" == message.error

    def test_a_bare_event_of_one_of_several_functions_stays(self):
        """
        It does not tell which.
        """
        second = Origin("dead letters", "Other", OTHER, OTHER)

        message = found({}, LETTERS, second, attributes={"RequestID": "r"})

        assert (
            "several functions have their dead letters here, and it names none"
            == why(message)
        )


class TestQueues:
    """Dead letters of queues."""

    first = Origin("queue", "Orders", QUEUE, QUEUE)
    second = Origin("queue", "Bills", f"{QUEUE}-2", f"{QUEUE}-2")

    def test_a_message_goes_back_as_it_was(self):
        """
        Text that is no JSON, too.
        """
        back = found("poison", self.first).back

        assert isinstance(back, ToQueue)
        assert (QUEUE, "poison") == (back.where, back.body)

    def test_of_several_queues_the_message_tells_its_own(self):
        """
        By the attribute that SQS adds.
        """
        message = found(
            "poison",
            self.first,
            self.second,
            ASYNC,
            DeadLetterQueueSourceArn=f"{QUEUE}-2",
        )

        assert f"{QUEUE}-2" == message.back.where

    def test_what_does_not_tell_its_queue_stays(self):
        """
        It was sent to the dead-letter queue by hand.
        """
        assert "it does not tell its queue" in why(found("x", self.first, self.second))


class TestRules:
    """Events of rules."""

    about: ClassVar = {"RULE_ARN": RULE, "TARGET_ARN": ALIAS, "RETRY_ATTEMPTS": "185"}
    event: ClassVar = {"id": "e", "detail": {"order": 1}}

    def origin(self, **settings: Any) -> Origin:
        return Origin("rule", "Placed", RULE, ALIAS, settings=settings)

    @pytest.mark.parametrize(
        ("settings", "payload"),
        [
            ({}, event),
            ({"Input": '{"fixed": 1}'}, {"fixed": 1}),
            ({"InputPath": "$.detail"}, {"order": 1}),
            (
                {
                    "InputTransformer": {
                        "InputPathsMap": {"o": "$.detail.order"},
                        "InputTemplate": '{"number": <o>}',
                    }
                },
                {"number": 1},
            ),
        ],
    )
    def test_the_target_gets_what_the_rule_would_have_given_it(self, settings, payload):
        """
        .../eventbridge/latest/userguide/eb-transform-target-input.html.
        """
        origin = self.origin(**settings)

        message = found(self.event, origin, attributes=self.about)

        assert isinstance(message.back, Event)
        assert payload == json.loads(message.back.payload)
        assert 186 == message.attempts

    def test_targets_may_be_queues_and_topics(self):
        """
        A FIFO queue gets the target's group.
        """
        queue = Origin(
            "rule",
            "Placed",
            RULE,
            f"{QUEUE}.fifo",
            settings={"SqsParameters": {"MessageGroupId": "g"}},
        )
        topic = Origin("rule", "Placed", RULE, TOPIC)
        about = {**self.about, "TARGET_ARN": f"{QUEUE}.fifo"}

        to_queue = found(self.event, queue, topic, attributes=about).back
        about["TARGET_ARN"] = TOPIC
        to_topic = found(self.event, queue, topic, attributes=about).back

        assert isinstance(to_queue, ToQueue)
        assert "g" == to_queue.system["MessageGroupId"]
        assert ToTopic(TOPIC, json.dumps(self.event)) == to_topic

    def test_a_rule_that_is_gone_is_said(self):
        """
        It could be the right one of another stack.
        """
        about = {**self.about, "TARGET_ARN": OTHER}

        message = found(self.event, self.origin(), attributes=about)

        assert f"it names {OTHER} of {RULE}, which does not end here (any more)" == (
            why(message)
        )


class TestSchedules:
    """Inputs of schedules."""

    origin = Origin("schedule", "Nightly", SCHEDULE, ALIAS)

    def test_the_target_gets_the_input(self):
        """
        .../scheduler/latest/UserGuide/configuring-schedule-dlq.html.
        """
        message = found("{}", self.origin, attributes={"SCHEDULE_ARN": SCHEDULE})

        assert Event(ALIAS, "{}") == message.back

    def test_an_input_that_was_cut_off_stays(self):
        """
        Half an input is another one.
        """
        about = {"SCHEDULE_ARN": SCHEDULE, "IS_PAYLOAD_TRUNCATED": "true"}

        assert "cut off" in why(found("{", self.origin, attributes=about))


class TestNotifications:
    """Notifications of topics."""

    def origin(self, number: int, protocol: str, *, raw: bool = False) -> Origin:
        settings = {"topic": TOPIC, "protocol": protocol, "raw": raw}
        target = {"lambda": ALIAS, "sqs": QUEUE}.get(protocol, "https://example.com")
        return Origin(
            "subscription", "S", f"{TOPIC}:{number}", target, settings=settings
        )

    def envelope(self, number: int) -> dict[str, Any]:
        leave = f"https://sns/?Action=Unsubscribe&SubscriptionArn={TOPIC}:{number}"
        return {
            "Type": "Notification",
            "TopicArn": TOPIC,
            "Message": "m",
            "SigningCertURL": "https://cert",
            "UnsubscribeURL": leave,
        }

    def test_the_subscription_is_told_by_how_to_leave_it(self):
        """
        Two of one topic may share a store.
        """
        origins = self.origin(1, "sqs"), self.origin(2, "lambda")

        to_queue, to_function = (
            found(self.envelope(number), *origins).back for number in (1, 2)
        )

        assert isinstance(to_function, Event)
        (record,) = json.loads(to_function.payload)["Records"]
        assert QUEUE == to_queue.where
        assert f"{TOPIC}:2" == record["EventSubscriptionArn"]
        assert {
            "Type",
            "TopicArn",
            "Message",
            "Subject",
            "MessageAttributes",
            "SigningCertUrl",
            "UnsubscribeUrl",
        } == record["Sns"].keys()

    def test_a_raw_message_goes_to_its_queue_without_the_error(self):
        """
        That is in attributes which the message had not.
        """
        about = {"ErrorCode": "403", "ErrorMessage": "no", "kind": "paid"}

        message = found("m", self.origin(1, "sqs", raw=True), attributes=about)

        assert isinstance(message.back, ToQueue)
        assert {"kind"} == set(message.back.attributes)
        assert "403: no" == message.error

    def test_what_only_sns_can_send_stays(self):
        """
        To an endpoint of somebody else's.
        """
        message = found(self.envelope(1), self.origin(1, "https"))

        assert "it failed on its way by https, which only SNS can send by" == (
            why(message)
        )


class TestBatches:
    """Records of batches that are kept with their payload, or cannot be had."""

    def test_records_of_a_stream_go_back_from_their_bucket(self):
        """
        No more at once than the mapping gives.
        """
        stream = "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks"
        origin = Origin("kinesis", "W", stream, ALIAS, batch_size=7)
        records = [{"kinesis": {"sequenceNumber": "1"}}]
        info = {"streamArn": stream, "batchSize": 1}
        record = {
            "requestContext": CONTEXT,
            "KinesisBatchInfo": info,
            "payload": json.dumps({"Records": records}),
        }

        assert Batch(ALIAS, records, 7) == found(record, origin).back

    def test_a_window_that_is_gone_is_not_made_up(self):
        """
        The function would get records without their state.
        """
        stream = "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks"
        settings = {"TumblingWindowInSeconds": 60}
        origin = Origin("kinesis", "W", stream, ALIAS, settings=settings)
        info = {"streamArn": stream, "batchSize": 1}
        record = {"requestContext": CONTEXT, "KinesisBatchInfo": info}

        assert "tumbling windows" in why(found(record, origin))

    def test_a_kafka_batch_goes_back_from_a_bucket_only(self):
        """
        .../dg/kafka-on-failure.html: elsewhere there is no payload.
        """
        event = {"eventSource": "aws:kafka", "records": {"t-0": []}}
        record = {"requestContext": CONTEXT, "KafkaBatchInfo": {}}

        kept = found({**record, "payload": json.dumps(event)}, KAFKA)

        assert WholeEvent(ALIAS, event) == kept.back
        assert "let on_failure be a bucket" in why(found(record, KAFKA))


class TestIot:
    """Messages of AWS IoT."""

    @pytest.mark.parametrize(
        ("sql", "goes_back"),
        [
            ("SELECT * FROM 'devices/+/telemetry'", True),
            ("select * from 'devices/#' WHERE celsius > 80", True),
            ("SELECT *, topic(2) AS device FROM 'devices/+/telemetry'", False),
            ("SELECT celsius FROM 'devices/+/telemetry'", False),
        ],
    )
    def test_only_a_whole_message_is_what_the_function_gets(self, sql, goes_back):
        """
        Anything else IoT's SQL would have to make.
        """
        rule = "arn:aws:iot:eu-west-1:123456789012:rule/telemetry"
        settings = {"sql": sql, "functions": [ALIAS]}
        origin = Origin("iot", "Rule", rule, ALIAS, settings=settings)
        body = {
            "ruleName": "telemetry",
            "base64OriginalPayload": "eyJjIjogMX0=",
            "failures": [{"failedResource": ALIAS, "errorMessage": "no"}],
        }

        message = found(body, origin)

        assert ({"c": 1}, "no") == (message.payload, message.error)
        assert goes_back == (Event(ALIAS, '{"c": 1}') == message.back)


@pytest.mark.parametrize(
    ("given", "prefix"),
    [
        ("", "processing-failed/"),
        ("errors/", "errors/processing-failed/"),
        ("e/!{firehose:error-output-type}/!{timestamp:yyyy}/", "e/processing-failed/"),
        ("e/!{timestamp:yyyy}/!{firehose:error-output-type}/", "e/"),
    ],
)
def test_the_prefix_of_a_delivery_stream_is_read_as_far_as_it_is_fixed(given, prefix):
    """
    .../firehose/latest/dev/s3-prefixes.html.
    """
    assert prefix == prefix_of(given)


@pytest.mark.parametrize("body", ["", "text", "[]", "{}", "null", '{"Type": 1}'])
def test_what_is_none_of_these_is_kept(body):
    """
    Whatever it is, nothing fails on it.
    """
    assert UNKNOWN == why(found(body, ASYNC, LETTERS, KAFKA, TestSchedules.origin))


@pytest.mark.parametrize(
    "body",
    [
        {"requestContext": CONTEXT, "KinesisBatchInfo": {}},
        {"requestContext": CONTEXT, "KinesisBatchInfo": 1, "payload": "{"},
        {"requestContext": CONTEXT, "DDBStreamBatchInfo": {"streamArn": 1}},
        {"requestContext": {"functionArn": None}, "responseContext": 1},
        {"base64OriginalPayload": "x", "failures": [1]},
        {"Type": "Notification", "Message": "{}", "MessageAttributes": {"a": 1}},
    ],
)
def test_a_record_in_another_form_is_kept_and_stops_no_other(body):
    """
    Whoever wrote it.
    """
    assert "" != why(found(body, ASYNC, LETTERS, KAFKA, TestSchedules.origin))
