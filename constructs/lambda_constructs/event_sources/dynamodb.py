"""Amazon DynamoDB Streams: Lambda reads what changes in a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from weakref import WeakKeyDictionary

from aws_cdk import Duration, IResource
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_

from lambda_constructs import limits
from lambda_constructs._known import path_of, resource_of, stack_of
from lambda_constructs._rollback import Watched, growing_age
from lambda_constructs.errors import ConfigurationError, check_fields
from lambda_constructs.event_sources._mapping import (
    already_bound,
    check_place,
    mapping_id,
)
from lambda_constructs.event_sources._relations import check_tenants
from lambda_constructs.event_sources._stream import (
    add_mapping,
    check_options,
    settled_age,
    stream_signals,
    warn_of_options,
)
from lambda_constructs.event_sources._stream_loop import watch_for_loop
from lambda_constructs.failure import FailureDestination
from lambda_constructs.function import LambdaFunction
from lambda_constructs.permissions import key_statement, statement
from lambda_constructs.practices import Practice
from lambda_constructs.signals import Signal

__all__ = ["DynamoDbEventSource"]

STREAM_ACTIONS = (
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
)
"""https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html.

It lists ListStreams as well. That acts on no stream, so only on `*` would it allow
anything; the guide's own policy and CDK's TableV2 allow it on a stream, in vain, and
their mappings work.
"""

WRITES = (
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:PartiQLDelete",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
)

POSITIONS = (
    lambda_.StartingPosition.TRIM_HORIZON,
    lambda_.StartingPosition.LATEST,
)

_READERS: WeakKeyDictionary[IResource, int] = WeakKeyDictionary()


@dataclass(frozen=True)
class DynamoDbEventSource:
    """Process the changes of a table's items, those of an item in order.

    A batch that fails is halved and retried until the records at fault are alone, and
    these are given up: then *on_failure* is told.

    Attributes:
        table: The table, which must have its stream on; that tells whether a record
            has the new item, the old one, both or the keys alone.
        batch_size: Records in a batch, 1 to 10,000, as far as they fit into 6 MB.
        bisect_batch_on_error: Halve a batch that fails, which costs no retry.
        enabled: Whether Lambda reads.
        filter_encryption: The key that encrypts *filters*.
        filters: Which records to process, by `FilterCriteria.filter(...)`: up to
            five, any of which may match. Lambda skips what none matches. Numbers are
            text in a record, so that numeric patterns match none.
        max_batching_window: How long to gather a batch, up to 5 minutes. Left out, a
            batch never waits.
        max_record_age: How old a record may get before it is given up, from 1 minute;
            the stream keeps it for 24 hours. Left out, 18 hours.
        metrics_config: Metrics of the mapping; DynamoDB has `EVENT_COUNT`.
        on_failure: Where the records go that were given up. A queue or a topic is
            told where in the stream they are, and no more: fetch them before they
            expire. A bucket keeps the records. None drops them.
        parallelization_factor: Batches of a shard in process at once, 1 to 10, in
            order by item.
        report_batch_item_failures: Retry from the first record on that the handler
            returns as failed, not the whole batch.
        retry_attempts: Retries of what fails, 0 to 10,000; throttles do not count.
            -1 retries until the record is too old, and blocks its shard till then.
        starting_position: Where to begin. `LATEST` may miss records while the mapping
            is made.
        tumbling_window: How long the handler's state lasts, up to 15 minutes. Left
            out, the handler has none.

    Raises:
        ConfigurationError: A value is out of range, or two exclude each other.
    """

    table: dynamodb.Table | dynamodb.TableV2 | dynamodb.ITable | dynamodb.ITableV2
    _: KW_ONLY
    batch_size: int = 100
    bisect_batch_on_error: bool = True
    enabled: bool = True
    filter_encryption: kms.Key | kms.IKey | None = None
    filters: Sequence[Mapping[str, object]] = ()
    max_batching_window: Duration | None = None
    max_record_age: Duration | None = None
    metrics_config: lambda_.MetricsConfig | None = None
    on_failure: FailureDestination | None = field(
        default_factory=FailureDestination.new_queue
    )
    parallelization_factor: int = 1
    report_batch_item_failures: bool = True
    retry_attempts: int = 10
    starting_position: lambda_.StartingPosition = lambda_.StartingPosition.TRIM_HORIZON
    tumbling_window: Duration | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if not hasattr(self.table, "table_stream_arn"):
            raise ConfigurationError(
                f"table must be a DynamoDB table, got {self.table!r}; pass the table "
                "itself"
            )
        check_options(self, POSITIONS)

    def bind(self, function: LambdaFunction, /) -> lambda_.EventSourceMapping:
        """Map the table's stream to *function*, which may then read its records.

        Raises:
            ConfigurationError: The table and the function do not fit together.
        """
        id = mapping_id(function, "DynamoDb", self.table)
        check_tenants(function)
        arn = self._stream_arn(function)
        self._check_is_new(function)
        check_place(function, self.table)
        warn_of_options(function, self, self.table, limits.DYNAMODB_RETENTION_SECONDS)
        self._warn_of_readers(function)
        watch_for_loop(function, path_of(self.table), self.table.table_arn, WRITES)
        self._grant(function, arn)
        age = settled_age(limits.DYNAMODB_RETENTION_SECONDS)
        return add_mapping(
            function, id, self, arn=arn, max_record_age=self.max_record_age or age
        )

    def rollback_metrics(self, function: LambdaFunction, /) -> Iterable[Watched]:
        """A release goes back if records wait longer and longer."""
        return [growing_age(function)]

    def signals(
        self, function: LambdaFunction, bound: lambda_.EventSourceMapping, /
    ) -> list[Signal]:
        """Tell how far behind the stream reading is, and what fails of it."""
        return stream_signals(function, self, bound, self.table)

    def _stream_arn(self, function: LambdaFunction) -> str:
        # A TableV2 gives an ARN though its stream is off, and from Python nothing
        # tells: only the deployment fails.
        arn = self.table.table_stream_arn
        if arn is not None:
            return arn
        remedy = (
            "stream=StreamViewType.NEW_AND_OLD_IMAGES to it"
            if resource_of(self.table) is not None
            else "table_stream_arn= to from_table_attributes()"
        )
        raise ConfigurationError(
            f"{path_of(self.table)} must have a stream, got none; pass {remedy}",
            scope=function,
        )

    def _check_is_new(self, function: LambdaFunction) -> None:
        for each in function.event_sources:
            if not isinstance(each, DynamoDbEventSource):
                continue
            if each.table.table_stream_arn == self.table.table_stream_arn:
                raise already_bound(function, self.table)

    def _warn_of_readers(self, function: LambdaFunction) -> None:
        readers = _READERS.get(self.table, 0) + 1
        _READERS[self.table] = readers
        if readers <= limits.DYNAMODB_GLOBAL_STREAM_READERS:
            return
        most, kind = limits.DYNAMODB_STREAM_READERS, "a table"
        if self._is_global():
            most, kind = limits.DYNAMODB_GLOBAL_STREAM_READERS, "a global table"
        if readers > most:
            Practice.STREAM_READERS.warn(
                function,
                f"it is reader {readers} of the stream of {path_of(self.table)}, and "
                f"{kind} has room for {most} before they throttle each other; let one "
                "function read, and put what it finds on an event bus",
            )

    def _is_global(self) -> bool:
        resource = resource_of(self.table)
        if not isinstance(resource, dynamodb.CfnGlobalTable):
            return False
        replicas = stack_of(self.table).resolve(resource.replicas)
        return isinstance(replicas, list) and len(replicas) > 1

    def _grant(self, function: LambdaFunction, arn: str) -> None:
        function.policy.add_statements(statement(STREAM_ACTIONS, arn))
        key = self.table.encryption_key
        if key is not None:
            function.policy.add_statements(
                key_statement(function, key, "dynamodb", "kms:Decrypt")
            )
