"""A topic of an MSK cluster: what Lambda gets, what it may, and what cannot work."""

from __future__ import annotations

import json

import pytest
from aws_cdk import App, Duration, Environment, Stack, Token
from aws_cdk import aws_glue as glue
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_msk as msk
from aws_cdk import aws_s3 as s3

from lambda_constructs import (
    AsyncInvoke,
    ConfigurationError,
    FailureDestination,
    Practice,
)
from lambda_constructs.event_sources import (
    KafkaAuthentication,
    KafkaSchemaRegistry,
    MskEventSource,
)
from tests.unit.conftest import allowed, make_function, only, resources
from tests.unit.event_sources.kafka import (
    FILTER,
    MAPPING,
    NETWORK,
    POLLERS,
    denied_to_code,
    grants,
    new_secret,
    not_warned,
    warned,
)

PREFIX = "arn:aws:kafka:eu-west-1:111122223333"
CLUSTER = f"{PREFIX}:cluster/shop/0a1b-2"
CONNECTION = f"{PREFIX}:vpc-connection/444455556666/shop/3c4d-5"
KEY = lambda_.StartingPosition


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        make_function(stack).add_event_source(MskEventSource(CLUSTER, "orders"))
        return stack

    def test_mapping_invokes_the_live_alias(self, stack):
        """
        Never $LATEST, or versions and canaries would be idle.
        """
        assert '":live"]]}' in json.dumps(only(stack, MAPPING)["FunctionName"])

    def test_reads_the_topic_from_its_oldest_record(self, stack):
        """
        None is missed while the mapping is made.
        """
        mapping = only(stack, MAPPING)

        assert CLUSTER == mapping["EventSourceArn"]
        assert ["orders"] == mapping["Topics"]
        assert "TRIM_HORIZON" == mapping["StartingPosition"]
        assert 100 == mapping["BatchSize"]

    def test_leaves_the_half_second_that_nothing_can_restore(self, stack):
        """
        A window once set can be 0 s, and never again 500 ms.

        https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
        """
        assert "MaximumBatchingWindowInSeconds" not in only(stack, MAPPING)

    def test_what_fails_ends_in_a_queue(self, stack):
        """
        With a destination Lambda retries ten times, and without one for ever.

        https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
        """
        destination = only(stack, MAPPING)["DestinationConfig"]["OnFailure"]
        worker = stack.node.find_child("Worker")

        assert "WorkerFailures" in str(destination["Destination"])
        assert ["Shop/Worker/Failures"] == [
            queue.node.path for queue in worker.failure_queues
        ]

    def test_role_may_do_exactly_what_the_guides_list(self, stack):
        """
        CDK's source allows neither the network nor the topic.

        https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html
        https://docs.aws.amazon.com/lambda/latest/dg/msk-cluster-auth.html
        """
        assert {
            CLUSTER: {
                "kafka-cluster:Connect",
                "kafka-cluster:DescribeClusterDynamicConfiguration",
                "kafka:DescribeClusterV2",
            },
            f"{PREFIX}:topic/shop/0a1b-2/orders": {
                "kafka-cluster:DescribeTopic",
                "kafka-cluster:ReadData",
            },
            f"{PREFIX}:group/shop/0a1b-2/*": {
                "kafka-cluster:AlterGroup",
                "kafka-cluster:DescribeGroup",
            },
            "*": {"kafka:GetBootstrapBrokers", *NETWORK},
            "WorkerFailures": {"sqs:SendMessage"},
        } == grants(stack)

    def test_the_code_may_not_use_what_is_for_the_pollers(self, stack):
        """
        Calls that Lambda makes for event sources carry no function's ARN.

        https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
        """
        assert denied_to_code(stack) == NETWORK

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
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        make_function(stack).add_event_source(
            MskEventSource(
                CLUSTER,
                "orders",
                batch_size=10_000,
                bisect_batch_on_error=False,
                consumer_group_id="billing",
                enabled=False,
                filter_encryption=kms.Key(stack, "Secret"),
                filters=[FILTER],
                id="Orders",
                log_level=lambda_.EventSourceMappingLogLevel.DEBUG,
                max_batching_window=Duration.minutes(5),
                max_record_age=Duration.days(7),
                metrics_config=lambda_.MetricsConfig(
                    metrics=[
                        lambda_.MetricType.EVENT_COUNT,
                        lambda_.MetricType.ERROR_COUNT,
                        lambda_.MetricType.KAFKA_METRICS,
                    ]
                ),
                on_failure=FailureDestination.kafka_topic("orders-failed"),
                provisioned_poller_config=lambda_.ProvisionedPollerConfig(
                    minimum_pollers=200, maximum_pollers=2_000, poller_group_name="g"
                ),
                report_batch_item_failures=False,
                retry_attempts=10_000,
                schema_registry=KafkaSchemaRegistry(
                    glue.CfnRegistry(stack, "Schemas", name="schemas"),
                    event_record_format="SOURCE",
                    validate=["KEY", "VALUE"],
                ),
                starting_position=lambda_.StartingPosition.AT_TIMESTAMP,
                starting_position_timestamp=1_700_000_000,
                vpc_connection=CONNECTION,
            )
        )
        return stack

    def test_every_option_reaches_the_template(self, stack):
        """
        By AWS's own names.
        """
        mapping = only(stack, MAPPING)
        config = mapping["AmazonManagedKafkaEventSourceConfig"]
        (id,) = resources(stack, MAPPING)

        assert "WorkerOrders" == id[:-8]
        assert CONNECTION == mapping["EventSourceArn"]
        assert 10_000 == mapping["BatchSize"]
        assert mapping["BisectBatchOnFunctionError"] is False
        assert mapping["Enabled"] is False
        assert "Secret" in str(mapping["KmsKeyArn"])
        assert [{"Pattern": FILTER["pattern"]}] == mapping["FilterCriteria"]["Filters"]
        assert {"SystemLogLevel": "DEBUG"} == mapping["LoggingConfig"]
        assert 300 == mapping["MaximumBatchingWindowInSeconds"]
        assert 604_800 == mapping["MaximumRecordAgeInSeconds"]
        assert ["EventCount", "ErrorCount", "KafkaMetrics"] == (
            mapping["MetricsConfig"]["Metrics"]
        )
        assert {"Destination": "kafka://orders-failed"} == (
            mapping["DestinationConfig"]["OnFailure"]
        )
        assert {
            "MinimumPollers": 200,
            "MaximumPollers": 2_000,
            "PollerGroupName": "g",
        } == mapping["ProvisionedPollerConfig"]
        assert "FunctionResponseTypes" not in mapping
        assert 10_000 == mapping["MaximumRetryAttempts"]
        assert "AT_TIMESTAMP" == mapping["StartingPosition"]
        assert 1_700_000_000 == mapping["StartingPositionTimestamp"]
        assert "billing" == config["ConsumerGroupId"]
        registry = config["SchemaRegistryConfig"]
        assert "Schemas" in str(registry["SchemaRegistryURI"])
        assert "SOURCE" == registry["EventRecordFormat"]
        assert [{"Attribute": "KEY"}, {"Attribute": "VALUE"}] == (
            registry["SchemaValidationConfigs"]
        )

    def test_role_may_join_its_own_group_alone(self, stack):
        """
        A name that is known is a resource that can be named.
        """
        assert {"kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"} == (
            grants(stack)[f"{PREFIX}:group/shop/0a1b-2/billing"]
        )

    def test_role_may_write_to_the_topic_of_failures(self, stack):
        """
        CDK's KafkaDlq allows nothing.

        https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
        """
        assert {"kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"} == (
            grants(stack)[f"{PREFIX}:topic/shop/0a1b-2/orders-failed"]
        )
        assert {} == resources(stack, "AWS::SQS::Queue")

    def test_role_may_see_the_connection_to_another_account(self, stack):
        """
        That is what the mapping names.
        """
        assert {"kafka:DescribeVpcConnection"} == grants(stack)[CONNECTION]

    def test_role_may_read_the_schemas_of_the_registry(self, stack):
        """
        And of no other.

        https://docs.aws.amazon.com/lambda/latest/dg/services-consume-kafka-events.html
        """
        own = {
            frozenset(actions)
            for resource, actions in grants(stack).items()
            if "Schemas" in resource
        }

        assert own == {
            frozenset({"glue:GetRegistry", "glue:GetSchemaVersion"}),
            frozenset({"glue:GetSchemaVersion"}),
        }


