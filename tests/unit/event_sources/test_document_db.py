"""A change stream: what Lambda gets, what it may, and what cannot work."""

from __future__ import annotations

import json

import pytest
from aws_cdk import App, Duration, Environment, Stack, Token
from aws_cdk import aws_docdb as docdb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_

from lambda_constructs import ConfigurationError, Practice
from lambda_constructs.event_sources import DocumentDbEventSource
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

FILTER = lambda_.FilterCriteria.filter({"operationType": ["insert"]})
ARN = "arn:AWS::Partition:rds:AWS::Region:AWS::AccountId"


def new_cluster(stack: Stack, **options) -> docdb.DatabaseCluster:
    return docdb.DatabaseCluster(
        stack,
        "Docs",
        instance_type=ec2.InstanceType("t4g.medium"),
        master_user=docdb.Login(username="owner"),
        vpc=ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=0),
        vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
        **options,
    )


@pytest.fixture
def imported(stack) -> docdb.IDatabaseCluster:
    return docdb.DatabaseCluster.from_database_cluster_attributes(
        stack, "Docs", cluster_identifier="docs"
    )


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        make_function(stack).add_event_source(
            DocumentDbEventSource(new_cluster(stack), "shop")
        )
        return stack

    def test_mapping_invokes_the_live_alias(self, stack):
        """
        Never $LATEST, or versions and canaries would be idle.
        """
        assert '":live"]]}' in json.dumps(only(stack, MAPPING)["FunctionName"])

    def test_reads_all_changes_of_the_database_as_the_cluster_s_own_user(self, stack):
        """
        From the oldest on; none is missed while the mapping is made.
        """
        mapping = only(stack, MAPPING)
        (access,) = mapping["SourceAccessConfigurations"]

        assert {"DatabaseName": "shop", "FullDocument": "Default"} == (
            mapping["DocumentDBEventSourceConfig"]
        )
        assert "TRIM_HORIZON" == mapping["StartingPosition"]
        assert "BASIC_AUTH" == access["Type"]
        assert "DocsSecret" in str(access["URI"])
        assert "MaximumBatchingWindowInSeconds" not in mapping

    def test_role_may_do_exactly_what_the_guide_lists(self, stack):
        """
        On this cluster and its subnet group; which parameters are its own, it says not.

        https://docs.aws.amazon.com/lambda/latest/dg/with-documentdb.html
        """
        assert {
            f"{ARN}:cluster:Docs": {"rds:DescribeDBClusters"},
            f"{ARN}:cluster-pg:*": {"rds:DescribeDBClusterParameters"},
            f"{ARN}:subgrp:DocsSubnets": {"rds:DescribeDBSubnetGroups"},
            "*": NETWORK,
            "DocsSecretAttachment": {"secretsmanager:GetSecretValue"},
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

    def test_what_fails_stays_in_the_change_stream(self, stack):
        """
        Lambda has no destination for it, so none is made.
        """
        assert "DestinationConfig" not in only(stack, MAPPING)
        assert {} == resources(stack, "AWS::SQS::Queue")
        not_warned(stack)


def test_every_option_reaches_the_template(stack, worker, imported):
    """
    By AWS's own names.
    """
    worker.add_event_source(
        DocumentDbEventSource(
            imported,
            "shop",
            batch_size=10_000,
            collection_name="orders",
            enabled=False,
            filter_encryption=kms.Key(stack, "Filters"),
            filters=[FILTER],
            full_document="UpdateLookup",
            id="Orders",
            max_batching_window=Duration.minutes(5),
            secret=new_secret(stack),
            starting_position=lambda_.StartingPosition.AT_TIMESTAMP,
            starting_position_timestamp=1_700_000_000,
        )
    )

    mapping = only(stack, MAPPING)
    assert {
        "CollectionName": "orders",
        "DatabaseName": "shop",
        "FullDocument": "UpdateLookup",
    } == mapping["DocumentDBEventSourceConfig"]
    assert 10_000 == mapping["BatchSize"]
    assert mapping["Enabled"] is False
    assert "Filters" in str(mapping["KmsKeyArn"])
    assert [{"Pattern": FILTER["pattern"]}] == mapping["FilterCriteria"]["Filters"]
    assert 300 == mapping["MaximumBatchingWindowInSeconds"]
    assert "AT_TIMESTAMP" == mapping["StartingPosition"]
    assert 1_700_000_000 == mapping["StartingPositionTimestamp"]
    assert ["WorkerOrders"] == [id[:-8] for id in resources(stack, MAPPING)]
    assert {"rds:DescribeDBSubnetGroups"} == grants(stack)[f"{ARN}:subgrp:*"]
    assert {"kms:Decrypt"} == grants(stack)["LoginKey"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 10_001}, "batch_size must be between 1 and 10,000, got 10,001"),
        (
            {"max_batching_window": Duration.seconds(301)},
            "max_batching_window must be between 0 and 300 s, got 301 s",
        ),
        ({"cluster": "docs"}, "cluster must be a DatabaseCluster of aws_docdb, got 'd"),
        ({"database_name": "a.b"}, "database_name must be 1 to 63 characters but"),
        ({"database_name": "d" * 64}, "database_name must be 1 to 63 characters but"),
        ({"database_name": None}, "database_name must be 1 to 63 characters but"),
        ({"collection_name": "system.x"}, "collection_name must be 1 to 57 characters"),
        (
            {"collection_name": "a$b"},
            "collection_name must be 1 to 57 char",
        ),
        (
            {"full_document": "updateLookup"},
            "must be Default or UpdateLookup, got",
        ),
        ({"secret": "arn"}, "secret must be a Secret of aws_secretsmanager, got 'arn'"),
        ({"starting_position": "LATEST"}, "must be a StartingPosition of aws_lambda"),
        ({"starting_position_timestamp": 1}, "got the former alone; pass both or"),
    ],
)
def test_fails_if_a_value_cannot_be(imported, options, message):
    """
    It fails where it is written, before anything is bound.
    """
    with pytest.raises(ConfigurationError) as error:
        DocumentDbEventSource(
            **{"cluster": imported, "database_name": "shop", **options}
        )

    assert message in str(error.value)


