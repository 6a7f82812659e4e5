"""A queue of a broker: what Lambda gets, what it may, and what cannot work."""

from __future__ import annotations

import json

import pytest
from aws_cdk import App, Duration, Environment, Stack, Token
from aws_cdk import aws_amazonmq as amazonmq
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_

from lambda_constructs import ConfigurationError, Practice
from lambda_constructs.event_sources import MqEventSource
from tests.unit.conftest import make_function, only, resources
from tests.unit.event_sources.kafka import (
    MAPPING,
    NETWORK,
    denied_to_code,
    grants,
    new_secret,
    not_warned,
    warned,
)

BROKER = "arn:aws:mq:eu-west-1:111122223333:broker:shop:b-1"
FILTER = lambda_.FilterCriteria.filter({"data": {"kind": ["order"]}})


@pytest.fixture
def secret(stack):
    return new_secret(stack)


def new_broker(stack: Stack, engine: str) -> amazonmq.CfnBroker:
    return amazonmq.CfnBroker(
        stack,
        "Broker",
        broker_name="shop",
        deployment_mode="SINGLE_INSTANCE",
        engine_type=engine,
        host_instance_type="mq.m5.large",
        publicly_accessible=False,
    )


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        make_function(stack).add_event_source(
            MqEventSource(BROKER, "orders", secret=new_secret(stack))
        )
        return stack

    def test_mapping_invokes_the_live_alias(self, stack):
        """
        Never $LATEST, or versions and canaries would be idle.
        """
        assert '":live"]]}' in json.dumps(only(stack, MAPPING)["FunctionName"])

    def test_consumes_the_queue_with_the_secret(self, stack):
        """
        Lambda's own half second is left, since nothing could restore it.
        """
        mapping = only(stack, MAPPING)
        (access,) = mapping["SourceAccessConfigurations"]

        assert BROKER == mapping["EventSourceArn"]
        assert ["orders"] == mapping["Queues"]
        assert 100 == mapping["BatchSize"]
        assert "BASIC_AUTH" == access["Type"]
        assert "Login" in str(access["URI"])
        assert "MaximumBatchingWindowInSeconds" not in mapping
        assert "StartingPosition" not in mapping

    def test_role_may_do_exactly_what_the_guide_lists(self, stack):
        """
        https://docs.aws.amazon.com/lambda/latest/dg/process-messages-with-lambda.html
        """
        assert {
            BROKER: {"mq:DescribeBroker"},
            "*": NETWORK,
            "Login": {"secretsmanager:GetSecretValue"},
            "LoginKey": {"kms:Decrypt"},
        } == grants(stack)

    def test_the_code_may_not_use_what_is_for_the_pollers(self, stack):
        """
        Calls that Lambda makes for event sources carry no function's ARN.
        """
        assert denied_to_code(stack) == NETWORK

    def test_mapping_waits_for_the_permission(self, stack):
        """
        Lambda checks it when it creates the mapping.
        """
        (mapping,) = resources(stack, MAPPING).values()

        assert ["WorkerPolicy"] == [name[:-8] for name in mapping["DependsOn"]]

    def test_what_fails_stays_with_the_broker(self, stack):
        """
        Lambda has no destination for it, so none is made.
        """
        assert "DestinationConfig" not in only(stack, MAPPING)
        assert {} == resources(stack, "AWS::SQS::Queue")
        not_warned(stack)