class TestAuthentication:
    @pytest.mark.parametrize(
        ("way", "type"),
        [
            (KafkaAuthentication.sasl_scram_512, "SASL_SCRAM_512_AUTH"),
            (KafkaAuthentication.client_certificate, "CLIENT_CERTIFICATE_TLS_AUTH"),
        ],
    )
    def test_with_a_secret_reads_that_and_decrypts_it(self, stack, worker, way, type):
        """
        The topic is then no matter of IAM.
        """
        worker.add_event_source(
            MskEventSource(CLUSTER, "orders", authentication=way(new_secret(stack)))
        )

        (access,) = only(stack, MAPPING)["SourceAccessConfigurations"]
        assert type == access["Type"]
        assert "Login" in str(access["URI"])
        assert {"secretsmanager:GetSecretValue"} == grants(stack)["Login"]
        assert {"kms:Decrypt"} == allowed(stack, "LoginKey")
        assert "kafka-cluster" not in str(grants(stack))

    def test_by_the_network_alone_needs_nothing(self, stack, worker):
        """
        It has to be asked for.
        """
        worker.add_event_source(
            MskEventSource(CLUSTER, "orders", authentication=KafkaAuthentication.none())
        )

        assert "SourceAccessConfigurations" not in only(stack, MAPPING)
        assert {"kafka:DescribeClusterV2"} == grants(stack)[CLUSTER]

    def test_fails_if_msk_has_no_such_way(self, stack):
        """
        SCRAM is SHA-512's there.
        """
        with pytest.raises(ConfigurationError, match="got SASL_SCRAM_256_AUTH; MSK"):
            MskEventSource(
                CLUSTER,
                "orders",
                authentication=KafkaAuthentication.sasl_scram_256(new_secret(stack)),
            )

    def test_fails_if_the_secret_is_something_else(self):
        """
        Its ARN as text tells nothing of its key.
        """
        with pytest.raises(ConfigurationError, match="secret must be a Secret of aws"):
            KafkaAuthentication.sasl_scram_512("arn:aws:secretsmanager:...")


