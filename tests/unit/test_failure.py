"""Events that a function gives up go where it was told, with exact grants."""

from __future__ import annotations

import pytest
from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from lambda_constructs import (
    AsyncInvoke,
    ConfigurationError,
    FailureDestination,
    SuccessDestination,
)
from tests.unit.conftest import allowed, make_function, only, resources, statements

CONFIG = "AWS::Lambda::EventInvokeConfig"


class TestAsyncInvoke:
    def test_is_set_on_the_alias_with_explicit_retries_and_age(self, stack, worker):
        """
        What is left out is stated as what AWS would take.
        """
        AsyncInvoke().bind(worker)

        config = only(stack, CONFIG)
        assert "live" == config["Qualifier"]
        assert 2 == config["MaximumRetryAttempts"]
        assert 21_600 == config["MaximumEventAgeInSeconds"]

    def test_waits_for_the_policy_and_the_alias(self, stack, worker):
        """
        Lambda checks the destination's permission when it is configured.
        """
        AsyncInvoke().bind(worker)

        (config,) = resources(stack, CONFIG).values()
        names = sorted(name[:-8] for name in config["DependsOn"])
        assert ["WorkerLive", "WorkerPolicy"] == names

    def test_makes_a_failure_queue_that_keeps_14_days(self, stack, worker):
        """
        Encrypted, TLS only, and of the greatest retention that there is.
        """
        AsyncInvoke().bind(worker)

        queue = only(stack, "AWS::SQS::Queue")
        policy = only(stack, "AWS::SQS::QueuePolicy")
        assert 1_209_600 == queue["MessageRetentionPeriod"]
        assert queue["SqsManagedSseEnabled"] is True
        assert {"redrivePermission": "allowAll"} == queue["RedriveAllowPolicy"]
        assert "aws:SecureTransport" in str(policy)
        assert {"sqs:SendMessage"} == allowed(stack, "Failures")

    def test_takes_other_numbers(self, stack, worker):
        """
        Both are the caller's to say.
        """
        AsyncInvoke(retry_attempts=0, max_event_age=Duration.minutes(1)).bind(worker)

        config = only(stack, CONFIG)
        assert 0 == config["MaximumRetryAttempts"]
        assert 60 == config["MaximumEventAgeInSeconds"]

    def test_the_queue_that_it_makes_is_at_hand_for_alarms(self, stack, worker):
        """
        Once, however many paths end in it.
        """
        FailureDestination.new_queue().bind(worker)
        FailureDestination.new_queue().bind(worker)

        assert ["Shop/Worker/Failures"] == [
            queue.node.path for queue in worker.failure_queues
        ]

    @pytest.mark.parametrize("retries", [-1, 3])
    def test_fails_if_retry_attempts_are_out_of_range(self, retries):
        """
        Lambda retries twice at the most.
        """
        with pytest.raises(ConfigurationError) as error:
            AsyncInvoke(retry_attempts=retries)

        assert f"retry_attempts must be between 0 and 2, got {retries}" == str(
            error.value
        )

    @pytest.mark.parametrize("seconds", [59, 21_601])
    def test_fails_if_max_event_age_is_out_of_range(self, seconds):
        """
        One minute to six hours.
        """
        with pytest.raises(ConfigurationError, match="between 60 and 21,600 s"):
            AsyncInvoke(max_event_age=Duration.seconds(seconds))

    def test_fails_if_it_is_configured_twice(self, worker):
        """
        An alias has one configuration.
        """
        AsyncInvoke().bind(worker)

        with pytest.raises(ConfigurationError, match="is configured already"):
            AsyncInvoke().bind(worker)


TARGETS = {
    "queue": (lambda stack: sqs.Queue(stack, "Target"), {"sqs:SendMessage"}),
    "topic": (lambda stack: sns.Topic(stack, "Target"), {"sns:Publish"}),
    "bucket": (
        lambda stack: s3.Bucket(stack, "Target"),
        {"s3:ListBucket", "s3:PutObject"},
    ),
    "function": (
        lambda stack: make_function(stack, "Target"),
        {"lambda:InvokeFunction"},
    ),
    "event_bus": (
        lambda stack: events.EventBus(stack, "Target"),
        {"events:PutEvents"},
    ),
}


