"""The ARNs of CDK's resources, by the words of AWS's list of actions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from aws_cdk import ArnFormat, IResource
from constructs import IConstruct

from lambda_constructs import _actions
from lambda_constructs._known import path_of, stack_of
from lambda_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms

OTHER_NAMES = {
    ("cognito-idp", "userpool"): "user_pool_arn",
    ("dynamodb", "stream"): "table_stream_arn",
    ("states", "statemachine"): "state_machine_arn",
}


def known_arn(service: str, kind: str, resource: object) -> str | None:
    """Give the ARN of *resource* where it is a *kind* of *service*, or has one.

    CDK calls it by AWS's own word, `event_bus_arn` for an `event-bus`, in the module
    of the service.
    """
    if not _may_be_of(service, type(resource)):
        return None
    words = re.sub(r"[^a-z]+", "_", kind.lower())
    usual = OTHER_NAMES.get((service, kind), f"{words}_arn")
    run_together = (
        name
        for name in dir(type(resource))
        if name.endswith("_arn") and name.replace("_", "") == f"{words}arn"
    )
    # What CDK imports may be a proxy that tells no names, so the usual one is asked.
    arn: object = getattr(resource, next(run_together, usual), None)
    return arn if isinstance(arn, str) else None


def _may_be_of(service: str, kind: type) -> bool:
    """Tell a topic of SNS from one of another service, by the module of its class."""
    for each in kind.__mro__:
        module = each.__module__.removeprefix("aws_cdk.aws_")
        if module != each.__module__:
            return module == service or module not in _actions.services()
    return True


def completed(
    arn: str,
    kind: str,
    wanted: Sequence[str],
    resource: IResource,
    scope: IConstruct,
) -> tuple[str, str]:
    """Give the ARN, and its kind, where what is *wanted* is not what CDK tells."""
    if kind == "bucket" and "object" in wanted:
        return f"{arn}/*", kind
    if kind == "log-group" and "log-stream" in wanted:
        return arn, "log-stream"  # it ends with :*
    if kind == "statemachine" and "execution" in wanted:
        return _executions(arn, scope), ""
    if kind == "key":
        return arn_of_key(cast("kms.IKey", resource), scope), kind
    if kind == "Secret":
        # The ARN of a secret that was imported by name lacks its last six characters.
        return getattr(resource, "secret_full_arn", None) or f"{arn}-??????", kind
    return arn, kind


def _executions(arn: str, scope: IConstruct) -> str:
    parts = stack_of(scope).split_arn(arn, ArnFormat.COLON_RESOURCE_NAME)
    return stack_of(scope).format_arn(
        partition=parts.partition,
        region=parts.region,
        account=parts.account,
        service="states",
        resource="execution",
        resource_name=f"{parts.resource_name}:*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )


def arn_of_key(key: kms.Key | kms.IKey, scope: IConstruct) -> str:
    """Give the ARN of a key itself.

    Raises:
        ConfigurationError: It is an imported alias.
    """
    return key_itself(key, scope).key_arn


def key_itself(key: kms.Key | kms.IKey, scope: IConstruct) -> kms.Key | kms.IKey:
    """Give a key, where *key* may be an alias: IAM allows nothing by an alias's ARN.

    Raises:
        ConfigurationError: It is an imported alias, of which no key is known.
    """
    if ":alias/" not in str(stack_of(scope).resolve(key.key_arn)):
        return key
    try:
        return cast("kms.Alias", key).alias_target_key
    except RuntimeError:
        raise ConfigurationError(
            f"{path_of(key)} is an imported alias, by which IAM allows nothing; "
            "import the key itself, by Key.from_key_arn()",
            scope=scope,
        ) from None
