"""The resources of a `LambdaFunction`."""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from aws_cdk import Annotations, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from lambda_constructs._code_checks import (
    FROM_IMAGE,
    check_image_config,
    check_inline_code,
)
from lambda_constructs._defaults import FunctionDefaults
from lambda_constructs._dependencies import leave_out_role
from lambda_constructs._destinations import Target, to_queue, to_topic
from lambda_constructs._encryption import let_decrypt_environment, let_logs_use
from lambda_constructs._insights import InsightsRole, insights_statement
from lambda_constructs._known import function_arn_of, node_of, resource_of
from lambda_constructs._options import FunctionOptions
from lambda_constructs._signing import check_signing
from lambda_constructs.permissions import denied_to_code, service, statement
from lambda_constructs.secrets import METADATA, reasons

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms

    from lambda_constructs.code import PythonCode
    from lambda_constructs.function import LambdaFunction

NETWORK_ACTIONS = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html."""

SNAP_START_WARNING = "@aws-cdk/aws-lambda:snapStartRequirePublish"

TRACING_MODES = {
    lambda_.Tracing.ACTIVE: "Active",
    lambda_.Tracing.PASS_THROUGH: "PassThrough",
}


def settled(
    options: FunctionOptions,
    defaults: FunctionDefaults,
    key: kms.Key | kms.IKey | None,
) -> FunctionOptions:
    """Lay what the caller says over what holds for the scope."""
    merged: dict[str, Any] = {
        "architecture": defaults.architecture,
        "logging_format": defaults.logging_format,
        "memory_size": defaults.memory_size,
        "tracing": defaults.tracing,
        **options,
        "current_version_options": _retained(options.get("current_version_options")),
        "environment": {**defaults.environment, **options.get("environment", {})},
    }
    if key is not None:
        merged.setdefault("environment_encryption", key)
    for name in ("layers", "security_groups"):  # jsii knows lists, and no tuples
        if name in merged:
            merged[name] = list(merged[name])
    return cast("FunctionOptions", merged)


RETAINED = lambda_.VersionOptions(removal_policy=RemovalPolicy.RETAIN)


def _retained(given: lambda_.VersionOptions | None) -> lambda_.VersionOptions:
    """Let old versions stay, unless told otherwise: an alias can go back to one."""
    if given is None:
        return RETAINED
    names = inspect.signature(lambda_.VersionOptions.__init__).parameters
    values = {name: getattr(given, name, None) for name in names if name != "self"}
    values["removal_policy"] = values["removal_policy"] or RemovalPolicy.RETAIN
    return lambda_.VersionOptions(**values)


def log_group(scope: LambdaFunction, defaults: FunctionDefaults) -> logs.LogGroup:
    """Make the group, which then exists before the function first writes to it."""
    if scope.encryption_key is not None:
        let_logs_use(scope.encryption_key, scope)
    return logs.LogGroup(
        scope,
        "Logs",
        encryption_key=scope.encryption_key,
        retention=defaults.log_retention,
        removal_policy=defaults.log_removal_policy,
    )


def role(scope: LambdaFunction, settings: FunctionOptions) -> iam.Role:
    """Make the role, which Lambda alone may assume."""
    kind = InsightsRole if "insights_version" in settings else iam.Role
    return kind(scope, "Role", assumed_by=service("lambda.amazonaws.com"))


@cache
def _tracing_statement() -> iam.PolicyStatement:
    """Let it trace: X-Ray has no resources that a policy could name."""
    return statement(["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*")


def policy(scope: LambdaFunction, settings: FunctionOptions) -> iam.ManagedPolicy:
    """Make the one policy of the role; it starts with logs and traces."""
    statements = [
        statement(
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            scope.log_group.log_group_arn,
        )
    ]
    if settings.get("tracing") in TRACING_MODES:
        statements.append(_tracing_statement())
    if "insights_version" in settings:
        statements.append(insights_statement(scope.role))
    statements += settings.pop("initial_policy", ())
    return iam.ManagedPolicy(scope, "Policy", roles=[scope.role], statements=statements)


def function(
    scope: LambdaFunction,
    code: lambda_.Code | PythonCode,
    handler: str,
    runtime: lambda_.Runtime,
    settings: FunctionOptions,
) -> lambda_.Function:
    """Make the function with the role and log group of *scope*."""
    check_signing(scope, code, runtime, settings)
    if not isinstance(code, lambda_.Code):
        architecture = settings["architecture"]
        code = code.for_function(
            scope, runtime=runtime, architecture=architecture, handler=handler
        )
    # Set on the resource below, since CDK's L2 would add grants of its own.
    tracing = settings.pop("tracing")
    dead_letters = _dead_letters(scope, settings)
    made = lambda_.Function(
        scope,
        "Function",
        code=code,
        handler=handler,
        runtime=runtime,
        timeout=scope.timeout,
        role=scope.role,
        **settings,
    )
    resource = cast("lambda_.CfnFunction", resource_of(made))
    check_inline_code(scope, code, handler, resource)
    if handler == FROM_IMAGE:
        check_image_config(scope, resource)
    leave_out_role(scope, resource, scope.role)
    if "snap_start" in settings:
        Annotations.of(made).acknowledge_warning(
            SNAP_START_WARNING, "a version is always published, and is what is invoked"
        )
    if told := reasons(settings["environment"]):
        resource.add_metadata(METADATA, told)
    if tracing in TRACING_MODES:
        resource.tracing_config = lambda_.CfnFunction.TracingConfigProperty(
            mode=TRACING_MODES[tracing]
        )
    if dead_letters is not None:
        resource.dead_letter_config = lambda_.CfnFunction.DeadLetterConfigProperty(
            target_arn=dead_letters.arn
        )
    _grant_what_options_need(scope, made, settings, dead_letters)
    return made


def _dead_letters(scope: LambdaFunction, settings: FunctionOptions) -> Target | None:
    queue = settings.pop("dead_letter_queue", None)
    topic = settings.pop("dead_letter_topic", None)
    if queue is not None:
        return to_queue(queue, scope)
    return None if topic is None else to_topic(topic, scope)


def _grant_what_options_need(
    scope: LambdaFunction,
    made: lambda_.Function,
    settings: FunctionOptions,
    dead_letters: Target | None,
) -> None:
    first = list(dead_letters.statements) if dead_letters is not None else []
    if "vpc" in settings:
        first.append(statement(NETWORK_ACTIONS, "*"))
        scope.policy.add_statements(
            denied_to_code(NETWORK_ACTIONS, function_arn_of(made))
        )
    if "environment_encryption" in settings:
        key = settings["environment_encryption"]
        let_decrypt_environment(scope, key, function_arn_of(made))
    if "durable_config" in settings:
        # https://docs.aws.amazon.com/lambda/latest/dg/durable-security.html
        state = ["lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState"]
        scope.policy.add_statements(statement(state, f"{function_arn_of(made)}:*"))
    if first:
        # Lambda looks for these when it creates the function. The policy above comes
        # later on purpose: it may name what in turn names the alias.
        node_of(made).add_dependency(
            iam.ManagedPolicy(
                scope, "CreationPolicy", roles=[scope.role], statements=first
            )
        )