class TestProvisionedPollers:
    def test_halve_batches_and_retry_single_records(self, stack, worker):
        """
        Unless told otherwise, since they are what can.
        """
        worker.add_event_source(
            MskEventSource(CLUSTER, "orders", provisioned_poller_config=POLLERS)
        )

        mapping = only(stack, MAPPING)
        assert mapping["BisectBatchOnFunctionError"] is True
        assert ["ReportBatchItemFailures"] == mapping["FunctionResponseTypes"]
        not_warned(stack)

    def test_warns_if_error_controls_lack_them(self, stack, worker):
        """
        The guide offers them in provisioned mode.

        https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
        """
        worker.add_event_source(MskEventSource(CLUSTER, "orders", retry_attempts=3))

        warned(stack, Practice.KAFKA_ERROR_CONTROLS)

    @pytest.mark.parametrize(
        "options",
        [
            {"log_level": lambda_.EventSourceMappingLogLevel.INFO},
            {"schema_registry": KafkaSchemaRegistry("https://schemas.example.com")},
        ],
    )
    def test_fails_if_what_needs_them_lacks_them(self, options):
        """
        https://docs.aws.amazon.com/lambda/latest/dg/esm-logging.html
        https://docs.aws.amazon.com/lambda/latest/dg/services-consume-kafka-events.html
        """
        (name,) = options

        with pytest.raises(ConfigurationError) as error:
            MskEventSource(CLUSTER, "orders", **options)

        assert str(error.value) == (
            f"{name} needs provisioned pollers, got none; pass provisioned_poller_"
            "config=ProvisionedPollerConfig(minimum_pollers=1), or leave it out"
        )

    @pytest.mark.parametrize(
        ("pollers", "message"),
        [
            (
                {"minimum_pollers": 0},
                "minimum_pollers must be between 1 and 200, got 0",
            ),
            (
                {"maximum_pollers": 2_001},
                "maximum_pollers must be between 1 and 2,000, got 2,001",
            ),
            (
                {"minimum_pollers": 9, "maximum_pollers": 8},
                "minimum_pollers must not be above maximum_pollers, got 9 above 8; "
                "raise maximum_pollers",
            ),
            (
                {"poller_group_name": "a b"},
                "poller_group_name must be at most 128 letters, digits, dashes and "
                "underscores, got 'a b'; Lambda takes no other",
            ),
        ],
    )
    def test_fails_if_out_of_range(self, pollers, message):
        """
        Kafka's own ranges, which are not those of SQS.
        """
        config = lambda_.ProvisionedPollerConfig(**pollers)

        with pytest.raises(ConfigurationError) as error:
            MskEventSource(CLUSTER, "orders", provisioned_poller_config=config)

        assert message == str(error.value)


