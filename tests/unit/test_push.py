"""What every source that invokes by itself gets: a permission, and failure stores."""

from __future__ import annotations

import pytest
from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import AsyncInvoke, ConfigurationError, FailureDestination
from lambda_constructs.event_sources import _push
from tests.unit.conftest import make_function, only, resources

RULE = "arn:aws:events:eu-west-1:123456789012:rule/orders"
RULES = "arn:aws:events:eu-west-1:123456789012:rule/*"
WARNING = "lambda-constructs:resource-policy-size"


def undelivered(worker, given=None, source_arn=RULE) -> sqs.Queue | sqs.IQueue:
    return _push.undelivered(
        worker,
        "Undelivered",
        given,
        principal="events.amazonaws.com",
        source=worker,
        source_arn=source_arn,
        source_arns=lambda: RULES,
    )


def allow(worker, number: int = 1) -> None:
    _push.allow_invoke(
        worker,
        f"Invoke{number}",
        principal="events.amazonaws.com",
        source_arn=f"{RULE}{number}",
    )


class TestPermission:
    def test_is_on_the_alias_for_one_source(self, stack, worker):
        """
        A permission on the function would not hold for its alias.
        """
        allow(worker)

        permission = only(stack, "AWS::Lambda::Permission")
        assert "WorkerLive" in permission["FunctionName"]["Ref"]
        assert f"{RULE}1" == permission["SourceArn"]
        assert "lambda:InvokeFunction" == permission["Action"]
        assert "events.amazonaws.com" == permission["Principal"]

    def test_fifty_fit_into_the_resource_policy(self, stack, worker):
        """
        20 KB, at some 400 bytes each.
        """
        for number in range(50):
            allow(worker, number)

        assert 50 == len(worker.permissions)
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())

    def test_warns_of_the_first_that_may_not_fit(self, stack, worker):
        """
        CloudFormation would stop halfway.
        """
        for number in range(52):
            allow(worker, number)

        Annotations.from_stack(stack).has_warning(
            "/Shop/Worker", Match.string_like_regexp(f"ack: {WARNING}\\]")
        )


class TestAsynchronousEvents:
    def test_end_in_a_queue_where_the_function_says_nothing(self, stack, worker):
        """
        Lambda's own default is to drop them without a word.
        """
        _push.keep_failures(worker)
        _push.keep_failures(worker)

        config = only(stack, "AWS::Lambda::EventInvokeConfig")
        destination = config["DestinationConfig"]["OnFailure"]["Destination"]
        assert "WorkerFailures" in str(destination)
        assert ["Shop/Worker/Failures"] == [
            queue.node.path for queue in worker.failure_queues
        ]

    def test_go_where_the_function_says(self, stack):
        """
        What it says is kept.
        """
        queue = sqs.Queue(stack, "Mine")
        on_failure = FailureDestination.queue(queue)
        worker = make_function(stack, async_invoke=AsyncInvoke(on_failure=on_failure))

        _push.keep_failures(worker)

        config = only(stack, "AWS::Lambda::EventInvokeConfig")
        assert "Mine" in str(config["DestinationConfig"]["OnFailure"]["Destination"])
        assert [] == worker.failure_queues

    def test_go_to_a_dead_letter_queue_of_the_function_alone(self, stack):
        """
        One store is enough.
        """
        worker = make_function(stack, dead_letter_queue=sqs.Queue(stack, "Dead"))

        _push.keep_failures(worker)

        assert {} == resources(stack, "AWS::Lambda::EventInvokeConfig")


