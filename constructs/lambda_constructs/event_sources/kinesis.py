"""Amazon Kinesis Data Streams: Lambda reads each shard and invokes with a batch."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field

from aws_cdk import Duration
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_

from lambda_constructs import limits
from lambda_constructs._known import path_of, resource_of, stack_of
from lambda_constructs._rollback import Watched, growing_age
from lambda_constructs.errors import (
    ConfigurationError,
    check_fields,
    check_type,
    is_token,
    literal,
)
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
from lambda_constructs.signals import Signal

__all__ = ["KinesisEventSource"]

STREAM_ACTIONS = (
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
)
"""https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html.

It lists ListStreams as well, which acts on no stream, and SubscribeToShard, which acts
on a consumer: CDK allows both on the stream, where they allow nothing.
"""

CONSUMER_ACTIONS = ("kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard")
"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisdatastreams.html."""

WRITES = ("kinesis:PutRecord", "kinesis:PutRecords")

POSITIONS = (
    lambda_.StartingPosition.TRIM_HORIZON,
    lambda_.StartingPosition.LATEST,
    lambda_.StartingPosition.AT_TIMESTAMP,
)


@dataclass(frozen=True)
class KinesisEventSource:
    """Process the records of a data stream, those of a partition key in order.

    A batch that fails is halved and retried until the records at fault are alone, and
    these are given up: then *on_failure* is told.

    Attributes:
        stream: The stream to read.
        batch_size: Records in a batch, 1 to 10,000, as far as they fit into 6 MB.
        bisect_batch_on_error: Halve a batch that fails, which costs no retry.
        consumer: A consumer of the stream, whose throughput it has for itself: 2 MB
            a second and shard, at a price. Left out, it shares that of the stream.
        enabled: Whether Lambda reads.
        filter_encryption: The key that encrypts *filters*.
        filters: Which records to process, by `FilterCriteria.filter(...)`: up to
            five, any of which may match. Lambda skips what none matches.
        max_batching_window: How long to gather a batch, up to 5 minutes. Left out, a
            batch never waits.
        max_record_age: How old a record may get before it is given up, 1 minute to 7
            days. Left out, three quarters of the stream's retention.
        metrics_config: Metrics of the mapping; Kinesis has `EVENT_COUNT`.
        on_failure: Where the records go that were given up. A queue or a topic is
            told where in the stream they are, and no more: fetch them before they
            expire. A bucket keeps the records. None drops them.
        parallelization_factor: Batches of a shard in process at once, 1 to 10, in
            order by partition key.
        report_batch_item_failures: Retry from the first record on that the handler
            returns as failed, not the whole batch.
        retry_attempts: Retries of what fails, 0 to 10,000; throttles do not count.
            -1 retries until the record is too old, and blocks its shard till then.
        starting_position: Where to begin. `LATEST` may miss records while the mapping
            is made.
        starting_position_timestamp: When to begin, in seconds since 1970, not in the
            future; with `AT_TIMESTAMP` only.
        tumbling_window: How long the handler's state lasts, up to 15 minutes. Left
            out, the handler has none.

    Raises:
        ConfigurationError: A value is out of range, or two exclude each other.
    """

    stream: kinesis.Stream | kinesis.IStream
    _: KW_ONLY
    batch_size: int = 100
    bisect_batch_on_error: bool = True
    consumer: kinesis.StreamConsumer | kinesis.IStreamConsumer | None = None
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
    starting_position_timestamp: float | None = None
    tumbling_window: Duration | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        self._check_types()
        check_options(self, POSITIONS)
        self._check_timestamp()

    def bind(self, function: LambdaFunction, /) -> lambda_.EventSourceMapping:
        """Map the stream to *function*, which may then read its records.

        Raises:
            ConfigurationError: The stream and the function do not fit together.
        """
        id = mapping_id(function, "Kinesis", self.consumer or self.stream)
        check_tenants(function)
        self._check_is_new(function)
        check_place(function, self.stream)
        self._check_consumer(function)
        retention = self._retention()
        warn_of_options(function, self, self.stream, retention)
        arn = self.stream.stream_arn
        watch_for_loop(function, path_of(self.stream), arn, WRITES)
        self._grant(function)
        age = settled_age(retention or limits.KINESIS_DEFAULT_RETENTION_SECONDS)
        return add_mapping(
            function,
            id,
            self,
            arn=self._source_arn(),
            max_record_age=self.max_record_age or age,
            starting_position_timestamp=self.starting_position_timestamp,
        )

    def rollback_metrics(self, function: LambdaFunction, /) -> Iterable[Watched]:
        """A release goes back if records wait longer and longer."""
        return [growing_age(function)]

    def signals(
        self, function: LambdaFunction, bound: lambda_.EventSourceMapping, /
    ) -> list[Signal]:
        """Tell how far behind the stream reading is, and what fails of it."""
        return stream_signals(function, self, bound, self.stream)

    def _check_types(self) -> None:
        for name, value, attribute, wanted in (
            ("stream", self.stream, "stream_arn", "a Kinesis stream"),
            ("consumer", self.consumer, "stream_consumer_arn", "a StreamConsumer"),
        ):
            if not hasattr(value, attribute) and (name, value) != ("consumer", None):
                raise ConfigurationError(
                    f"{name} must be {wanted}, got {value!r}; pass the {name} itself"
                )
        when = self.starting_position_timestamp
        held = isinstance(when, int | float) and not isinstance(when, bool)
        check_type("starting_position_timestamp", when, "a number", holds=held)

    def _check_timestamp(self) -> None:
        when = self.starting_position_timestamp
        at_timestamp = lambda_.StartingPosition.AT_TIMESTAMP
        if (when is not None) != (self.starting_position is at_timestamp):
            raise ConfigurationError(
                "starting_position_timestamp goes with starting_position AT_TIMESTAMP "
                f"alone, got {when} with {self.starting_position.name}; pass both or "
                "neither"
            )
        if (literal(when) or 0) > time.time():
            raise ConfigurationError(
                f"starting_position_timestamp must not be in the future, got {when:,}; "
                "pass seconds since 1970, as datetime.timestamp() gives"
            )

    def _source_arn(self) -> str:
        if self.consumer is not None:
            return self.consumer.stream_consumer_arn
        return self.stream.stream_arn

    def _check_is_new(self, function: LambdaFunction) -> None:
        for each in function.event_sources:
            if not isinstance(each, KinesisEventSource):
                continue
            if each._source_arn() == self._source_arn():
                raise already_bound(function, self.consumer or self.stream)

    def _check_consumer(self, function: LambdaFunction) -> None:
        if self.consumer is None:
            return
        theirs, ours = self.consumer.stream, self.stream
        comparable = not any(
            is_token(each.stream_arn) and resource_of(each) is None
            for each in (theirs, ours)
        )
        stack = stack_of(function)
        same = stack.resolve(theirs.stream_arn) == stack.resolve(ours.stream_arn)
        if comparable and not same:
            raise ConfigurationError(
                f"consumer {path_of(self.consumer)} must be one of {path_of(ours)}, "
                f"got one of {path_of(theirs)}; pass that stream, or a consumer of "
                "this one",
                scope=function,
            )

    def _retention(self) -> float | None:
        """Give how long the stream keeps a record, or None where nothing is known."""
        resource = resource_of(self.stream)
        if not isinstance(resource, kinesis.CfnStream):
            return None
        if resource.retention_period_hours is None:
            return limits.KINESIS_DEFAULT_RETENTION_SECONDS
        hours = literal(resource.retention_period_hours)
        return None if hours is None else hours * 3600

    def _grant(self, function: LambdaFunction) -> None:
        function.policy.add_statements(
            statement(STREAM_ACTIONS, self.stream.stream_arn)
        )
        if self.consumer is not None:
            arn = self.consumer.stream_consumer_arn
            function.policy.add_statements(statement(CONSUMER_ACTIONS, arn))
        if self.stream.encryption_key is not None:
            function.policy.add_statements(
                key_statement(
                    function, self.stream.encryption_key, "kinesis", "kms:Decrypt"
                )
            )
