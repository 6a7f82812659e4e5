"""A table whose changes Lambda reads: what it gets, what it may, what cannot work."""

from __future__ import annotations

import json

import pytest
from aws_cdk import App, Duration, Environment, Stack, Token
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import ConfigurationError, FailureDestination, Practice
from lambda_constructs.event_sources import DynamoDbEventSource
from tests.unit.conftest import allowed, make_function, only, resources, statements

MAPPING = "AWS::Lambda::EventSourceMapping"
FILTER = lambda_.FilterCriteria.filter({"eventName": ["INSERT"]})
BOTH = dynamodb.StreamViewType.NEW_AND_OLD_IMAGES
ID = dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
READ = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"}


def table(scope, id="Orders", **options) -> dynamodb.TableV2:
    return dynamodb.TableV2(
        scope, id, partition_key=ID, **{"dynamo_stream": BOTH, **options}
    )


@pytest.fixture
def orders(stack) -> dynamodb.TableV2:
    return table(stack)


def warned(stack, practice: Practice, id="Worker", says: str = "") -> None:
    Annotations.from_stack(stack).has_warning(
        f"/Shop/{id}", Match.string_like_regexp(f"{says}.*ack: {practice.value}\\]")
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
        make_function(stack).add_event_source(DynamoDbEventSource(table(stack)))
        return stack

    def test_mapping_invokes_the_live_alias(self, stack):
        """
        Never $LATEST, or versions, canaries and SnapStart would be idle.
        """
        assert json.dumps(only(stack, MAPPING)["FunctionName"]).endswith('":live"]]}')

    def test_a_poison_record_is_isolated_and_given_up_in_time(self, stack):
        """
        Lambda's own defaults retry the whole batch until it expires.
        """
        mapping = only(stack, MAPPING)

        assert "TRIM_HORIZON" == mapping["StartingPosition"]
        assert mapping["BisectBatchOnFunctionError"] is True
        assert ["ReportBatchItemFailures"] == mapping["FunctionResponseTypes"]
        assert 10 == mapping["MaximumRetryAttempts"]
        assert 18 * 3600 == mapping["MaximumRecordAgeInSeconds"]
        assert "WorkerFailures" in str(mapping["DestinationConfig"]["OnFailure"])

    def test_role_may_read_the_stream_and_no_more(self, stack):
        """
        Nothing of the table, and no ListStreams, which acts on no stream.
        """
        (read,) = [
            each for each in statements(stack) if "StreamArn" in str(each["Resource"])
        ]

        assert set(read["Action"]) == READ == allowed(stack, "Orders")

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
    def test_every_option_reaches_the_template(self, stack, worker, orders):
        """
        By AWS's own names.
        """
        worker.add_event_source(
            DynamoDbEventSource(
                orders,
                batch_size=1_000,
                bisect_batch_on_error=False,
                enabled=False,
                filter_encryption=kms.Key(stack, "Secret"),
                filters=[FILTER],
                max_batching_window=Duration.seconds(30),
                max_record_age=Duration.hours(1),
                metrics_config=lambda_.MetricsConfig(
                    metrics=[lambda_.MetricType.EVENT_COUNT]
                ),
                on_failure=FailureDestination.queue(sqs.Queue(stack, "Mine")),
                report_batch_item_failures=False,
                retry_attempts=3,
                starting_position=lambda_.StartingPosition.LATEST,
                tumbling_window=Duration.seconds(60),
            )
        )

        mapping = only(stack, MAPPING)
        assert 1_000 == mapping["BatchSize"]
        assert mapping["BisectBatchOnFunctionError"] is False
        assert mapping["Enabled"] is False
        assert "Secret" in str(mapping["KmsKeyArn"])
        assert [FILTER["pattern"]] == [
            each["Pattern"] for each in mapping["FilterCriteria"]["Filters"]
        ]
        assert 30 == mapping["MaximumBatchingWindowInSeconds"]
        assert 3600 == mapping["MaximumRecordAgeInSeconds"]
        assert {"Metrics": ["EventCount"]} == mapping["MetricsConfig"]
        assert "Mine" in str(mapping["DestinationConfig"]["OnFailure"])
        assert "FunctionResponseTypes" not in mapping
        assert 3 == mapping["MaximumRetryAttempts"]
        assert "LATEST" == mapping["StartingPosition"]
        assert 60 == mapping["TumblingWindowInSeconds"]
        not_warned(stack)

    def test_parallelization_factor_may_be_a_token(self, stack, worker, orders):
        """
        What CloudFormation resolves later cannot be checked now.
        """
        token = Token.as_number({"Ref": "Number"})

        worker.add_event_source(
            DynamoDbEventSource(orders, parallelization_factor=token)
        )

        assert {"Ref": "Number"} == only(stack, MAPPING)["ParallelizationFactor"]

    def test_a_table_of_the_first_kind_is_taken(self, stack, worker):
        """
        With `stream=` instead of `dynamo_stream=`.
        """
        first = dynamodb.Table(stack, "Orders", partition_key=ID, stream=BOTH)

        worker.add_event_source(DynamoDbEventSource(first))

        assert "StreamArn" in str(only(stack, MAPPING)["EventSourceArn"])

    def test_an_imported_table_is_taken_with_its_stream(self, stack, worker):
        """
        By the ARN of the stream.
        """
        imported = dynamodb.Table.from_table_attributes(
            stack, "Orders", table_arn=ARN, table_stream_arn=f"{ARN}/stream/1"
        )

        worker.add_event_source(DynamoDbEventSource(imported))

        assert f"{ARN}/stream/1" == only(stack, MAPPING)["EventSourceArn"]
        assert allowed(stack, f"{ARN}/stream/1") == READ

    def test_encrypted_table_may_be_decrypted_through_dynamodb_only(
        self, stack, worker
    ):
        """
        The table's key encrypts its stream.
        """
        encrypted = dynamodb.Table(
            stack,
            "Orders",
            partition_key=ID,
            stream=BOTH,
            encryption_key=kms.Key(stack, "Secret"),
        )

        worker.add_event_source(DynamoDbEventSource(encrypted))

        (grant,) = [each for each in statements(stack) if "Secret" in str(each)]
        assert {"kms:Decrypt"} == allowed(stack, "Secret")
        assert "dynamodb." in str(grant["Condition"]["StringEquals"]["kms:ViaService"])

    def test_two_tables_live_on_one_function(self, stack, worker, orders):
        """
        Their ids differ.
        """
        worker.add_event_source(DynamoDbEventSource(orders))
        worker.add_event_source(DynamoDbEventSource(table(stack, "Returns")))

        assert ["WorkerDynamoDbOrders", "WorkerDynamoDbReturns"] == sorted(
            logical_id[:-8] for logical_id in resources(stack, MAPPING)
        )

    def test_fails_if_a_table_is_bound_twice(self, worker, orders):
        """
        Lambda refuses a second mapping of the same pair.
        """
        worker.add_event_source(DynamoDbEventSource(orders))

        assert "Shop/Worker: Shop/Orders is an event source already; bind it once" in (
            fault(worker, DynamoDbEventSource(orders))
        )

    def test_fails_if_one_stream_is_imported_twice(self, stack, worker):
        """
        It is the ARN that counts.
        """
        one, two = (
            dynamodb.Table.from_table_attributes(
                stack, id, table_arn=ARN, table_stream_arn=f"{ARN}/stream/1"
            )
            for id in ("One", "Two")
        )
        worker.add_event_source(DynamoDbEventSource(one))

        assert "Shop/Two is an event source already" in (
            fault(worker, DynamoDbEventSource(two))
        )

    def test_fails_if_the_function_has_tenants(self, stack, orders):
        """
        No event source names a tenant.
        """
        worker = make_function(stack, tenancy_config=lambda_.TenancyConfig.PER_TENANT)

        assert "takes no events, since none names a tenant" in (
            fault(worker, DynamoDbEventSource(orders))
        )


class TestImpossible:
    def test_fails_if_the_table_has_no_stream(self, stack, worker):
        """
        The message says how to switch it on.
        """
        orders = dynamodb.Table(stack, "Orders", partition_key=ID)

        assert (
            "Shop/Worker: Shop/Orders must have a stream, got none; pass "
            "stream=StreamViewType.NEW_AND_OLD_IMAGES to it"
        ) == fault(worker, DynamoDbEventSource(orders))

    def test_fails_if_an_imported_table_says_no_stream(self, stack, worker):
        """
        Its ARN holds the time at which the stream was switched on.
        """
        imported = dynamodb.Table.from_table_arn(stack, "Orders", ARN)

        assert (
            "Shop/Worker: Shop/Orders must have a stream, got none; pass "
            "table_stream_arn= to from_table_attributes()"
        ) == fault(worker, DynamoDbEventSource(imported))

    def test_fails_if_it_is_to_begin_at_a_time(self, orders):
        """
        That is Kinesis's alone.
        """
        with pytest.raises(ConfigurationError) as error:
            DynamoDbEventSource(
                orders, starting_position=lambda_.StartingPosition.AT_TIMESTAMP
            )

        assert (
            "starting_position must be TRIM_HORIZON or LATEST of StartingPosition, got "
            "StartingPosition.AT_TIMESTAMP"
        ) == str(error.value)

    def test_fails_if_it_is_no_table(self):
        """
        A name is not enough.
        """
        with pytest.raises(ConfigurationError, match="must be a DynamoDB table, got"):
            DynamoDbEventSource("orders")

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"batch_size": 0}, "batch_size must be between 1 and 10,000, got 0"),
            (
                {"retry_attempts": 10_001},
                "retry_attempts must be between -1 and 10,000, got 10,001",
            ),
        ],
    )
    def test_fails_if_a_value_is_out_of_range(self, orders, options, message):
        """
        As of any stream.
        """
        with pytest.raises(ConfigurationError) as error:
            DynamoDbEventSource(orders, **options)

        assert message == str(error.value)

    def test_fails_if_the_table_is_in_another_region(self):
        """
        Lambda reads its own Region only.
        """
        app = App()
        account = "1" * 12
        there = Stack(
            app, "There", env=Environment(account=account, region="eu-west-1")
        )
        here = Stack(app, "Shop", env=Environment(account=account, region="us-east-1"))
        orders = table(there, table_name="orders")

        assert "must be in the function's Region us-east-1, got eu-west-1" in (
            fault(make_function(here), DynamoDbEventSource(orders))
        )


