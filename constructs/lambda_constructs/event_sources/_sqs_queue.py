"""What a queue needs that Lambda polls: time to process, and a place to give up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs

from lambda_constructs import limits
from lambda_constructs._known import path_of, queue_arn_of, resource_of
from lambda_constructs._queues import failure_queue
from lambda_constructs.errors import ConfigurationError, literal, seconds
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice
from lambda_constructs.signals import Limit, Signal

VISIBILITY_TIMEOUT_FACTOR = 6
OURS = "_lambda_constructs_visibility_timeout"
PATIENCE_SECONDS = 900
MAX_RECEIVE_COUNT = 5
"""https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html."""


@dataclass(frozen=True)
class DefinedQueue:
    """A queue that is defined here and not imported.

    Attributes:
        queue: The L2.
        resource: What CloudFormation makes of it.
        said: All properties of that, asked by one call of JavaScript.
    """

    queue: sqs.Queue
    resource: sqs.CfnQueue
    said: Mapping[str, Any]

    @classmethod
    def of(cls, queue: sqs.Queue | sqs.IQueue) -> DefinedQueue | None:
        """Ask *queue* what it says; None of an imported one."""
        resource = resource_of(queue)
        if isinstance(queue, sqs.Queue) and isinstance(resource, sqs.CfnQueue):
            return cls(queue, resource, resource._cfn_properties)
        return None

    @property
    def fifo(self) -> bool:
        """Whether its messages are in order."""
        return bool(self.said.get("fifoQueue"))

    @property
    def encryption_key(self) -> kms.IKey | None:
        """The customer's key that encrypts it."""
        named = "kmsMasterKeyId" in self.said
        return self.queue.encryption_master_key if named else None


def settle_queue(
    queue: DefinedQueue,
    function: LambdaFunction,
    *,
    window: Duration | None,
    max_receive_count: int | None,
) -> None:
    """Check what *queue* says of visibility and dead letters, or say it for it.

    Raises:
        ConfigurationError: What it says cannot work with *function*.
    """
    _settle_visibility_timeout(queue, function, window)
    _settle_dead_letters(queue, function, max_receive_count)


def warn_of_imported(queue: sqs.IQueue, function: LambdaFunction) -> None:
    """Tell what nobody can look up of a queue that is defined elsewhere."""
    Practice.SQS_IMPORTED_QUEUE.warn(
        function,
        f"{path_of(queue)} is imported, so see to it that its visibility timeout "
        f"is at least {VISIBILITY_TIMEOUT_FACTOR} function timeouts plus the "
        "batching window, and that it has a dead-letter queue",
    )


def waiting(
    queue: sqs.Queue | sqs.IQueue, of: str, max_receive_count: int | None
) -> list[Signal]:
    """Watch how many messages of *queue* wait, and how long the oldest one does.

    Longer than all of its tries should take, and than a quarter of an hour, it is
    behind. A queue without messages for six hours has no data, which is good news.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """
    resource = resource_of(queue)
    visible = getattr(resource, "visibility_timeout", None)
    given = getattr(queue, "dead_letter_queue", None)
    tries = literal(given.max_receive_count if given else max_receive_count)
    longest = (literal(visible) or 0) * ((tries or MAX_RECEIVE_COUNT) + 1)

    def signal(
        metric: str, meaning: str, unit: str = "count", limit: Limit | None = None
    ) -> Signal:
        return Signal(
            name=metric,
            of=of,
            namespace="AWS/SQS",
            metric_name=metric,
            dimensions={"QueueName": queue.queue_name},
            statistic="Maximum",
            meaning=meaning,
            unit=unit,
            limit=limit,
        )

    return [
        signal("ApproximateNumberOfMessagesVisible", f"What waits in {of}."),
        signal(
            "ApproximateAgeOfOldestMessage",
            f"{of} is behind: its oldest message waits longer than all of its tries "
            "should take.",
            unit="s",
            limit=Limit(
                threshold=max(PATIENCE_SECONDS, longest),
                datapoints_to_alarm=5,
                evaluation_periods=5,
            ),
        ),
    ]


