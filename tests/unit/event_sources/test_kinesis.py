"""A data stream that Lambda reads: what it gets, what it may, and what cannot work."""

from __future__ import annotations

import json

import pytest
from aws_cdk import App, Duration, Environment, Stack, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import ConfigurationError, FailureDestination, Practice
from lambda_constructs.event_sources import KinesisEventSource
from tests.unit.conftest import allowed, make_function, only, resources, statements

MAPPING = "AWS::Lambda::EventSourceMapping"
FILTER = lambda_.FilterCriteria.filter({"data": {"page": ["/"]}})
ARN = "arn:aws:kinesis:eu-west-1:111122223333:stream/clicks"
READ = {
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
}


@pytest.fixture
def clicks(stack) -> kinesis.Stream:
    return kinesis.Stream(stack, "Clicks")


def warned(stack, practice: Practice, says: str = "") -> None:
    Annotations.from_stack(stack).has_warning(
        "/Shop/Worker", Match.string_like_regexp(f"{says}.*ack: {practice.value}\\]")
    )


def not_warned(stack) -> None:
    Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


def fault(worker, source) -> str:
    with pytest.raises(ConfigurationError) as error:
        worker.add_event_source(source)
    return str(error.value)


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        make_function(stack).add_event_source(
            KinesisEventSource(kinesis.Stream(stack, "Clicks"))
        )
        return stack

    def test_mapping_invokes_the_live_alias(self, stack):
        """
        Never $LATEST, or versions, canaries and SnapStart would be idle.
        """
        name = json.dumps(only(stack, MAPPING)["FunctionName"])

        assert name.endswith('":live"]]}')
        assert "WorkerLive" in name

    def test_no_record_is_missed(self, stack):
        """
        LATEST begins when the mapping is ready, which is after it was made.
        """
        assert "TRIM_HORIZON" == only(stack, MAPPING)["StartingPosition"]

    def test_a_poison_record_is_isolated_and_given_up(self, stack):
        """
        Lambda's own defaults retry the whole batch until it expires.
        """
        mapping = only(stack, MAPPING)

        assert mapping["BisectBatchOnFunctionError"] is True
        assert ["ReportBatchItemFailures"] == mapping["FunctionResponseTypes"]
        assert 10 == mapping["MaximumRetryAttempts"]

    def test_a_record_is_given_up_while_it_is_still_in_the_stream(self, stack):
        """
        Six of 24 hours are left to fetch it by the position that the queue has.
        """
        assert 18 * 3600 == only(stack, MAPPING)["MaximumRecordAgeInSeconds"]

    def test_what_is_given_up_ends_in_a_queue(self, stack):
        """
        It is encrypted, TLS only, keeps 14 days and is at hand for alarms.
        """
        destination = only(stack, MAPPING)["DestinationConfig"]["OnFailure"]
        queue = only(stack, "AWS::SQS::Queue")

        assert "WorkerFailures" in str(destination["Destination"])
        assert 1_209_600 == queue["MessageRetentionPeriod"]
        assert ["Shop/Worker/Failures"] == [
            each.node.path for each in stack.node.find_child("Worker").failure_queues
        ]

    def test_role_may_read_the_stream_and_no_more(self, stack):
        """
        CDK adds three actions that act on no stream.

        https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
        """
        assert allowed(stack, "Clicks") == READ
        assert {"sqs:SendMessage"} == allowed(stack, "WorkerFailures")

    def test_mapping_waits_for_the_permission(self, stack):
        """
        Lambda checks it when it creates the mapping.
        """
        (mapping,) = resources(stack, MAPPING).values()

        assert ["WorkerPolicy"] == [name[:-8] for name in mapping["DependsOn"]]

    def test_nothing_is_warned_of(self, stack):
        """
        The short way is the right way.
        """
        not_warned(stack)


