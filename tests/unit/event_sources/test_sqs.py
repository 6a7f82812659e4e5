"""A queue that Lambda polls: what it gets, what it may, and what cannot work."""

from __future__ import annotations

import json

import pytest
from aws_cdk import App, Duration, Environment, Stack, Token
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Annotations, Match, Template
from hypothesis import given
from hypothesis import strategies as st

from lambda_constructs import ConfigurationError, Practice
from lambda_constructs.event_sources import SqsEventSource
from tests.unit.conftest import allowed, make_function, only, resources, statements

MAPPING = "AWS::Lambda::EventSourceMapping"
QUEUE = "AWS::SQS::Queue"
FILTER = lambda_.FilterCriteria.filter({"body": {"kind": ["order"]}})


@pytest.fixture
def queue(stack) -> sqs.Queue:
    return sqs.Queue(stack, "Orders")


def queue_named(stack, name: str):
    (found,) = [
        resource["Properties"]
        for logical_id, resource in resources(stack, QUEUE).items()
        if logical_id[:-8] == name
    ]
    return found


def warned(stack, practice: Practice) -> None:
    Annotations.from_stack(stack).has_warning(
        "/Shop/Worker", Match.string_like_regexp(f"ack: {practice.value}\\]")
    )


def not_warned(stack) -> None:
    Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        make_function(stack).add_event_source(
            SqsEventSource(sqs.Queue(stack, "Orders"))
        )
        return stack

    def test_mapping_invokes_the_live_alias(self, stack):
        """
        Never $LATEST, or versions, canaries and SnapStart would be idle.
        """
        name = json.dumps(only(stack, MAPPING)["FunctionName"])

        assert name.endswith('":live"]]}')
        assert "WorkerLive" in name

    def test_failed_messages_alone_are_retried(self, stack):
        """
        Partial batch responses are on.
        """
        assert ["ReportBatchItemFailures"] == (
            only(stack, MAPPING)["FunctionResponseTypes"]
        )

    def test_poller_may_do_exactly_what_the_guide_lists(self, stack):
        """
        CDK adds ChangeMessageVisibility and GetQueueUrl.

        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        """
        assert {
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
        } == allowed(stack, "Orders")

    def test_mapping_waits_for_the_permission(self, stack):
        """
        Lambda checks it when it creates the mapping.
        """
        (mapping,) = resources(stack, MAPPING).values()

        assert ["WorkerPolicy"] == [name[:-8] for name in mapping["DependsOn"]]

    def test_visibility_timeout_is_six_function_timeouts(self, stack):
        """
        Left at 30 s, a slow batch would be delivered to two at once.
        """
        assert 60 == queue_named(stack, "Orders")["VisibilityTimeout"]

    def test_messages_end_in_a_dead_letter_queue_after_five_receives(self, stack):
        """
        It keeps them for 14 days, encrypted, TLS only, and takes redrives.
        """
        redrive = queue_named(stack, "Orders")["RedrivePolicy"]
        dead = queue_named(stack, "OrdersDeadLetters")

        assert 5 == redrive["maxReceiveCount"]
        assert "OrdersDeadLetters" in str(redrive["deadLetterTargetArn"])
        assert 1_209_600 == dead["MessageRetentionPeriod"]
        assert dead["SqsManagedSseEnabled"] is True
        assert {"redrivePermission": "allowAll"} == dead["RedriveAllowPolicy"]
        assert "aws:SecureTransport" in str(only(stack, "AWS::SQS::QueuePolicy"))

    def test_nothing_is_warned_of(self, stack):
        """
        The short way is the right way.
        """
        not_warned(stack)

    def test_the_dead_letter_queue_is_at_hand_for_alarms(self, stack):
        """
        Whoever monitors the function finds what it could not process.
        """
        worker = stack.node.find_child("Worker")

        assert ["Shop/Orders/DeadLetters"] == [
            queue.node.path for queue in worker.failure_queues
        ]

    def test_no_helper_function_and_no_custom_resource(self, stack):
        """
        What is deployed is what was asked for.
        """
        types = {
            resource["Type"]
            for resource in Template.from_stack(stack).to_json()["Resources"].values()
        }

        assert not [type for type in types if type.startswith("Custom::")]
        assert 1 == len(resources(stack, "AWS::Lambda::Function"))


