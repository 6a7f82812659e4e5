"""Policies as they are evaluated: statements compiled once, asked often."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lambda_constructs.testing._iam.conditions import Condition
from lambda_constructs.testing._iam.errors import PolicyError
from lambda_constructs.testing._iam.patterns import Keys, Template, regex
from lambda_constructs.testing._iam.principals import PrincipalElement, Reach
from lambda_constructs.testing._iam.request import (
    Principal,
    Request,
    StatementReference,
)

Role: TypeAlias = Literal["identity", "resource", "trust"]
"""What a policy is attached to: an identity, a resource, or a role as its trust."""

Grant: TypeAlias = tuple[str, str]
"""An action and a resource, as a statement writes them."""


@dataclass(frozen=True, slots=True)
class Actions:
    """The `Action` or `NotAction` of a statement.

    Attributes:
        texts: As written.
        matches: What they match, in lower case.
        inverted: Whether the element is `NotAction`.
    """

    texts: tuple[str, ...]
    matches: re.Pattern[str]
    inverted: bool

    def cover(self, action: str) -> bool:
        """Tell whether the statement is for *action*, in lower case."""
        return (self.matches.fullmatch(action) is None) is self.inverted

    def grants(self, action: str) -> tuple[str, ...]:
        """Give those of the texts that cover *action*; one stands for a `Not`."""
        if self.inverted:
            return (_all_but(self.texts),)
        return tuple(
            text
            for text in self.texts
            if regex((text.lower(),), "glob").fullmatch(action)
        )


@dataclass(frozen=True, slots=True)
class Resources:
    """The `Resource` or `NotResource` of a statement.

    Attributes:
        texts: As written.
        patterns: As read, in the same order.
        exact: Those without wildcards and variables.
        fixed: What those with wildcards match; None where there are none.
        varying: Those with policy variables.
        inverted: Whether the element is `NotResource`.
    """

    texts: tuple[str, ...]
    patterns: tuple[Template, ...]
    exact: frozenset[str]
    fixed: re.Pattern[str] | None
    varying: tuple[Template, ...]
    inverted: bool

    def cover(self, resource: str, keys: Keys) -> bool:
        """Tell whether the statement is for *resource*."""
        return self._named(resource, keys) is not self.inverted

    def _named(self, resource: str, keys: Keys) -> bool:
        if resource in self.exact:
            return True
        if self.fixed is not None and self.fixed.fullmatch(resource):
            return True
        return any(_matches(pattern, resource, keys) for pattern in self.varying)

    def grants(self, resource: str, keys: Keys) -> tuple[str, ...]:
        """Give those of the texts that cover *resource*; one stands for a `Not`."""
        if self.inverted:
            return (_all_but(self.texts),)
        return tuple(
            text
            for text, pattern in zip(self.texts, self.patterns, strict=True)
            if _matches(pattern, resource, keys)
        )


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy.

    Attributes:
        reference: Where it stands.
        allows: Whether its effect is to allow; else it denies.
        actions: What it is for.
        resources: On what; None in a role trust policy, which is for its role.
        principals: For whom; None in a policy of an identity.
        conditions: When; all must hold.
    """

    reference: StatementReference
    allows: bool
    actions: Actions
    resources: Resources | None
    principals: PrincipalElement | None
    conditions: tuple[Condition, ...]

    def applies(self, request: Request) -> bool:
        """Tell whether it is for *request*, whoever asks.

        Raises:
            PolicyError: A condition compares a multivalued key without a set
                operator.
        """
        if not self.actions.cover(request.action_name):
            return False
        keys = request.keys
        if self.resources and not self.resources.cover(request.resource, keys):
            return False
        try:
            return all(condition(keys) for condition in self.conditions)
        except PolicyError as error:
            raise error.inside(f"policy {self.reference}") from None

    def grants(self) -> Iterator[Grant]:
        """Give every action with every resource of it."""
        resources = self.resources
        for action in _shown(self.actions.texts, inverted=self.actions.inverted):
            if resources is None:
                yield action, "*"
                continue
            for resource in _shown(resources.texts, inverted=resources.inverted):
                yield action, resource

    def grants_for(self, request: Request) -> Iterator[Grant]:
        """Give those of its grants that *request* makes use of.

        Ask a statement that applies; what remains of `grants` is superfluous.
        """
        resources: tuple[str, ...] = ("*",)
        if self.resources:
            resources = self.resources.grants(request.resource, request.keys)
        for action in self.actions.grants(request.action_name):
            for resource in resources:
                yield action, resource

    def reach(self, principal: Principal) -> Reach:
        """Tell how directly it is for *principal*."""
        return self.principals.reach(principal) if self.principals else Reach.DIRECT


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy; `parse` makes one.

    Attributes:
        name: What the decision calls it.
        role: What it is attached to.
        statements: In the order of the document.
        allows: The statements that allow.
        denies: The statements that deny.
    """

    name: str
    role: Role
    statements: tuple[Statement, ...]
    allows: tuple[Statement, ...]
    denies: tuple[Statement, ...]

    def matching(self, request: Request) -> Iterator[Statement]:
        """Give every statement that is for *request*, whatever the outcome.

        The grants of a policy that no request makes use of are superfluous.
        """
        for statement in self.statements:
            if statement.applies(request) and statement.reach(request.principal):
                yield statement


def _matches(pattern: Template, resource: str, keys: Keys) -> bool:
    parts = pattern.expand(keys)
    return parts is not None and bool(regex(parts, "resource").fullmatch(resource))


def _shown(texts: tuple[str, ...], *, inverted: bool) -> tuple[str, ...]:
    return (_all_but(texts),) if inverted else texts


def _all_but(texts: tuple[str, ...]) -> str:
    return f"all but {', '.join(texts)}"
