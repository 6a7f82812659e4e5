"""A topic of brokers elsewhere: what Lambda gets, what it may, and what cannot work."""

from __future__ import annotations

import json

import pytest
from aws_cdk import App, Duration, Stack, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_lambda as lambda_

from lambda_constructs import ConfigurationError, FailureDestination, Practice
from lambda_constructs.event_sources import (
    KafkaAuthentication,
    KafkaSchemaRegistry,
    SelfManagedKafkaEventSource,
)
from tests.unit.conftest import allowed, make_function, only, resources, statements
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

SERVERS = ["b-1.example.com:9096", "b-2.example.com:9096"]
IAM = KafkaAuthentication.iam()


def source(topic: str = "orders", **options) -> SelfManagedKafkaEventSource:
    return SelfManagedKafkaEventSource(
        SERVERS, topic, **{"authentication": IAM, **options}
    )


class TestOverTheInternet:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        login = KafkaAuthentication.sasl_scram_512(new_secret(stack))
        make_function(stack).add_event_source(
            SelfManagedKafkaEventSource(SERVERS, "orders", authentication=login)
        )
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

        assert {"Endpoints": {"KafkaBootstrapServers": SERVERS}} == (
            mapping["SelfManagedEventSource"]
        )
        assert ["orders"] == mapping["Topics"]
        assert "TRIM_HORIZON" == mapping["StartingPosition"]
        assert "MaximumBatchingWindowInSeconds" not in mapping
        assert "SelfManagedKafkaEventSourceConfig" not in mapping

    def test_role_may_read_the_secret_and_send_what_failed(self, stack):
        """
        It needs no network of yours.

        https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-permissions.html
        """
        assert {
            "Login": {"secretsmanager:GetSecretValue"},
            "LoginKey": {"kms:Decrypt"},
            "WorkerFailures": {"sqs:SendMessage"},
        } == grants(stack)
        (use,) = [each for each in statements(stack) if "LoginKey" in str(each)]
        assert "secretsmanager." in str(use["Condition"]["StringEquals"])

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


class TestInANetwork:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        vpc = ec2.Vpc(stack, "Vpc", max_azs=2)
        make_function(stack).add_event_source(
            SelfManagedKafkaEventSource(
                SERVERS,
                "orders",
                batch_size=10_000,
                bisect_batch_on_error=True,
                consumer_group_id="billing",
                enabled=False,
                filters=[FILTER],
                id="Orders",
                log_level=lambda_.EventSourceMappingLogLevel.WARN,
                max_batching_window=Duration.seconds(0),
                max_record_age=Duration.minutes(1),
                metrics_config=lambda_.MetricsConfig(
                    metrics=[lambda_.MetricType.KAFKA_METRICS]
                ),
                on_failure=FailureDestination.kafka_topic("orders-failed"),
                provisioned_poller_config=POLLERS,
                report_batch_item_failures=True,
                retry_attempts=0,
                root_ca_certificate=new_secret(stack, "Authority"),
                schema_registry=KafkaSchemaRegistry(
                    "https://schemas.example.com",
                    access=[("BASIC_AUTH", new_secret(stack, "Registry"))],
                ),
                security_groups=[
                    ec2.SecurityGroup.from_security_group_id(stack, "Pollers", "sg-1")
                ],
                starting_position=lambda_.StartingPosition.AT_TIMESTAMP,
                starting_position_timestamp=1_700_000_000,
                vpc=vpc,
                vpc_subnets=ec2.SubnetSelection(
                    subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS
                ),
            )
        )
        return stack

    def test_pollers_are_in_its_private_subnets(self, stack):
        """
        Behind the security groups that the brokers let in.
        """
        access = only(stack, MAPPING)["SourceAccessConfigurations"]

        assert [
            "VPC_SUBNET",
            "VPC_SUBNET",
            "VPC_SECURITY_GROUP",
            "SERVER_ROOT_CA_CERTIFICATE",
        ] == [each["Type"] for each in access]
        assert "VpcPrivateSubnet1" in str(access[0]["URI"])
        assert "security_group:sg-1" == access[2]["URI"]
        assert "Authority" in str(access[3]["URI"])

    def test_every_option_reaches_the_template(self, stack):
        """
        By AWS's own names.
        """
        mapping = only(stack, MAPPING)
        config = mapping["SelfManagedKafkaEventSourceConfig"]

        assert 10_000 == mapping["BatchSize"]
        assert mapping["BisectBatchOnFunctionError"] is True
        assert mapping["Enabled"] is False
        assert [{"Pattern": FILTER["pattern"]}] == mapping["FilterCriteria"]["Filters"]
        assert {"SystemLogLevel": "WARN"} == mapping["LoggingConfig"]
        assert 0 == mapping["MaximumBatchingWindowInSeconds"]
        assert 60 == mapping["MaximumRecordAgeInSeconds"]
        assert {"Metrics": ["KafkaMetrics"]} == mapping["MetricsConfig"]
        assert {"Destination": "kafka://orders-failed"} == (
            mapping["DestinationConfig"]["OnFailure"]
        )
        assert {"MinimumPollers": 1, "MaximumPollers": 3} == (
            mapping["ProvisionedPollerConfig"]
        )
        assert ["ReportBatchItemFailures"] == mapping["FunctionResponseTypes"]
        assert 0 == mapping["MaximumRetryAttempts"]
        assert "AT_TIMESTAMP" == mapping["StartingPosition"]
        assert 1_700_000_000 == mapping["StartingPositionTimestamp"]
        assert "billing" == config["ConsumerGroupId"]
        registry = config["SchemaRegistryConfig"]
        assert "https://schemas.example.com" == registry["SchemaRegistryURI"]
        assert "JSON" == registry["EventRecordFormat"]
        assert "BASIC_AUTH" == registry["AccessConfigs"][0]["Type"]

    def test_role_may_do_exactly_what_the_guide_lists(self, stack):
        """
        https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-permissions.html
        """
        assert {
            "*": NETWORK,
            "Authority": {"secretsmanager:GetSecretValue"},
            "AuthorityKey": {"kms:Decrypt"},
            "Registry": {"secretsmanager:GetSecretValue"},
            "RegistryKey": {"kms:Decrypt"},
        } == grants(stack)
        assert denied_to_code(stack) == NETWORK


