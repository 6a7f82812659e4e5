"""Where events go that a function could not process, and what else happens to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_

from lambda_constructs import limits
from lambda_constructs._destinations import (
    Target,
    refuse_fifo,
    require,
    to_bucket,
    to_event_bus,
    to_function,
    to_own_queue,
    to_queue,
    to_topic,
)
from lambda_constructs._known import node_of
from lambda_constructs.errors import (
    ConfigurationError,
    check_duration,
    check_range,
    check_type,
    check_whole,
    is_token,
    seconds,
)

if TYPE_CHECKING:
    from aws_cdk import aws_events as events
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sns as sns
    from aws_cdk import aws_sqs as sqs

    from lambda_constructs.function import LambdaFunction

__all__ = ["AsyncInvoke", "FailureDestination", "SuccessDestination"]


_Resolve = Callable[["LambdaFunction"], Target]

STREAM_DESTINATIONS = {"bucket", "queue", "topic"}
"""https://docs.aws.amazon.com/lambda/latest/api/API_OnFailure.html."""


@dataclass(frozen=True)
class FailureDestination:
    """Where Lambda sends the record of an event that it gave up.

    The record of an asynchronous event holds the event, the error and the number of
    attempts. That of a stream's batch holds its position in the stream, and the
    records themselves only where it goes to a bucket. What sending takes is granted to
    the function and nothing else.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    """

    _resolve: _Resolve
    _kind: str
    _topic: str | None = None

    @classmethod
    def new_queue(cls) -> FailureDestination:
        """Send to a queue made beside the function: encrypted, TLS only, 14 days.

        It is the child `Failures`, and one of the function's `failure_queues`.
        """
        return cls(to_own_queue, "queue")

    @classmethod
    def queue(cls, queue: sqs.Queue | sqs.IQueue) -> FailureDestination:
        """Send to a standard queue."""
        require(queue, "queue_arn", "an SQS queue")
        refuse_fifo(queue)
        return cls(lambda function: to_queue(queue, function), "queue")

    @classmethod
    def topic(cls, topic: sns.Topic | sns.ITopic) -> FailureDestination:
        """Publish to a standard topic; a record above 256 KB loses its payload."""
        require(topic, "topic_arn", "an SNS topic")
        refuse_fifo(topic)
        return cls(lambda function: to_topic(topic, function), "topic")

    @classmethod
    def bucket(cls, bucket: s3.Bucket | s3.IBucket) -> FailureDestination:
        """Write an object; the one kind that keeps a stream's records, and any size."""
        require(bucket, "bucket_arn", "an S3 bucket")
        return cls(lambda function: to_bucket(bucket, function), "bucket")

    @classmethod
    def function(cls, function: LambdaFunction) -> FailureDestination:
        """Invoke another function's live alias, asynchronously."""
        require(function, "live", "a LambdaFunction")
        return cls(lambda failing: to_function(function, failing), "function")

    @classmethod
    def event_bus(cls, bus: events.EventBus | events.IEventBus) -> FailureDestination:
        """Put an event on a bus."""
        require(bus, "event_bus_arn", "an EventBridge bus")
        return cls(lambda _: to_event_bus(bus), "event bus")

    @classmethod
    def kafka_topic(cls, topic: str) -> FailureDestination:
        """Write to another topic of the cluster that a Kafka source reads.

        The topic has to exist. It gets the records themselves, and why they failed.
        """
        check_type(
            "topic", topic, "the name of a Kafka topic", holds=type(topic) is str
        )
        if not (is_token(topic) or limits.KAFKA_DESTINATION_TOPIC.fullmatch(topic)):
            raise ConfigurationError(
                "topic of a destination must be 4 to 249 letters, digits, dots, dashes "
                f"and underscores, got {topic!r}; Lambda takes no other name"
            )
        return cls(lambda _: Target(f"kafka://{topic}", ()), "Kafka topic", topic)

    @property
    def kafka_topic_name(self) -> str | None:
        """The name of the Kafka topic, which only a source of its cluster writes to."""
        return self._topic

    def check_for_stream(self) -> None:
        """Check that Lambda sends records of a stream's batch to this kind.

        Raises:
            ConfigurationError: It sends those of asynchronous events only.
        """
        if self._kind not in STREAM_DESTINATIONS:
            raise ConfigurationError(
                "on_failure of a stream must be a queue, a topic or a bucket, got "
                f"{'an' if self._kind[0] == 'e' else 'a'} {self._kind}; pass "
                "FailureDestination.bucket(), which keeps the records too"
            )

    def bind(self, function: LambdaFunction, /) -> str:
        """Grant *function* what sending takes, and give the destination's ARN."""
        return self._resolve(function).grant_to(function)


