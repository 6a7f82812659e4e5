"""What the sources have in common that read a Kafka topic: ids, warnings, mapping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from aws_cdk import aws_lambda as lambda_

from lambda_constructs._known import node_of, resource_of
from lambda_constructs._signals import delivery_failures, events_of, of_function
from lambda_constructs.errors import ConfigurationError, is_token
from lambda_constructs.event_sources._kafka_options import ERROR_CONTROLS, KafkaOptions
from lambda_constructs.event_sources._mapping import warn_of_filter_quota
from lambda_constructs.event_sources._push import source_id
from lambda_constructs.event_sources._relations import check_tenants
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice
from lambda_constructs.signals import Signal

Access = lambda_.CfnEventSourceMapping.SourceAccessConfigurationProperty


def mapping_id(function: LambdaFunction, service: str, source: KafkaOptions) -> str:
    """Give the id of the mapping: what the source says, or its topic's.

    Raises:
        ConfigurationError: *function* can have no mapping of that id.
    """
    check_tenants(function)
    if source.id is None and is_token(source.topic):
        raise ConfigurationError(
            "id must be given where topic is not known before the deployment; pass "
            'id="Orders" for example',
            scope=function,
        )
    return source_id(function, source.id or f"{service}-{source.topic}")


def warn_of_options(function: LambdaFunction, source: KafkaOptions) -> None:
    """Tell what is unwise about reading the topic so."""
    warn_of_filter_quota(function, source.filters)
    if source.on_failure is None:
        Practice.KAFKA_FAILURE_DESTINATION.warn(
            function,
            f"a record of {source.topic} that always fails blocks its partition until "
            "it expires, and is lost; leave on_failure out, or pass "
            "FailureDestination.bucket(), which keeps the records too",
        )
    given = [name for name in ERROR_CONTROLS if getattr(source, name) is not None]
    if given and source.provisioned_poller_config is None:
        Practice.KAFKA_ERROR_CONTROLS.warn(
            function,
            f"{', '.join(given)} of {source.topic} come with provisioned pollers; pass "
            "provisioned_poller_config=ProvisionedPollerConfig(minimum_pollers=1)",
        )


def add_mapping(
    function: LambdaFunction,
    id: str,
    source: KafkaOptions,
    *,
    access: Sequence[Access],
    bootstrap_servers: Sequence[str] | None = None,
    event_source_arn: str | None = None,
    starting_position: lambda_.StartingPosition | None,
) -> lambda_.EventSourceMapping:
    """Map the topic to *function*, and grant what failures take."""
    mapping = lambda_.EventSourceMapping(
        function,
        id,
        target=function.live,
        event_source_arn=event_source_arn,
        kafka_bootstrap_servers=list(bootstrap_servers) if bootstrap_servers else None,
        kafka_topic=source.topic,
        batch_size=source.batch_size,
        bisect_batch_on_error=_chosen(source, source.bisect_batch_on_error),
        enabled=source.enabled,
        filter_encryption=source.filter_encryption,
        filters=[dict(each) for each in source.filters] or None,
        log_level=source.log_level,
        max_batching_window=source.max_batching_window,
        max_record_age=source.max_record_age,
        metrics_config=source.metrics_config,
        provisioned_poller_config=source.provisioned_poller_config,
        report_batch_item_failures=_chosen(source, source.report_batch_item_failures),
        retry_attempts=source.retry_attempts,
        starting_position=starting_position,
        starting_position_timestamp=source.starting_position_timestamp,
    )
    # On the resource, since CDK's L2 knows fewer ways to authenticate, and its
    # destinations grant more than sending.
    resource = mapping_of(mapping)
    resource.source_access_configurations = list(access) or None
    if source.on_failure is not None:
        kinds = lambda_.CfnEventSourceMapping
        resource.destination_config = kinds.DestinationConfigProperty(
            on_failure=kinds.OnFailureProperty(
                destination=source.on_failure.bind(function)
            )
        )
    # Lambda checks the role's permissions when it creates the mapping.
    node_of(mapping).add_dependency(function.policy)
    return mapping


def kafka_signals(
    function: LambdaFunction,
    source: KafkaOptions,
    mapping: lambda_.EventSourceMapping,
) -> list[Signal]:
    """Watch how far behind reading is, and what fails where Lambda counts it.

    It counts the events of a topic with provisioned pollers only.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    """
    lag = "How many records of the topic have not been read yet."
    found = [of_function(function, "OffsetLag", lag, statistic="Maximum")]
    if source.provisioned_poller_config is not None:
        of = "Topic" if is_token(source.topic) else source.topic
        found += events_of(mapping, of, source.metrics_config, drops=True)
    return found + ([delivery_failures(function)] if source.on_failure else [])


def mapping_of(mapping: lambda_.EventSourceMapping) -> lambda_.CfnEventSourceMapping:
    """Give the resource, for what CDK's L2 has no option for."""
    return cast("lambda_.CfnEventSourceMapping", resource_of(mapping))


def _chosen(source: KafkaOptions, given: bool | None) -> bool | None:
    """Give what is said, or True where there are pollers that can do it."""
    if given is None and source.provisioned_poller_config is not None:
        return True
    return given
