"""Which ARN an action acts on, by AWS's list of actions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import cast

from aws_cdk import IResource
from constructs import IConstruct, Node

from lambda_constructs import _actions
from lambda_constructs._resource_arns import completed, known_arn
from lambda_constructs._unscoped import UNSCOPED
from lambda_constructs.errors import ConfigurationError, nearest

ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z0-9]+")

TOKEN = re.compile(r"\$\{Token\[[^\]]+\]\}")

NAMES_WITHOUT_SLASHES = {
    "dynamodb",
    "kms",
    "lambda",
    "sns",
    "sqs",
    "states",
}
"""Services where what follows a slash is a part, and nothing where there are none."""

ONE_RESOURCE = "name the one resource that the handler uses"


def check_action(action: object, scope: IConstruct) -> tuple[_actions.Service, str]:
    """Give what is known of the service of *action*, and the action's own name.

    Raises:
        ConfigurationError: There is no such action.
    """
    if not isinstance(action, str) or not ACTION.fullmatch(action):
        raise ConfigurationError(
            f"actions must each be one whole name such as 'dynamodb:PutItem', "
            f"got {action!r}; name every action that the handler calls",
            scope=scope,
        )
    prefix, _, name = action.partition(":")
    if prefix not in _actions.services():
        raise ConfigurationError(
            f"actions must be of a service of AWS, got {action!r}; "
            f"{_otherwise(prefix, _actions.services())}",
            scope=scope,
        )
    service = _actions.service(prefix)
    if name not in service.actions:
        raise ConfigurationError(
            f"actions of {prefix} must be in AWS's list, got {action!r}; "
            f"{_otherwise(name, service.actions)}",
            scope=scope,
        )
    return service, name


def _otherwise(name: str, known: Iterable[str]) -> str:
    names = {each.lower(): each for each in known}
    close = nearest(name.lower(), names)
    for lower, each in names.items():
        close = re.sub(rf"(?<= ){re.escape(lower)}(?=[ ?])", each, close)
    newer = f"what is newer than {_actions.date()} goes to policy.add_statements()"
    return f"{close.removeprefix('; ')} {newer}".strip()


def arn_of(action: str, resource: object, at: str | None, scope: IConstruct) -> str:
    """Give the ARN that *action* acts on, of *resource* or of the part *at* of it.

    Raises:
        ConfigurationError: There is no such action, or it cannot apply to that.
    """
    service, name = check_action(action, scope)
    kinds = service.actions[name]
    if resource == "*" and at is None:
        return _every(service, action, scope)
    if not isinstance(resource, str) and not _is_construct(resource):
        raise ConfigurationError(
            f"on must be a resource or its ARN, got {resource!r}; {ONE_RESOURCE}",
            scope=scope,
        )
    shown = repr(resource) if isinstance(resource, str) else _shown(resource)
    if not kinds:
        raise ConfigurationError(
            f"{action!r} has no resource-level permissions, got {shown}; "
            "allow it on='*', if the handler needs it",
            scope=scope,
        )
    if isinstance(resource, str):
        arn, kind = _checked_text(resource, scope), ""
    else:
        arn, kind = _found(service, action, resource, scope)
    if at is not None:
        arn, shown = f"{arn}/{_checked_part(at, scope)}", f"{at!r} of {shown}"
    elif kind:
        arn, kind = completed(arn, kind, kinds, cast("IResource", resource), scope)
    shape = TOKEN.sub("*", arn)
    flat = at is not None and action.partition(":")[0] in NAMES_WITHOUT_SLASHES
    if not service.applies(name, shape, kind) or (
        flat and not service.has_part(name, shape, kind)
    ):
        raise ConfigurationError(
            f"{action!r} acts on {_forms(service, name)}, got {shown}; "
            "pass the resource that the action is for",
            scope=scope,
        )
    return arn


def _every(service: _actions.Service, action: str, scope: IConstruct) -> str:
    _, _, name = action.partition(":")
    if not service.actions[name] or action in UNSCOPED:
        return "*"
    raise ConfigurationError(
        f"{action!r} acts on {_forms(service, name)}, got '*'; {ONE_RESOURCE}",
        scope=scope,
    )


def _is_construct(resource: object) -> bool:
    return isinstance(getattr(resource, "node", None), Node)


def _shown(resource: object) -> str:
    return f"{cast('IConstruct', resource).node.path} ({type(resource).__name__})"


def _forms(service: _actions.Service, name: str) -> str:
    return " or ".join(
        f"{kind} ({service.forms[kind]})" for kind in service.actions[name]
    )


def _checked_part(at: object, scope: IConstruct) -> str:
    if not isinstance(at, str) or not at or at.startswith(("/", "arn:")):
        raise ConfigurationError(
            "at must be what follows the resource and a slash, as 'index/by-day' of "
            f"a table or 'images/*' of a bucket, got {at!r}",
            scope=scope,
        )
    return at


def _checked_text(arn: str, scope: IConstruct) -> str:
    if not (arn.startswith("arn:") or TOKEN.match(arn)):
        raise ConfigurationError(
            f"on must be a resource or its ARN, got {arn!r}; {ONE_RESOURCE}",
            scope=scope,
        )
    return arn


def _found(
    service: _actions.Service, action: str, resource: object, scope: IConstruct
) -> tuple[str, str]:
    _, _, name = action.partition(":")
    wanted = service.actions[name]
    for kind in sorted(service.forms, key=lambda each: each not in wanted):
        owner = service.forms[kind].split(":")[2]
        arn = known_arn(owner, kind, resource)
        if arn is not None:
            return arn, kind
    raise ConfigurationError(
        f"{action!r} acts on {_forms(service, name)}, got {_shown(resource)}; "
        "pass the resource that the action is for, or its ARN",
        scope=scope,
    )
