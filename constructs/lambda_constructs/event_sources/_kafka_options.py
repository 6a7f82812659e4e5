"""What can be said of reading a Kafka topic, and what Lambda would refuse of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_

from lambda_constructs import limits
from lambda_constructs.errors import (
    ConfigurationError,
    check_duration,
    check_range,
    check_type,
    check_whole,
    is_token,
    seconds,
)
from lambda_constructs.event_sources._kafka_authentication import KafkaAuthentication
from lambda_constructs.event_sources._kafka_schema_registry import KafkaSchemaRegistry
from lambda_constructs.event_sources._mapping import check_filters, check_pollers
from lambda_constructs.failure import FailureDestination

ConsumptionMode = Literal["Stream", "Queue"]

ERROR_CONTROLS = (
    "bisect_batch_on_error",
    "max_record_age",
    "report_batch_item_failures",
    "retry_attempts",
)
"""https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html."""

TYPES: Mapping[str, tuple[type, str]] = {
    "authentication": (KafkaAuthentication, "a KafkaAuthentication"),
    "bisect_batch_on_error": (bool, "True or False"),
    "consumer_group_id": (str, "text"),
    "enabled": (bool, "True or False"),
    "id": (str, "text"),
    "log_level": (
        lambda_.EventSourceMappingLogLevel,
        "an EventSourceMappingLogLevel of aws_lambda",
    ),
    "metrics_config": (lambda_.MetricsConfig, "a MetricsConfig of aws_lambda"),
    "on_failure": (FailureDestination, "a FailureDestination"),
    "provisioned_poller_config": (
        lambda_.ProvisionedPollerConfig,
        "a ProvisionedPollerConfig of aws_lambda",
    ),
    "report_batch_item_failures": (bool, "True or False"),
    "schema_registry": (KafkaSchemaRegistry, "a KafkaSchemaRegistry"),
    "starting_position": (
        lambda_.StartingPosition,
        "a StartingPosition of aws_lambda",
    ),
    "topic": (str, "text"),
}


class KafkaOptions(Protocol):
    """The options that every Kafka cluster has."""

    @property
    def authentication(self) -> KafkaAuthentication: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def bisect_batch_on_error(self) -> bool | None: ...
    @property
    def consumer_group_id(self) -> str | None: ...
    @property
    def enabled(self) -> bool: ...
    @property
    def filter_encryption(self) -> kms.Key | kms.IKey | None: ...
    @property
    def filters(self) -> Sequence[Mapping[str, object]]: ...
    @property
    def id(self) -> str | None: ...
    @property
    def log_level(self) -> lambda_.EventSourceMappingLogLevel | None: ...
    @property
    def max_batching_window(self) -> Duration | None: ...
    @property
    def max_record_age(self) -> Duration | None: ...
    @property
    def metrics_config(self) -> lambda_.MetricsConfig | None: ...
    @property
    def on_failure(self) -> FailureDestination | None: ...
    @property
    def provisioned_poller_config(self) -> lambda_.ProvisionedPollerConfig | None: ...
    @property
    def report_batch_item_failures(self) -> bool | None: ...
    @property
    def retry_attempts(self) -> int | None: ...
    @property
    def schema_registry(self) -> KafkaSchemaRegistry | None: ...
    @property
    def starting_position(self) -> lambda_.StartingPosition | None: ...
    @property
    def starting_position_timestamp(self) -> float | None: ...
    @property
    def topic(self) -> str: ...


def check_options(source: KafkaOptions) -> None:
    """Check the types and ranges of what *source* says, and what needs what.

    Raises:
        ConfigurationError: Lambda would refuse it.
    """
    for name, (kind, wanted) in TYPES.items():
        value = getattr(source, name)
        if value is None and name in ("authentication", "topic"):
            raise ConfigurationError(f"{name} must be given, got None; pass {wanted}")
        check_type(name, value, wanted, holds=isinstance(value, kind))
    for name in ("batch_size", "retry_attempts"):
        check_whole(name, getattr(source, name))
    for name in ("max_batching_window", "max_record_age"):
        check_duration(name, getattr(source, name))
    check_range("batch_size", source.batch_size, *limits.KAFKA_BATCH_SIZE)
    check_range("retry_attempts", source.retry_attempts, *limits.KAFKA_RETRY_ATTEMPTS)
    for name, length, allowed in (
        (
            "max_batching_window",
            source.max_batching_window,
            limits.BATCHING_WINDOW_SECONDS,
        ),
        ("max_record_age", source.max_record_age, limits.KAFKA_RECORD_AGE_SECONDS),
    ):
        check_range(name, seconds(length), *allowed, unit="s")
    check_filters(source.filters, source.filter_encryption)
    _check_names(source)
    _check_timestamp(source)
    _check_destination(source)
    _check_pollers(source)


def _check_names(source: KafkaOptions) -> None:
    topic, group = source.topic, source.consumer_group_id
    if not (is_token(topic) or limits.KAFKA_TOPIC.fullmatch(topic)):
        raise ConfigurationError(
            "topic must be 2 to 249 letters, digits, dots, dashes and underscores, and "
            f"not begin with a dot, got {topic!r}; Lambda takes no other name"
        )
    if group is None or is_token(group):
        return
    if not limits.KAFKA_CONSUMER_GROUP_ID.fullmatch(group):
        raise ConfigurationError(
            "consumer_group_id must be 1 to 200 letters, digits, spaces and "
            f"-/*:_+=.@, got {group!r}; Lambda takes no other"
        )


def _check_timestamp(source: KafkaOptions) -> None:
    stamp = source.starting_position_timestamp
    given = isinstance(stamp, int | float) and not isinstance(stamp, bool)
    wanted = "a number of seconds since 1970"
    check_type("starting_position_timestamp", stamp, wanted, holds=given)
    at = source.starting_position == lambda_.StartingPosition.AT_TIMESTAMP
    if at != (stamp is not None):
        raise ConfigurationError(
            "starting_position_timestamp goes with starting_position AT_TIMESTAMP, got "
            + ("the latter alone" if at else "the former alone")
            + "; pass both or neither"
        )


def _check_destination(source: KafkaOptions) -> None:
    destination = source.on_failure
    if destination is None:
        return
    if destination.kafka_topic_name is None:
        destination.check_for_stream()
    elif destination.kafka_topic_name == source.topic:
        raise ConfigurationError(
            f"on_failure must not be {source.topic!r} itself, which would loop; pass "
            "another topic"
        )


def _check_pollers(source: KafkaOptions) -> None:
    config = source.provisioned_poller_config
    if config is None:
        # https://docs.aws.amazon.com/lambda/latest/dg/esm-logging.html
        # https://docs.aws.amazon.com/lambda/latest/dg/services-consume-kafka-events.html
        for name in ("log_level", "schema_registry"):
            if getattr(source, name) is not None:
                raise ConfigurationError(
                    f"{name} needs provisioned pollers, got none; pass "
                    "provisioned_poller_config=ProvisionedPollerConfig("
                    "minimum_pollers=1), or leave it out"
                )
        return
    check_pollers(
        config,
        minimum=limits.KAFKA_MINIMUM_POLLERS,
        maximum=limits.KAFKA_MAXIMUM_POLLERS,
    )
    group = config.poller_group_name
    if group is None or is_token(group):
        return
    if not limits.KAFKA_POLLER_GROUP_NAME.fullmatch(group):
        raise ConfigurationError(
            "poller_group_name must be at most 128 letters, digits, dashes and "
            f"underscores, got {group!r}; Lambda takes no other"
        )
