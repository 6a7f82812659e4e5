"""What can receive the record of an event, and what sending to it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from aws_cdk import aws_sqs as sqs

from lambda_constructs._known import account_of, function_arn_of, queue_arn_of
from lambda_constructs._queues import failure_queue
from lambda_constructs.errors import ConfigurationError
from lambda_constructs.permissions import key_statement, statement

if TYPE_CHECKING:
    from aws_cdk import aws_events as events
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sns as sns
    from constructs import IConstruct

    from lambda_constructs.function import LambdaFunction


@dataclass(frozen=True)
class Target:
    """What receives a record: its ARN, and what sending to it takes."""

    arn: str
    statements: tuple[iam.PolicyStatement, ...]

    def grant_to(self, function: LambdaFunction) -> str:
        """Allow *function* to send here, and give the ARN."""
        function.policy.add_statements(*self.statements)
        return self.arn


def require(target: object, attribute: str, wanted: str) -> None:
    """Refuse what is no resource of the kind that a destination is made of."""
    if not hasattr(target, attribute):
        raise ConfigurationError(
            f"a destination must be {wanted}, got {target!r}; pass the resource itself"
        )


def refuse_fifo(store: sqs.Queue | sqs.IQueue | sns.Topic | sns.ITopic) -> None:
    """Lambda sends to standard queues and topics only."""
    if store.fifo:
        raise ConfigurationError(
            "a destination must be standard, got FIFO; Lambda cannot send to FIFO, "
            "pass a standard one",
            scope=store,
        )


_own: WeakKeyDictionary[LambdaFunction, sqs.Queue] = WeakKeyDictionary()


def to_own_queue(function: LambdaFunction) -> Target:
    """Send to the queue beside *function*, made when it is first asked for."""
    key = function.encryption_key
    if function not in _own:
        _own[function] = failure_queue(function, "Failures", encryption_key=key)
        function.failure_queues.append(_own[function])
    arn = queue_arn_of(_own[function])
    send = statement(["sqs:SendMessage"], arn)
    return Target(arn, (send, *_use_key(key, "sqs", function)))


def to_queue(queue: sqs.Queue | sqs.IQueue, function: LambdaFunction) -> Target:
    """Send a message to *queue*."""
    send = statement(["sqs:SendMessage"], queue_arn_of(queue))
    return Target(
        queue_arn_of(queue),
        (send, *_use_key(queue.encryption_master_key, "sqs", function)),
    )


def to_topic(topic: sns.Topic | sns.ITopic, function: LambdaFunction) -> Target:
    """Publish to *topic*."""
    publish = statement(["sns:Publish"], topic.topic_arn)
    return Target(
        topic.topic_arn, (publish, *_use_key(topic.master_key, "sns", function))
    )


def to_bucket(bucket: s3.Bucket | s3.IBucket, function: LambdaFunction) -> Target:
    """Write an object to *bucket*."""
    # The bucket's ARN names no account: without the condition the records would
    # follow the name to whoever re-created the bucket.
    own = {"StringEquals": {"s3:ResourceAccount": account_of(bucket)}}
    write = statement(["s3:PutObject"], bucket.arn_for_objects("*"))
    look = statement(["s3:ListBucket"], bucket.bucket_arn)
    write.add_conditions(own)
    look.add_conditions(own)
    key = bucket.encryption_key
    use = (key_statement(function, key, "s3", "kms:GenerateDataKey"),) if key else ()
    return Target(bucket.bucket_arn, (write, look, *use))


def to_function(target: LambdaFunction, sender: LambdaFunction) -> Target:
    """Invoke the live alias of *target*."""
    if target is sender:
        raise ConfigurationError(
            "a function must not be its own destination, which would loop; pass "
            "another function, or a queue",
            scope=sender,
        )
    arn = function_arn_of(target.live)
    return Target(arn, (statement(["lambda:InvokeFunction"], arn),))


def to_event_bus(bus: events.EventBus | events.IEventBus) -> Target:
    """Put an event on *bus*."""
    arn = bus.event_bus_arn
    return Target(arn, (statement(["events:PutEvents"], arn),))


def _use_key(
    key: kms.IKey | None, service: str, scope: IConstruct
) -> tuple[iam.PolicyStatement, ...]:
    if key is None:
        return ()
    return (key_statement(scope, key, service, "kms:Decrypt", "kms:GenerateDataKey"),)
