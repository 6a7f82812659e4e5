"""What sources have in common that read a stream: options, checks and the mapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, cast

from aws_cdk import Duration, IResource
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_

from lambda_constructs import limits
from lambda_constructs._known import node_of, path_of, resource_of
from lambda_constructs._signals import (
    delivery_failures,
    events_of,
    iterator_age,
    place_of,
)
from lambda_constructs.errors import (
    ConfigurationError,
    check_duration,
    check_range,
    check_type,
    check_whole,
    literal,
    seconds,
)
from lambda_constructs.event_sources._mapping import check_filters, warn_of_filter_quota
from lambda_constructs.failure import FailureDestination
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice
from lambda_constructs.signals import Signal


class StreamOptions(Protocol):
    """The options that a data stream and a table's stream share."""

    @property
    def batch_size(self) -> int: ...
    @property
    def bisect_batch_on_error(self) -> bool: ...
    @property
    def enabled(self) -> bool: ...
    @property
    def filter_encryption(self) -> kms.Key | kms.IKey | None: ...
    @property
    def filters(self) -> Sequence[Mapping[str, object]]: ...
    @property
    def max_batching_window(self) -> Duration | None: ...
    @property
    def max_record_age(self) -> Duration | None: ...
    @property
    def metrics_config(self) -> lambda_.MetricsConfig | None: ...
    @property
    def on_failure(self) -> FailureDestination | None: ...
    @property
    def parallelization_factor(self) -> int: ...
    @property
    def report_batch_item_failures(self) -> bool: ...
    @property
    def retry_attempts(self) -> int: ...
    @property
    def starting_position(self) -> lambda_.StartingPosition: ...
    @property
    def tumbling_window(self) -> Duration | None: ...


def check_options(
    source: StreamOptions, positions: Sequence[lambda_.StartingPosition]
) -> None:
    """Check the types and ranges of what *source* says, and where it may begin.

    Raises:
        ConfigurationError: Lambda would refuse it.
    """
    _check_types(source)
    if source.starting_position not in positions:
        raise ConfigurationError(
            f"starting_position must be {' or '.join(each.name for each in positions)} "
            f"of StartingPosition, got {source.starting_position}"
        )
    check_range("batch_size", source.batch_size, *limits.STREAM_BATCH_SIZE)
    factor = source.parallelization_factor
    check_range("parallelization_factor", factor, *limits.STREAM_PARALLELIZATION_FACTOR)
    check_range("retry_attempts", source.retry_attempts, *limits.STREAM_RETRY_ATTEMPTS)
    for name, length, allowed in (
        (
            "max_batching_window",
            source.max_batching_window,
            limits.BATCHING_WINDOW_SECONDS,
        ),
        ("max_record_age", source.max_record_age, limits.STREAM_RECORD_AGE_SECONDS),
        (
            "tumbling_window",
            source.tumbling_window,
            limits.STREAM_TUMBLING_WINDOW_SECONDS,
        ),
    ):
        check_range(name, seconds(length), *allowed, unit="s")
    check_filters(source.filters, source.filter_encryption)
    if source.on_failure is not None:
        source.on_failure.check_for_stream()


def _check_types(source: StreamOptions) -> None:
    for name in ("batch_size", "parallelization_factor", "retry_attempts"):
        check_whole(name, getattr(source, name))
    for name in ("max_batching_window", "max_record_age", "tumbling_window"):
        check_duration(name, getattr(source, name))
    for name in ("bisect_batch_on_error", "enabled", "report_batch_item_failures"):
        held = isinstance(getattr(source, name), bool)
        check_type(name, getattr(source, name), "True or False", holds=held)
    metrics, on_failure = source.metrics_config, source.on_failure
    held = isinstance(metrics, lambda_.MetricsConfig)
    check_type("metrics_config", metrics, "a MetricsConfig of aws_lambda", holds=held)
    held = isinstance(on_failure, FailureDestination)
    check_type("on_failure", on_failure, "a FailureDestination", holds=held)