class TestFifo:
    def test_dead_letter_queue_is_fifo_too(self, stack, worker):
        """
        SQS refuses another type.
        """
        worker.add_event_source(SqsEventSource(sqs.Queue(stack, "Orders", fifo=True)))

        assert queue_named(stack, "OrdersDeadLetters")["FifoQueue"] is True
        not_warned(stack)

    def test_fails_if_batch_size_is_above_ten(self, stack, worker):
        """
        FIFO has no larger batches.
        """
        fifo = sqs.Queue(stack, "Orders", fifo=True)
        source = SqsEventSource(
            fifo, batch_size=11, max_batching_window=Duration.seconds(1)
        )

        with pytest.raises(ConfigurationError) as error:
            worker.add_event_source(source)

        assert (
            "Shop/Worker: batch_size of FIFO Shop/Orders must be between 1 and 10, "
            "got 11"
        ) == str(error.value)

    def test_fails_if_there_is_a_batching_window(self, stack, worker):
        """
        FIFO has none.
        """
        fifo = sqs.Queue(stack, "Orders", fifo=True)

        with pytest.raises(ConfigurationError, match="must not be given for FIFO"):
            worker.add_event_source(
                SqsEventSource(fifo, max_batching_window=Duration.seconds(1))
            )

    @pytest.mark.parametrize("fifo", [True, False])
    def test_fails_if_the_dead_letter_queue_is_of_the_other_type(
        self, stack, worker, fifo
    ):
        """
        The deployment would fail.
        """
        dead = sqs.Queue(stack, "Dead", fifo=(not fifo) or None)
        orders = sqs.Queue(
            stack,
            "Orders",
            fifo=fifo or None,
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead, max_receive_count=5),
        )

        with pytest.raises(ConfigurationError, match=f"pass fifo={fifo} to it"):
            worker.add_event_source(SqsEventSource(orders))


