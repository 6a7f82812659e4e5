"""The queues that the library makes for what could not be processed."""

from __future__ import annotations

from functools import cache

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambda_constructs._known import put_below

__all__: list[str] = []


@cache
def _longest() -> Duration:
    return Duration.days(14)


def failure_queue(
    scope: Construct,
    id: str,
    *,
    fifo: bool = False,
    encryption_key: kms.IKey | None = None,
) -> sqs.Queue:
    """Make a queue where messages end: encrypted, TLS only, kept for 14 days."""
    queue = sqs.Queue(
        scope,
        id,
        fifo=fifo or None,
        encryption=(
            sqs.QueueEncryption.KMS
            if encryption_key
            else sqs.QueueEncryption.SQS_MANAGED
        ),
        encryption_master_key=encryption_key,
        enforce_ssl=True,
        retention_period=_longest(),
        # "By queue" would name the source by ARN, and the source names this one.
        redrive_allow_policy=sqs.RedriveAllowPolicy(
            redrive_permission=sqs.RedrivePermission.ALLOW_ALL
        ),
    )
    put_below(scope, queue)
    return queue
