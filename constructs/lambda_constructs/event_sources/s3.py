"""Amazon S3 by EventBridge: a rule invokes for each event of a bucket's objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from aws_cdk.aws_events import CfnRule

from lambda_constructs._signals import given_depth, of_rule, place_of
from lambda_constructs.errors import ConfigurationError, check_fields
from lambda_constructs.event_sources._mapping import path_as_id
from lambda_constructs.event_sources._push import source_id
from lambda_constructs.event_sources._relations import check_same
from lambda_constructs.event_sources._rule import add_rule, check_delivery
from lambda_constructs.event_sources._s3_bucket import (
    OWN_REGION,
    tell_event_bridge,
    watch,
)
from lambda_constructs.event_sources._s3_events import (
    EVENTS,
    check_bucket,
    check_events,
    check_key_filter,
    event_pattern,
)
from lambda_constructs.function import LambdaFunction
from lambda_constructs.signals import Signal

__all__ = ["S3EventSource"]


@dataclass(frozen=True)
class S3EventSource:
    """Process what happens to the objects of a bucket, by EventBridge.

    It works across stacks, for any number of functions with any filters, and keeps
    what could not be delivered. The bucket then tells EventBridge of all its events,
    which EventBridge bills. `S3NotificationEventSource` does without, within limits.

    The handler gets one event at a time, at least once and in no order. The key in it
    is as it is in the bucket, not URL-encoded: take `detail["object"]["key"]`, since
    `detail.object.key` of Powertools would turn a plus into a space.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html

    Attributes:
        bucket: The bucket. An imported one must have EventBridge switched on.
        dead_letter_queue: Where events go that could not be delivered. Left out, a
            queue is made beside the function.
        enabled: Whether the rule matches.
        events: Which events, in the words of S3's notifications. EventBridge is not
            told of replication, nor of objects lost in reduced redundancy.
        id: Tells this source from another of the same bucket and function.
        max_event_age: How long to try to deliver, 1 minute to 24 hours. Left out, 24
            hours.
        prefix: How keys begin, to the letter.
        retry_attempts: How often to try to deliver again, 0 to 185. How often a
            failed function is tried again is its `async_invoke`.
        suffix: How keys end, to the letter.

    Raises:
        ConfigurationError: A value is out of range, or cannot work on EventBridge.
    """

    bucket: s3.Bucket | s3.IBucket
    _: KW_ONLY
    dead_letter_queue: sqs.Queue | sqs.IQueue | None = None
    enabled: bool = True
    events: Sequence[s3.EventType] = (s3.EventType.OBJECT_CREATED,)
    id: str = "S3"
    max_event_age: Duration | None = None
    prefix: str | None = None
    retry_attempts: int = 185
    suffix: str | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        check_bucket(self.bucket)
        check_events(self.events)
        check_key_filter("prefix", self.prefix)
        check_key_filter("suffix", self.suffix)
        check_delivery(self.retry_attempts, self.max_event_age, self.dead_letter_queue)
        for each in self.events:
            if not EVENTS[each].detail_types:
                raise ConfigurationError(
                    f"events must be ones that S3 tells EventBridge of, got "
                    f"{EVENTS[each].name}; use S3NotificationEventSource for it"
                )

    def bind(self, function: LambdaFunction, /) -> CfnRule:
        """Invoke *function* for each of these events.

        Raises:
            ConfigurationError: The bucket and the function do not fit together.
        """
        path = path_as_id(function, self.bucket)
        id = source_id(function, f"{self.id}-{path}")
        check_same("Region", function, self.bucket, OWN_REGION)
        remedy = (
            "EventBridge tells its own account only, so forward its events to a bus "
            "here and use EventBridgeEventSource"
        )
        check_same("account", function, self.bucket, remedy)
        tell_event_bridge(function, self.bucket)
        watch(function, self.bucket, self.events, self.prefix, self.suffix)
        return add_rule(
            function,
            id,
            event_pattern=event_pattern(
                self.bucket.bucket_name, self.events, self.prefix, self.suffix
            ),
            enabled=self.enabled,
            retry_attempts=self.retry_attempts,
            max_event_age=self.max_event_age,
            dead_letter_queue=self.dead_letter_queue,
        )

    def signals(self, function: LambdaFunction, bound: CfnRule, /) -> list[Signal]:
        """Tell what the rule could neither deliver nor keep."""
        given = given_depth(self.dead_letter_queue, function)
        return [*of_rule(bound, place_of(function, bound), None), *given]