class TestOptions:
    def test_every_option_reaches_the_template(self, stack, worker, queue):
        """
        By AWS's own names.
        """
        worker.add_event_source(
            SqsEventSource(
                queue,
                batch_size=10_000,
                enabled=False,
                filters=[FILTER],
                max_batching_window=Duration.minutes(5),
                max_concurrency=1_000,
                max_receive_count=7,
                metrics_config=lambda_.MetricsConfig(
                    metrics=[lambda_.MetricType.EVENT_COUNT]
                ),
                report_batch_item_failures=False,
            )
        )

        mapping = only(stack, MAPPING)
        orders = queue_named(stack, "Orders")
        assert 10_000 == mapping["BatchSize"]
        assert mapping["Enabled"] is False
        assert [FILTER] == [
            {"pattern": each["Pattern"]}
            for each in mapping["FilterCriteria"]["Filters"]
        ]
        assert 300 == mapping["MaximumBatchingWindowInSeconds"]
        assert {"MaximumConcurrency": 1_000} == mapping["ScalingConfig"]
        assert {"Metrics": ["EventCount"]} == mapping["MetricsConfig"]
        assert "FunctionResponseTypes" not in mapping
        assert 7 == orders["RedrivePolicy"]["maxReceiveCount"]
        assert 6 * 10 + 300 == orders["VisibilityTimeout"]

    def test_ten_thousand_pollers_reach_the_template(self, stack, worker, queue):
        """
        CDK's L2 stops at 2,000.
        """
        worker.add_event_source(
            SqsEventSource(
                queue,
                provisioned_poller_config=lambda_.ProvisionedPollerConfig(
                    minimum_pollers=200, maximum_pollers=10_000
                ),
            )
        )

        assert {"MinimumPollers": 200, "MaximumPollers": 10_000} == (
            only(stack, MAPPING)["ProvisionedPollerConfig"]
        )

    def test_filters_may_be_encrypted(self, stack, worker, queue):
        """
        Lambda may then decrypt by the key's own policy.
        """
        key = kms.Key(stack, "Secret")

        worker.add_event_source(
            SqsEventSource(queue, filters=[FILTER], filter_encryption=key)
        )

        assert "Secret" in str(only(stack, MAPPING)["KmsKeyArn"])
        assert "lambda.amazonaws.com" in str(only(stack, "AWS::KMS::Key"))

    def test_encrypted_queue_may_be_decrypted_through_sqs_only(self, stack, worker):
        """
        The dead letters are encrypted by the same key.
        """
        orders = sqs.Queue(
            stack, "Orders", encryption_master_key=kms.Key(stack, "Secret")
        )

        worker.add_event_source(SqsEventSource(orders))

        (grant,) = [each for each in statements(stack) if "Secret" in str(each)]
        assert {"kms:Decrypt"} == allowed(stack, "Secret")
        assert "sqs." in str(grant["Condition"]["StringEquals"]["kms:ViaService"])
        assert "Secret" in str(
            queue_named(stack, "OrdersDeadLetters")["KmsMasterKeyId"]
        )

    def test_tokens_are_passed_through(self, stack, worker, queue):
        """
        What CloudFormation resolves later cannot be checked now.
        """
        token = Token.as_number({"Ref": "Number"})

        worker.add_event_source(
            SqsEventSource(queue, batch_size=token, max_concurrency=token)
        )

        mapping = only(stack, MAPPING)
        assert {"Ref": "Number"} == mapping["BatchSize"]
        assert {"Ref": "Number"} == mapping["ScalingConfig"]["MaximumConcurrency"]

    def test_bind_gives_the_mapping(self, worker, queue):
        """
        There is no getter that throws before it is bound.
        """
        mapping = worker.add_event_source(SqsEventSource(queue))

        assert Token.is_unresolved(mapping.event_source_mapping_id)

    def test_two_queues_live_on_one_function(self, stack, worker, queue):
        """
        Their ids differ, and each has its own dead letters.
        """
        worker.add_event_source(SqsEventSource(queue))
        worker.add_event_source(SqsEventSource(sqs.Queue(stack, "Returns")))

        mappings = resources(stack, MAPPING)
        assert ["WorkerSqsOrders", "WorkerSqsReturns"] == sorted(
            logical_id[:-8] for logical_id in mappings
        )
        assert 4 == len(resources(stack, QUEUE))

    def test_two_functions_may_share_a_queue(self, stack, worker, queue):
        """
        The second finds the dead-letter queue that the first had made.
        """
        worker.add_event_source(SqsEventSource(queue))
        make_function(stack, "Other").add_event_source(SqsEventSource(queue))

        assert 2 == len(resources(stack, QUEUE))

    def test_warns_if_two_functions_share_a_queue(self, stack, queue):
        """
        Each message goes to one of them; the first is not told.
        """
        make_function(stack, "First").add_event_source(SqsEventSource(queue))
        make_function(stack, "Worker").add_event_source(SqsEventSource(queue))

        warned(stack, Practice.SQS_SHARED_QUEUE)
        Annotations.from_stack(stack).has_no_warning("/Shop/First", Match.any_value())

    def test_queue_of_another_stack_gets_its_dead_letters_there(self):
        """
        And the stacks stay without a cycle.
        """
        app = App()
        data, shop = Stack(app, "Data"), Stack(app, "Shop")
        queue = sqs.Queue(data, "Orders")

        make_function(shop).add_event_source(SqsEventSource(queue))

        app.synth()
        assert 2 == len(resources(data, QUEUE))
        assert {} == resources(shop, QUEUE)

    def test_queues_of_two_stacks_may_have_one_id(self):
        """
        Their paths tell them apart.
        """
        app = App()
        worker = make_function(Stack(app, "Shop"))
        for name in ("One", "Two"):
            worker.add_event_source(SqsEventSource(sqs.Queue(Stack(app, name), "Q")))

        assert 2 == len(resources(Stack.of(worker), MAPPING))

    def test_fails_if_one_queue_is_imported_twice(self, stack, worker):
        """
        It is the ARN that counts.
        """
        arn = "arn:aws:sqs:eu-west-1:111122223333:orders"
        worker.add_event_source(
            SqsEventSource(sqs.Queue.from_queue_arn(stack, "One", arn))
        )

        with pytest.raises(ConfigurationError, match="is an event source already"):
            worker.add_event_source(
                SqsEventSource(sqs.Queue.from_queue_arn(stack, "Two", arn))
            )

    def test_fails_if_the_function_has_tenants(self, stack, queue):
        """
        No event source names a tenant.
        """
        worker = make_function(stack, tenancy_config=lambda_.TenancyConfig.PER_TENANT)

        with pytest.raises(
            ConfigurationError, match="takes no events, since none names a tenant"
        ):
            worker.add_event_source(SqsEventSource(queue))

    def test_fails_if_a_queue_is_bound_twice(self, worker, queue):
        """
        Lambda refuses a second mapping of the same pair.
        """
        worker.add_event_source(SqsEventSource(queue))

        with pytest.raises(ConfigurationError) as error:
            worker.add_event_source(SqsEventSource(queue))

        assert (
            "Shop/Worker: Shop/Orders is an event source already; bind it once, with "
            "all filters in one event source"
        ) == str(error.value)


