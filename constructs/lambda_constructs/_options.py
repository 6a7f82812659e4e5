"""The options of `aws_cdk.aws_lambda.Function` that a `LambdaFunction` passes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict

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
