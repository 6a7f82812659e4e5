"""Amazon MSK: Lambda reads a topic of the cluster and invokes with a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING

from aws_cdk import Duration, Fn
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_

from lambda_constructs.errors import ConfigurationError, check_fields, is_token
from lambda_constructs.event_sources._cluster import allow_network
from lambda_constructs.event_sources._kafka import (
    add_mapping,
    kafka_signals,
    mapping_id,
    mapping_of,
    warn_of_options,
)
from lambda_constructs.event_sources._kafka_authentication import KafkaAuthentication
from lambda_constructs.event_sources._kafka_options import check_options
from lambda_constructs.event_sources._kafka_schema_registry import KafkaSchemaRegistry
from lambda_constructs.event_sources._mapping import check_region_of
from lambda_constructs.failure import FailureDestination
from lambda_constructs.function import LambdaFunction
from lambda_constructs.permissions import statement
from lambda_constructs.signals import Signal

if TYPE_CHECKING:
    from aws_cdk import aws_msk as msk

__all__ = ["MskEventSource"]

READ_TOPIC = ("kafka-cluster:DescribeTopic", "kafka-cluster:ReadData")
JOIN_GROUP = ("kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup")
CONNECT = ("kafka-cluster:Connect", "kafka-cluster:DescribeClusterDynamicConfiguration")
"""https://docs.aws.amazon.com/lambda/latest/dg/msk-cluster-auth.html."""

WRITE_TOPIC = ("kafka-cluster:DescribeTopic", "kafka-cluster:WriteData")
"""https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html lists the latter.

The former is what it depends on, by the service authorization reference.
"""