class TestOptions:
    def test_every_option_reaches_the_template(self, stack, worker, clicks):
        """
        By AWS's own names.
        """
        key = kms.Key(stack, "Secret")
        worker.add_event_source(
            KinesisEventSource(
                clicks,
                batch_size=10_000,
                bisect_batch_on_error=False,
                enabled=False,
                filter_encryption=key,
                filters=[FILTER],
                max_batching_window=Duration.minutes(5),
                max_record_age=Duration.minutes(1),
                metrics_config=lambda_.MetricsConfig(
                    metrics=[lambda_.MetricType.EVENT_COUNT]
                ),
                on_failure=FailureDestination.topic(sns.Topic(stack, "Failed")),
                parallelization_factor=10,
                report_batch_item_failures=False,
                retry_attempts=0,
                starting_position=lambda_.StartingPosition.AT_TIMESTAMP,
                starting_position_timestamp=1_700_000_000,
            )
        )

        mapping = only(stack, MAPPING)
        assert 10_000 == mapping["BatchSize"]
        assert mapping["BisectBatchOnFunctionError"] is False
        assert mapping["Enabled"] is False
        assert "Secret" in str(mapping["KmsKeyArn"])
        assert [FILTER["pattern"]] == [
            each["Pattern"] for each in mapping["FilterCriteria"]["Filters"]
        ]
        assert 300 == mapping["MaximumBatchingWindowInSeconds"]
        assert 60 == mapping["MaximumRecordAgeInSeconds"]
        assert {"Metrics": ["EventCount"]} == mapping["MetricsConfig"]
        assert "Failed" in str(mapping["DestinationConfig"]["OnFailure"])
        assert 10 == mapping["ParallelizationFactor"]
        assert "FunctionResponseTypes" not in mapping
        assert 0 == mapping["MaximumRetryAttempts"]
        assert "AT_TIMESTAMP" == mapping["StartingPosition"]
        assert 1_700_000_000 == mapping["StartingPositionTimestamp"]
        assert "lambda.amazonaws.com" in str(only(stack, "AWS::KMS::Key"))
        assert {"sns:Publish"} == allowed(stack, "Failed")
        not_warned(stack)

    def test_tumbling_window_reaches_the_template(self, stack, worker, clicks):
        """
        Up to fifteen minutes.
        """
        worker.add_event_source(
            KinesisEventSource(clicks, tumbling_window=Duration.minutes(15))
        )

        assert 900 == only(stack, MAPPING)["TumblingWindowInSeconds"]
        not_warned(stack)

    def test_bucket_keeps_the_records_and_takes_nothing_but_them(
        self, stack, worker, clicks
    ):
        """
        CDK would allow reading and deleting, too.
        """
        bucket = s3.Bucket(stack, "Discarded")

        worker.add_event_source(
            KinesisEventSource(clicks, on_failure=FailureDestination.bucket(bucket))
        )

        assert {"s3:ListBucket", "s3:PutObject"} == allowed(stack, "Discarded")
        assert [] == worker.failure_queues

    def test_age_follows_the_retention_of_the_stream(self, stack, worker):
        """
        Three quarters of it, and never above what Lambda takes.
        """
        for id, days in (("Short", 4), ("Long", 365)):
            stream = kinesis.Stream(stack, id, retention_period=Duration.days(days))
            worker.add_event_source(KinesisEventSource(stream))

        ages = {
            logical_id[:-8]: each["Properties"]["MaximumRecordAgeInSeconds"]
            for logical_id, each in resources(stack, MAPPING).items()
        }
        assert {
            "WorkerKinesisShort": 3 * 86_400,
            "WorkerKinesisLong": 7 * 86_400,
        } == ages
        not_warned(stack)

    def test_encrypted_stream_may_be_decrypted_through_kinesis_only(
        self, stack, worker
    ):
        """
        Whoever has the role cannot use the key otherwise.
        """
        stream = kinesis.Stream(
            stack, "Clicks", encryption_key=kms.Key(stack, "Secret")
        )

        worker.add_event_source(KinesisEventSource(stream))

        (grant,) = [each for each in statements(stack) if "Secret" in str(each)]
        assert {"kms:Decrypt"} == allowed(stack, "Secret")
        assert "kinesis." in str(grant["Condition"]["StringEquals"]["kms:ViaService"])

    def test_tokens_are_passed_through(self, stack, worker, clicks):
        """
        What CloudFormation resolves later cannot be checked now.
        """
        token = Token.as_number({"Ref": "Number"})

        worker.add_event_source(
            KinesisEventSource(clicks, batch_size=token, retry_attempts=token)
        )

        mapping = only(stack, MAPPING)
        assert {"Ref": "Number"} == mapping["BatchSize"]
        assert {"Ref": "Number"} == mapping["MaximumRetryAttempts"]

    def test_retention_may_be_a_token(self, stack, worker, clicks):
        """
        No stream keeps less than a day.
        """
        clicks.node.default_child.retention_period_hours = Token.as_number(
            {"Ref": "Hours"}
        )

        worker.add_event_source(KinesisEventSource(clicks))

        assert 18 * 3600 == only(stack, MAPPING)["MaximumRecordAgeInSeconds"]

    def test_bind_gives_the_mapping(self, worker, clicks):
        """
        There is no getter that throws before it is bound.
        """
        mapping = worker.add_event_source(KinesisEventSource(clicks))

        assert Token.is_unresolved(mapping.event_source_mapping_id)

    def test_two_streams_live_on_one_function(self, stack, worker, clicks):
        """
        Their ids differ, and what both give up ends in one queue.
        """
        worker.add_event_source(KinesisEventSource(clicks))
        worker.add_event_source(KinesisEventSource(kinesis.Stream(stack, "Views")))

        assert ["WorkerKinesisClicks", "WorkerKinesisViews"] == sorted(
            logical_id[:-8] for logical_id in resources(stack, MAPPING)
        )
        assert 1 == len(resources(stack, "AWS::SQS::Queue"))

    def test_fails_if_one_stream_is_imported_twice(self, stack, worker):
        """
        It is the ARN that counts.
        """
        one, two = (
            KinesisEventSource(kinesis.Stream.from_stream_arn(stack, id, ARN))
            for id in ("One", "Two")
        )
        worker.add_event_source(one)

        assert "Shop/Worker: Shop/Two is an event source already; bind it once" in (
            fault(worker, two)
        )

    def test_fails_if_the_function_has_tenants(self, stack, clicks):
        """
        No event source names a tenant.
        """
        worker = make_function(stack, tenancy_config=lambda_.TenancyConfig.PER_TENANT)

        assert "takes no events, since none names a tenant" in (
            fault(worker, KinesisEventSource(clicks))
        )