@dataclass(frozen=True)
class SuccessDestination:
    """Where Lambda sends the record of an event that the function processed.

    A bucket is not among them: Lambda offers it for failures only.
    """

    _resolve: _Resolve

    @classmethod
    def queue(cls, queue: sqs.Queue | sqs.IQueue) -> SuccessDestination:
        """Send to a standard queue."""
        require(queue, "queue_arn", "an SQS queue")
        refuse_fifo(queue)
        return cls(lambda function: to_queue(queue, function))

    @classmethod
    def topic(cls, topic: sns.Topic | sns.ITopic) -> SuccessDestination:
        """Publish to a standard topic; a record above 256 KB loses its payload."""
        require(topic, "topic_arn", "an SNS topic")
        refuse_fifo(topic)
        return cls(lambda function: to_topic(topic, function))

    @classmethod
    def function(cls, function: LambdaFunction) -> SuccessDestination:
        """Invoke another function's live alias, asynchronously."""
        require(function, "live", "a LambdaFunction")
        return cls(lambda sender: to_function(function, sender))

    @classmethod
    def event_bus(cls, bus: events.EventBus | events.IEventBus) -> SuccessDestination:
        """Put an event on a bus."""
        require(bus, "event_bus_arn", "an EventBridge bus")
        return cls(lambda _: to_event_bus(bus))

    def bind(self, function: LambdaFunction, /) -> str:
        """Grant *function* what sending takes, and give the destination's ARN."""
        return self._resolve(function).grant_to(function)


@dataclass(frozen=True, kw_only=True)
class AsyncInvoke:
    """What becomes of the events that Lambda accepted without the caller waiting.

    It is set on the alias `live`: set on the function, as CDK does, it would hold for
    $LATEST, which nothing invokes.

    Attributes:
        retry_attempts: Retries after an error of the function, 0 to 2; they come one
            and two minutes later.
        max_event_age: How long an event may wait, 1 minute to 6 hours, throttles
            included. Left out, 6 hours.
        on_failure: Where the events go that Lambda gave up. Left out, a queue is
            made beside the function. It tells more than a dead-letter queue of the
            function (the error and its stack beside the event), so prefer it.
        on_success: Where the record of each processed event goes. Left out, nowhere.

    Raises:
        ConfigurationError: A value is out of range.
    """

    retry_attempts: int = 2
    max_event_age: Duration | None = None
    on_failure: FailureDestination | None = None
    on_success: SuccessDestination | None = None

    def __post_init__(self) -> None:
        check_whole("retry_attempts", self.retry_attempts)
        check_duration("max_event_age", self.max_event_age)
        for name, value, kind in (
            ("on_failure", self.on_failure, FailureDestination),
            ("on_success", self.on_success, SuccessDestination),
        ):
            held = isinstance(value, kind)
            check_type(name, value, f"a {kind.__name__}", holds=held)
        if self.on_failure is not None and self.on_failure.kafka_topic_name:
            raise ConfigurationError(
                "on_failure of asynchronous events must not be a Kafka topic, which "
                "only a Kafka source writes to; pass FailureDestination.queue()"
            )
        check_range("retry_attempts", self.retry_attempts, *limits.ASYNC_RETRY_ATTEMPTS)
        check_range(
            "max_event_age",
            seconds(self.max_event_age),
            *limits.ASYNC_EVENT_AGE_SECONDS,
            unit="s",
        )

    def bind(self, function: LambdaFunction, /) -> lambda_.CfnEventInvokeConfig:
        """Configure the live alias of *function*.

        Raises:
            ConfigurationError: The function has such a configuration already.
        """
        if function.async_config is not None:
            raise ConfigurationError(
                "asynchronous invocation is configured already; configure it once, by "
                "async_invoke= of the function",
                scope=function,
            )
        on_failure = self.on_failure or FailureDestination.new_queue()
        # L1, since CDK's destinations grant more than sending: GetQueueUrl and
        # GetQueueAttributes on a queue, ten reading actions on a bucket.
        config = lambda_.CfnEventInvokeConfig(
            function,
            "AsyncInvoke",
            function_name=function.function.function_name,
            qualifier=function.live.alias_name,
            maximum_retry_attempts=self.retry_attempts,
            maximum_event_age_in_seconds=(
                limits.ASYNC_EVENT_AGE_SECONDS[1]
                if self.max_event_age is None
                else self.max_event_age.to_seconds()
            ),
            destination_config=_destination_config(
                on_failure.bind(function),
                self.on_success.bind(function) if self.on_success else None,
            ),
        )
        # Lambda checks the role's permissions when it is given the destinations.
        node_of(config).add_dependency(function.policy, function.live)
        function.async_config = config
        return config


def _destination_config(
    on_failure: str, on_success: str | None
) -> lambda_.CfnEventInvokeConfig.DestinationConfigProperty:
    kinds = lambda_.CfnEventInvokeConfig
    return kinds.DestinationConfigProperty(
        on_failure=kinds.OnFailureProperty(destination=on_failure),
        on_success=(
            None
            if on_success is None
            else kinds.OnSuccessProperty(destination=on_success)
        ),
    )
