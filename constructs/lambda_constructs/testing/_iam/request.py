"""Who asks for what, and the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

Values: TypeAlias = str | Sequence[str]
"""A string for a single-valued condition key, a list for a multivalued one."""

Kind: TypeAlias = Literal[
    "role-session", "service", "user", "root", "federated", "anonymous"
]

PolicyType: TypeAlias = Literal[
    "identity-based policy",
    "permissions boundary",
    "session policy",
    "resource-based policy",
    "role trust policy",
    "root user",
]


@dataclass(frozen=True)
class Principal:
    """Who makes a request; use the constructors below.

    Attributes:
        kind: What it is.
        arn: Its ARN as `sts:GetCallerIdentity` gives it; for a service its name.
        account: The account it belongs to, where it belongs to one.
        role_arn: The role of a session. It has the path that the session's lacks.
        keys: The condition keys that come with it, by lower-case name.
    """

    kind: Kind
    arn: str
    account: str | None = None
    role_arn: str | None = None
    keys: Mapping[str, Values] = field(default_factory=dict, hash=False)

    @classmethod
    def session(
        cls,
        role_arn: str,
        session_name: str,
        *,
        role_id: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Principal:
        """Name a session of a role; Lambda's is called as the function is."""
        _, partition, _, _, account, name = role_arn.split(":", 5)
        role = name.rsplit("/", 1)[-1]
        arn = f"arn:{partition}:sts::{account}:assumed-role/{role}/{session_name}"
        keys = _keys(role_arn, account, "AssumedRole", tags)
        if role_id:
            keys["aws:userid"] = f"{role_id}:{session_name}"
        return cls("role-session", arn, account, role_arn, keys)

    @classmethod
    def user(cls, arn: str, *, tags: Mapping[str, str] | None = None) -> Principal:
        """Name an IAM user."""
        account = arn.split(":", 5)[4]
        keys = _keys(arn, account, "User", tags)
        keys["aws:username"] = arn.rsplit("/", 1)[-1]
        return cls("user", arn, account, keys=keys)

    @classmethod
    def root(cls, account: str, *, partition: str = "aws") -> Principal:
        """Name the root user of an account."""
        arn = f"arn:{partition}:iam::{account}:root"
        keys = _keys(arn, account, "Account", None) | {"aws:userid": account}
        return cls("root", arn, account, keys=keys)

    @classmethod
    def service(cls, name: str) -> Principal:
        """Name a service that calls for itself, such as `events.amazonaws.com`."""
        keys = {"aws:principalisawsservice": "true", "aws:principalservicename": name}
        return cls("service", name, keys=keys)

    @classmethod
    def federated(cls, provider: str) -> Principal:
        """Name an identity provider whose user assumes a role."""
        return cls("federated", provider)

    @classmethod
    def anonymous(cls) -> Principal:
        """Stand for a request that nobody signed."""
        return cls("anonymous", "*", keys={"aws:principaltype": "Anonymous"})


@dataclass(frozen=True)
class Request:
    """One action on one resource.

    Attributes:
        principal: Who asks.
        action: The IAM action, such as `sqs:SendMessage`.
        resource: The ARN, or `*` for an action that has no resource.
        resource_account: The owner of the resource; an S3 ARN does not tell it.
            None where there is no resource.
        context: The condition keys beyond those that the principal brings: a
            string for a single-valued key, a list for a multivalued one.
    """

    principal: Principal
    action: str
    resource: str
    resource_account: str | None = None
    context: Mapping[str, Values] = field(default_factory=dict, hash=False)

    @cached_property
    def action_name(self) -> str:
        """Give the action in lower case: actions have no case."""
        return self.action.lower()

    @cached_property
    def keys(self) -> Mapping[str, Values]:
        """Give every condition key of the request by its lower-case name."""
        keys = dict(self.principal.keys)
        if self.resource_account is not None:
            keys["aws:resourceaccount"] = self.resource_account
        for name, value in self.context.items():
            if isinstance(value, str) or value:  # an empty list is no key at all
                keys[name.lower()] = value
        return keys

    @property
    def crosses_accounts(self) -> bool:
        """Tell whether the principal and the resource have different owners."""
        return self.resource_account not in (None, self.principal.account)


@dataclass(frozen=True, slots=True)
class StatementReference:
    """Where a statement stands.

    Attributes:
        policy: The name of the policy.
        index: The position of the statement in it, from 0.
        sid: The name of the statement, where it has one.
    """

    policy: str
    index: int
    sid: str | None = None

    def __str__(self) -> str:
        sid = f" ({self.sid})" if self.sid else ""
        return f"{self.policy}[{self.index}]{sid}"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a request is allowed, and why.

    Attributes:
        allowed: Whether it is.
        by: The kind of policy that decided.
        reason: The end of AWS's own message for a denial, such as `because no
            identity-based policy allows the sqs:SendMessage action`.
        statement: The statement that allowed it or explicitly denied it.
    """

    allowed: bool
    by: PolicyType
    reason: str
    statement: StatementReference | None = None

    @property
    def explicit(self) -> bool:
        """Tell whether a statement denied it, rather than none allowing it."""
        return not self.allowed and self.statement is not None

    def message(self, request: Request) -> str:
        """Word a denial as AWS does in an `AccessDenied` error."""
        text = f"User: {request.principal.arn} is not authorized to perform: "
        text += request.action
        if request.resource != "*":
            text += f" on resource: {request.resource}"
        return f"{text} {self.reason}"


def _keys(
    arn: str, account: str, kind: str, tags: Mapping[str, str] | None
) -> dict[str, Values]:
    """Give the condition keys that every principal of an account brings."""
    keys: dict[str, Values] = {
        "aws:principalarn": arn,
        "aws:principalaccount": account,
        "aws:principaltype": kind,
        "aws:principalisawsservice": "false",
    }
    for name, value in (tags or {}).items():
        keys[f"aws:principaltag/{name.lower()}"] = value
    return keys