class TestEnhancedFanOut:
    def test_mapping_and_permissions_are_the_consumer_s(self, stack, worker, clicks):
        """
        The stream is still described, and its shards listed.
        """
        consumer = kinesis.StreamConsumer(
            stack, "Reader", stream=clicks, stream_consumer_name="reader"
        )

        worker.add_event_source(KinesisEventSource(clicks, consumer=consumer))

        mapping = only(stack, MAPPING)
        assert "Reader" in str(mapping["EventSourceArn"])
        assert allowed(stack, "Clicks") == READ
        assert {"kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"} == (
            allowed(stack, "Reader")
        )

    def test_two_consumers_and_the_stream_itself_live_on_one_function(
        self, stack, worker, clicks
    ):
        """
        Each is an event source of its own.
        """
        worker.add_event_source(KinesisEventSource(clicks))
        for name in ("One", "Two"):
            consumer = kinesis.StreamConsumer(
                stack, name, stream=clicks, stream_consumer_name=name
            )
            worker.add_event_source(KinesisEventSource(clicks, consumer=consumer))

        assert 3 == len(resources(stack, MAPPING))

    def test_imported_consumer_of_the_imported_stream_is_taken(self, stack, worker):
        """
        By their ARNs.
        """
        consumer = kinesis.StreamConsumer.from_stream_consumer_arn(
            stack, "Reader", f"{ARN}/consumer/reader:1700000000"
        )
        stream = kinesis.Stream.from_stream_arn(stack, "Clicks", ARN)

        worker.add_event_source(KinesisEventSource(stream, consumer=consumer))

        assert (
            f"{ARN}/consumer/reader:1700000000"
            == (only(stack, MAPPING)["EventSourceArn"])
        )

    def test_fails_if_it_is_a_consumer_of_another_stream(self, stack, worker, clicks):
        """
        The grants would be for one stream, and the mapping for another.
        """
        views = kinesis.Stream(stack, "Views")
        consumer = kinesis.StreamConsumer(
            stack, "Reader", stream=views, stream_consumer_name="reader"
        )

        assert (
            "Shop/Worker: consumer Shop/Reader must be one of Shop/Clicks, got one of "
            "Shop/Views; pass that stream, or a consumer of this one"
        ) == fault(worker, KinesisEventSource(clicks, consumer=consumer))


