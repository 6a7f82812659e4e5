"""What a function gets that says nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import IConstruct

from lambda_constructs._known import node_of
from lambda_constructs.errors import (
    check_given,
    check_scope,
    check_type,
    check_whole,
)

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms

__all__ = ["FunctionDefaults"]


@dataclass(frozen=True, kw_only=True)
class FunctionDefaults:
    """Defaults for every `LambdaFunction` below a scope.

    What the function itself says wins, then what the nearest scope says, then the
    library. `environment` alone is merged, name by name, in that order.

    Attributes:
        architecture: The instruction set. The library says arm64.
        encryption_key: A key for environment, logs and failure queues. The library
            names none: each is encrypted with a key of AWS's. `EdgeFunction` takes
            none, since it logs in many Regions.
        environment: Variables that every function gets.
        log_removal_policy: What becomes of the log group when it leaves the stack.
            The library retains it, unless the creation that made it was rolled back.
        log_retention: How long logs are kept. The library says one year.
        logging_format: The library says JSON.
        memory_size: In MB, which also sets the share of CPU. The library says 512.
        permissions_boundary: Of every role below the scope, also of those that other
            constructs make: `iam.PermissionsBoundary` in one word.
        runtime: The library says the newest Python that Lambda and CDK support.
        tracing: X-Ray. The library says active.
    """

    architecture: lambda_.Architecture | None = None
    encryption_key: kms.Key | kms.IKey | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    log_removal_policy: RemovalPolicy | None = None
    log_retention: logs.RetentionDays | None = None
    logging_format: lambda_.LoggingFormat | None = None
    memory_size: int | None = None
    permissions_boundary: iam.ManagedPolicy | iam.IManagedPolicy | None = None
    runtime: lambda_.Runtime | None = None
    tracing: lambda_.Tracing | None = None

    def __post_init__(self) -> None:
        check_whole("memory_size", self.memory_size)
        check_given(environment=self.environment)
        held = isinstance(self.environment, Mapping)
        check_type("environment", self.environment, "a mapping", holds=held)
        held = hasattr(self.encryption_key, "key_arn")
        wanted = "a Key of aws_cdk.aws_kms"
        check_type("encryption_key", self.encryption_key, wanted, holds=held)
        boundary = self.permissions_boundary
        held = hasattr(boundary, "managed_policy_arn")
        wanted = "a ManagedPolicy of aws_iam"
        check_type("permissions_boundary", boundary, wanted, holds=held)
        for name, kind in KINDS.items():
            value = getattr(self, name)
            held = isinstance(value, kind)
            check_type(name, value, f"a {kind.__name__} of aws_cdk", holds=held)

    def apply_to(self, scope: IConstruct) -> None:
        """Use these for every function that is defined below *scope* from now on.

        Said twice for one scope, what was said later wins.

        Raises:
            ConfigurationError: *scope* is no construct.
        """
        check_scope("apply_to()", scope)
        if self.permissions_boundary is not None:
            iam.PermissionsBoundary.of(scope).apply(self.permissions_boundary)
        # Held by id and beside the scope itself: jsii forgets a Python object that
        # nothing else holds, and would then show the scope as another object.
        before = _applied[id(scope)][1] if id(scope) in _applied else None
        _applied[id(scope)] = (scope, self._over(before) if before else self)

    @classmethod
    def of(cls, scope: IConstruct) -> FunctionDefaults:
        """Give what holds for *scope*: the nearest word on each, or the library's."""
        found = LIBRARY
        if not _applied:
            return found
        for parent in node_of(scope).scopes:
            if id(parent) in _applied:
                found = _applied[id(parent)][1]._over(found)
        return found

    def _over(self, outer: FunctionDefaults) -> FunctionDefaults:
        stated = {
            each.name: value
            for each in fields(self)
            if (value := getattr(self, each.name)) is not None
        }
        stated["environment"] = {**outer.environment, **self.environment}
        return replace(outer, **stated)


KINDS = {
    "architecture": lambda_.Architecture,
    "log_removal_policy": RemovalPolicy,
    "log_retention": logs.RetentionDays,
    "logging_format": lambda_.LoggingFormat,
    "runtime": lambda_.Runtime,
    "tracing": lambda_.Tracing,
}

LIBRARY = FunctionDefaults(
    architecture=lambda_.Architecture.ARM_64,
    log_removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    log_retention=logs.RetentionDays.ONE_YEAR,
    logging_format=lambda_.LoggingFormat.JSON,
    memory_size=512,
    runtime=lambda_.Runtime.PYTHON_3_14,
    tracing=lambda_.Tracing.ACTIVE,
)

_applied: dict[int, tuple[IConstruct, FunctionDefaults]] = {}