class TestRanges:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"batch_size": 0}, "batch_size must be between 1 and 10,000, got 0"),
            (
                {"batch_size": 10_001},
                "batch_size must be between 1 and 10,000, got 10,001",
            ),
            (
                {"batch_size": 11},
                "batch_size must be at most 10 without a batching window, got 11; pass "
                "max_batching_window=Duration.seconds(1) or more",
            ),
            (
                {"batch_size": 11, "max_batching_window": Duration.seconds(0)},
                "batch_size must be at most 10 without a batching window, got 11; pass "
                "max_batching_window=Duration.seconds(1) or more",
            ),
            (
                {"max_batching_window": Duration.seconds(301)},
                "max_batching_window must be between 0 and 300 s, got 301 s",
            ),
            (
                {"max_concurrency": 1},
                "max_concurrency must be between 2 and 1,000, got 1",
            ),
            (
                {"max_concurrency": 1_001},
                "max_concurrency must be between 2 and 1,000, got 1,001",
            ),
            (
                {"max_receive_count": 0},
                "max_receive_count must be between 1 and 1,000, got 0",
            ),
            (
                {"max_receive_count": 1_001},
                "max_receive_count must be between 1 and 1,000, got 1,001",
            ),
            (
                {"filters": [FILTER] * 11},
                "filters must be at most 10, got 11; join patterns, since a list in a "
                "pattern matches any of its values",
            ),
            (
                {"filters": [{"body": "x"}]},
                "filters must each have a pattern, got {'body': 'x'}; make them by "
                "FilterCriteria.filter(...)",
            ),
            (
                {"filters": [{"pattern": "x" * 4_097}]},
                "a filter's pattern must be at most 4,096 characters, got 4,097; "
                "split it into two filters",
            ),
        ],
    )
    def test_fails_if_a_value_is_out_of_range(self, queue, options, message):
        """
        It fails where it is written, before anything is bound.
        """
        with pytest.raises(ConfigurationError) as error:
            SqsEventSource(queue, **options)

        assert message == str(error.value)

    @pytest.mark.parametrize(
        ("pollers", "message"),
        [
            ((1, None), "minimum_pollers must be between 2 and 200, got 1"),
            ((201, None), "minimum_pollers must be between 2 and 200, got 201"),
            ((None, 1), "maximum_pollers must be between 2 and 10,000, got 1"),
            (
                (None, 10_001),
                "maximum_pollers must be between 2 and 10,000, got 10,001",
            ),
            (
                (20, 10),
                "minimum_pollers must not be above maximum_pollers, got 20 above 10; "
                "raise maximum_pollers",
            ),
        ],
    )
    def test_fails_if_pollers_are_out_of_range(self, queue, pollers, message):
        """
        SQS's own range, which is not Kafka's.
        """
        least, most = pollers
        config = lambda_.ProvisionedPollerConfig(
            minimum_pollers=least, maximum_pollers=most
        )

        with pytest.raises(ConfigurationError) as error:
            SqsEventSource(queue, provisioned_poller_config=config)

        assert message == str(error.value)

    def test_fails_if_pollers_stand_beside_max_concurrency(self, queue):
        """
        They exclude each other.
        """
        with pytest.raises(ConfigurationError, match="exclude each other"):
            SqsEventSource(
                queue,
                max_concurrency=2,
                provisioned_poller_config=lambda_.ProvisionedPollerConfig(
                    minimum_pollers=2, maximum_pollers=2
                ),
            )

    def test_fails_if_there_are_no_filters_to_encrypt(self, stack, queue):
        """
        A key alone does nothing.
        """
        with pytest.raises(ConfigurationError, match="needs filters to encrypt"):
            SqsEventSource(queue, filter_encryption=kms.Key(stack, "Secret"))

    def test_warns_if_filters_need_a_raised_quota(self, stack, worker, queue):
        """
        Six are possible, on request.
        """
        worker.add_event_source(SqsEventSource(queue, filters=[FILTER] * 6))

        warned(stack, Practice.ESM_FILTER_QUOTA)


