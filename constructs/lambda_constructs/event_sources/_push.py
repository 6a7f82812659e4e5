"""What sources have in common that invoke a function themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct, IConstruct

from lambda_constructs import limits
from lambda_constructs._known import (
    account_of,
    function_arn_of,
    node_of,
    path_of,
    queue_arn_of,
    resource_of,
    stack_of,
)
from lambda_constructs._queues import failure_queue
from lambda_constructs.errors import ConfigurationError, is_token, literal, seconds
from lambda_constructs.event_sources._relations import check_tenants
from lambda_constructs.failure import AsyncInvoke
from lambda_constructs.function import LambdaFunction
from lambda_constructs.permissions import service
from lambda_constructs.practices import Practice


def source_id(function: LambdaFunction, id: str) -> str:
    """Give *id*, by which a source without a resource of its own names itself.

    Raises:
        ConfigurationError: Another source of *function* has it, or it is empty.
    """
    if not id:
        raise ConfigurationError(
            "id must not be empty; leave it out for its default", scope=function
        )
    if node_of(function).try_find_child(id) is not None:
        raise ConfigurationError(
            f"{id!r} is the id of another event source, or of a part of the function; "
            "pass a distinct id= to this one",
            scope=function,
        )
    return id


def allow_invoke(
    function: LambdaFunction,
    id: str,
    *,
    principal: str,
    source_arn: str | None = None,
    source_account: str | None = None,
    event_source_token: str | None = None,
    scope: Construct | None = None,
) -> lambda_.CfnPermission:
    """Let a service invoke the live alias, on behalf of one source alone.

    An ARN without an account needs *source_account* too: whoever re-creates the source
    would else inherit the permission. L1, since CDK's L2s leave either out. It is
    below the function, or below *scope* where the source's stack has to hold it.

    https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html
    """
    permission = lambda_.CfnPermission(
        scope or function,
        id,
        action="lambda:InvokeFunction",
        function_name=function_arn_of(function.live),
        principal=principal,
        source_arn=source_arn,
        source_account=source_account,
        event_source_token=event_source_token,
    )
    function.permissions.append(permission)
    if len(function.permissions) == limits.RESOURCE_POLICY_STATEMENTS + 1:
        Practice.RESOURCE_POLICY_SIZE.warn(
            function,
            f"its sources need more than {limits.RESOURCE_POLICY_STATEMENTS} "
            "permissions, which may not fit into the 20 KB of its resource policy; "
            "divide them among several functions",
        )
    return permission


def keep_failures(function: LambdaFunction) -> None:
    """See to it that asynchronous events which *function* gives up end somewhere.

    A function that says nothing of them gets `AsyncInvoke()`; one that has that, or a
    dead-letter queue of its own, keeps what it has.

    Raises:
        ConfigurationError: It keeps tenants apart, and so takes no events.
    """
    check_tenants(function)
    resource = cast("lambda_.CfnFunction", resource_of(function.function))
    if function.async_config is None and resource.dead_letter_config is None:
        AsyncInvoke().bind(function)


def last_attempt_after(function: LambdaFunction) -> int | None:
    """Give after how many seconds Lambda may begin its last attempt at an event.

    Each attempt may use up the timeout. Throttling adds to it. None, where a token
    hides it.
    """
    timeout, retries = seconds(function.timeout), limits.ASYNC_RETRY_ATTEMPTS[1]
    if function.async_config is not None:
        told = function.async_config.maximum_retry_attempts
        if literal(told) is None:
            return None
        retries = int(cast("float", told))
    if timeout is None:
        return None
    return int(retries * timeout + sum(limits.ASYNC_RETRY_PAUSES_SECONDS[:retries]))


def undelivered(
    function: LambdaFunction,
    id: str,
    given: sqs.Queue | sqs.IQueue | None,
    *,
    principal: str,
    source: IConstruct,
    source_arn: str,
    source_arns: Callable[[], str],
    source_account: str | None = None,
) -> sqs.Queue | sqs.IQueue:
    """Give the queue for events that a service could not deliver to Lambda at all.

    It is the second of two stores: what was delivered and then failed in the function
    ends in the function's own. A queue of another stack takes what any *source_arns*
    sends, since naming *source* would make the two stacks depend on each other. Where
    the source may be of another account than the function, *source_account* says
    whose it is.

    Raises:
        ConfigurationError: The service cannot send to the queue that is *given*.
    """
    queue: sqs.Queue | sqs.IQueue
    if given is None:
        key: kms.Key | kms.IKey | None = function.encryption_key
        queue = failure_queue(function, id, encryption_key=key)
        function.failure_queues.append(queue)
    else:
        _check_dead_letter_queue(function, given, principal)
        queue, key = given, given.encryption_master_key
    beside = stack_of(queue) in (stack_of(function), stack_of(source))
    exact = beside or not is_token(source_arn)
    conditions = (
        {"ArnEquals": {"aws:SourceArn": source_arn}}
        if exact
        else {"ArnLike": {"aws:SourceArn": source_arns()}}
    )
    sender = service(principal)
    send = iam.PolicyStatement(
        actions=["sqs:SendMessage"],
        principals=[sender],
        resources=[queue_arn_of(queue)],
        conditions=conditions,
    )
    known = queue.add_to_resource_policy(send).statement_added
    if key is not None:
        # By account: the source's ARN would be a cycle, since it names the queue.
        account = source_account or account_of(stack_of(function))
        use = iam.PolicyStatement(
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            principals=[sender],
            resources=["*"],
            conditions={"StringEquals": {"aws:SourceAccount": account}},
        )
        known = key.add_to_resource_policy(use).statement_added and known
    if not known:
        Practice.IMPORTED_DEAD_LETTER_QUEUE.warn(
            function,
            f"dead_letter_queue {path_of(queue)}, or its key, is imported, so that "
            "its policy cannot be extended here, and events would be lost; let "
            f"{principal} send to the queue where it is defined, and use its key",
        )
    return queue


def _check_dead_letter_queue(
    function: LambdaFunction, queue: sqs.Queue | sqs.IQueue, principal: str
) -> None:
    if queue.fifo:
        raise ConfigurationError(
            f"dead_letter_queue must be standard, got FIFO {path_of(queue)}; "
            f"{principal} cannot send to FIFO, pass a standard one",
            scope=function,
        )
    if queue.encryption_type == sqs.QueueEncryption.KMS_MANAGED:
        raise ConfigurationError(
            f"dead_letter_queue {path_of(queue)} must not be encrypted with the key "
            f"alias/aws/sqs, which {principal} may not use, so that events would be "
            "lost; pass encryption=QueueEncryption.SQS_MANAGED to the queue, or a key "
            "of your own",
            scope=function,
        )