class TestAuthentication:
    @pytest.mark.parametrize(
        ("way", "type"),
        [
            (KafkaAuthentication.basic, "BASIC_AUTH"),
            (KafkaAuthentication.client_certificate, "CLIENT_CERTIFICATE_TLS_AUTH"),
            (KafkaAuthentication.sasl_scram_256, "SASL_SCRAM_256_AUTH"),
            (KafkaAuthentication.sasl_scram_512, "SASL_SCRAM_512_AUTH"),
        ],
    )
    def test_reads_its_secret(self, stack, worker, way, type):
        """
        And decrypts it, where it has a key.
        """
        worker.add_event_source(source(authentication=way(new_secret(stack))))

        (access,) = only(stack, MAPPING)["SourceAccessConfigurations"]
        assert type == access["Type"]
        assert {"secretsmanager:GetSecretValue"} == grants(stack)["Login"]
        assert {"kms:Decrypt"} == allowed(stack, "LoginKey")

    def test_by_iam_has_no_secret(self, stack, worker):
        """
        The role signs.
        """
        worker.add_event_source(source())

        assert [{"Type": "IAM_AUTH"}] == (
            only(stack, MAPPING)["SourceAccessConfigurations"]
        )

    def test_by_oauth_says_what_the_provider_asks_for(self, stack, worker):
        """
        Only the secret is one.
        """
        worker.add_event_source(
            source(
                authentication=KafkaAuthentication.oauth_bearer(
                    new_secret(stack),
                    audience="kafka",
                    identity_pool="pool-1",
                    logical_cluster="lkc-1",
                    scope="read",
                )
            )
        )

        first, *others = only(stack, MAPPING)["SourceAccessConfigurations"]
        assert "OAUTHBEARER_AUTH" == first["Type"]
        assert [
            {"Type": "OAUTHBEARER_AUDIENCE", "URI": "kafka"},
            {"Type": "OAUTHBEARER_IDENTITY_POOL", "URI": "pool-1"},
            {"Type": "OAUTHBEARER_LOGICAL_CLUSTER", "URI": "lkc-1"},
            {"Type": "OAUTHBEARER_SCOPE", "URI": "read"},
        ] == others

    def test_by_a_token_for_the_role_is_for_one_audience(self, stack, worker):
        """
        STS has no resource for it.
        """
        worker.add_event_source(
            source(authentication=KafkaAuthentication.iam_oauth_bearer("kafka"))
        )

        (grant,) = [each for each in statements(stack) if "sts:" in str(each)]
        assert "sts:GetWebIdentityToken" == grant["Action"]
        assert {
            "ForAllValues:StringEquals": {"sts:IdentityTokenAudience": "kafka"}
        } == (grant["Condition"])
        assert [
            {"Type": "IAM_OAUTHBEARER_AUTH"},
            {"Type": "OAUTHBEARER_AUDIENCE", "URI": "kafka"},
        ] == only(stack, MAPPING)["SourceAccessConfigurations"]

    def test_fails_if_brokers_on_the_internet_are_open(self):
        """
        https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-permissions.html
        """
        with pytest.raises(ConfigurationError) as error:
            SelfManagedKafkaEventSource(SERVERS, "orders")

        assert str(error.value) == (
            "authentication must be given without a vpc, got none; brokers on the "
            "internet must not be open, pass KafkaAuthentication.sasl_scram_512(secret)"
            " for example"
        )

    def test_fails_if_a_value_is_missing(self):
        """
        An audience is what the token is for.
        """
        with pytest.raises(ConfigurationError, match="audience must be text, got ''"):
            KafkaAuthentication.iam_oauth_bearer("")