class TestVisibilityTimeout:
    @pytest.mark.parametrize("seconds", [0, 9])
    def test_fails_if_less_than_the_function_timeout(self, stack, worker, seconds):
        """
        Lambda refuses the mapping; the message has the number that is right.
        """
        hasty = sqs.Queue(stack, "Orders", visibility_timeout=Duration.seconds(seconds))

        with pytest.raises(ConfigurationError) as error:
            worker.add_event_source(SqsEventSource(hasty))

        assert (
            "Shop/Worker: visibility_timeout of Shop/Orders must not be less than the "
            f"function timeout of 10 s, got {seconds} s; pass "
            "visibility_timeout=Duration.seconds(60) to the queue"
        ) == str(error.value)

    def test_exactly_the_function_timeout_is_allowed_and_warned_of(self, stack, worker):
        """
        Lambda takes it; it is unwise all the same.
        """
        queue = sqs.Queue(stack, "Orders", visibility_timeout=Duration.seconds(10))

        worker.add_event_source(SqsEventSource(queue))

        warned(stack, Practice.SQS_VISIBILITY_TIMEOUT)

    def test_a_slower_function_raises_what_a_faster_one_had_set(self, stack, queue):
        """
        In either order.
        """
        for name, seconds in (("Fast", 10), ("Slow", 100), ("Middle", 50)):
            function = make_function(stack, name, timeout=Duration.seconds(seconds))
            function.add_event_source(SqsEventSource(queue))

        assert 600 == queue_named(stack, "Orders")["VisibilityTimeout"]

    def test_default_of_30_s_is_too_short_for_a_function_of_a_minute(self, stack):
        """
        Neither CDK nor its validator compares what is not in the template.
        """
        slow = make_function(stack, timeout=Duration.minutes(1))

        slow.add_event_source(SqsEventSource(sqs.Queue(stack, "Orders")))

        assert 360 == queue_named(stack, "Orders")["VisibilityTimeout"]

    @given(
        timeout=st.integers(1, 900),
        window=st.integers(0, 300),
        given_s=st.integers(0, 43_200),
    )
    @pytest.mark.slow
    def test_any_other_is_kept_and_warned_of_where_it_is_short(
        self, timeout, window, given_s
    ):
        """
        Below the timeout it fails, below six and the window it warns, else it passes.
        """
        stack = Stack(App(), "Shop")
        worker = make_function(stack, timeout=Duration.seconds(timeout))
        queue = sqs.Queue(stack, "Orders", visibility_timeout=Duration.seconds(given_s))
        source = SqsEventSource(queue, max_batching_window=Duration.seconds(window))

        if given_s < timeout:
            with pytest.raises(ConfigurationError):
                worker.add_event_source(source)
            return
        worker.add_event_source(source)

        assert given_s == queue_named(stack, "Orders")["VisibilityTimeout"]
        if given_s < 6 * timeout + window:
            warned(stack, Practice.SQS_VISIBILITY_TIMEOUT)
        else:
            not_warned(stack)