def _settle_visibility_timeout(
    defined: DefinedQueue,
    function: LambdaFunction,
    window: Duration | None,
) -> None:
    timeout = seconds(function.timeout)
    gathering = 0 if window is None else seconds(window)
    if timeout is None or gathering is None:
        return
    wanted = VISIBILITY_TIMEOUT_FACTOR * timeout + gathering
    queue = defined.queue
    current = defined.said.get("visibilityTimeout")
    given = literal(current)
    own = given is not None and given == getattr(queue, OURS, None)
    if current is None or (own and wanted > (given or 0)):
        # SQS would take 30 seconds, which neither CDK nor its validator compares.
        defined.resource.visibility_timeout = wanted
        setattr(queue, OURS, wanted)
        return
    if given is None or given >= wanted:
        return
    remedy = f"pass visibility_timeout=Duration.seconds({wanted:g}) to the queue"
    if given < timeout:
        raise ConfigurationError(
            f"visibility_timeout of {path_of(queue)} must not be less than the "
            f"function timeout of {timeout:g} s, got {given:g} s; {remedy}",
            scope=function,
        )
    Practice.SQS_VISIBILITY_TIMEOUT.warn(
        function,
        f"visibility_timeout of {path_of(queue)} is {given:g} s, less than "
        f"{VISIBILITY_TIMEOUT_FACTOR} function timeouts plus the batching window, so "
        f"a batch that is throttled may be delivered twice; {remedy}",
    )


def _settle_dead_letters(
    defined: DefinedQueue, function: LambdaFunction, max_receive_count: int | None
) -> None:
    queue = defined.queue
    if "redrivePolicy" in defined.said:
        # One without a queue of CDK's was set on the resource itself, or by another
        # function's event source.
        if queue.dead_letter_queue is not None:
            _check_dead_letters(queue, queue.dead_letter_queue, function)
    elif max_receive_count is None:
        Practice.SQS_DEAD_LETTER_QUEUE.warn(
            function,
            f"{path_of(queue)} has no dead-letter queue, so a message that always "
            "fails is retried until it expires and is lost; leave max_receive_count "
            "out, or pass dead_letter_queue= to the queue",
        )
    else:
        _warn_of_few_receives(queue, max_receive_count, function)
        dead_letters = failure_queue(
            queue,
            "DeadLetters",
            fifo=defined.fifo,
            encryption_key=defined.encryption_key,
        )
        function.failure_queues.append(dead_letters)
        defined.resource.redrive_policy = {
            "deadLetterTargetArn": queue_arn_of(dead_letters),
            "maxReceiveCount": max_receive_count,
        }


def _check_dead_letters(
    queue: sqs.Queue, given: sqs.DeadLetterQueue, function: LambdaFunction
) -> None:
    if given.queue.fifo != queue.fifo:
        kind = "FIFO" if queue.fifo else "standard"
        raise ConfigurationError(
            f"the dead-letter queue of {kind} {path_of(queue)} must be {kind} too, "
            f"got {path_of(given.queue)}; pass fifo={queue.fifo} to it",
            scope=function,
        )
    _warn_of_few_receives(queue, given.max_receive_count, function)
    kept, dead_kept = _retention(queue), _retention(given.queue)
    # In a FIFO queue a message's age begins anew when it moves.
    if queue.fifo or kept is None or dead_kept is None or dead_kept > kept:
        return
    longest = dead_kept >= limits.SQS_RETENTION_SECONDS[1]
    place = queue if longest else given.queue
    days = 10 if longest else 14
    Practice.SQS_DEAD_LETTER_RETENTION.warn(
        function,
        f"{path_of(given.queue)} keeps messages no longer than {path_of(queue)}, "
        "and they arrive there with their age; pass "
        f"retention_period=Duration.days({days}) to {path_of(place)}",
    )


def _warn_of_few_receives(
    queue: sqs.Queue, count: float, function: LambdaFunction
) -> None:
    if (literal(count) or MAX_RECEIVE_COUNT) < MAX_RECEIVE_COUNT:
        Practice.SQS_MAX_RECEIVE_COUNT.warn(
            function,
            f"max_receive_count of {path_of(queue)} is {count:g}, so a few throttled "
            "receives make a dead letter of a good message; pass "
            f"max_receive_count={MAX_RECEIVE_COUNT} or more",
        )


def _retention(queue: sqs.IQueue) -> float | None:
    resource = resource_of(queue)
    if not isinstance(resource, sqs.CfnQueue):
        return None
    kept = resource.message_retention_period
    if kept is None:
        return limits.SQS_DEFAULT_RETENTION_SECONDS
    return literal(kept)
