"""Exact grants: these actions on this resource and on nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from aws_cdk import IResource
from aws_cdk import aws_iam as iam
from constructs import IConstruct

from lambda_constructs._actions import services
from lambda_constructs._applicability import arn_of
from lambda_constructs._known import region_of, stack_of
from lambda_constructs._resource_arns import arn_of_key
from lambda_constructs.errors import ConfigurationError, jsii_errors, nearest

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms

__all__: list[str] = []


@cache
def service(name: str) -> iam.ServicePrincipal:
    """Give the principal of a service, which is the same everywhere."""
    return iam.ServicePrincipal(name)


def statement(actions: Sequence[str], *resources: str) -> iam.PolicyStatement:
    """Allow exactly *actions* on exactly *resources*."""
    return iam.PolicyStatement(actions=list(actions), resources=list(resources))


def statements_for(
    actions: Sequence[str],
    resource: IResource | str,
    scope: IConstruct,
    *,
    at: str | None = None,
    via: str | None = None,
) -> list[iam.PolicyStatement]:
    """Allow exactly *actions* on exactly *resource*, by the ARN of each action.

    Raises:
        ConfigurationError: There is no action, or one that `arn_of` refuses.
    """
    if not actions:
        raise ConfigurationError(
            "allow() needs one action or more, got none; name what the handler "
            "calls, as in allow('dynamodb:PutItem', on=table)",
            scope=scope,
        )
    by_arn: dict[str, list[str]] = {}
    with jsii_errors(scope):
        for action in actions:
            arn = arn_of(action, resource, at, scope)
            by_arn.setdefault(arn, []).append(action)
        conditions = _through(via, actions, scope)
    return [
        iam.PolicyStatement(actions=names, resources=[arn], conditions=conditions)
        for arn, names in by_arn.items()
    ]


def _through(
    via: str | None, actions: Sequence[str], scope: IConstruct
) -> dict[str, dict[str, str]] | None:
    """Give the condition that a key is used through one service.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    """
    if via is None:
        return None
    if not isinstance(via, str) or via not in services():
        raise ConfigurationError(
            "via must be the service that uses the key on the handler's behalf, as "
            f"'sns', got {via!r}" + nearest(str(via), services()),
            scope=scope,
        )
    others = [action for action in actions if not action.startswith("kms:")]
    if others:
        raise ConfigurationError(
            f"via is for actions of kms, got {others[0]!r}; allow it by itself",
            scope=scope,
        )
    return _via(via, scope)


def _via(service: str, scope: IConstruct) -> dict[str, dict[str, str]]:
    stack = stack_of(scope)
    through = f"{service}.{region_of(stack)}.{stack.url_suffix}"
    return {"StringEquals": {"kms:ViaService": through}}


def denied_to_code(actions: Sequence[str], function_arn: str) -> iam.PolicyStatement:
    """Deny the function's own code what its role has to allow Lambda itself.

    The condition holds for calls from within the function; those that Lambda makes
    for it, for network interfaces and event sources, carry no function's ARN.

    https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
    """
    return iam.PolicyStatement(
        effect=iam.Effect.DENY,
        actions=list(actions),
        resources=["*"],
        conditions={"ArnEquals": {"lambda:SourceFunctionArn": [function_arn]}},
    )


def key_statement(
    scope: IConstruct, key: kms.Key | kms.IKey, service: str, *actions: str
) -> iam.PolicyStatement:
    """Allow *actions* on *key*, for calls that *service* makes on one's behalf."""
    return iam.PolicyStatement(
        actions=list(actions),
        resources=[arn_of_key(key, scope)],
        conditions=_via(service, scope),
    )