class TestDeadLetters:
    def own(self, stack, count=5, **options) -> sqs.Queue:
        dead = sqs.Queue(stack, "Dead", **options)
        return sqs.Queue(
            stack,
            "Orders",
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead, max_receive_count=count),
        )

    def test_queue_s_own_is_kept(self, stack, worker):
        """
        The caller has said it.
        """
        orders = self.own(stack, count=9, retention_period=Duration.days(14))

        worker.add_event_source(SqsEventSource(orders))

        redrive = queue_named(stack, "Orders")["RedrivePolicy"]
        assert 9 == redrive["maxReceiveCount"]
        assert 2 == len(resources(stack, QUEUE))
        not_warned(stack)

    def test_warns_if_messages_are_received_fewer_than_five_times(self, stack, worker):
        """
        Throttles count as receives.
        """
        worker.add_event_source(
            SqsEventSource(self.own(stack, 2, retention_period=Duration.days(14)))
        )

        warned(stack, Practice.SQS_MAX_RECEIVE_COUNT)

    def test_warns_if_the_library_s_own_is_to_come_so_soon(self, stack, worker, queue):
        """
        Whoever makes the dead-letter queue.
        """
        worker.add_event_source(SqsEventSource(queue, max_receive_count=4))

        warned(stack, Practice.SQS_MAX_RECEIVE_COUNT)

    def test_retention_is_no_matter_between_fifo_queues(self, stack, worker):
        """
        A message's age begins anew when it moves.
        """
        dead = sqs.Queue(stack, "Dead", fifo=True)
        orders = sqs.Queue(
            stack,
            "Orders",
            fifo=True,
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead, max_receive_count=5),
        )

        worker.add_event_source(SqsEventSource(orders))

        not_warned(stack)

    def test_warning_of_retention_names_the_queue_that_can_change(self, stack, worker):
        """
        Fourteen days are the most that there is.
        """
        dead = sqs.Queue(stack, "Dead", retention_period=Duration.days(14))
        orders = sqs.Queue(
            stack,
            "Orders",
            retention_period=Duration.days(14),
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead, max_receive_count=5),
        )

        worker.add_event_source(SqsEventSource(orders))

        Annotations.from_stack(stack).has_warning(
            "/Shop/Worker",
            Match.string_like_regexp(r"Duration.days\(10\) to Shop/Orders"),
        )

    def test_warns_if_dead_letters_are_kept_no_longer(self, stack, worker):
        """
        A message arrives there with its age; four days are SQS's default for both.
        """
        worker.add_event_source(SqsEventSource(self.own(stack)))

        warned(stack, Practice.SQS_DEAD_LETTER_RETENTION)

    def test_warns_if_there_is_to_be_none(self, stack, worker, queue):
        """
        None is possible, and never by oversight.
        """
        worker.add_event_source(SqsEventSource(queue, max_receive_count=None))

        assert "RedrivePolicy" not in queue_named(stack, "Orders")
        warned(stack, Practice.SQS_DEAD_LETTER_QUEUE)

    def test_warns_that_nothing_is_known_of_an_imported_queue(self, stack, worker):
        """
        Its owner has to see to it.
        """
        queue = sqs.Queue.from_queue_arn(
            stack, "Orders", "arn:aws:sqs:eu-west-1:111122223333:orders"
        )

        worker.add_event_source(SqsEventSource(queue))

        warned(stack, Practice.SQS_IMPORTED_QUEUE)
        assert {} == resources(stack, QUEUE)