class TestQueueMode:
    def test_has_no_starting_position(self, stack, worker):
        """
        The share group decides.

        https://docs.aws.amazon.com/lambda/latest/dg/polling-kafka-queue.html
        """
        worker.add_event_source(source(consumption_mode="Queue"))

        mapping = only(stack, MAPPING)
        assert {"ConsumptionMode": "Queue"} == (
            mapping["SelfManagedKafkaEventSourceConfig"]
        )
        assert "StartingPosition" not in mapping

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (
                {"starting_position": lambda_.StartingPosition.LATEST},
                "starting_position must not be given in Queue mode, where the share "
                "group decides; leave it out",
            ),
            (
                {"max_batching_window": Duration.seconds(1)},
                "max_batching_window must not be given in Queue mode, where the share "
                "group decides; leave it out",
            ),
            (
                {"retry_attempts": -1},
                "retry_attempts in Queue mode must be between 0 and 10,000, got -1",
            ),
        ],
    )
    def test_fails_if_it_has_no_such_option(self, options, message):
        """
        https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
        """
        with pytest.raises(ConfigurationError) as error:
            source(consumption_mode="Queue", **options)

        assert message == str(error.value)

    def test_fails_if_there_is_no_such_mode(self):
        """
        AWS's own words.
        """
        with pytest.raises(ConfigurationError, match="must be Stream or Queue, got 'q"):
            source(consumption_mode="queue")


class TestRanges:
    @pytest.mark.parametrize(
        ("servers", "message"),
        [
            ([], "bootstrap_servers must be between 1 and 10, got 0"),
            (SERVERS * 6, "bootstrap_servers must be between 1 and 10, got 12"),
            ("b:9092", "bootstrap_servers must be a list, got 'b:9092'"),
            (["b"], "bootstrap_servers must each be host:port, got 'b'"),
            (["ssl://b:9092"], "must each be host:port, got 'ssl://b:9092'"),
        ],
    )
    def test_fails_if_servers_cannot_be(self, servers, message):
        """
        https://docs.aws.amazon.com/lambda/latest/api/API_SelfManagedEventSource.html
        """
        with pytest.raises(ConfigurationError) as error:
            SelfManagedKafkaEventSource(servers, "orders", authentication=IAM)

        assert message in str(error.value)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"batch_size": 10_001}, "between 1 and 10,000, got 10,001"),
            ({"topic": "."}, "topic must be 2 to 249 letters"),
            ({"topic": None}, "topic must be given, got None; pass text"),
            ({"authentication": None}, "authentication must not be None; leave it out"),
            ({"root_ca_certificate": "pem"}, "root_ca_certificate must be a Secret"),
            ({"authentication": "IAM_AUTH"}, "authentication must be a KafkaAuthentic"),
            (
                {"vpc_subnets": ec2.SubnetSelection()},
                "vpc_subnets and security_groups need a vpc, got none; pass vpc=",
            ),
        ],
    )
    def test_fails_if_a_value_cannot_be(self, options, message):
        """
        It fails where it is written, before anything is bound.
        """
        with pytest.raises(ConfigurationError) as error:
            source(**options)

        assert message in str(error.value)

    def test_fails_if_a_network_has_no_security_group(self, stack):
        """
        The brokers would let nobody in.
        """
        vpc = ec2.Vpc.from_vpc_attributes(
            stack, "Vpc", availability_zones=["a"], vpc_id="vpc-1"
        )

        with pytest.raises(ConfigurationError) as error:
            source(vpc=vpc)

        assert str(error.value) == (
            "security_groups must be between 1 and 5, got 0; pass security_groups=[...]"
            " that the brokers let in"
        )


class TestRelations:
    def test_two_topics_live_on_one_function(self, stack, worker):
        """
        Each has a mapping of its own name.
        """
        worker.add_event_source(source("orders"))
        worker.add_event_source(source("returns"))

        assert ["WorkerKafkaorders", "WorkerKafkareturns"] == sorted(
            id[:-8] for id in resources(stack, MAPPING)
        )

    def test_fails_if_a_topic_is_bound_twice(self, worker):
        """
        One of other brokers has to name itself.
        """
        worker.add_event_source(source())

        with pytest.raises(ConfigurationError, match="'Kafka-orders' is the id of ano"):
            worker.add_event_source(source())

    def test_tokens_are_passed_through(self, stack, worker):
        """
        What CloudFormation resolves later cannot be checked now.
        """
        token = Token.as_string({"Ref": "Name"})
        worker.add_event_source(
            SelfManagedKafkaEventSource([token], token, id="It", authentication=IAM)
        )

        assert [{"Ref": "Name"}] == only(stack, MAPPING)["Topics"]

    def test_warns_if_failures_go_nowhere(self, stack, worker):
        """
        A poison record would block its partition.
        """
        worker.add_event_source(source(on_failure=None))

        warned(stack, Practice.KAFKA_FAILURE_DESTINATION)
