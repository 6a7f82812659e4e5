"""Apache Kafka elsewhere: Lambda reads a topic of it and invokes with a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field

from aws_cdk import Acknowledgment, Duration, Validations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_

from lambda_constructs import limits
from lambda_constructs.errors import (
    ConfigurationError,
    check_fields,
    check_range,
    is_token,
)
from lambda_constructs.event_sources._cluster import (
    Secret,
    allow_network,
    allow_secret,
    check_secret,
)
from lambda_constructs.event_sources._kafka import (
    add_mapping,
    kafka_signals,
    mapping_id,
    mapping_of,
    warn_of_options,
)
from lambda_constructs.event_sources._kafka_authentication import (
    Access,
    KafkaAuthentication,
)
from lambda_constructs.event_sources._kafka_options import (
    ConsumptionMode,
    check_options,
)
from lambda_constructs.event_sources._kafka_schema_registry import KafkaSchemaRegistry
from lambda_constructs.failure import FailureDestination
from lambda_constructs.function import LambdaFunction
from lambda_constructs.signals import Signal

__all__ = ["SelfManagedKafkaEventSource"]


@dataclass(frozen=True)
class SelfManagedKafkaEventSource:
    """Process the records of a topic, in order by partition.

    Attributes:
        bootstrap_servers: Brokers of the cluster to begin with, as host:port: 1 to
            10.
        topic: The topic to read.
        authentication: How Lambda authenticates, by `KafkaAuthentication`. Left out,
            not at all, which only brokers in a *vpc* may allow.
        batch_size: Records in a batch, 1 to 10,000, as far as they fit into 6 MB.
        bisect_batch_on_error: Halve a batch that fails. Left out, only provisioned
            pollers do.
        consumer_group_id: The group to join, which no other Kafka source may use; it
            cannot be changed later. Left out, Lambda makes one.
        consumption_mode: `Stream` keeps the order of a partition. `Queue` does not,
            and lets many read it at once, by a share group; the brokers must be
            Kafka 4.2 or later. It cannot be changed later.
        enabled: Whether Lambda reads.
        filter_encryption: The key that encrypts *filters*.
        filters: Which records to process, by `FilterCriteria.filter(...)`: up to
            five, any of which may match. Lambda skips what none matches.
        id: The name of the mapping below the function. Left out, the topic's.
        log_level: What the pollers log beside the function; provisioned ones only.
        max_batching_window: How long to gather a batch, up to 5 minutes; not in
            `Queue` mode. Left out, half a second, which no mapping can return to
            that once had another.
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
            Lambda makes ten where there is *on_failure*, and not in `Queue` mode.
            Left out, for ever, or in `Queue` mode none but the share group's own.
        root_ca_certificate: The secret with the certificate of the authority that
            signed the brokers' own, where that is a private one.
        schema_registry: The registry to validate by; provisioned pollers only.
        security_groups: What may reach the brokers in *vpc*, 1 to 5.
        starting_position: Where to begin; `LATEST` may miss records while the
            mapping is made; not in `Queue` mode. Left out, with the oldest, or in
            `Queue` mode where the share group says.
        starting_position_timestamp: When to begin, in seconds since 1970, not in the
            future; with `AT_TIMESTAMP` only.
        vpc: The network of the brokers. Left out, Lambda reaches them over the
            internet.
        vpc_subnets: Its subnets that the brokers are reached from, up to 16. Left
            out, the private ones.

    Raises:
        ConfigurationError: A value is out of range, or two exclude each other.
    """

    bootstrap_servers: Sequence[str]
    topic: str
    _: KW_ONLY
    authentication: KafkaAuthentication = field(
        default_factory=KafkaAuthentication.none
    )
    batch_size: int = 100
    bisect_batch_on_error: bool | None = None
    consumer_group_id: str | None = None
    consumption_mode: ConsumptionMode = "Stream"
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
    root_ca_certificate: Secret | None = None
    schema_registry: KafkaSchemaRegistry | None = None
    security_groups: Sequence[ec2.SecurityGroup | ec2.ISecurityGroup] = ()
    starting_position: lambda_.StartingPosition | None = None
    starting_position_timestamp: float | None = None
    vpc: ec2.Vpc | ec2.IVpc | None = None
    vpc_subnets: ec2.SubnetSelection | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        check_options(self)
        check_secret("root_ca_certificate", self.root_ca_certificate)
        self._check_servers()
        self._check_network()
        self._check_mode()

    def bind(self, function: LambdaFunction, /) -> lambda_.EventSourceMapping:
        """Map the topic to *function*, which may then read its records.

        Raises:
            ConfigurationError: The network is not one that Lambda could use.
        """
        id = mapping_id(function, "Kafka", self)
        access = self._network(function)
        warn_of_options(function, self)
        queue_mode = self.consumption_mode == "Queue"
        position = None if queue_mode else lambda_.StartingPosition.TRIM_HORIZON
        mapping = add_mapping(
            function,
            id,
            self,
            access=[
                *access,
                *self.authentication.bind(function),
                *self._root_ca_certificate(function),
            ],
            bootstrap_servers=self.bootstrap_servers,
            starting_position=self.starting_position or position,
        )
        self._configure(function, mapping_of(mapping))
        return mapping

    def signals(
        self, function: LambdaFunction, bound: lambda_.EventSourceMapping, /
    ) -> list[Signal]:
        """Tell how far behind the topic reading is, and what fails of it."""
        return kafka_signals(function, self, bound)

    def _configure(
        self, function: LambdaFunction, resource: lambda_.CfnEventSourceMapping
    ) -> None:
        registry, queue_mode = self.schema_registry, self.consumption_mode == "Queue"
        if not queue_mode and registry is None and self.consumer_group_id is None:
            return
        config = lambda_.CfnEventSourceMapping.SelfManagedKafkaEventSourceConfigProperty
        resource.self_managed_kafka_event_source_config = config(
            consumer_group_id=self.consumer_group_id,
            consumption_mode=self.consumption_mode if queue_mode else None,
            schema_registry_config=registry.bind(function) if registry else None,
        )
        if queue_mode:
            # CDK's validator has an older schema than CDK's own resource.
            Validations.of(resource).acknowledge(
                Acknowledgment(
                    id="CloudFormation-Validate::F3002",
                    reason="CloudFormation has ConsumptionMode; the validator's "
                    "schema does not know it yet",
                )
            )

    def _check_servers(self) -> None:
        servers = self.bootstrap_servers
        if isinstance(servers, str) or not isinstance(servers, Sequence):
            raise ConfigurationError(
                f"bootstrap_servers must be a list, got {servers!r}; pass "
                "['b-1.example.com:9096']"
            )
        if is_token(servers):
            return
        low, high = limits.KAFKA_BOOTSTRAP_SERVERS
        check_range("bootstrap_servers", len(servers), low, high)
        for each in servers:
            valid = isinstance(each, str) and (
                is_token(each) or limits.KAFKA_BOOTSTRAP_SERVER.fullmatch(each)
            )
            if not valid:
                raise ConfigurationError(
                    f"bootstrap_servers must each be host:port, got {each!r}; pass "
                    "'b-1.example.com:9096' for example"
                )

    def _check_network(self) -> None:
        if self.vpc is None:
            if self.vpc_subnets is not None or self.security_groups:
                raise ConfigurationError(
                    "vpc_subnets and security_groups need a vpc, got none; pass vpc="
                )
            if self.authentication.is_none:
                raise ConfigurationError(
                    "authentication must be given without a vpc, got none; brokers on "
                    "the internet must not be open, pass KafkaAuthentication"
                    ".sasl_scram_512(secret) for example"
                )
            return
        low, high = 1, limits.SECURITY_GROUPS
        remedy = "pass security_groups=[...] that the brokers let in"
        count = len(self.security_groups)
        check_range("security_groups", count, low, high, remedy=remedy)

    def _check_mode(self) -> None:
        if self.consumption_mode not in ("Stream", "Queue"):
            raise ConfigurationError(
                "consumption_mode must be Stream or Queue, got "
                f"{self.consumption_mode!r}; Stream keeps the order of a partition"
            )
        if self.consumption_mode == "Stream":
            return
        for name in (
            "max_batching_window",
            "starting_position",
            "starting_position_timestamp",
        ):
            if getattr(self, name) is not None:
                raise ConfigurationError(
                    f"{name} must not be given in Queue mode, where the share group "
                    "decides; leave it out"
                )
        low, high = limits.KAFKA_QUEUE_RETRY_ATTEMPTS
        check_range("retry_attempts in Queue mode", self.retry_attempts, low, high)

    def _network(self, function: LambdaFunction) -> list[Access]:
        """Give the subnets and security groups, and grant what reaching them takes."""
        if self.vpc is None:
            return []
        given = self.vpc_subnets or ec2.SubnetSelection()
        subnets = self.vpc.select_subnets(
            availability_zones=given.availability_zones,
            one_per_az=given.one_per_az,
            subnet_filters=given.subnet_filters,
            subnet_group_name=given.subnet_group_name,
            subnet_type=given.subnet_type,
            subnets=given.subnets,
        ).subnet_ids
        check_range("vpc_subnets", len(subnets), 1, limits.SUBNETS, scope=function)
        allow_network(function)
        return [
            *(Access(type="VPC_SUBNET", uri=f"subnet:{each}") for each in subnets),
            *(
                Access(
                    type="VPC_SECURITY_GROUP",
                    uri=f"security_group:{each.security_group_id}",
                )
                for each in self.security_groups
            ),
        ]

    def _root_ca_certificate(self, function: LambdaFunction) -> list[Access]:
        if self.root_ca_certificate is None:
            return []
        uri = allow_secret(function, self.root_ca_certificate)
        return [Access(type="SERVER_ROOT_CA_CERTIFICATE", uri=uri)]