class TestConcurrency:
    def test_fails_if_queues_may_use_more_than_is_reserved(self, stack, queue):
        """
        CDK says nothing; the poller would be throttled and messages dead-lettered.
        """
        worker = make_function(stack, reserved_concurrent_executions=10)
        worker.add_event_source(SqsEventSource(queue, max_concurrency=6))

        with pytest.raises(ConfigurationError) as error:
            worker.add_event_source(
                SqsEventSource(sqs.Queue(stack, "Returns"), max_concurrency=5)
            )

        assert (
            "Shop/Worker: max_concurrency of its queues together must not be above "
            "reserved_concurrent_executions of 10, got 11; raise the latter or lower "
            "the former"
        ) == str(error.value)

    def test_warns_if_reserved_concurrency_alone_throttles_the_poller(
        self, stack, queue
    ):
        """
        The message gives the number that goes with it.
        """
        worker = make_function(stack, reserved_concurrent_executions=10)

        worker.add_event_source(SqsEventSource(queue))

        warned(stack, Practice.SQS_MAX_CONCURRENCY)
        Annotations.from_stack(stack).has_warning(
            "/Shop/Worker", Match.string_like_regexp("pass max_concurrency=10 to its")
        )


@pytest.mark.parametrize("reserved", [1, 10])
def test_warning_of_reserved_concurrency_does_not_lead_into_an_error(stack, reserved):
    """
    Where no room is left it says to raise the reservation.
    """
    worker = make_function(stack, reserved_concurrent_executions=reserved)
    if reserved == 10:
        other = sqs.Queue(stack, "Other")
        worker.add_event_source(SqsEventSource(other, max_concurrency=10))

    worker.add_event_source(SqsEventSource(sqs.Queue(stack, "Orders")))

    Annotations.from_stack(stack).has_warning(
        "/Shop/Worker", Match.string_like_regexp("raise it, and pass max_concurrency")
    )


def test_provisioned_pollers_need_no_maximum_concurrency(stack, queue):
    """
    They are its alternative.
    """
    worker = make_function(stack, reserved_concurrent_executions=10)
    config = lambda_.ProvisionedPollerConfig(minimum_pollers=2, maximum_pollers=2)

    worker.add_event_source(SqsEventSource(queue, provisioned_poller_config=config))

    not_warned(stack)


def test_fails_if_the_queue_is_defined_in_another_account():
    """
    Its policy would have to allow the role; so it is imported.
    """
    app = App()
    there = Stack(app, "There", env=Environment(account="2" * 12, region="eu-west-1"))
    here = Stack(app, "Shop", env=Environment(account="1" * 12, region="eu-west-1"))

    with pytest.raises(ConfigurationError, match="must be in the function's account"):
        make_function(here).add_event_source(
            SqsEventSource(sqs.Queue(there, "Orders", queue_name="orders"))
        )


def test_fails_if_the_queue_is_in_another_region():
    """
    Lambda polls its own Region only.
    """
    app = App()
    there = Stack(app, "There", env=Environment(account="1" * 12, region="eu-west-1"))
    here = Stack(app, "Shop", env=Environment(account="1" * 12, region="us-east-1"))

    with pytest.raises(ConfigurationError) as error:
        make_function(here).add_event_source(
            SqsEventSource(sqs.Queue(there, "Orders", queue_name="orders"))
        )

    assert (
        "Shop/Worker: There/Orders must be in the function's Region us-east-1, got "
        "eu-west-1; Lambda polls its own Region only, so define both in one"
    ) == str(error.value)


def test_an_acknowledged_practice_is_not_warned_of(stack, worker, queue):
    """
    The reason stands in the code.
    """
    Practice.SQS_DEAD_LETTER_QUEUE.acknowledge(worker, reason="losing them is fine")

    worker.add_event_source(SqsEventSource(queue, max_receive_count=None))

    not_warned(stack)
