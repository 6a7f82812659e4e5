"""Exact grants: these actions on this resource and on nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import IResource, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import IConstruct

from lambda_constructs.errors import ConfigurationError, nearest

__all__: list[str] = []

ARN_ATTRIBUTES = {
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


def statement(
    actions: Sequence[str], *resources: str, sid: str | None = None
) -> iam.PolicyStatement:
    """Allow exactly *actions* on exactly *resources*."""
    return iam.PolicyStatement(
        sid=sid, actions=list(actions), resources=list(resources)
    )


def key_statement(
    scope: IConstruct, key: kms.Key | kms.IKey, service: str, *actions: str
) -> iam.PolicyStatement:
    """Allow *actions* on *key*, for calls that *service* makes on one's behalf."""
    stack = Stack.of(scope)
    via = f"{service}.{stack.region}.{stack.url_suffix}"
    return iam.PolicyStatement(
        actions=list(actions),
        resources=[key.key_arn],
        conditions={"StringEquals": {"kms:ViaService": via}},
    )


def arn_for(action: str, resource: IResource | str, scope: IConstruct) -> str:
    """Give the ARN that *action* acts on, of *resource*.

    Raises:
        ConfigurationError: The action has a wildcard, is malformed, belongs to a
            service that is not known here, or cannot apply to the resource.
    """
    service, colon, name = action.partition(":")
    if not (service and colon and name) or "*" in action or "?" in action:
        raise ConfigurationError(
            f"actions must each be one whole name such as 'dynamodb:PutItem', "
            f"got {action!r}; name every action that the handler calls",
            scope=scope,
        )
    if isinstance(resource, str):
        return _checked_arn(resource, scope)
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
    return f"{arn}/*" if service == "s3" and _acts_on_objects(name) else arn


def _checked_arn(arn: str, scope: IConstruct) -> str:
    if arn == "*" or not (arn.startswith("arn:") or "${" in arn):
        raise ConfigurationError(
            f"on must be a resource or its ARN, got {arn!r}; "
            "name the one resource that the handler uses",
            scope=scope,
        )
    return arn


def _acts_on_objects(name: str) -> bool:
    """Tell S3's object actions (GetObject) from its bucket actions (ListBucket).

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
    """
    return ("Object" in name and "Bucket" not in name) or name in _OBJECT_ACTIONS


_OBJECT_ACTIONS = {"AbortMultipartUpload", "ListMultipartUploadParts"}
