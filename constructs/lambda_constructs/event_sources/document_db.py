"""Amazon DocumentDB: Lambda reads a change stream and invokes with a batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Literal, cast

from aws_cdk import ArnFormat, Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_

from lambda_constructs import limits
from lambda_constructs._known import node_of, path_of, resource_of, stack_of
from lambda_constructs._rollback import Watched, growing_age
from lambda_constructs._signals import iterator_age
from lambda_constructs.errors import (
    ConfigurationError,
    check_duration,
    check_fields,
    check_range,
    check_type,
    check_whole,
    is_token,
    literal,
    seconds,
)
from lambda_constructs.event_sources._cluster import (
    Secret,
    allow_network,
    allow_secret,
    check_secret,
)
from lambda_constructs.event_sources._mapping import (
    check_filters,
    check_place,
    warn_of_filter_quota,
)
from lambda_constructs.event_sources._push import source_id
from lambda_constructs.event_sources._relations import check_tenants
from lambda_constructs.function import LambdaFunction
from lambda_constructs.permissions import statement
from lambda_constructs.signals import Signal

if TYPE_CHECKING:
    from aws_cdk import aws_docdb as docdb

__all__ = ["DocumentDbEventSource"]


@dataclass(frozen=True)
class DocumentDbEventSource:
    """Process the changes to a database of a cluster, one batch at a time, in order.

    There is no failure destination, and neither partial responses nor a number of
    retries: a batch that fails is retried until its changes expire, 3 hours to 7 days
    after they happened (`change_stream_log_retention_duration`), and all that follows
    waits. So have the handler put aside what it cannot process.

    Change streams have to be on for the collection. Lambda reaches the cluster through
    interfaces in its VPC, which needs a NAT gateway, or endpoints for Lambda and
    Secrets Manager; and its security group has to let itself in, on the cluster's port.

    https://docs.aws.amazon.com/lambda/latest/dg/with-documentdb.html

    Attributes:
        cluster: The cluster: of instances, version 4.0 or later.
        database_name: The database whose changes to read.
        batch_size: Changes in a batch, 1 to 10,000, as far as they fit into 6 MB.
        collection_name: The one collection to read. Left out, all of the database's.
        enabled: Whether Lambda reads.
        filter_encryption: The key that encrypts *filters*.
        filters: Which changes to process, by `FilterCriteria.filter(...)`: up to
            five, any of which may match. Lambda skips what none matches.
        full_document: `UpdateLookup` adds the whole document to what an update
            changed, as it is when Lambda reads; `Default` does not.
        id: The name of the mapping below the function. Left out, the collection's.
        max_batching_window: How long to gather a batch, up to 5 minutes. Left out,
            half a second, which no mapping can return to that once had another.
        secret: The secret of a user who may read. Left out, the cluster's own.
        starting_position: Where to begin; `LATEST` may miss changes while the mapping
            is made.
        starting_position_timestamp: When to begin, in seconds since 1970, not in the
            future; with `AT_TIMESTAMP` only.

    Raises:
        ConfigurationError: A value is out of range, or two exclude each other.
    """

    cluster: docdb.DatabaseCluster | docdb.IDatabaseCluster
    database_name: str
    _: KW_ONLY
    batch_size: int = 100
    collection_name: str | None = None
    enabled: bool = True
    filter_encryption: kms.Key | kms.IKey | None = None
    filters: Sequence[Mapping[str, object]] = ()
    full_document: Literal["Default", "UpdateLookup"] = "Default"
    id: str | None = None
    max_batching_window: Duration | None = None
    secret: Secret | None = None
    starting_position: lambda_.StartingPosition = lambda_.StartingPosition.TRIM_HORIZON
    starting_position_timestamp: float | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        self._check_types()
        check_range("batch_size", self.batch_size, *limits.DOCUMENT_DB_BATCH_SIZE)
        window = seconds(self.max_batching_window)
        check_range(
            "max_batching_window", window, *limits.BATCHING_WINDOW_SECONDS, unit="s"
        )
        check_filters(self.filters, self.filter_encryption)
        self._check_names()
        self._check_start()

    def bind(self, function: LambdaFunction, /) -> lambda_.EventSourceMapping:
        """Map the change stream to *function*, which may then read it.

        Raises:
            ConfigurationError: The cluster and the function do not fit together.
        """
        id = self._id(function)
        check_place(function, self.cluster)
        self._check_version(function)
        secret = self._secret(function)
        warn_of_filter_quota(function, self.filters)
        self._grant(function)
        allow_network(function)
        secret_arn = allow_secret(function, secret)
        mapping = lambda_.EventSourceMapping(
            function,
            id,
            target=function.live,
            event_source_arn=self._rds_arn("cluster", self.cluster.cluster_identifier),
            batch_size=self.batch_size,
            enabled=self.enabled,
            filter_encryption=self.filter_encryption,
            filters=[dict(each) for each in self.filters] or None,
            max_batching_window=self.max_batching_window,
            starting_position=self.starting_position,
            starting_position_timestamp=self.starting_position_timestamp,
        )
        # On the resource, since CDK has no L2 for change streams.
        kinds = lambda_.CfnEventSourceMapping
        resource = cast("lambda_.CfnEventSourceMapping", resource_of(mapping))
        resource.document_db_event_source_config = (
            kinds.DocumentDBEventSourceConfigProperty(
                collection_name=self.collection_name,
                database_name=self.database_name,
                full_document=self.full_document,
            )
        )
        resource.source_access_configurations = [
            kinds.SourceAccessConfigurationProperty(type="BASIC_AUTH", uri=secret_arn)
        ]
        # Lambda checks the role's permissions when it creates the mapping.
        node_of(mapping).add_dependency(function.policy)
        return mapping

    def rollback_metrics(self, function: LambdaFunction, /) -> Iterable[Watched]:
        """A release goes back if changes wait longer and longer."""
        return [growing_age(function)]

    def signals(
        self, function: LambdaFunction, _bound: lambda_.EventSourceMapping, /
    ) -> list[Signal]:
        """Tell how far behind the changes reading is."""
        return [iterator_age(function)]

    def _check_types(self) -> None:
        if not hasattr(self.cluster, "cluster_identifier"):
            raise ConfigurationError(
                "cluster must be a DatabaseCluster of aws_docdb, got "
                f"{self.cluster!r}; pass the cluster itself"
            )
        check_whole("batch_size", self.batch_size)
        check_duration("max_batching_window", self.max_batching_window)
        for name in ("collection_name", "id"):
            value = getattr(self, name)
            check_type(name, value, "text", holds=isinstance(value, str))
        check_secret("secret", self.secret)

    def _check_names(self) -> None:
        database, collection = self.database_name, self.collection_name
        known = isinstance(database, str)
        if not known or not (
            is_token(database) or limits.DOCUMENT_DB_DATABASE_NAME.fullmatch(database)
        ):
            raise ConfigurationError(
                'database_name must be 1 to 63 characters but blanks and /\\.$", got '
                f"{database!r}; DocumentDB takes no other"
            )
        if collection is not None and not (
            is_token(collection)
            or limits.DOCUMENT_DB_COLLECTION_NAME.fullmatch(collection)
        ):
            raise ConfigurationError(
                "collection_name must be 1 to 57 characters but $, beginning with a "
                f"letter, a digit or _, got {collection!r}; Lambda takes no other"
            )
        if self.full_document not in ("Default", "UpdateLookup"):
            raise ConfigurationError(
                "full_document must be Default or UpdateLookup, got "
                f"{self.full_document!r}; the latter adds the whole document"
            )

    def _check_start(self) -> None:
        stamp, position = self.starting_position_timestamp, self.starting_position
        held = isinstance(position, lambda_.StartingPosition)
        wanted = "a StartingPosition of aws_lambda"
        check_type("starting_position", position, wanted, holds=held)
        at = position == lambda_.StartingPosition.AT_TIMESTAMP
        if at != (stamp is not None):
            raise ConfigurationError(
                "starting_position_timestamp goes with starting_position AT_TIMESTAMP, "
                f"got {'the latter' if at else 'the former'} alone; pass both or "
                "neither"
            )

    def _check_version(self, function: LambdaFunction) -> None:
        resource = resource_of(self.cluster)
        version = literal(cast("str | None", getattr(resource, "engine_version", None)))
        if version is not None and version.startswith("3."):
            raise ConfigurationError(
                f"engine_version of {path_of(self.cluster)} must be 4.0 or later, got "
                f"{version}; Lambda reads no change streams of 3.6",
                scope=function,
            )

    def _secret(self, function: LambdaFunction) -> Secret:
        secret = self.secret or getattr(self.cluster, "secret", None)
        if secret is None:
            raise ConfigurationError(
                f"secret must be given for {path_of(self.cluster)}, which has none of "
                "its own; pass that of a user who may read",
                scope=function,
            )
        return cast("Secret", secret)

    def _grant(self, function: LambdaFunction) -> None:
        # All groups of a kind where the cluster does not say which is its own.
        resource = resource_of(self.cluster)
        parameters = getattr(resource, "db_cluster_parameter_group_name", None) or "*"
        subnets = getattr(resource, "db_subnet_group_name", None) or "*"
        identifier = self.cluster.cluster_identifier
        function.policy.add_statements(
            statement(["rds:DescribeDBClusters"], self._rds_arn("cluster", identifier)),
            statement(
                ["rds:DescribeDBClusterParameters"],
                self._rds_arn("cluster-pg", parameters),
            ),
            statement(["rds:DescribeDBSubnetGroups"], self._rds_arn("subgrp", subnets)),
        )

    def _rds_arn(self, resource: str, name: str) -> str:
        """Give an ARN, which for DocumentDB is one of RDS."""
        return stack_of(self.cluster).format_arn(
            service="rds",
            resource=resource,
            resource_name=name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def _id(self, function: LambdaFunction) -> str:
        check_tenants(function)
        names = [self.database_name, self.collection_name]
        named = "-".join(name for name in names if name is not None)
        if self.id is None and is_token(named):
            raise ConfigurationError(
                "id must be given where the names are not known before the deployment; "
                'pass id="Orders" for example',
                scope=function,
            )
        return source_id(function, self.id or f"DocumentDb-{named}")
