"""The few forms that nearly every operation has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from lambda_constructs.testing._calls.model import Need, Request, Rule

Place: TypeAlias = Callable[[Request], str]


def at(service: str, template: str, *parameters: str) -> Place:
    """The resource that the first of these parameters names.

    A value that is an ARN already stays as it is.
    """

    def place(request: Request) -> str:
        for parameter in parameters:
            value = request.params.get(parameter)
            if isinstance(value, str) and value:
                return arn(request, service, template, value)
        raise request.unmapped(f"without {' or '.join(parameters)}")

    return place


def arn(request: Request, service: str, template: str, value: str) -> str:
    """The ARN of a resource given by its name or by its ARN."""
    if value.startswith("arn:"):
        return value
    return request.arn(service, template.format(value))


def anywhere(_request: Request) -> str:
    """The resource of an action without resource-level permissions."""
    return "*"


def on(action: str, place: Place) -> Rule:
    """One action on one resource."""

    def rule(request: Request) -> tuple[Need, ...]:
        return (request.need(action, place(request)),)

    return rule


def same_name(prefix: str, place: Place, *operations: str) -> dict[str, Rule]:
    """Operations whose action has the operation's own name."""
    return {name: on(f"{prefix}:{name}", place) for name in operations}


def free(*operations: str) -> dict[str, Rule]:
    """Operations that AWS does not authorise by IAM."""

    def rule(_request: Request) -> tuple[Need, ...]:
        return ()

    return dict.fromkeys(operations, rule)


def together(*rules: Rule) -> Rule:
    """All needs of several rules."""

    def rule(request: Request) -> tuple[Need, ...]:
        return tuple(need for each in rules for need in each(request))

    return rule


def passes_role(service: str, *paths: str) -> Rule:
    """`iam:PassRole` for each role that a call hands to a service.

    Args:
        service: The service that will assume the role.
        paths: Where the role is, `Target.RoleArn`; lists are walked.
    """

    def rule(request: Request) -> tuple[Need, ...]:
        context = {"iam:PassedToService": f"{service}.amazonaws.com"}
        roles = {role: None for path in paths for role in found(request.params, path)}
        return tuple(request.need("iam:PassRole", role, context) for role in roles)

    return rule


def found(value: object, path: str) -> list[str]:
    """Every string at a dotted path."""
    values = [value]
    for name in path.split("."):
        following: list[object] = []
        for each in values:
            inner = each.get(name) if isinstance(each, Mapping) else None
            following.extend(inner if isinstance(inner, list) else [inner])
        values = following
    return [each for each in values if isinstance(each, str)]


def when(parameter: str, rule: Rule) -> Rule:
    """A rule that applies only to calls with this parameter."""

    def conditional(request: Request) -> tuple[Need, ...]:
        return rule(request) if request.params.get(parameter) else ()

    return conditional