@dataclass(frozen=True)
class MskEventSource:
    """Process the records of a topic of an MSK cluster, in order by partition.

    Lambda reaches the cluster through interfaces in its VPC. Without provisioned
    pollers that network needs a NAT gateway, or endpoints for Lambda, STS, the
    secret and *on_failure*.

    Attributes:
        cluster: The cluster, provisioned or serverless, or its ARN.
        topic: The topic to read.
        authentication: How Lambda authenticates, by `KafkaAuthentication`: `iam`,
            `sasl_scram_512`, `client_certificate` or `none`.
        batch_size: Records in a batch, 1 to 10,000, as far as they fit into 6 MB.
        bisect_batch_on_error: Halve a batch that fails. Left out, only provisioned
            pollers do.
        consumer_group_id: The group to join, which no other Kafka source may use; it
            cannot be changed later. Left out, Lambda makes one, and the role may
            join any group of the cluster.
        enabled: Whether Lambda reads.
        filter_encryption: The key that encrypts *filters*.
        filters: Which records to process, by `FilterCriteria.filter(...)`: up to
            five, any of which may match. Lambda skips what none matches.
        id: The name of the mapping below the function. Left out, the topic's.
        log_level: What the pollers log beside the function; provisioned ones only.
        max_batching_window: How long to gather a batch, up to 5 minutes. Left out,
            half a second, which no mapping can return to that once had another.
        max_record_age: How old a record may get before it is given up, 1 minute to 7
            days. Left out, it never is.
        metrics_config: Metrics of the mapping: `EVENT_COUNT`, `ERROR_COUNT` and
            `KAFKA_METRICS`.
        on_failure: Where the records go that were given up: a queue, a topic, a
            bucket or a Kafka topic of this cluster. The latter two keep the records,
            the others say where they are. None blocks the partition.
        provisioned_poller_config: Pollers that are always there, 1 to 200 at least
            and 1 to 2,000 at most, and the group that they share with other sources.
        report_batch_item_failures: Retry from those records on that the handler
            returns as failed. Left out, only provisioned pollers do.
        retry_attempts: Retries of what fails, 0 to 10,000; -1 is for ever, of which
            Lambda makes ten where there is *on_failure*. Left out, the same.
        schema_registry: The registry to validate by; provisioned pollers only.
        starting_position: Where to begin; `LATEST` may miss records while the
            mapping is made. Left out, with the oldest.
        starting_position_timestamp: When to begin, in seconds since 1970, not in the
            future; with `AT_TIMESTAMP` only.
        vpc_connection: The connection, or its ARN, to a cluster of another account.

    Raises:
        ConfigurationError: A value is out of range, or two exclude each other.
    """

    cluster: msk.CfnCluster | msk.CfnServerlessCluster | str
    topic: str
    _: KW_ONLY
    authentication: KafkaAuthentication = field(default_factory=KafkaAuthentication.iam)
    batch_size: int = 100
    bisect_batch_on_error: bool | None = None
    consumer_group_id: str | None = None
    enabled: bool = True
    filter_encryption: kms.Key | kms.IKey | None = None
    filters: Sequence[Mapping[str, object]] = ()
    id: str | None = None
    log_level: lambda_.EventSourceMappingLogLevel | None = None
    max_batching_window: Duration | None = None
    max_record_age: Duration | None = None
    metrics_config: lambda_.MetricsConfig | None = None
    on_failure: FailureDestination | None = field(
        default_factory=FailureDestination.new_queue
    )
    provisioned_poller_config: lambda_.ProvisionedPollerConfig | None = None
    report_batch_item_failures: bool | None = None
    retry_attempts: int | None = None
    schema_registry: KafkaSchemaRegistry | None = None
    starting_position: lambda_.StartingPosition | None = None
    starting_position_timestamp: float | None = None
    vpc_connection: msk.CfnVpcConnection | str | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        check_options(self)
        self.authentication.check_for_msk()
        _check_arn("cluster", _arn_of(self.cluster), ":cluster/")
        if self.vpc_connection is not None:
            _check_arn(
                "vpc_connection", _arn_of(self.vpc_connection), ":vpc-connection/"
            )

    def bind(self, function: LambdaFunction, /) -> lambda_.EventSourceMapping:
        """Map the topic to *function*, which may then read its records.

        Raises:
            ConfigurationError: The cluster and the function do not fit together.
        """
        id = mapping_id(function, "Msk", self)
        arn = _arn_of(self.cluster)
        check_region_of(function, "cluster", arn)
        warn_of_options(function, self)
        self._grant(function, arn)
        mapping = add_mapping(
            function,
            id,
            self,
            access=[]
            if self.authentication.is_iam
            else self.authentication.bind(function),
            event_source_arn=_arn_of(self.vpc_connection or self.cluster),
            starting_position=(
                self.starting_position or lambda_.StartingPosition.TRIM_HORIZON
            ),
        )
        registry = self.schema_registry
        if registry is not None or self.consumer_group_id is not None:
            kinds = lambda_.CfnEventSourceMapping
            config = kinds.AmazonManagedKafkaEventSourceConfigProperty
            mapping_of(mapping).amazon_managed_kafka_event_source_config = config(
                consumer_group_id=self.consumer_group_id,
                schema_registry_config=registry.bind(function) if registry else None,
            )
        return mapping

    def signals(
        self, function: LambdaFunction, bound: lambda_.EventSourceMapping, /
    ) -> list[Signal]:
        """Tell how far behind the topic reading is, and what fails of it."""
        return kafka_signals(function, self, bound)

    def _grant(self, function: LambdaFunction, arn: str) -> None:
        function.policy.add_statements(
            # Either this or DescribeCluster, which knows no serverless cluster.
            statement(["kafka:DescribeClusterV2"], arn),
            # The service has no resources for it.
            statement(["kafka:GetBootstrapBrokers"], "*"),
        )
        allow_network(function)
        if self.vpc_connection is not None:
            function.policy.add_statements(
                statement(["kafka:DescribeVpcConnection"], _arn_of(self.vpc_connection))
            )
        if self.authentication.is_iam:
            self._grant_reading(function, arn)

    def _grant_reading(self, function: LambdaFunction, arn: str) -> None:
        function.policy.add_statements(
            statement(CONNECT, arn),
            statement(READ_TOPIC, _part(arn, "topic", self.topic)),
            statement(JOIN_GROUP, _part(arn, "group", self.consumer_group_id or "*")),
        )
        failures = self.on_failure.kafka_topic_name if self.on_failure else None
        if failures is not None:
            function.policy.add_statements(
                statement(WRITE_TOPIC, _part(arn, "topic", failures))
            )


def _arn_of(
    resource: msk.CfnCluster | msk.CfnServerlessCluster | msk.CfnVpcConnection | str,
) -> str:
    if isinstance(resource, str):
        return resource
    arn: object = getattr(resource, "attr_arn", None)
    if not isinstance(arn, str):
        raise ConfigurationError(
            f"cluster must be an MSK cluster or its ARN, got {resource!r}; pass the "
            "cluster itself"
        )
    return arn


def _check_arn(name: str, arn: str, part: str) -> None:
    if is_token(arn):
        return
    if not (arn.startswith("arn:") and ":kafka:" in arn and part in arn):
        raise ConfigurationError(
            f"{name} must be the ARN of a {part.strip(':/')} of MSK, got {arn!r}; pass "
            "the resource itself, or its ARN"
        )


def _part(cluster_arn: str, kind: str, name: str) -> str:
    """Give the ARN of a topic or a group: that of its cluster, but for the kind."""
    parts = Fn.split(":cluster/", cluster_arn)
    return f"{Fn.select(0, parts)}:{kind}/{Fn.select(1, parts)}/{name}"