class TestUndelivered:
    def test_is_kept_in_a_queue_that_the_source_alone_may_send_to(self, stack, worker):
        """
        Encrypted, TLS only, 14 days.
        """
        queue = undelivered(worker)

        assert [queue] == worker.failure_queues
        properties = only(stack, "AWS::SQS::Queue")
        assert 1_209_600 == properties["MessageRetentionPeriod"]
        assert properties["SqsManagedSseEnabled"] is True
        deny, allow = only(stack, "AWS::SQS::QueuePolicy")["PolicyDocument"][
            "Statement"
        ]
        assert "Deny" == deny["Effect"]
        assert "sqs:SendMessage" == allow["Action"]
        assert {"Service": "events.amazonaws.com"} == allow["Principal"]
        assert {"ArnEquals": {"aws:SourceArn": RULE}} == allow["Condition"]

    def test_may_go_to_a_queue_with_a_key_which_the_service_may_then_use(
        self, stack, worker
    ):
        """
        Without that the service would lose what it could not deliver.
        """
        key = kms.Key(stack, "Key")
        mine = sqs.Queue(stack, "Mine", encryption_master_key=key)

        assert mine is undelivered(worker, mine)

        *_, use = only(stack, "AWS::KMS::Key")["KeyPolicy"]["Statement"]
        assert ["kms:Decrypt", "kms:GenerateDataKey"] == use["Action"]
        assert {"Service": "events.amazonaws.com"} == use["Principal"]
        assert {"aws:SourceAccount": {"Ref": "AWS::AccountId"}} == (
            use["Condition"]["StringEquals"]
        )
        assert [] == worker.failure_queues

    def test_may_go_to_a_queue_of_another_stack(self, stack, worker):
        """
        Its policy names no source: the stacks would then depend on each other.
        """
        theirs = Stack(stack.node.scope, "Theirs")
        queue = sqs.Queue(theirs, "Dead")
        arn = worker.function.function_arn

        undelivered(worker, queue, arn)

        CfnOutput(stack, "Names", value=queue.queue_arn)
        (allow,) = only(theirs, "AWS::SQS::QueuePolicy")["PolicyDocument"]["Statement"]
        assert {"ArnLike": {"aws:SourceArn": RULES}} == allow["Condition"]

    @pytest.mark.parametrize("what", ["queue", "key"])
    def test_warns_if_a_policy_cannot_be_extended(self, stack, worker, what):
        """
        Nothing else tells, till events are lost.
        """
        arn = "arn:aws:sqs:eu-west-1:123456789012:dead"
        key = kms.Alias.from_alias_name(stack, "Key", "alias/dead")
        queue = (
            sqs.Queue.from_queue_arn(stack, "Dead", arn)
            if what == "queue"
            else sqs.Queue(stack, "Dead", encryption_master_key=key)
        )

        undelivered(worker, queue)

        Annotations.from_stack(stack).has_warning(
            "/Shop/Worker",
            Match.string_like_regexp(
                "dead_letter_queue Shop/Dead, or its key, is imported.*"
                "let events.amazonaws.com send to the queue.*"
                "lambda-constructs:imported-dead-letter-queue"
            ),
        )

    def test_fails_if_the_service_may_not_use_the_key(self, stack, worker):
        """
        AWS's own key cannot be opened to a service.
        """
        managed = sqs.QueueEncryption.KMS_MANAGED
        queue = sqs.Queue(stack, "Mine", encryption=managed)

        with pytest.raises(ConfigurationError, match="alias/aws/sqs"):
            undelivered(worker, queue)

    def test_fails_if_the_queue_is_fifo(self, stack, worker):
        """
        No service sends there.
        """
        with pytest.raises(ConfigurationError) as error:
            undelivered(worker, sqs.Queue(stack, "Mine", fifo=True))

        assert str(error.value) == (
            "Shop/Worker: dead_letter_queue must be standard, got FIFO Shop/Mine; "
            "events.amazonaws.com cannot send to FIFO, pass a standard one"
        )


def test_fails_if_two_sources_have_one_id(stack, worker):
    """
    The second has to name itself.
    """
    with pytest.raises(ConfigurationError, match="'Live' is the id of another"):
        _push.source_id(worker, "Live")