class TestRanges:
    @pytest.fixture(scope="class")
    @classmethod
    def clicks(cls) -> kinesis.IStream:
        return kinesis.Stream.from_stream_arn(Stack(App(), "Shop"), "Clicks", ARN)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"batch_size": 0}, "batch_size must be between 1 and 10,000, got 0"),
            (
                {"batch_size": 10_001},
                "batch_size must be between 1 and 10,000, got 10,001",
            ),
            (
                {"parallelization_factor": 0},
                "parallelization_factor must be between 1 and 10, got 0",
            ),
            (
                {"parallelization_factor": 11},
                "parallelization_factor must be between 1 and 10, got 11",
            ),
            (
                {"retry_attempts": -2},
                "retry_attempts must be between -1 and 10,000, got -2",
            ),
            (
                {"retry_attempts": 10_001},
                "retry_attempts must be between -1 and 10,000, got 10,001",
            ),
            (
                {"max_batching_window": Duration.seconds(301)},
                "max_batching_window must be between 0 and 300 s, got 301 s",
            ),
            (
                {"max_record_age": Duration.seconds(59)},
                "max_record_age must be between 60 and 604,800 s, got 59 s",
            ),
            (
                {"max_record_age": Duration.days(8)},
                "max_record_age must be between 60 and 604,800 s, got 691,200 s",
            ),
            (
                {"tumbling_window": Duration.seconds(901)},
                "tumbling_window must be between 0 and 900 s, got 901 s",
            ),
            (
                {"starting_position": "LATEST"},
                "starting_position must be TRIM_HORIZON or LATEST or AT_TIMESTAMP of "
                "StartingPosition, got LATEST",
            ),
            (
                {"starting_position": lambda_.StartingPosition.AT_TIMESTAMP},
                "starting_position_timestamp goes with starting_position AT_TIMESTAMP "
                "alone, got None with AT_TIMESTAMP; pass both or neither",
            ),
            (
                {"starting_position_timestamp": 1},
                "starting_position_timestamp goes with starting_position AT_TIMESTAMP "
                "alone, got 1 with TRIM_HORIZON; pass both or neither",
            ),
            (
                {
                    "starting_position": lambda_.StartingPosition.AT_TIMESTAMP,
                    "starting_position_timestamp": 1_700_000_000_000,
                },
                "starting_position_timestamp must not be in the future, got "
                "1,700,000,000,000; pass seconds since 1970, as datetime.timestamp() "
                "gives",
            ),
            (
                {"filters": [FILTER] * 11},
                "filters must be at most 10, got 11; join patterns, since a list in a "
                "pattern matches any of its values",
            ),
        ],
    )
    def test_fails_if_a_value_is_out_of_range(self, clicks, options, message):
        """
        It fails where it is written, before anything is bound.
        """
        with pytest.raises(ConfigurationError) as error:
            KinesisEventSource(clicks, **options)

        assert message == str(error.value)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"batch_size": "9"}, "batch_size must be a whole number, got '9' (str)"),
            (
                {"max_record_age": 60},
                "max_record_age must be a Duration, as Duration.seconds(30), got 60 "
                "(int)",
            ),
            ({"enabled": 1}, "enabled must be True or False, got 1 (int)"),
            (
                {"on_failure": "queue"},
                "on_failure must be a FailureDestination, got 'queue' (str)",
            ),
            (
                {"metrics_config": "all"},
                "metrics_config must be a MetricsConfig of aws_lambda, got 'all' (str)",
            ),
            (
                {"consumer": "reader"},
                "consumer must be a StreamConsumer, got 'reader'; pass the consumer "
                "itself",
            ),
            (
                {"starting_position_timestamp": "now"},
                "starting_position_timestamp must be a number, got 'now' (str)",
            ),
        ],
    )
    def test_fails_if_a_value_is_of_another_type(self, clicks, options, message):
        """
        In the user's words.
        """
        with pytest.raises(ConfigurationError) as error:
            KinesisEventSource(clicks, **options)

        assert message == str(error.value)

    def test_fails_if_it_is_no_stream(self):
        """
        A name is not enough.
        """
        with pytest.raises(ConfigurationError, match="must be a Kinesis stream, got"):
            KinesisEventSource("clicks")

    def test_fails_if_failures_go_where_a_stream_sends_none(self, worker, clicks):
        """
        A function and an event bus take those of asynchronous events.
        """
        destination = FailureDestination.function(worker)

        with pytest.raises(ConfigurationError, match="must be a queue, a topic or a"):
            KinesisEventSource(clicks, on_failure=destination)


