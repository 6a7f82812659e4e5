"""Amazon S3 by its own notifications: the bucket invokes the function itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3

from lambda_constructs._known import stack_of
from lambda_constructs.errors import check_fields
from lambda_constructs.event_sources._mapping import path_as_id
from lambda_constructs.event_sources._push import (
    allow_invoke,
    keep_failures,
    source_id,
)
from lambda_constructs.event_sources._relations import check_same
from lambda_constructs.event_sources._s3_bucket import (
    OWN_REGION,
    named_arn,
    own_resource,
    watch,
)
from lambda_constructs.event_sources._s3_events import (
    EVENTS,
    check_bucket,
    check_events,
    check_key_filter,
)
from lambda_constructs.event_sources._s3_notifications import Notification, notify
from lambda_constructs.function import LambdaFunction

__all__ = ["S3NotificationEventSource"]

S3 = "s3.amazonaws.com"


@dataclass(frozen=True)
class S3NotificationEventSource:
    """Process what happens to the objects of a bucket, by the bucket's notifications.

    It costs nothing and knows all events. But bucket and function must be in one
    stack, the bucket needs a name, which the function's environment must not take
    from it (each would wait for the other), an object may concern one destination
    only, and what could not be delivered is lost. Prefer `S3EventSource`, which has
    none of these limits.

    The handler gets `Records`, at least once and in no order, as `S3Event` of
    Powertools reads them. The key in them is URL-encoded, a space as `+`: decode it
    by `urllib.parse.unquote_plus`. Setting it up sends one `s3:TestEvent` without
    `Records`.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html

    Attributes:
        bucket: The bucket, which must be defined here and have a `bucket_name`.
        events: Which events.
        id: Tells this source from another of the same bucket and function.
        prefix: How keys begin, to the letter.
        suffix: How keys end, to the letter.

    Raises:
        ConfigurationError: A value is out of range.
    """

    bucket: s3.Bucket
    _: KW_ONLY
    events: Sequence[s3.EventType] = (s3.EventType.OBJECT_CREATED,)
    id: str = "S3Notification"
    prefix: str | None = None
    suffix: str | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        check_bucket(self.bucket)
        check_events(self.events)
        check_key_filter("prefix", self.prefix)
        check_key_filter("suffix", self.suffix)

    def bind(self, function: LambdaFunction, /) -> lambda_.CfnPermission:
        """Let the bucket invoke *function* for each of these events.

        Raises:
            ConfigurationError: The bucket and the function do not fit together.
        """
        path = path_as_id(function, self.bucket)
        id = source_id(function, f"{self.id}-{path}")
        check_same("Region", function, self.bucket, OWN_REGION)
        resource = own_resource(function, self.bucket)
        arn = named_arn(function, self.bucket, resource)
        notify(
            function,
            resource,
            [
                Notification.of(EVENTS[each].name, self.prefix, self.suffix)
                for each in self.events
            ],
        )
        permission = allow_invoke(
            function,
            id,
            principal=S3,
            source_arn=arn,
            source_account=stack_of(self.bucket).account,
        )
        # S3 asks Lambda for the permission when the bucket gets its configuration.
        resource.add_resource_dependency(permission)
        keep_failures(function)
        watch(function, self.bucket, self.events, self.prefix, self.suffix)
        return permission