class TestDestinations:
    @pytest.mark.parametrize("kind", TARGETS)
    def test_failure_destination_grants_sending_and_nothing_else(
        self, stack, worker, kind
    ):
        """
        CDK adds ten reading actions for a bucket and two for a queue.
        """
        make, actions = TARGETS[kind]
        destination = getattr(FailureDestination, kind)(make(stack))

        AsyncInvoke(on_failure=destination).bind(worker)

        destinations = only(stack, CONFIG)["DestinationConfig"]
        assert "Target" in str(destinations["OnFailure"]["Destination"])
        assert actions == allowed(stack, "Target")

    @pytest.mark.parametrize("kind", sorted(TARGETS.keys() - {"bucket"}))
    def test_success_destination_grants_sending_and_nothing_else(
        self, stack, worker, kind
    ):
        """
        The same kinds but a bucket, which Lambda has for failures only.
        """
        make, actions = TARGETS[kind]
        destination = getattr(SuccessDestination, kind)(make(stack))

        AsyncInvoke(on_success=destination).bind(worker)

        destinations = only(stack, CONFIG)["DestinationConfig"]
        assert "Target" in str(destinations["OnSuccess"]["Destination"])
        assert actions == allowed(stack, "Target")

    def test_there_is_no_bucket_for_successes(self):
        """
        What Lambda does not have cannot be written.
        """
        assert not hasattr(SuccessDestination, "bucket")

    def test_function_is_invoked_by_its_alias(self, stack, worker):
        """
        Never by $LATEST.
        """
        other = make_function(stack, "Target")

        AsyncInvoke(on_failure=FailureDestination.function(other)).bind(worker)

        assert "TargetLive" in str(only(stack, CONFIG)["DestinationConfig"])

    def test_bucket_must_stay_in_its_account(self, stack, worker):
        """
        A bucket's ARN names no account, and its name can be taken over.
        """
        bucket = s3.Bucket(stack, "Target")

        AsyncInvoke(on_failure=FailureDestination.bucket(bucket)).bind(worker)

        grants = [each for each in statements(stack) if "Target" in str(each)]
        assert grants
        for each in grants:
            assert {"s3:ResourceAccount": {"Ref": "AWS::AccountId"}} == (
                each["Condition"]["StringEquals"]
            )

    @pytest.mark.parametrize(
        ("kind", "actions", "service"),
        [
            ("queue", {"kms:Decrypt", "kms:GenerateDataKey"}, "sqs"),
            ("topic", {"kms:Decrypt", "kms:GenerateDataKey"}, "sns"),
            ("bucket", {"kms:GenerateDataKey"}, "s3"),
        ],
    )
    def test_customer_key_may_be_used_through_the_service_only(
        self, stack, worker, kind, actions, service
    ):
        """
        The key's grant is bound to the service that encrypts.
        """
        key = kms.Key(stack, "Secret")
        store = {
            "queue": lambda: sqs.Queue(stack, "T", encryption_master_key=key),
            "topic": lambda: sns.Topic(stack, "T", master_key=key),
            "bucket": lambda: s3.Bucket(stack, "T", encryption_key=key),
        }[kind]()

        AsyncInvoke(on_failure=getattr(FailureDestination, kind)(store)).bind(worker)

        (grant,) = [each for each in statements(stack) if "Secret" in str(each)]
        via = grant["Condition"]["StringEquals"]["kms:ViaService"]
        assert actions == allowed(stack, "Secret")
        assert f"{service}." in str(via)

    @pytest.mark.parametrize("owner", [FailureDestination, SuccessDestination])
    def test_fails_if_a_queue_or_topic_is_fifo(self, stack, owner):
        """
        Lambda refuses FIFO; CDK does not.
        """
        with pytest.raises(ConfigurationError, match="must be standard, got FIFO"):
            owner.queue(sqs.Queue(stack, "Queue", fifo=True))
        with pytest.raises(ConfigurationError, match="must be standard, got FIFO"):
            owner.topic(sns.Topic(stack, "Topic", fifo=True))

    @pytest.mark.parametrize("owner", [FailureDestination, SuccessDestination])
    def test_fails_if_a_function_is_its_own_destination(self, worker, owner):
        """
        It would call itself for ever.
        """
        with pytest.raises(ConfigurationError, match="must not be its own destination"):
            owner.function(worker).bind(worker)


class TestStreams:
    @pytest.mark.parametrize("kind", ["queue", "topic", "bucket"])
    def test_send_to_a_queue_a_topic_or_a_bucket(self, stack, kind):
        """
        The three that Lambda offers them.
        """
        make = {"queue": sqs.Queue, "topic": sns.Topic, "bucket": s3.Bucket}[kind]
        getattr(FailureDestination, kind)(make(stack, "Store")).check_for_stream()

    def test_fails_if_it_is_a_function(self, worker):
        """
        Lambda would refuse the mapping.
        """
        with pytest.raises(ConfigurationError) as error:
            FailureDestination.function(worker).check_for_stream()

        assert str(error.value) == (
            "on_failure of a stream must be a queue, a topic or a bucket, got a "
            "function; pass FailureDestination.bucket(), which keeps the records too"
        )

    def test_fails_if_it_is_an_event_bus(self, stack):
        """
        So it would here.
        """
        with pytest.raises(ConfigurationError, match="got an event bus; "):
            FailureDestination.event_bus(
                events.EventBus(stack, "Bus")
            ).check_for_stream()
