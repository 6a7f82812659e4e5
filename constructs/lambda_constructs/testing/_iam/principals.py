"""The `Principal` element: whom a statement of a resource's policy is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from lambda_constructs.testing._iam.errors import PolicyError
from lambda_constructs.testing._iam.request import Principal
from lambda_constructs.testing._iam.values import element, strings

_ACCOUNT = re.compile(r"\d{12}")
_ROOT = re.compile(r"arn:[^:]+:iam::(\d{12}):root")
_IDENTITY = re.compile(
    r"arn:[^:]+:(iam::\d{12}:(user|role)/|sts::\d{12}:(assumed-role/[^/]+/|federated-user/)).+"
)
_UNIQUE_ID = re.compile(r"A[A-Z]{3}[A-Z0-9]{12,}")
_SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazon(aws)?\.com(\.cn)?")
_KINDS = ("AWS", "Service", "Federated", "CanonicalUser")


class Reach(IntEnum):
    """How directly an element names a principal; more is more direct.

    It matters where the statement allows: what is given to an account still needs
    an identity-based policy, and what is given to a role is still limited by the
    role's permissions boundary.
    """

    NONE = 0
    ACCOUNT = 1
    ROLE = 2
    DIRECT = 3


@dataclass(frozen=True, slots=True)
class PrincipalElement:
    """The principals that a statement names, or the ones it leaves out.

    Attributes:
        everyone: Whether it says `*`.
        accounts: The accounts it names.
        names: The ARNs, services and identity providers it names.
        inverted: Whether the element is `NotPrincipal`.
    """

    everyone: bool
    accounts: frozenset[str]
    names: frozenset[str]
    inverted: bool = False

    def reach(self, principal: Principal) -> Reach:
        """Tell how directly the statement is for *principal*."""
        named = self._named(principal)
        if not self.inverted:
            return named
        return Reach.NONE if named else Reach.DIRECT

    def _named(self, principal: Principal) -> Reach:
        if self.everyone or principal.arn in self.names:
            return Reach.DIRECT
        if principal.role_arn in self.names:
            return Reach.ROLE
        if principal.account in self.accounts:
            return Reach.DIRECT if principal.kind == "root" else Reach.ACCOUNT
        return Reach.NONE


def compile_principal(value: object, *, inverted: bool) -> PrincipalElement:
    """Compile the element.

    Raises:
        PolicyError: AWS would reject it.
    """
    if value == "*":
        return PrincipalElement(
            everyone=True, accounts=frozenset(), names=frozenset(), inverted=inverted
        )
    if isinstance(value, str):
        raise PolicyError(f"must be * or an object, got {value!r}")
    everyone, accounts, names = False, set(), set()
    for kind, listed in element(value, "").items():
        if kind not in _KINDS:
            raise PolicyError(f"{kind} is not one of {', '.join(_KINDS)}")
        for name in strings(listed):
            if kind == "AWS" and name == "*":
                everyone = True
            elif kind == "AWS" and (account := _account(name)):
                accounts.add(account)
            else:
                _check(kind, name)
                names.add(name)
    if not (everyone or accounts or names):
        raise PolicyError("names nobody")
    return PrincipalElement(everyone, frozenset(accounts), frozenset(names), inverted)


def _account(name: str) -> str | None:
    """Give the account that an account id or the ARN of its root names."""
    if _ACCOUNT.fullmatch(name):
        return name
    match = _ROOT.fullmatch(name)
    return match[1] if match else None


def _check(kind: str, name: str) -> None:
    """Refuse a name that AWS would not accept for its kind."""
    if "*" in name or "?" in name:
        raise PolicyError(
            f"{name!r} holds a wildcard; * stands only by itself, under AWS"
        )
    if kind == "AWS" and not (_IDENTITY.fullmatch(name) or _UNIQUE_ID.fullmatch(name)):
        raise PolicyError(f"{name!r} is not an account, a user, a role or a session")
    if kind == "Service" and not _SERVICE.fullmatch(name):
        raise PolicyError(f"{name!r} is not a service, as events.amazonaws.com is")
