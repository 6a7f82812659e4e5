"""The options of `aws_cdk.aws_lambda.Function` that a `LambdaFunction` passes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict

from lambda_constructs.errors import (
    ConfigurationError,
    check_type,
    check_whole,
    nearest,
)

if TYPE_CHECKING:
    from aws_cdk import Size
    from aws_cdk import aws_codeguruprofiler as codeguruprofiler
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_logs as logs
    from aws_cdk import aws_sns as sns
    from aws_cdk import aws_sqs as sqs
    from constructs import Construct

__all__ = ["FunctionOptions"]


class FunctionOptions(TypedDict, total=False):
    """Every other option of `aws_cdk.aws_lambda.Function`, passed through.

    What they mean is CDK's to say:
    https://docs.aws.amazon.com/cdk/api/v2/python/aws_cdk.aws_lambda/Function.html
    """

    adot_instrumentation: lambda_.AdotInstrumentationConfig
    allow_all_ipv6_outbound: bool
    allow_all_outbound: bool
    allow_public_subnet: bool
    application_log_level_v2: lambda_.ApplicationLogLevel
    architecture: lambda_.Architecture
    code_signing_config: lambda_.CodeSigningConfig | lambda_.ICodeSigningConfig
    current_version_options: lambda_.VersionOptions
    dead_letter_queue: sqs.Queue | sqs.IQueue
    dead_letter_topic: sns.Topic | sns.ITopic
    description: str
    durable_config: lambda_.DurableConfig
    environment: Mapping[str, str]
    environment_encryption: kms.Key | kms.IKey
    ephemeral_storage_size: Size
    filesystem: lambda_.FileSystem
    function_name: str
    initial_policy: Sequence[iam.PolicyStatement]
    insights_version: lambda_.LambdaInsightsVersion
    ipv6_allowed_for_dual_stack: bool
    layers: Sequence[lambda_.LayerVersion | lambda_.ILayerVersion]
    log_group: logs.LogGroup | logs.ILogGroup
    logging_format: lambda_.LoggingFormat
    memory_size: int
    params_and_secrets: lambda_.ParamsAndSecretsLayerVersion
    profiling: bool
    profiling_group: codeguruprofiler.IProfilingGroup
    recursive_loop: lambda_.RecursiveLoop
    reserved_concurrent_executions: int
    runtime_management_mode: lambda_.RuntimeManagementMode
    security_groups: Sequence[ec2.SecurityGroup | ec2.ISecurityGroup]
    snap_start: lambda_.SnapStartConf
    system_log_level_v2: lambda_.SystemLogLevel
    tenancy_config: lambda_.TenancyConfig
    tracing: lambda_.Tracing
    vpc: ec2.Vpc | ec2.IVpc
    vpc_subnets: ec2.SubnetSelection


def check_options(options: Mapping[str, object], scope: Construct) -> None:
    """Check names and types, in the words of this library instead of jsii's.

    Raises:
        ConfigurationError: An option is unknown, left out here, or of another type.
    """
    for name, value in options.items():
        if name in NOT_OPTIONS:
            raise ConfigurationError(
                f"{name} is not an option here: {NOT_OPTIONS[name]}", scope=scope
            )
        if name not in FunctionOptions.__annotations__:
            raise ConfigurationError(
                f"{name} is not an option of aws_lambda.Function"
                + nearest(name, FunctionOptions.__annotations__),
                scope=scope,
            )
        _check_option(name, value, scope)
    for name, value in dict(options.get("environment") or {}).items():  # type: ignore[call-overload]
        held = isinstance(name, str) and isinstance(value, str)
        check_type(
            f"environment[{name!r}]", value, "text by its name", holds=held, scope=scope
        )


def _check_option(name: str, value: object, scope: Construct) -> None:
    declared = FunctionOptions.__annotations__[name]
    kind = getattr(declared, "__forward_arg__", str(declared))
    plain = isinstance(value, bool | int | float | str | bytes | Mapping | list | tuple)
    if kind == "int":
        check_whole(name, value, scope=scope)
    elif kind == "bool":
        known = isinstance(value, bool)
        check_type(name, value, "True or False", holds=known, scope=scope)
    elif kind == "str":
        check_type(name, value, "text", holds=isinstance(value, str), scope=scope)
    elif kind.startswith("Mapping"):
        known = isinstance(value, Mapping)
        check_type(name, value, "a mapping of names", holds=known, scope=scope)
    elif kind.startswith("Sequence"):
        known = isinstance(value, Sequence) and not isinstance(value, str | bytes)
        wanted = kind.removeprefix("Sequence[").removesuffix("]")
        check_type(name, value, f"a list of {wanted}", holds=known, scope=scope)
    else:
        check_type(name, value, f"{kind} of aws_cdk", holds=not plain, scope=scope)


_ASYNC = (
    "it would configure $LATEST, which nothing invokes; pass async_invoke=AsyncInvoke()"
)
_LOGS = "it adds a helper function; the function owns a log group, or pass log_group="
_OLD_LOG_LEVEL = "CDK deprecates it; pass the option of that name that ends in _v2"

NOT_OPTIONS = {
    "application_log_level": _OLD_LOG_LEVEL,
    "dead_letter_queue_enabled": (
        "it makes a queue of CDK's own; pass async_invoke=AsyncInvoke(), or a queue "
        "as dead_letter_queue="
    ),
    "events": "it would bind sources to $LATEST; call add_event_source()",
    "log_format": "CDK deprecates it; pass logging_format=",
    "log_removal_policy": _LOGS,
    "log_retention": _LOGS + " or FunctionDefaults(log_retention=)",
    "log_retention_retry_options": _LOGS,
    "log_retention_role": _LOGS,
    "max_event_age": _ASYNC,
    "on_failure": _ASYNC,
    "on_success": _ASYNC,
    "retry_attempts": _ASYNC,
    "role": "each function has its own; grant to it with allow() or grant_*()",
    "system_log_level": _OLD_LOG_LEVEL,
}
"""CDK's options that are left out, each with the reason and what to do instead."""
