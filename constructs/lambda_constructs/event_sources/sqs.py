"""Amazon SQS: Lambda polls the queue and invokes with a batch of messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import cast
from weakref import WeakKeyDictionary

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs

from lambda_constructs import limits
from lambda_constructs._known import node_of, path_of, resource_of
from lambda_constructs._rollback import Watched, dead_letters
from lambda_constructs._signals import events_of, given_depth, is_here, place_of
from lambda_constructs.errors import (
    ConfigurationError,
    check_duration,
    check_fields,
    check_range,
    check_type,
    check_whole,
    literal,
    seconds,
)
from lambda_constructs.event_sources._mapping import (
    already_bound,
    check_filters,
    check_place,
    check_pollers,
    mapping_id,
    warn_of_filter_quota,
)
from lambda_constructs.event_sources._relations import check_tenants
from lambda_constructs.event_sources._sqs_queue import (
    DefinedQueue,
    settle_queue,
    waiting,
    warn_of_imported,
)
from lambda_constructs.function import LambdaFunction
from lambda_constructs.permissions import key_statement, statement
from lambda_constructs.practices import Practice
from lambda_constructs.signals import Signal

__all__ = ["SqsEventSource"]

_functions: WeakKeyDictionary[sqs.IQueue, LambdaFunction] = WeakKeyDictionary()
"""The first that polls each queue."""

POLLER_ACTIONS = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
"""https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html."""


@dataclass(frozen=True)
class SqsEventSource:
    """Process the messages of a queue, standard or FIFO.

    A queue that says nothing of them gets a visibility timeout of six function
    timeouts plus the batching window, and a dead-letter queue of its own type as its
    child `DeadLetters`.

    Attributes:
        queue: The queue to poll.
        batch_size: Messages in a batch: 1 to 10, and up to 10,000 on a standard queue
            with a *max_batching_window* of a second or more.
        enabled: Whether Lambda polls.
        filter_encryption: The key that encrypts *filters*.
        filters: Which messages to process, by `FilterCriteria.filter(...)`: up to
            five, any of which may match. Lambda deletes what none matches.
        max_batching_window: How long to gather a batch, up to 5 minutes; standard
            queues only. Left out, a batch never waits.
        max_concurrency: How many batches may be in process at once, 2 to 1,000.
            Prefer it to reserved concurrency, which throttles the poller instead.
        max_receive_count: After how many receives a message is a dead letter, 1 to
            1,000; None adds no dead-letter queue. A queue that names a dead-letter
            queue itself keeps its own number.
        metrics_config: Metrics of the mapping; SQS has `EVENT_COUNT`.
        provisioned_poller_config: Pollers that are always there, 2 to 200 at least
            and 2 to 10,000 at most; not together with *max_concurrency*.
        report_batch_item_failures: Retry only those messages that the handler returns
            as failed, not the whole batch.

    Raises:
        ConfigurationError: A value is out of range, or two exclude each other.
    """

    queue: sqs.Queue | sqs.IQueue
    _: KW_ONLY
    batch_size: int = 10
    enabled: bool = True
    filter_encryption: kms.Key | kms.IKey | None = None
    filters: Sequence[Mapping[str, object]] = ()
    max_batching_window: Duration | None = None
    max_concurrency: int | None = None
    max_receive_count: int | None = 5
    metrics_config: lambda_.MetricsConfig | None = None
    provisioned_poller_config: lambda_.ProvisionedPollerConfig | None = None
    report_batch_item_failures: bool = True

    def __post_init__(self) -> None:
        check_fields(self)
        self._check_types()
        window = seconds(self.max_batching_window)
        check_range(
            "max_batching_window", window, *limits.BATCHING_WINDOW_SECONDS, unit="s"
        )
        check_range("batch_size", self.batch_size, *limits.SQS_BATCH_SIZE)
        self._check_batch_has_window()
        check_range(
            "max_concurrency", self.max_concurrency, *limits.SQS_MAX_CONCURRENCY
        )
        check_range(
            "max_receive_count", self.max_receive_count, *limits.SQS_MAX_RECEIVE_COUNT
        )
        check_filters(self.filters, self.filter_encryption)
        self._check_pollers()

    def bind(self, function: LambdaFunction, /) -> lambda_.EventSourceMapping:
        """Map the queue to *function*, which may then receive its messages.

        Raises:
            ConfigurationError: The queue and the function do not fit together.
        """
        id = mapping_id(function, "Sqs", self.queue)
        check_tenants(function)
        self._check_is_new(function)
        defined = DefinedQueue.of(self.queue)
        self._check_type(function, fifo=(defined or self.queue).fifo)
        check_place(function, self.queue)
        self._check_concurrency(function)
        self._warn_of_sharing(function)
        warn_of_filter_quota(function, self.filters)
        if defined is None:
            warn_of_imported(self.queue, function)
        else:
            settle_queue(
                defined,
                function,
                window=self.max_batching_window,
                max_receive_count=self.max_receive_count,
            )
        key = defined.encryption_key if defined else self.queue.encryption_master_key
        self._grant(function, key)
        mapping = lambda_.EventSourceMapping(
            function,
            id,
            target=function.live,
            event_source_arn=self._arn,
            batch_size=self.batch_size,
            enabled=self.enabled,
            filter_encryption=self.filter_encryption,
            filters=[dict(each) for each in self.filters] or None,
            max_batching_window=self.max_batching_window,
            max_concurrency=self.max_concurrency,
            metrics_config=self.metrics_config,
            report_batch_item_failures=self.report_batch_item_failures,
        )
        self._provision_pollers(mapping)
        # Lambda checks the role's permissions when it creates the mapping.
        node_of(mapping).add_dependency(function.policy)
        return mapping

    def signals(
        self, function: LambdaFunction, bound: lambda_.EventSourceMapping, /
    ) -> list[Signal]:
        """Tell how far behind the queue is, and what fails of it."""
        of = place_of(function, self.queue)
        found = events_of(bound, of, self.metrics_config, drops=False)
        if is_here(function, self.queue):
            found += waiting(self.queue, of, self.max_receive_count)
        given = getattr(self.queue, "dead_letter_queue", None)
        return found + given_depth(given.queue if given else None, function)

    @cached_property
    def _arn(self) -> str:
        return self.queue.queue_arn

    def _check_types(self) -> None:
        if not hasattr(self, "_arn"):
            raise ConfigurationError(
                f"queue must be an SQS queue, got {self.queue!r}; pass the queue itself"
            )
        for name in ("batch_size", "max_concurrency", "max_receive_count"):
            check_whole(name, getattr(self, name))
        check_duration("max_batching_window", self.max_batching_window)
        for name in ("enabled", "report_batch_item_failures"):
            held = isinstance(getattr(self, name), bool)
            check_type(name, getattr(self, name), "True or False", holds=held)
        for name, kind in (
            ("metrics_config", lambda_.MetricsConfig),
            ("provisioned_poller_config", lambda_.ProvisionedPollerConfig),
        ):
            held = isinstance(getattr(self, name), kind)
            wanted = f"a {kind.__name__} of aws_lambda"
            check_type(name, getattr(self, name), wanted, holds=held)

    def _check_batch_has_window(self) -> None:
        if (literal(self.batch_size) or 0) <= limits.SQS_BATCH_SIZE_WITHOUT_WINDOW:
            return
        window = seconds(self.max_batching_window)
        if self.max_batching_window is None or (window is not None and window < 1):
            raise ConfigurationError(
                f"batch_size must be at most {limits.SQS_BATCH_SIZE_WITHOUT_WINDOW} "
                f"without a batching window, got {self.batch_size:,}; pass "
                "max_batching_window=Duration.seconds(1) or more"
            )

    def _check_pollers(self) -> None:
        config = self.provisioned_poller_config
        if config is None:
            return
        if self.max_concurrency is not None:
            raise ConfigurationError(
                "max_concurrency and provisioned_poller_config exclude each other; "
                "pass maximum_pollers, each good for 10 batches at once, to limit it"
            )
        check_pollers(
            config,
            minimum=limits.SQS_MINIMUM_POLLERS,
            maximum=limits.SQS_MAXIMUM_POLLERS,
        )

    def _check_is_new(self, function: LambdaFunction) -> None:
        arns = {
            each._arn
            for each in function.event_sources
            if isinstance(each, SqsEventSource)
        }
        if self._arn in arns:
            raise already_bound(function, self.queue)

    def _warn_of_sharing(self, function: LambdaFunction) -> None:
        """A message is for one consumer: topics and buses are for several."""
        other = _functions.setdefault(self.queue, function)
        if other is not function:
            Practice.SQS_SHARED_QUEUE.warn(
                function,
                f"{path_of(other)} polls {path_of(self.queue)} as well, so that each "
                "message goes to one of the two, and what a filter of one leaves out "
                "is deleted; publish to a topic with a queue for each function",
            )

    def _check_type(self, function: LambdaFunction, *, fifo: bool) -> None:
        """A FIFO queue takes neither large batches nor a window."""
        if not fifo:
            return
        check_range(
            f"batch_size of FIFO {path_of(self.queue)}",
            self.batch_size,
            *limits.SQS_FIFO_BATCH_SIZE,
            scope=function,
        )
        if self.max_batching_window is not None:
            raise ConfigurationError(
                f"max_batching_window must not be given for FIFO "
                f"{path_of(self.queue)}; leave it out",
                scope=function,
            )

    def rollback_metrics(self, _: LambdaFunction, /) -> Iterable[Watched]:
        """A release goes back if letters come into the queue's own dead-letter queue.

        One that the library made is among the function's failure queues.
        """
        own = isinstance(self.queue, sqs.Queue) and self.queue.dead_letter_queue
        return [dead_letters(own.queue)] if own else []

    def _check_concurrency(self, function: LambdaFunction) -> None:
        reserved = literal(function.reserved_concurrent_executions)
        if reserved is None:
            return
        sources = [
            each
            for each in (*function.event_sources, self)
            if isinstance(each, SqsEventSource)
        ]
        claimed = sum(literal(each.max_concurrency) or 0 for each in sources)
        if claimed > reserved:
            raise ConfigurationError(
                "max_concurrency of its queues together must not be above "
                f"reserved_concurrent_executions of {reserved}, got {claimed}; raise "
                "the latter or lower the former",
                scope=function,
            )
        if self.max_concurrency is None and self.provisioned_poller_config is None:
            room = int(reserved - claimed)
            remedy = (
                f"pass max_concurrency={room} to its source"
                if room >= limits.SQS_MAX_CONCURRENCY[0]
                else "raise it, and pass max_concurrency to its source"
            )
            Practice.SQS_MAX_CONCURRENCY.warn(
                function,
                f"reserved_concurrent_executions={reserved} throttles the poller of "
                f"{path_of(self.queue)}, and a throttled batch counts as received; "
                f"{remedy}",
            )

    def _grant(self, function: LambdaFunction, key: kms.IKey | None) -> None:
        # Not grant_consume_messages(): the poller changes no visibility and knows
        # the queue's URL.
        function.policy.add_statements(statement(POLLER_ACTIONS, self._arn))
        if key is not None:
            function.policy.add_statements(
                key_statement(function, key, "sqs", "kms:Decrypt")
            )

    def _provision_pollers(self, mapping: lambda_.EventSourceMapping) -> None:
        config = self.provisioned_poller_config
        if config is None:
            return
        # On the resource, since CDK's L2 stops at the 2,000 pollers of old.
        resource = cast("lambda_.CfnEventSourceMapping", resource_of(mapping))
        resource.provisioned_poller_config = (
            lambda_.CfnEventSourceMapping.ProvisionedPollerConfigProperty(
                minimum_pollers=config.minimum_pollers,
                maximum_pollers=config.maximum_pollers,
            )
        )
