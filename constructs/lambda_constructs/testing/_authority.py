"""Authorises each call under the role that makes it, and remembers what was used."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import boto3

from lambda_constructs.testing._calls import (
    AccountLookup,
    Call,
    Denial,
    Need,
    Reason,
    ServiceFault,
    UnknownCaller,
    UnmappedOperationError,
    install,
    needs,
    needs_when_missing,
)
from lambda_constructs.testing._iam import Decision, Principal, Request, evaluate
from lambda_constructs.testing._policies import Policies

if TYPE_CHECKING:
    from lambda_constructs.testing._functions import FunctionState
    from lambda_constructs.testing.account import LocalAccount

Grant = tuple[str, str]
"""An action and a resource."""

OWN_KEY = "AKIATESTKIT000000000"

REASONS = {
    ("identity-based policy", False): Reason.NO_IDENTITY_POLICY,
    ("resource-based policy", False): Reason.NO_RESOURCE_POLICY,
    ("permissions boundary", False): Reason.NO_BOUNDARY,
    ("session policy", False): Reason.NO_SESSION_POLICY,
    ("identity-based policy", True): Reason.IDENTITY_DENY,
    ("resource-based policy", True): Reason.RESOURCE_DENY,
    ("permissions boundary", True): Reason.BOUNDARY_DENY,
    ("session policy", True): Reason.SESSION_DENY,
}


@dataclass(frozen=True)
class Access:
    """What a role allows and what was made of it.

    Attributes:
        used: The grants of the role's policies that some call needed.
        unused: The grants that no call needed.
        missing: The actions and resources that were refused.
    """

    used: frozenset[Grant]
    unused: frozenset[Grant]
    missing: frozenset[Grant]


@dataclass
class _Session:
    """A role as one function uses it, and what it asked for."""

    principal: Principal
    role_arn: str
    path: str
    function_arn: str | None = None
    allowed: set[Grant] = field(default_factory=set)
    refused: set[Grant] = field(default_factory=set)


class Authority:
    """Decides on every call in the account."""

    def __init__(self, account: LocalAccount) -> None:
        self.account = account
        self.policies = Policies(account)
        self.refused_services: set[str] = set()
        self.on_refusal: Callable[[str], None] = lambda _: None
        self._sessions: dict[str, _Session] = {}
        self._lookup = AccountLookup(
            boto3.Session(OWN_KEY, "testing", region_name=account.region), account.id
        )

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Ask about every call of boto3 in this process."""
        with install(self._authorise, missing=self._hide):
            yield

    def session_key(self, function: FunctionState) -> str:
        """Give the access key that stands for a function under its role."""
        return self.role_key(
            function.role_arn, function.name, function.path, function.arn
        )

    def role_key(
        self, role_arn: str, name: str, path: str, function_arn: str | None = None
    ) -> str:
        """Give the access key that stands for a role which a service holds."""
        digits = zlib.crc32(f"{role_arn} {name} {path}".encode())
        key = f"ASIAROLE{digits:012d}"
        if key not in self._sessions:
            principal = Principal.session(role_arn, name)
            self._sessions[key] = _Session(principal, role_arn, path, function_arn)
        return key

    def refuses(
        self,
        function: FunctionState,
        service: str,
        operation: str,
        params: Mapping[str, Any],
    ) -> Denial | None:
        """Decide on a call that Lambda itself makes under a function's role."""
        session = self._sessions[self.session_key(function)]
        asked = needs(service, operation, params, **self.place())
        return self._by_service(session, self._decide(session, asked))

    def allows_service(self, role_arn: str, path: str, asked: Iterable[Grant]) -> bool:
        """Decide on what a service does under its role, where that is no API call."""
        key = self.role_key(role_arn, "service", path)
        session, context = self._sessions[key], self._plain_context()
        needed = tuple(Need(action, where, context) for action, where in asked)
        return self._by_service(session, self._decide(session, needed)) is None

    def lacks(
        self, function: FunctionState, actions: Iterable[str], resource: str
    ) -> Denial | None:
        """Tell whether a role has some actions on a resource, without using them."""
        context = self._plain_context()
        asked = tuple(Need(action, resource, context) for action in actions)
        session = self._sessions[self.session_key(function)]
        return self._decide(session, asked, use=False)

    def calls(self) -> set[Grant]:
        """Give every action and resource that a call was allowed for."""
        return {grant for each in self._sessions.values() for grant in each.allowed}

    def access(self, function: FunctionState) -> Access:
        """Give what a function's role allows, and what was made of it."""
        session = self._sessions[self.session_key(function)]
        grants = self._grants(session.role_arn)
        used = {
            grant for grant in grants if any(_covers(grant, c) for c in session.allowed)
        }
        return Access(
            frozenset(used), frozenset(grants - used), frozenset(session.refused)
        )

    def place(self, region: str | None = None, *, secure: bool = True) -> Any:
        """Give what `needs` has to know of where a call is made."""
        return {
            "partition": "aws",
            "region": region or self.account.region,
            "account": self.account.id,
            "secure": secure,
            "lookup": self._lookup,
        }

    def _authorise(self, call: Call) -> Denial | UnknownCaller | ServiceFault | None:
        if call.access_key == OWN_KEY:
            self._lookup.changed(call.service, call.operation)
            self.policies.changed(call.service, call.operation)
            return None
        session = self._sessions.get(call.access_key or "")
        if session is None:
            if call.access_key is None and not self._asked_of_nobody(call):
                return None  # like SignUp, which nobody signs
            return UnknownCaller(call.access_key)
        denial = self._decide(session, _of_code(session, self._needs(session, call)))
        if denial is not None:
            if session.function_arn is None:
                self._by_service(session, denial)
            return denial
        self._lookup.changed(call.service, call.operation)
        self.policies.changed(call.service, call.operation)
        fault = self.account.faults.take_for_call(call.service, call.operation)
        if fault is not None:
            name = f"{call.service}.{call.operation}"
            self.account.note(session.path, "failed call", f"{name}: {fault.code}")
        return fault

    def _by_service(self, session: _Session, denial: Denial | None) -> Denial | None:
        """Remember what a service was refused, and not the code of a function."""
        if denial is not None:
            what = f"{session.path}: {denial.action} {denial.resource}"
            self.refused_services.add(what)
            self.on_refusal(what)
        return denial

    def _plain_context(self) -> dict[str, str]:
        return {
            "aws:RequestedRegion": self.account.region,
            "aws:ResourceAccount": self.account.id,
            "aws:SecureTransport": "true",
            "s3:ResourceAccount": self.account.id,
        }

    def _asked_of_nobody(self, call: Call) -> tuple[Need, ...]:
        place = self.place(call.region, secure=call.secure)
        return needs(call.service, call.operation, call.params, **place)

    def _needs(self, session: _Session, call: Call) -> tuple[Need, ...]:
        place = self.place(call.region, secure=call.secure)
        try:
            return needs(
                call.service,
                call.operation,
                call.params,
                **place,
                endpoint=call.endpoint,
            )
        except UnmappedOperationError as error:
            # A handler may swallow it; the timeline does not.
            self.account.note(session.path, "unmapped", str(error))
            raise

    def _hide(self, call: Call) -> Denial | UnknownCaller | None:
        """Decide whether the caller may know that a thing does not exist."""
        session = self._sessions.get(call.access_key or "")
        if session is None:
            return None
        place = self.place(call.region, secure=call.secure)
        asked = needs_when_missing(call.service, call.operation, call.params, **place)
        return self._decide(session, _of_code(session, asked))

    def _decide(
        self, session: _Session, asked: tuple[Need, ...], *, use: bool = True
    ) -> Denial | None:
        for need in asked:
            decision = self._evaluate(session, need)
            if decision.allowed:
                if use:
                    session.allowed.add((need.action, need.resource))
                continue
            session.refused.add((need.action, need.resource))
            self.account.note(session.path, "denied", f"{need.action} {need.resource}")
            reason = REASONS[decision.by, decision.explicit]
            return Denial(session.principal.arn, need.action, need.resource, reason)
        return None

    def _evaluate(self, session: _Session, need: Need) -> Decision:
        role = self.policies.of_role(session.role_arn)
        owner = need.context.get("aws:ResourceAccount", self.account.id)
        request = Request(
            session.principal,
            need.action,
            need.resource,
            None if need.resource == "*" else str(owner),
            need.context,
        )
        return evaluate(
            request,
            identity=role.identity,
            boundary=role.boundary,
            resource=self.policies.of_resource(need.resource),
        )

    def _grants(self, role_arn: str) -> set[Grant]:
        documents = self.policies.of_role(role_arn).documents.values()
        return {
            (str(action), str(resource))
            for document in documents
            for statement in _listed(document["Statement"])
            if statement["Effect"] == "Allow"
            for action in _listed(statement.get("Action", []))
            for resource in _listed(statement.get("Resource", []))
        }


def _of_code(session: _Session, asked: tuple[Need, ...]) -> tuple[Need, ...]:
    """Add what tells a call of a function's code from one that Lambda makes for it.

    https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
    """
    if session.function_arn is None:
        return asked
    arn = {"lambda:SourceFunctionArn": session.function_arn}
    return tuple(replace(each, context={**each.context, **arn}) for each in asked)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _covers(grant: Grant, call: Grant) -> bool:
    action, resource = grant
    return _like(action.lower(), call[0].lower()) and (
        resource == "*" or _like(resource, call[1])
    )


def _like(pattern: str, text: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text) is not None
