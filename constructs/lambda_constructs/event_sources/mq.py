"""Amazon MQ: Lambda consumes a queue of the broker and invokes with a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, cast

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_

from lambda_constructs import limits
from lambda_constructs._known import node_of, resource_of
from lambda_constructs.errors import (
    ConfigurationError,
    check_duration,
    check_fields,
    check_range,
    check_type,
    check_whole,
    is_token,
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
    check_region_of,
    warn_of_filter_quota,
)
from lambda_constructs.event_sources._push import source_id
from lambda_constructs.event_sources._relations import check_tenants
from lambda_constructs.function import LambdaFunction
from lambda_constructs.permissions import statement

if TYPE_CHECKING:
    from aws_cdk import aws_amazonmq as amazonmq

__all__ = ["MqEventSource"]

Access = lambda_.CfnEventSourceMapping.SourceAccessConfigurationProperty


@dataclass(frozen=True)
class MqEventSource:
    """Process the messages of a queue of ActiveMQ or RabbitMQ.

    There is no failure destination on Lambda's side, and neither partial responses
    nor a number of retries: a batch that fails goes back to the broker. See to it that
    the queue has a dead-letter queue there. ActiveMQ has one of itself, after six
    redeliveries; RabbitMQ has it by a policy (`dead-letter-exchange`), or redelivers
    for ever.

    Lambda reaches the broker through interfaces in its VPC, unless it is public. That
    network needs a NAT gateway, or endpoints for Lambda, Secrets Manager and, with
    ActiveMQ, STS. The VPC of the function itself does not matter.

    https://docs.aws.amazon.com/lambda/latest/dg/with-mq.html

    Attributes:
        broker: The broker, or its ARN.
        queue: The name of the queue.
        secret: The secret of the broker's user: `username` and `password`.
        batch_size: Messages in a batch, 1 to 10,000, as far as they fit into 6 MB.
        enabled: Whether Lambda consumes.
        filter_encryption: The key that encrypts *filters*.
        filters: Which messages to process, by `FilterCriteria.filter(...)`: up to
            five, any of which may match. Lambda drops what none matches.
        id: The name of the mapping below the function. Left out, the queue's.
        max_batching_window: How long to gather a batch, up to 5 minutes. Left out,
            half a second, which no mapping can return to that once had another.
        virtual_host: The virtual host of the queue, RabbitMQ's only; it cannot be
            changed later. Left out, `/`.

    Raises:
        ConfigurationError: A value is out of range.
    """

    broker: amazonmq.CfnBroker | str
    queue: str
    _: KW_ONLY
    secret: Secret
    batch_size: int = 100
    enabled: bool = True
    filter_encryption: kms.Key | kms.IKey | None = None
    filters: Sequence[Mapping[str, object]] = ()
    id: str | None = None
    max_batching_window: Duration | None = None
    virtual_host: str | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        self._check_types()
        check_range("batch_size", self.batch_size, *limits.MQ_BATCH_SIZE)
        window = seconds(self.max_batching_window)
        check_range(
            "max_batching_window", window, *limits.BATCHING_WINDOW_SECONDS, unit="s"
        )
        check_filters(self.filters, self.filter_encryption)
        self._check_names()

    def bind(self, function: LambdaFunction, /) -> lambda_.EventSourceMapping:
        """Map the queue to *function*, which may then receive its messages.

        Raises:
            ConfigurationError: The broker and the function do not fit together.
        """
        id = self._id(function)
        arn = self._broker_arn()
        check_region_of(function, "broker", arn)
        self._check_engine(function)
        warn_of_filter_quota(function, self.filters)
        function.policy.add_statements(statement(["mq:DescribeBroker"], arn))
        allow_network(function)
        secret_arn = allow_secret(function, self.secret)
        mapping = lambda_.EventSourceMapping(
            function,
            id,
            target=function.live,
            event_source_arn=arn,
            batch_size=self.batch_size,
            enabled=self.enabled,
            filter_encryption=self.filter_encryption,
            filters=[dict(each) for each in self.filters] or None,
            max_batching_window=self.max_batching_window,
        )
        host = self.virtual_host
        # On the resource, since CDK has no L2 for brokers.
        resource = cast("lambda_.CfnEventSourceMapping", resource_of(mapping))
        resource.queues = [self.queue]
        resource.source_access_configurations = [
            Access(type="BASIC_AUTH", uri=secret_arn),
            *([Access(type="VIRTUAL_HOST", uri=host)] if host is not None else []),
        ]
        # Lambda checks the role's permissions when it creates the mapping.
        node_of(mapping).add_dependency(function.policy)
        return mapping

    def _check_types(self) -> None:
        check_whole("batch_size", self.batch_size)
        check_duration("max_batching_window", self.max_batching_window)
        for name in ("id", "queue", "virtual_host"):
            value = getattr(self, name)
            check_type(name, value, "text", holds=isinstance(value, str))
        check_secret("secret", self.secret)
        for name in ("queue", "secret"):
            if getattr(self, name) is None:
                raise ConfigurationError(f"{name} must be given, got None; pass it")
        self._broker_arn()

    def _check_names(self) -> None:
        if not is_token(self.queue):
            length = len(self.queue)
            low, high = limits.MQ_QUEUE_CHARACTERS
            check_range("queue", length, low, high, unit="characters")
        host = self.virtual_host
        if host is None or is_token(host):
            return
        if not limits.MQ_VIRTUAL_HOST.fullmatch(host):
            raise ConfigurationError(
                "virtual_host must be 1 to 200 letters, digits, spaces and "
                f"-/*:_+=.@, got {host!r}; Lambda takes no other"
            )

    def _check_engine(self, function: LambdaFunction) -> None:
        """RabbitMQ alone has virtual hosts."""
        engine: object = getattr(self.broker, "engine_type", None)
        is_rabbit = not isinstance(engine, str) or engine.upper() == "RABBITMQ"
        if self.virtual_host is not None and not is_rabbit:
            raise ConfigurationError(
                f"virtual_host must not be given for {engine}, which has none; leave "
                "it out",
                scope=function,
            )

    def _broker_arn(self) -> str:
        broker = self.broker
        arn: object = broker if isinstance(broker, str) else None
        arn = arn if isinstance(broker, str) else getattr(broker, "attr_arn", None)
        if isinstance(arn, str) and (is_token(arn) or arn.split(":")[2:3] == ["mq"]):
            return arn
        raise ConfigurationError(
            f"broker must be a CfnBroker of aws_amazonmq or its ARN, got {broker!r}; "
            "pass the broker itself"
        )

    def _id(self, function: LambdaFunction) -> str:
        check_tenants(function)
        if self.id is None and is_token(self.queue):
            raise ConfigurationError(
                "id must be given where queue is not known before the deployment; "
                'pass id="Orders" for example',
                scope=function,
            )
        return source_id(function, self.id or f"Mq-{self.queue.replace('/', '-')}")