class TestUnwise:
    def test_warns_if_what_is_given_up_is_dropped(self, stack, worker, clicks):
        """
        None is possible, and never by oversight.
        """
        worker.add_event_source(KinesisEventSource(clicks, on_failure=None))

        assert "DestinationConfig" not in only(stack, MAPPING)
        warned(stack, Practice.STREAM_FAILURE_DESTINATION)

    def test_an_acknowledged_practice_is_not_warned_of(self, stack, worker, clicks):
        """
        The reason stands in the code.
        """
        Practice.STREAM_FAILURE_DESTINATION.acknowledge(
            worker, reason="a lost click is no loss"
        )

        worker.add_event_source(KinesisEventSource(clicks, on_failure=None))

        not_warned(stack)

    def test_warns_if_a_poison_record_may_block_its_shard(self, stack, worker, clicks):
        """
        Lambda's own default.
        """
        worker.add_event_source(KinesisEventSource(clicks, retry_attempts=-1))

        warned(stack, Practice.STREAM_RETRY_ATTEMPTS)

    def test_warns_if_parallel_batches_share_no_window(self, stack, worker, clicks):
        """
        The state is the shard's.

        https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
        """
        worker.add_event_source(
            KinesisEventSource(
                clicks, parallelization_factor=2, tumbling_window=Duration.minutes(1)
            )
        )

        warned(stack, Practice.STREAM_PARALLEL_WINDOW)

    def test_warns_if_records_expire_before_they_are_given_up(
        self, stack, worker, clicks
    ):
        """
        They would be in no failure store.
        """
        worker.add_event_source(
            KinesisEventSource(clicks, max_record_age=Duration.days(1))
        )

        warned(
            stack,
            Practice.STREAM_RECORD_AGE,
            "max_record_age of 86,400 s is not below the 86,400 s",
        )

    def test_nothing_is_said_of_an_imported_stream_s_retention(self, stack, worker):
        """
        It is not known.
        """
        stream = kinesis.Stream.from_stream_arn(stack, "Clicks", ARN)

        worker.add_event_source(
            KinesisEventSource(stream, max_record_age=Duration.days(2))
        )

        not_warned(stack)

    def test_warns_if_the_function_may_write_to_its_own_stream(
        self, stack, worker, clicks
    ):
        """
        Whenever that is said; Lambda stops no such loop.
        """
        worker.add_event_source(KinesisEventSource(clicks))
        worker.allow("kinesis:PutRecords", on=clicks)

        warned(
            stack,
            Practice.STREAM_LOOP,
            "it may call kinesis:PutRecords on Shop/Clicks",
        )

    def test_warns_if_a_pattern_lets_the_function_write_to_the_stream(
        self, stack, worker, clicks
    ):
        """
        As CDK's own grants have them, and statements that name what they leave out.
        """
        worker.add_event_source(KinesisEventSource(clicks))
        worker.policy.add_statements(
            iam.PolicyStatement(not_actions=["kinesis:*"], resources=["*"]),
            iam.PolicyStatement(actions=["kinesis:PutRecord*"], resources=["*"]),
        )

        warned(stack, Practice.STREAM_LOOP, "it may call kinesis:PutRecord, kinesis:")

    def test_writing_to_another_stream_is_no_loop(self, stack, worker, clicks):
        """
        That is what most do.
        """
        worker.add_event_source(KinesisEventSource(clicks))
        worker.allow("kinesis:PutRecords", on=kinesis.Stream(stack, "Views"))

        not_warned(stack)

    def test_warns_if_filters_need_a_raised_quota(self, stack, worker, clicks):
        """
        Six are possible, on request.
        """
        worker.add_event_source(KinesisEventSource(clicks, filters=[FILTER] * 6))

        warned(stack, Practice.ESM_FILTER_QUOTA)


def test_fails_if_the_stream_is_in_another_region():
    """
    Lambda reads its own Region only.
    """
    app = App()
    there = Stack(app, "There", env=Environment(account="1" * 12, region="eu-west-1"))
    here = Stack(app, "Shop", env=Environment(account="1" * 12, region="us-east-1"))
    stream = kinesis.Stream(there, "Clicks", stream_name="clicks")

    assert "There/Clicks must be in the function's Region us-east-1, got eu-west-1" in (
        fault(make_function(here), KinesisEventSource(stream))
    )