def test_fails_if_an_imported_cluster_has_no_secret(worker, imported):
    """
    Nothing is known of its users.
    """
    with pytest.raises(ConfigurationError) as error:
        worker.add_event_source(DocumentDbEventSource(imported, "shop"))

    assert str(error.value) == (
        "Shop/Worker: secret must be given for Shop/Docs, which has none of its own; "
        "pass that of a user who may read"
    )


def test_fails_if_the_version_has_no_change_streams_for_lambda(stack, worker):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/with-documentdb.html
    """
    cluster = new_cluster(stack, engine_version="3.6.0")

    with pytest.raises(ConfigurationError, match=r"must be 4\.0 or later, got 3\.6\.0"):
        worker.add_event_source(DocumentDbEventSource(cluster, "shop"))


def test_fails_if_the_cluster_is_in_another_region():
    """
    Lambda reads in its own Region only.
    """
    app = App()
    there = Stack(app, "There", env=Environment(account="1" * 12, region="eu-west-1"))
    here = Stack(app, "Shop", env=Environment(account="1" * 12, region="us-east-1"))
    source = DocumentDbEventSource(new_cluster(there), "shop")

    with pytest.raises(ConfigurationError, match="must be in the function's Region"):
        make_function(here).add_event_source(source)


def test_two_collections_live_on_one_function(stack, worker, imported):
    """
    Each has a mapping of its own name.
    """
    secret = new_secret(stack)
    for name in ("orders", "returns"):
        worker.add_event_source(
            DocumentDbEventSource(imported, "shop", collection_name=name, secret=secret)
        )

    with pytest.raises(ConfigurationError, match="'DocumentDb-shop-orders' is the id"):
        worker.add_event_source(
            DocumentDbEventSource(
                imported, "shop", collection_name="orders", secret=secret
            )
        )
    assert 2 == len(resources(stack, MAPPING))


def test_tokens_are_passed_through(stack, worker, imported):
    """
    What CloudFormation resolves later cannot be checked now.
    """
    token, secret = Token.as_string({"Ref": "Name"}), new_secret(stack)

    with pytest.raises(ConfigurationError, match="id must be given where the names"):
        worker.add_event_source(DocumentDbEventSource(imported, token, secret=secret))
    worker.add_event_source(
        DocumentDbEventSource(imported, token, secret=secret, id="Docs")
    )

    config = only(stack, MAPPING)["DocumentDBEventSourceConfig"]
    assert {"Ref": "Name"} == config["DatabaseName"]


def test_warns_if_filters_need_a_raised_quota(stack, worker, imported):
    """
    Six are possible, on request.
    """
    worker.add_event_source(
        DocumentDbEventSource(
            imported, "shop", secret=new_secret(stack), filters=[FILTER] * 6
        )
    )

    warned(stack, Practice.ESM_FILTER_QUOTA)