def test_every_option_reaches_the_template(stack, worker, secret):
    """
    By AWS's own names.
    """
    worker.add_event_source(
        MqEventSource(
            new_broker(stack, "RABBITMQ"),
            "orders",
            secret=secret,
            batch_size=10_000,
            enabled=False,
            filter_encryption=kms.Key(stack, "Filters"),
            filters=[FILTER],
            id="Orders",
            max_batching_window=Duration.minutes(5),
            virtual_host="/shop",
        )
    )

    mapping = only(stack, MAPPING)
    assert {"Fn::GetAtt": ["Broker", "Arn"]} == mapping["EventSourceArn"]
    assert 10_000 == mapping["BatchSize"]
    assert mapping["Enabled"] is False
    assert "Filters" in str(mapping["KmsKeyArn"])
    assert [{"Pattern": FILTER["pattern"]}] == mapping["FilterCriteria"]["Filters"]
    assert 300 == mapping["MaximumBatchingWindowInSeconds"]
    assert {"Type": "VIRTUAL_HOST", "URI": "/shop"} == (
        mapping["SourceAccessConfigurations"][1]
    )
    assert ["WorkerOrders"] == [id[:-8] for id in resources(stack, MAPPING)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size must be between 1 and 10,000, got 0"),
        ({"batch_size": 10_001}, "batch_size must be between 1 and 10,000, got 10,001"),
        (
            {"max_batching_window": Duration.seconds(301)},
            "max_batching_window must be between 0 and 300 s, got 301 s",
        ),
        ({"queue": ""}, "queue must be between 1 and 1,000 characters, got 0 char"),
        ({"queue": None}, "queue must be given, got None; pass it"),
        ({"secret": None}, "secret must be given, got None; pass it"),
        ({"secret": "arn"}, "secret must be a Secret of aws_secretsmanager, got 'arn'"),
        ({"enabled": 1}, "enabled must be True or False, got 1 (int)"),
        (
            {"virtual_host": "a#b"},
            "virtual_host must be 1 to 200 letters, digits, spaces and -/*:_+=.@, got",
        ),
        ({"broker": "shop"}, "broker must be a CfnBroker of aws_amazonmq or its ARN"),
        ({"broker": 1}, "broker must be a CfnBroker of aws_amazonmq or its ARN, got 1"),
        ({"filters": [FILTER] * 11}, "filters must be at most 10, got 11"),
    ],
)
def test_fails_if_a_value_cannot_be(secret, options, message):
    """
    It fails where it is written, before anything is bound.
    """
    values = {"broker": BROKER, "queue": "orders", "secret": secret, **options}

    with pytest.raises(ConfigurationError) as error:
        MqEventSource(**values)

    assert message in str(error.value)


def test_fails_if_activemq_is_to_have_a_virtual_host(stack, worker, secret):
    """
    RabbitMQ alone has them.
    """
    broker = new_broker(stack, "ACTIVEMQ")

    with pytest.raises(ConfigurationError, match="must not be given for ACTIVEMQ"):
        worker.add_event_source(
            MqEventSource(broker, "orders", secret=secret, virtual_host="/")
        )


def test_two_queues_live_on_one_function(stack, worker, secret):
    """
    Each has a mapping of its own name, and a second of one name says its own.
    """
    worker.add_event_source(MqEventSource(BROKER, "orders", secret=secret))
    worker.add_event_source(MqEventSource(BROKER, "returns", secret=secret))

    with pytest.raises(ConfigurationError, match="'Mq-orders' is the id of another"):
        worker.add_event_source(MqEventSource(BROKER, "orders", secret=secret))
    assert 2 == len(resources(stack, MAPPING))


def test_tokens_are_passed_through(stack, worker, secret):
    """
    What CloudFormation resolves later cannot be checked now.
    """
    token = Token.as_string({"Ref": "Name"})

    with pytest.raises(ConfigurationError, match="id must be given where queue"):
        worker.add_event_source(MqEventSource(token, token, secret=secret))
    worker.add_event_source(MqEventSource(token, token, secret=secret, id="Orders"))

    assert [{"Ref": "Name"}] == only(stack, MAPPING)["Queues"]


def test_fails_if_the_broker_is_in_another_region():
    """
    Lambda polls its own Region only.
    """
    env = Environment(account="1" * 12, region="us-east-1")
    stack = Stack(App(), "Shop", env=env)
    source = MqEventSource(BROKER, "orders", secret=new_secret(stack))

    with pytest.raises(ConfigurationError, match="broker must be in the function's R"):
        make_function(stack).add_event_source(source)


def test_warns_if_filters_need_a_raised_quota(stack, worker, secret):
    """
    Six are possible, on request.
    """
    worker.add_event_source(
        MqEventSource(BROKER, "orders", secret=secret, filters=[FILTER] * 6)
    )

    warned(stack, Practice.ESM_FILTER_QUOTA)
