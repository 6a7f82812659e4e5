"""What this library makes of a function, written with CDK's constructs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct, IDependable

from benchmarks.patterns import resources


@dataclass(frozen=True)
class Worker:
    """A function and what callers have to do with.

    Attributes:
        function: The function itself.
        live: The alias that is invoked.
        policy: What it may do.
    """

    function: lambda_.Function
    live: lambda_.Alias
    policy: iam.ManagedPolicy

    @property
    def as_function(self) -> Any:  # noqa: ANN401 - jsii's interfaces, as Python sees them
        """Give the alias as what CDK's sources take."""
        return self.live

    def allow(self, service: str, **source: str | None) -> IDependable:
        """Let a service invoke the alias; give the permission."""
        principal = iam.ServicePrincipal(service)
        self.live.add_permission(
            "Permission",
            principal=cast("iam.IPrincipal", principal),
            **cast("Any", source),
        )
        return cast("IDependable", self.live.node.find_child("Permission"))


def worker(scope: Construct, *statements: iam.PolicyStatement) -> Worker:
    """Define a function that may do *statements* beside writing its logs."""
    group = logs.LogGroup(
        scope,
        "Logs",
        removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        retention=logs.RetentionDays.ONE_YEAR,
    )
    made = role(scope, "Role", "lambda.amazonaws.com")
    logging = statement(
        group.log_group_arn, "logs:CreateLogStream", "logs:PutLogEvents"
    )
    tracing = statement("*", "xray:PutTelemetryRecords", "xray:PutTraceSegments")
    policy = iam.ManagedPolicy(
        scope, "Policy", roles=[made], statements=[logging, tracing, *statements]
    )
    function = lambda_.Function(
        scope,
        "Worker",
        code=resources.code(),
        handler="index.handler",
        runtime=lambda_.Runtime.PYTHON_3_14,
        architecture=lambda_.Architecture.ARM_64,
        memory_size=512,
        timeout=resources.TIMEOUT,
        # CDK takes the role as it is, and adds no grants to it.
        role=made.without_policy_updates(),
        log_group=cast("Any", group),
        logging_format=lambda_.LoggingFormat.JSON,
        tracing=lambda_.Tracing.ACTIVE,
        current_version_options=lambda_.VersionOptions(
            removal_policy=RemovalPolicy.RETAIN
        ),
    )
    version = cast("Any", function.current_version)
    live = lambda_.Alias(scope, "Live", alias_name="live", version=version)
    return Worker(function, live, policy)


def asynchronous(scope: Construct, *statements: iam.PolicyStatement) -> Worker:
    """Define a function that is invoked by events, and what becomes of failed ones."""
    failures = dead_letters(scope, "Failures")
    send = statement(failures.queue_arn, "sqs:SendMessage")
    made = worker(scope, send, *statements)
    config = lambda_.EventInvokeConfig(
        scope,
        "AsyncInvoke",
        function=cast("Any", made.function),
        qualifier="live",
        max_event_age=Duration.hours(6),
        on_failure=cast("Any", destinations.SqsDestination(cast("Any", failures))),
        retry_attempts=2,
    )
    config.node.add_dependency(made.live, made.policy)
    return made


def dead_letters(scope: Construct, id: str, *, fifo: bool | None = None) -> sqs.Queue:
    """Define a queue that keeps what failed."""
    return sqs.Queue(
        scope,
        id,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        fifo=fifo,
        retention_period=Duration.days(14),
        redrive_allow_policy=sqs.RedriveAllowPolicy(
            redrive_permission=sqs.RedrivePermission.ALLOW_ALL
        ),
    )


def role(
    scope: Construct, id: str, service: str, **conditions: dict[str, str]
) -> iam.Role:
    """Define a role that a service may assume."""
    principal = iam.ServicePrincipal(service, conditions=conditions or None)
    return iam.Role(scope, id, assumed_by=cast("iam.IPrincipal", principal))


def statement(resource: str, *actions: str) -> iam.PolicyStatement:
    """Allow *actions* on one resource."""
    return iam.PolicyStatement(actions=list(actions), resources=[resource])