class TestRanges:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"batch_size": 0}, "batch_size must be between 1 and 10,000, got 0"),
            ({"batch_size": "1"}, "batch_size must be a whole number, got '1' (str)"),
            (
                {"retry_attempts": -2},
                "retry_attempts must be between -1 and 10,000, got -2",
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
                {"consumer_group_id": "a#b"},
                "consumer_group_id must be 1 to 200 letters, digits, spaces and "
                "-/*:_+=.@, got 'a#b'; Lambda takes no other",
            ),
            (
                {"starting_position": KEY.AT_TIMESTAMP},
                "starting_position_timestamp goes with starting_position AT_TIMESTAMP, "
                "got the latter alone; pass both or neither",
            ),
            (
                {"starting_position_timestamp": 1},
                "starting_position_timestamp goes with starting_position AT_TIMESTAMP, "
                "got the former alone; pass both or neither",
            ),
            (
                {"on_failure": FailureDestination.kafka_topic("orders")},
                "on_failure must not be 'orders' itself, which would loop; pass "
                "another topic",
            ),
            (
                {"on_failure": "orders-failed"},
                "on_failure must be a FailureDestination, got 'orders-failed' (str)",
            ),
            (
                {"enabled": "yes"},
                "enabled must be True or False, got 'yes' (str)",
            ),
            (
                {"vpc_connection": CLUSTER},
                "vpc_connection must be the ARN of a vpc-connection of MSK, got "
                f"{CLUSTER!r}; pass the resource itself, or its ARN",
            ),
        ],
    )
    def test_fails_if_a_value_cannot_be(self, options, message):
        """
        It fails where it is written, before anything is bound.
        """
        with pytest.raises(ConfigurationError) as error:
            MskEventSource(CLUSTER, "orders", **options)

        assert message == str(error.value)

    @pytest.mark.parametrize("topic", ["a", ".orders", "or ders", "o" * 250, ""])
    def test_fails_if_lambda_takes_no_such_topic(self, topic):
        """
        https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
        """
        with pytest.raises(ConfigurationError, match="topic must be 2 to 249 letters"):
            MskEventSource(CLUSTER, topic)

    @pytest.mark.parametrize("cluster", ["shop", "arn:aws:kinesis:x:1:stream/s", 1])
    def test_fails_if_the_cluster_is_none(self, cluster):
        """
        A name is not enough.
        """
        with pytest.raises(ConfigurationError, match="cluster must be"):
            MskEventSource(cluster, "orders")

    def test_fails_if_a_destination_is_too_short(self):
        """
        CloudFormation asks for four characters.
        """
        with pytest.raises(ConfigurationError, match="must be 4 to 249 letters"):
            FailureDestination.kafka_topic("dlt")

    def test_fails_if_events_are_to_go_to_a_topic_of_no_cluster(self):
        """
        Asynchronous events have no cluster.
        """
        with pytest.raises(ConfigurationError, match="must not be a Kafka topic"):
            AsyncInvoke(on_failure=FailureDestination.kafka_topic("failed"))

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"registry": 1}, "registry must be a CfnRegistry of aws_glue or a URL"),
            ({"event_record_format": "AVRO"}, "must be JSON or SOURCE, got 'AVRO'"),
            ({"validate": []}, "validate must be KEY, VALUE or both, got []"),
            ({"access": [("IAM", None)]}, "access must name BASIC_AUTH, CLIENT_CERT"),
            ({"access": [("BASIC_AUTH", None)] * 3}, "two secrets at most, got 3"),
        ],
    )
    def test_fails_if_a_registry_cannot_be(self, options, message):
        """
        https://docs.aws.amazon.com/lambda/latest/api/API_KafkaSchemaRegistryConfig.html
        """
        with pytest.raises(ConfigurationError) as error:
            KafkaSchemaRegistry(**{"registry": "https://schemas", **options})

        assert message in str(error.value)