class TestUnwise:
    def test_two_functions_may_read_one_table(self, stack, orders):
        """
        A shard has room for two.
        """
        for id in ("One", "Two"):
            make_function(stack, id).add_event_source(DynamoDbEventSource(orders))

        not_warned(stack)

    def test_warns_of_the_third_reader(self, stack, orders):
        """
        They would throttle each other.

        https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
        """
        for id in ("One", "Two", "Three"):
            make_function(stack, id).add_event_source(DynamoDbEventSource(orders))

        warned(
            stack,
            Practice.STREAM_READERS,
            "Three",
            "it is reader 3 of the stream of Shop/Orders, and a table has room for 2",
        )

    def test_warns_of_the_second_reader_of_a_global_table(self):
        """
        Replication is one already.
        """
        env = Environment(account="1" * 12, region="eu-west-1")
        stack = Stack(App(), "Shop", env=env)
        orders = table(stack, replicas=[dynamodb.ReplicaTableProps(region="us-east-1")])
        for id in ("One", "Two"):
            make_function(stack, id).add_event_source(DynamoDbEventSource(orders))

        warned(stack, Practice.STREAM_READERS, "Two", "a global table has room for 1")

    def test_warns_if_records_expire_before_they_are_given_up(
        self, stack, worker, orders
    ):
        """
        The stream keeps them for a day.
        """
        worker.add_event_source(
            DynamoDbEventSource(orders, max_record_age=Duration.days(2))
        )

        warned(stack, Practice.STREAM_RECORD_AGE)

    def test_warns_if_what_is_given_up_is_dropped(self, stack, worker, orders):
        """
        None is possible, and never by oversight.
        """
        worker.add_event_source(DynamoDbEventSource(orders, on_failure=None))

        assert "DestinationConfig" not in only(stack, MAPPING)
        warned(stack, Practice.STREAM_FAILURE_DESTINATION)

    def test_warns_if_the_function_may_write_to_its_own_table(
        self, stack, worker, orders
    ):
        """
        Whenever and however that is said; Lambda stops no such loop.
        """
        worker.add_event_source(DynamoDbEventSource(orders))
        orders.grant(worker, "dynamodb:UpdateItem")

        warned(
            stack,
            Practice.STREAM_LOOP,
            says="it may call dynamodb:UpdateItem on Shop/Orders",
        )

    def test_reading_the_table_is_no_loop(self, stack, worker, orders):
        """
        Nor is writing to another.
        """
        worker.add_event_source(DynamoDbEventSource(orders))
        worker.allow("dynamodb:GetItem", on=orders)
        worker.allow("dynamodb:PutItem", on=table(stack, "Other"))

        not_warned(stack)