def settled_age(retention: float) -> Duration:
    """Give the record age for a stream that keeps its records for *retention* seconds.

    The last quarter is left to fetch from the stream what was given up: a queue or a
    topic says where it is, and has it not.
    """
    return Duration.seconds(
        min(int(retention * 3 / 4), limits.STREAM_RECORD_AGE_SECONDS[1])
    )


def warn_of_options(
    function: LambdaFunction,
    source: StreamOptions,
    stream: IResource,
    retention: float | None,
) -> None:
    """Tell what is unwise about reading *stream*, which keeps records so long."""
    path = path_of(stream)
    warn_of_filter_quota(function, source.filters)
    if source.on_failure is None:
        Practice.STREAM_FAILURE_DESTINATION.warn(
            function,
            f"what is given up of {path} is gone without a word; leave on_failure out, "
            "or pass FailureDestination.bucket(), which keeps the records too",
        )
    if source.retry_attempts == limits.STREAM_RETRY_ATTEMPTS[0]:
        Practice.STREAM_RETRY_ATTEMPTS.warn(
            function,
            f"retry_attempts=-1 lets a poison record block its shard of {path} until "
            "it is too old; pass a number",
        )
    if seconds(source.tumbling_window) and (
        (literal(source.parallelization_factor) or 1) > 1
    ):
        Practice.STREAM_PARALLEL_WINDOW.warn(
            function,
            "tumbling_window keeps one state per shard, and parallelization_factor="
            f"{source.parallelization_factor} divides the shards of {path}; leave "
            "one of the two out",
        )
    age = seconds(source.max_record_age)
    if age is not None and retention is not None and age >= retention:
        Practice.STREAM_RECORD_AGE.warn(
            function,
            f"max_record_age of {age:,.0f} s is not below the {retention:,.0f} s that "
            f"{path} keeps its records, so that old ones leave it without reaching "
            "on_failure; lower the former, or leave it out",
        )


def add_mapping(
    function: LambdaFunction,
    id: str,
    source: StreamOptions,
    *,
    arn: str,
    max_record_age: Duration,
    starting_position_timestamp: float | None = None,
) -> lambda_.EventSourceMapping:
    """Map the stream with *arn* to *function*, and grant what failures take."""
    mapping = lambda_.EventSourceMapping(
        function,
        id,
        target=function.live,
        event_source_arn=arn,
        batch_size=source.batch_size,
        bisect_batch_on_error=source.bisect_batch_on_error,
        enabled=source.enabled,
        filter_encryption=source.filter_encryption,
        filters=[dict(each) for each in source.filters] or None,
        max_batching_window=source.max_batching_window,
        max_record_age=max_record_age,
        metrics_config=source.metrics_config,
        parallelization_factor=source.parallelization_factor,
        report_batch_item_failures=source.report_batch_item_failures,
        retry_attempts=source.retry_attempts,
        starting_position=source.starting_position,
        starting_position_timestamp=starting_position_timestamp,
        tumbling_window=source.tumbling_window,
    )
    if source.on_failure is not None:
        # On the resource, since CDK's destinations grant more than sending.
        kinds = lambda_.CfnEventSourceMapping
        resource = cast("lambda_.CfnEventSourceMapping", resource_of(mapping))
        resource.destination_config = kinds.DestinationConfigProperty(
            on_failure=kinds.OnFailureProperty(
                destination=source.on_failure.bind(function)
            )
        )
    # Lambda checks the role's permissions when it creates the mapping.
    node_of(mapping).add_dependency(function.policy)
    return mapping


def stream_signals(
    function: LambdaFunction,
    source: StreamOptions,
    mapping: lambda_.EventSourceMapping,
    stream: IResource,
) -> list[Signal]:
    """Watch how far behind reading is, what is given up, and what is lost of that."""
    of = place_of(function, stream)
    found = [
        iterator_age(function),
        *events_of(mapping, of, source.metrics_config, drops=True),
    ]
    return found + ([delivery_failures(function)] if source.on_failure else [])
