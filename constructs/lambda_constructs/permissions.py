"""Exact grants: these actions on this resource and on nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from aws_cdk import IResource, Stack, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import IConstruct, Node

from lambda_constructs.errors import ConfigurationError, jsii_errors, nearest

__all__: list[str] = []

ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z0-9]+")

ARN_ATTRIBUTES = {
    "codecommit": "repository_arn",
    "cognito-idp": "user_pool_arn",
    "dynamodb": "table_arn",
    "events": "event_bus_arn",
    "kinesis": "stream_arn",
    "kms": "key_arn",
    "lambda": "function_arn",
    "s3": "bucket_arn",
    "secretsmanager": "secret_arn",
    "sns": "topic_arn",
    "sqs": "queue_arn",
    "ssm": "parameter_arn",
    "states": "state_machine_arn",
}
"""The attribute of CDK's resources that holds what actions of a service act on."""


def statement(actions: Sequence[str], *resources: str) -> iam.PolicyStatement:
    """Allow exactly *actions* on exactly *resources*."""
    return iam.PolicyStatement(actions=list(actions), resources=list(resources))


def statements_for(
    actions: Sequence[str], resource: IResource | str, scope: IConstruct
) -> list[iam.PolicyStatement]:
    """Allow exactly *actions* on exactly *resource*, by the ARN of each action.

    Raises:
        ConfigurationError: There is no action, or one that `arn_for` refuses.
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
            by_arn.setdefault(arn_for(action, resource, scope), []).append(action)
    return [statement(names, arn) for arn, names in by_arn.items()]


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
    stack = Stack.of(scope)
    key_arn = key_itself(key, scope).key_arn
    via = f"{service}.{stack.region}.{stack.url_suffix}"
    return iam.PolicyStatement(
        actions=list(actions),
        resources=[key_arn],
        conditions={"StringEquals": {"kms:ViaService": via}},
    )


def key_itself(key: kms.Key | kms.IKey, scope: IConstruct) -> kms.Key | kms.IKey:
    """Give a key, where *key* may be an alias: IAM allows nothing by an alias's ARN.

    Raises:
        ConfigurationError: It is an imported alias, of which no key is known.
    """
    if ":alias/" not in str(Stack.of(scope).resolve(key.key_arn)):
        return key
    try:
        return cast("kms.Alias", key).alias_target_key
    except RuntimeError:
        raise ConfigurationError(
            f"{key.node.path} is an imported alias, by which IAM allows nothing; "
            "import the key itself, by Key.from_key_arn()",
            scope=scope,
        ) from None


def arn_for(action: str, resource: IResource | str, scope: IConstruct) -> str:
    """Give the ARN that *action* acts on, of *resource*.

    Raises:
        ConfigurationError: The action has a wildcard, is malformed, belongs to a
            service that is not known here, or cannot apply to the resource.
    """
    if not isinstance(action, str) or not ACTION.fullmatch(action):
        raise ConfigurationError(
            f"actions must each be one whole name such as 'dynamodb:PutItem', "
            f"got {action!r}; name every action that the handler calls",
            scope=scope,
        )
    service, _, name = action.partition(":")
    if isinstance(resource, str):
        return _checked_arn(resource, service, scope)
    if not isinstance(getattr(resource, "node", None), Node):
        raise ConfigurationError(
            f"on must be a resource or its ARN, got {resource!r}; "
            "name the one resource that the handler uses",
            scope=scope,
        )
    if service not in ARN_ATTRIBUTES:
        raise ConfigurationError(
            f"allow() knows resources of {', '.join(sorted(ARN_ATTRIBUTES))}, got "
            f"{action!r}; pass the ARN as on="
            + nearest(service, ARN_ATTRIBUTES).replace("; did", ", or did"),
            scope=scope,
        )
    arn: object = getattr(resource, ARN_ATTRIBUTES[service], None)
    if not isinstance(arn, str):
        raise ConfigurationError(
            f"{action!r} acts on a resource with {ARN_ATTRIBUTES[service]}, got "
            f"{resource.node.path} ({type(resource).__name__}); "
            "pass the resource that the action is for",
            scope=scope,
        )
    if service == "s3" and _acts_on_objects(name):
        return f"{arn}/*"
    if service == "kms":
        return key_itself(cast("kms.IKey", resource), scope).key_arn
    if service == "secretsmanager":
        # The ARN of a secret that was imported by name lacks its last six characters.
        return getattr(resource, "secret_full_arn", None) or f"{arn}-??????"
    if service == "dynamodb" and name in _STREAM_ACTIONS:
        return getattr(resource, "table_stream_arn", None) or arn
    return arn


def _checked_arn(arn: str, service: str, scope: IConstruct) -> str:
    if arn == "*" or not (arn.startswith("arn:") or "${" in arn):
        raise ConfigurationError(
            f"on must be a resource or its ARN, got {arn!r}; "
            "name the one resource that the handler uses",
            scope=scope,
        )
    if not Token.is_unresolved(arn) and arn.split(":")[2:3] not in ([service], [""]):
        raise ConfigurationError(
            f"{service} actions act on ARNs of {service}, got {arn!r}; "
            "pass the resource that the action is for",
            scope=scope,
        )
    return arn


def _acts_on_objects(name: str) -> bool:
    """Tell S3's object actions (GetObject) from its bucket actions (ListBucket).

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
    """
    return ("Object" in name and "Bucket" not in name) or name in _OBJECT_ACTIONS


_OBJECT_ACTIONS = {
    "AbortMultipartUpload",
    "BypassGovernanceRetention",
    "InitiateReplication",
    "ListMultipartUploadParts",
    "ObjectOwnerOverrideToBucketOwner",
    "ReplicateDelete",
    "ReplicateTags",
}

_STREAM_ACTIONS = {"DescribeStream", "GetRecords", "GetShardIterator"}
