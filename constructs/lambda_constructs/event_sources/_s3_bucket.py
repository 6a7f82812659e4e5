"""What is settled on a bucket itself, for functions that its events invoke."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import cast

from aws_cdk import aws_s3 as s3

from lambda_constructs._known import node_of, path_of, resource_of, stack_of
from lambda_constructs._validation import validate_at_the_end
from lambda_constructs.errors import ConfigurationError
from lambda_constructs.event_sources._s3_recursion import warn_of_recursion
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice

AnyBucket = s3.Bucket | s3.IBucket

CDK_NOTIFICATIONS = "Notifications"
"""The child of a bucket whose notifications CDK's custom resource sets."""

OWN_REGION = "S3 tells its own Region only, so define both in one"


def tell_event_bridge(function: LambdaFunction, bucket: AnyBucket) -> None:
    """Switch EventBridge on, or say that it has to be."""
    resource = resource_of(bucket)
    if resource is None:
        Practice.S3_IMPORTED_BUCKET.warn(
            function,
            f"{path_of(bucket)} is imported, so nothing is known of its events; "
            "switch EventBridge on where it is defined",
        )
    elif node_of(bucket).try_find_child(CDK_NOTIFICATIONS) is not None:
        # CDK's custom resource replaces the configuration, so it has to set it.
        bucket.enable_event_bridge_notification()
    else:
        # Not event_bridge_enabled of the L2, which adds a custom resource for it.
        cast("s3.CfnBucket", resource).add_property_override(
            "NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled",
            True,
        )
        validate_at_the_end(function, partial(_replaced, bucket))


def watch(
    function: LambdaFunction,
    bucket: AnyBucket,
    events: Sequence[s3.EventType],
    prefix: str | None,
    suffix: str | None,
) -> None:
    """Look at the end whether *function* sets itself off, with all its grants known."""

    def look() -> list[str]:
        warn_of_recursion(function, bucket, events, prefix, suffix)
        return []

    validate_at_the_end(function, look)


def own_resource(function: LambdaFunction, bucket: AnyBucket) -> s3.CfnBucket:
    """Give the resource of a bucket that may hold a notification of *function*.

    Raises:
        ConfigurationError: It may not: it is imported, or in another stack, or CDK
            sets its notifications.
    """
    resource = resource_of(bucket)
    path = path_of(bucket)
    if resource is None:
        fault = (
            f"bucket must be defined here, got imported {path}; its configuration is "
            "one whole, which this would overwrite"
        )
    elif stack_of(bucket) is not stack_of(function):
        fault = (
            f"{path} must be in the function's stack, since a notification makes a "
            "bucket depend on the function, which may depend on the bucket"
        )
    elif node_of(bucket).try_find_child(CDK_NOTIFICATIONS) is not None:
        fault = f"{path} has notifications by add_event_notification(), which replaces"
        fault += " all others"
    else:
        validate_at_the_end(function, partial(_replaced, bucket))
        return cast("s3.CfnBucket", resource)
    raise ConfigurationError(f"{fault}; use S3EventSource", scope=function)


def _replaced(bucket: AnyBucket) -> list[str]:
    if node_of(bucket).try_find_child(CDK_NOTIFICATIONS) is None:
        return []
    return [
        f"{path_of(bucket)} got add_event_notification() or "
        "enable_event_bridge_notification() of CDK after its event source, whose "
        "configuration it replaces; call that before, or use event sources only"
    ]


def named_arn(
    function: LambdaFunction, bucket: AnyBucket, resource: s3.CfnBucket
) -> str:
    """Give the ARN of a bucket by its name, without a reference to it.

    The bucket waits for the permission, since S3 checks that it may invoke. So the
    permission cannot name the bucket by reference, which would be a cycle; and a name
    that CloudFormation makes up is not known before. `arn:aws:s3:::*` would let every
    bucket of the account invoke the function.

    Raises:
        ConfigurationError: The bucket has no name.
    """
    stack = stack_of(function)
    name = stack.resolve(resource.bucket_name)
    if not isinstance(name, str):
        raise ConfigurationError(
            f"{path_of(bucket)} must have a name that is known before it is made, "
            "for the permission that it needs first; pass bucket_name= to it, or use "
            "S3EventSource",
            scope=function,
        )
    return f"arn:{stack.partition}:s3:::{name}"
