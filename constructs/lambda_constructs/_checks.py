"""What Lambda would refuse about a function, found at synthesis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, Size, SizeRoundingBehavior
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambda_constructs import limits
from lambda_constructs._account import claim_concurrency
from lambda_constructs._code_checks import check_package
from lambda_constructs._known import path_of, region_of, stack_of
from lambda_constructs._options import FunctionOptions
from lambda_constructs.errors import (
    ConfigurationError,
    check_duration,
    check_range,
    is_token,
    literal,
    seconds,
)
from lambda_constructs.practices import Practice
from lambda_constructs.secrets import check_no_secrets


def check_function(
    scope: Construct,
    handler: str,
    runtime: lambda_.Runtime,
    timeout: Duration,
    options: FunctionOptions,
) -> None:
    """Check every limit of a function, and the options that exclude each other.

    Raises:
        ConfigurationError: Lambda would refuse the function.
    """
    _check_timeout(scope, timeout)
    _check_sizes(scope, options)
    _check_provisioned(scope, options)
    _check_durable(scope, options)
    check_environment(scope, options.get("environment", {}))
    _check_text(scope, options)
    check_package(scope, handler, runtime, options)
    _check_snap_start(scope, runtime, options)
    _check_logging(scope, options)
    _check_dead_letters(scope, options)
    reserved = options.get("reserved_concurrent_executions")
    claim_concurrency(scope, _provisioned(options) if reserved is None else reserved)


def _check_timeout(scope: Construct, timeout: Duration) -> None:
    if timeout is None:
        raise ConfigurationError(
            "timeout must be given, got None; Lambda's own 3 s are never right",
            scope=scope,
        )
    check_duration("timeout", timeout, scope=scope)
    check_range(
        "timeout",
        seconds(timeout),
        *limits.TIMEOUT_SECONDS,
        unit="s",
        scope=scope,
        remedy="split longer work into steps, with Step Functions for example",
    )


def _check_sizes(scope: Construct, options: FunctionOptions) -> None:
    check_range(
        "memory_size",
        options.get("memory_size"),
        *limits.MEMORY_MB,
        unit="MB",
        scope=scope,
    )
    check_range(
        "ephemeral_storage_size",
        _mebibytes(options.get("ephemeral_storage_size")),
        *limits.EPHEMERAL_STORAGE_MB,
        unit="MB",
        scope=scope,
    )
    reserved = options.get("reserved_concurrent_executions")
    if reserved is None or is_token(reserved):
        return
    if reserved < 0:
        raise ConfigurationError(
            f"reserved_concurrent_executions must not be negative, got {reserved}; "
            "leave it out to share the account's concurrency",
            scope=scope,
        )
    if reserved == 0:
        Practice.RESERVED_CONCURRENCY_ZERO.warn(
            scope,
            "reserved_concurrent_executions=0 throttles every invocation, so the "
            "function is switched off; leave it out to switch it on",
        )


def _check_provisioned(scope: Construct, options: FunctionOptions) -> None:
    provisioned = literal(_provisioned(options))
    if provisioned is None:
        return
    if options.get("tenancy_config") is not None:
        # https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
        raise ConfigurationError(
            "tenancy_config does not work with provisioned_concurrent_executions; "
            "leave one of them out",
            scope=scope,
        )
    reserved = literal(options.get("reserved_concurrent_executions"))
    if provisioned < 1 or (reserved is not None and provisioned > reserved):
        most = "" if reserved is None else f" and at most the reserved {reserved}"
        raise ConfigurationError(
            f"provisioned_concurrent_executions must be at least 1{most}, got "
            f"{provisioned:g}",
            scope=scope,
        )


def _provisioned(options: FunctionOptions) -> float | None:
    version = options.get("current_version_options")
    return version.provisioned_concurrent_executions if version else None


def _check_durable(scope: Construct, options: FunctionOptions) -> None:
    config = options.get("durable_config")
    if config is None:
        return
    check_range(
        "execution_timeout",
        seconds(config.execution_timeout),
        *limits.DURABLE_EXECUTION_SECONDS,
        unit="s",
        scope=scope,
    )
    kept = seconds(config.retention_period)
    check_range(
        "retention_period",
        None if kept is None else kept / 86_400,
        *limits.DURABLE_RETENTION_DAYS,
        unit="days",
        scope=scope,
    )


def check_environment(scope: Construct, environment: Mapping[str, str]) -> None:
    """Check the variables of a function: names, size, and that none is a secret.

    Raises:
        ConfigurationError: Lambda would refuse them, or everybody could read a secret.
    """
    for name in environment:
        if name in limits.RESERVED_ENVIRONMENT_NAMES:
            raise ConfigurationError(
                f"environment must not set {name}, which Lambda sets itself; "
                "choose another name",
                scope=scope,
            )
        if not limits.ENVIRONMENT_NAME.fullmatch(name):
            raise ConfigurationError(
                f"environment names must be a letter and then one or more letters, "
                f"digits or underscores, got {name!r}; rename it",
                scope=scope,
            )
    # What a token will resolve to is not known; all else must fit already.
    size = sum(
        len(text.encode())
        for pair in environment.items()
        for text in pair
        if not is_token(text)
    )
    if size > limits.ENVIRONMENT_BYTES:
        raise ConfigurationError(
            f"environment must be at most {limits.ENVIRONMENT_BYTES:,} bytes, names "
            f"and values together, got {size:,} bytes; keep large values in Parameter "
            "Store, AppConfig or S3 and pass their names",
            scope=scope,
        )
    check_no_secrets(environment, scope)


def check_variable(
    scope: Construct, name: object, environment: Mapping[str, str]
) -> None:
    """Check that *name* is text, and that no variable of *environment* has it.

    Raises:
        ConfigurationError: It is something else, or taken.
    """
    if not isinstance(name, str):
        raise ConfigurationError(
            f"variable must be the name of a variable, got {name!r}", scope=scope
        )
    if name in environment:
        raise ConfigurationError(
            f"environment has {name} already; choose another variable=", scope=scope
        )


def _check_text(scope: Construct, options: FunctionOptions) -> None:
    name = options.get("function_name")
    if (
        name is not None
        and not is_token(name)
        and not limits.FUNCTION_NAME.fullmatch(name)
    ):
        raise ConfigurationError(
            "function_name must be 1 to 64 letters, digits, hyphens or underscores, "
            f"got {name!r} ({len(name)} characters); leave it out to have one made",
            scope=scope,
        )
    _check_count(
        scope, "description", options.get("description"), limits.DESCRIPTION_CHARACTERS
    )
    _check_count(scope, "layers", options.get("layers"), limits.LAYERS)
    groups = options.get("security_groups")
    _check_count(scope, "security_groups", groups, limits.SECURITY_GROUPS)
    _check_count(scope, "vpc_subnets", _subnets(options), limits.SUBNETS)


def _check_count(
    scope: Construct, name: str, value: Sequence[object] | None, most: int
) -> None:
    if value is None or is_token(value) or len(value) <= most:
        return
    items = name.removeprefix("vpc_").replace("_", " ")
    unit = "characters" if isinstance(value, str) else items
    raise ConfigurationError(
        f"{name} must be at most {most} {unit}, got {len(value)}", scope=scope
    )


def _subnets(options: FunctionOptions) -> Sequence[str] | None:
    vpc, chosen = options.get("vpc"), options.get("vpc_subnets")
    if vpc is None:
        return None
    selection = chosen or ec2.SubnetSelection()
    return vpc.select_subnets(
        availability_zones=selection.availability_zones,
        one_per_az=selection.one_per_az,
        subnet_filters=selection.subnet_filters,
        subnet_group_name=selection.subnet_group_name,
        subnets=selection.subnets,
        subnet_type=selection.subnet_type,
    ).subnet_ids


def _check_snap_start(
    scope: Construct, runtime: lambda_.Runtime, options: FunctionOptions
) -> None:
    if options.get("snap_start") is None:
        return
    storage = _mebibytes(options.get("ephemeral_storage_size")) or 0
    region = region_of(stack_of(scope))
    faults = {
        "provisioned_concurrent_executions": _provisioned(options) is not None,
        f"runtime {runtime.name}": not runtime.supports_snap_start,
        "filesystem": options.get("filesystem") is not None,
        "tenancy_config": options.get("tenancy_config") is not None,
        f"Region {region}": region in limits.REGIONS_WITHOUT_SNAP_START,
        f"ephemeral_storage_size above {limits.SNAP_START_EPHEMERAL_STORAGE_MB} MB": (
            storage > limits.SNAP_START_EPHEMERAL_STORAGE_MB
        ),
    }
    for fault, found in faults.items():
        if found:
            raise ConfigurationError(
                f"snap_start does not work with {fault}; leave one of them out",
                scope=scope,
            )


def _check_logging(scope: Construct, options: FunctionOptions) -> None:
    if options.get("logging_format") != lambda_.LoggingFormat.TEXT:
        return
    levels = {"application_log_level_v2", "system_log_level_v2"} & options.keys()
    if levels:
        raise ConfigurationError(
            f"{' and '.join(sorted(levels))} need JSON logs, got "
            "logging_format=LoggingFormat.TEXT; leave logging_format out",
            scope=scope,
        )


def _check_dead_letters(scope: Construct, options: FunctionOptions) -> None:
    queue: sqs.Queue | sqs.IQueue | None = options.get("dead_letter_queue")
    topic: sns.Topic | sns.ITopic | None = options.get("dead_letter_topic")
    if queue is not None and topic is not None:
        raise ConfigurationError(
            "dead_letter_queue and dead_letter_topic exclude each other; pass one",
            scope=scope,
        )
    for name, store in (("dead_letter_queue", queue), ("dead_letter_topic", topic)):
        if store is not None and store.fifo:
            raise ConfigurationError(
                f"{name} must be standard, got FIFO {path_of(store)}; "
                "Lambda cannot send to FIFO, pass a standard one",
                scope=scope,
            )


def _mebibytes(size: Size | None) -> float | None:
    if size is None or size.is_unresolved():
        return None
    return size.to_mebibytes(rounding=SizeRoundingBehavior.NONE)