class TestRelations:
    def test_two_topics_live_on_one_function(self, stack, worker):
        """
        Each has a mapping of its own name; failures have one queue.
        """
        cluster = msk.CfnServerlessCluster(
            stack,
            "Cluster",
            client_authentication={"sasl": {"iam": {"enabled": True}}},
            cluster_name="shop",
            vpc_configs=[{"subnetIds": ["subnet-1"]}],
        )
        for topic in ("orders", "returns"):
            worker.add_event_source(MskEventSource(cluster, topic))

        assert ["WorkerMskorders", "WorkerMskreturns"] == sorted(
            id[:-8] for id in resources(stack, MAPPING)
        )
        assert 1 == len(resources(stack, "AWS::SQS::Queue"))
        assert 2 == str(grants(stack)).count(":topic/")

    def test_fails_if_a_topic_is_bound_twice(self, worker):
        """
        One of another cluster has to name itself.
        """
        worker.add_event_source(MskEventSource(CLUSTER, "orders"))

        with pytest.raises(ConfigurationError, match="'Msk-orders' is the id of anoth"):
            worker.add_event_source(MskEventSource(CLUSTER, "orders"))

    def test_tokens_are_passed_through(self, stack, worker):
        """
        What CloudFormation resolves later cannot be checked now.
        """
        token = Token.as_string({"Ref": "Name"})

        with pytest.raises(ConfigurationError, match="id must be given where topic"):
            worker.add_event_source(MskEventSource(token, token))
        worker.add_event_source(
            MskEventSource(token, token, id="Orders", consumer_group_id=token)
        )

        mapping = only(stack, MAPPING)
        assert [{"Ref": "Name"}] == mapping["Topics"]
        assert {"Ref": "Name"} == mapping["EventSourceArn"]

    def test_fails_if_the_cluster_is_in_another_region(self):
        """
        Lambda polls its own Region only.
        """
        env = Environment(account="1" * 12, region="us-east-1")
        worker = make_function(Stack(App(), "Shop", env=env))

        with pytest.raises(ConfigurationError) as error:
            worker.add_event_source(MskEventSource(CLUSTER, "orders"))

        assert str(error.value) == (
            "Shop/Worker: cluster must be in the function's Region us-east-1, got "
            "eu-west-1; Lambda polls its own Region only, so define the function there"
        )

    def test_fails_if_the_function_has_tenants(self, stack):
        """
        No event source names a tenant.
        """
        worker = make_function(stack, tenancy_config=lambda_.TenancyConfig.PER_TENANT)

        with pytest.raises(
            ConfigurationError, match="takes no events, since none names a tenant"
        ):
            worker.add_event_source(MskEventSource(CLUSTER, "orders"))

    def test_failures_may_go_to_a_bucket(self, stack, worker):
        """
        It keeps the records.
        """
        destination = FailureDestination.bucket(s3.Bucket(stack, "Failed"))

        worker.add_event_source(
            MskEventSource(CLUSTER, "orders", on_failure=destination)
        )

        target = only(stack, MAPPING)["DestinationConfig"]["OnFailure"]["Destination"]
        assert "Failed" in str(target)
        assert {"s3:ListBucket", "s3:PutObject"} == allowed(stack, "Failed")

    def test_fails_if_failures_are_to_go_to_a_function(self, stack):
        """
        That is for asynchronous events.
        """
        other = make_function(stack, "Other")

        with pytest.raises(ConfigurationError, match="got a function; pass Failure"):
            MskEventSource(
                CLUSTER, "orders", on_failure=FailureDestination.function(other)
            )

    def test_warns_if_failures_go_nowhere(self, stack, worker):
        """
        A poison record would block its partition.
        """
        worker.add_event_source(MskEventSource(CLUSTER, "orders", on_failure=None))

        assert "DestinationConfig" not in only(stack, MAPPING)
        warned(stack, Practice.KAFKA_FAILURE_DESTINATION)

    def test_warns_if_filters_need_a_raised_quota(self, stack, worker):
        """
        Six are possible, on request.
        """
        worker.add_event_source(MskEventSource(CLUSTER, "orders", filters=[FILTER] * 6))

        warned(stack, Practice.ESM_FILTER_QUOTA)
