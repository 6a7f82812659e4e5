"""The role of a schedule: who may assume it, and what it may do."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs

from lambda_constructs._known import (
    account_of,
    function_arn_of,
    path_of,
    queue_arn_of,
    stack_of,
)
from lambda_constructs._queues import failure_queue
from lambda_constructs._resource_arns import arn_of_key
from lambda_constructs.errors import ConfigurationError
from lambda_constructs.event_sources._relations import check_same
from lambda_constructs.event_sources._rule import OWN_REGION, QUEUE
from lambda_constructs.function import LambdaFunction
from lambda_constructs.permissions import key_statement, statement


@dataclass(frozen=True)
class Group:
    """The group of a schedule.

    Attributes:
        name: Its name.
        arn: Its ARN.
        schedules: The ARN of whatever schedule is in it.
    """

    name: str
    arn: str
    schedules: str

    @classmethod
    def of(
        cls,
        function: LambdaFunction,
        given: scheduler.ScheduleGroup | scheduler.IScheduleGroup | None,
    ) -> Group:
        """Give the group that is *given*, or the account's own, `default`."""
        stack = stack_of(function)
        name = given.schedule_group_name if given else "default"

        def arn(resource: str, name: str) -> str:
            return stack.format_arn(
                service="scheduler", resource=resource, resource_name=name
            )

        return cls(
            name,
            given.schedule_group_arn if given else arn("schedule-group", name),
            arn("schedule", f"{name}/*"),
        )


def make_role(
    function: LambdaFunction,
    id: str,
    *,
    group: Group,
    store: sqs.Queue | sqs.IQueue,
    key: kms.Key | kms.IKey | None,
) -> tuple[iam.Role, iam.ManagedPolicy]:
    """Make the role `<id>Role` and its policy: invoke, and keep what cannot be.

    It trusts Scheduler for the schedules of one group; AWS supports no single one.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """
    account = account_of(stack_of(function))
    trusted = {"aws:SourceAccount": account, "aws:SourceArn": group.arn}
    role = iam.Role(
        function,
        f"{id}Role",
        assumed_by=iam.ServicePrincipal(
            "scheduler.amazonaws.com", conditions={"StringEquals": trusted}
        ),
    )
    given = [
        statement(["lambda:InvokeFunction"], function_arn_of(function.live)),
        statement(["sqs:SendMessage"], queue_arn_of(store)),
    ]
    if store.encryption_master_key is not None:
        send = ("kms:Decrypt", "kms:GenerateDataKey")
        given.append(key_statement(function, store.encryption_master_key, "sqs", *send))
    if key is not None:
        given.append(_use_key(function, key, group))
    policy = iam.ManagedPolicy(function, f"{id}Policy", roles=[role], statements=given)
    return role, policy


def _use_key(
    function: LambdaFunction, key: kms.Key | kms.IKey, group: Group
) -> iam.PolicyStatement:
    # By the encryption context, since AWS documents kms:ViaService for those only who
    # call Scheduler. Of the group, since the schedule's own ARN would be a cycle.
    decrypt = statement(["kms:Decrypt"], arn_of_key(key, function))
    context = "kms:EncryptionContext:aws:scheduler:schedule:arn"
    decrypt.add_conditions({"ArnLike": {context: group.schedules}})
    return decrypt


def keep_undelivered(
    function: LambdaFunction, id: str, given: sqs.Queue | sqs.IQueue | None
) -> sqs.Queue | sqs.IQueue:
    """Give the dead-letter queue, which takes messages from the role of the schedule.

    Raises:
        ConfigurationError: Scheduler cannot send to the queue that is *given*.
    """
    if given is None:
        queue = failure_queue(function, id, encryption_key=function.encryption_key)
        function.failure_queues.append(queue)
        return queue
    if given.fifo:
        raise ConfigurationError(
            f"dead_letter_queue must be standard, got FIFO {path_of(given)}; "
            "Scheduler cannot send to FIFO, pass a standard one",
            scope=function,
        )
    check_same("Region", function, given, OWN_REGION, name=QUEUE)
    return given
