"""The decision: which policies have to allow a request, and whether they do.

docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lambda_constructs.testing._iam.documents import Policy, Statement
from lambda_constructs.testing._iam.principals import Reach
from lambda_constructs.testing._iam.request import Decision, PolicyType, Request

_OUTSIDERS = ("service", "federated", "anonymous")
"""Principals that have no policies of their own."""


def evaluate(
    request: Request,
    *,
    identity: Sequence[Policy] = (),
    boundary: Policy | None = None,
    session: Policy | None = None,
    resource: Policy | None = None,
) -> Decision:
    """Decide on *request*.

    Args:
        request: Who asks for what.
        identity: The policies of the principal, inline and managed.
        boundary: The permissions boundary of the principal.
        session: The policy that was passed when the role was assumed.
        resource: The policy of the resource, or the trust policy of the role.

    Raises:
        PolicyError: A condition compares a multivalued key without a set operator.
    """
    if request.principal.kind in _OUTSIDERS:
        identity, boundary, session = (), None, None
    case = _Case(request, identity, boundary, session, resource)
    return case.denied() or case.granted()


@dataclass(slots=True)
class _Case:
    """A request with the policies that it meets."""

    request: Request
    identity: Sequence[Policy]
    boundary: Policy | None
    session: Policy | None
    resource: Policy | None

    def denied(self) -> Decision | None:
        """Find a statement that denies, in any of the policies."""
        for policy in self.identity:
            if statement := _first(policy.denies, self.request):
                return _denial("identity-based policy", statement)
        for kind, limit in self._limits():
            if statement := _first(limit.denies, self.request):
                return _denial(kind, statement)
        if self.resource:
            for statement in self.resource.denies:
                if self._aims(statement) and statement.applies(self.request):
                    return _denial(self._resource_type, statement)
        return None

    def granted(self) -> Decision:
        """Decide where nothing denies explicitly."""
        reach, statement = self._resource_grant()
        by_resource = _allowed(self._resource_type, statement)
        if self.request.principal.kind in _OUTSIDERS:
            return by_resource if reach else self._implicit(self._resource_type)
        if not self.request.crosses_accounts:
            if reach is Reach.DIRECT:
                return by_resource
            if reach is Reach.ROLE:
                return self._limited() or by_resource
        own = self._by_identity()
        if own.allowed and not reach and self._must_be_given_by_resource():
            return self._implicit(self._resource_type)
        return own

    def _by_identity(self) -> Decision:
        """Decide where the principal's own policies have to allow."""
        if self.request.principal.kind == "root":
            return Decision(True, "root user", "because the root user may do all")
        for policy in self.identity:
            if statement := _first(policy.allows, self.request):
                by_identity = _allowed("identity-based policy", statement)
                return self._limited() or by_identity
        return self._implicit("identity-based policy")

    def _limited(self) -> Decision | None:
        """Deny what a permissions boundary or a session policy leaves out."""
        for kind, limit in self._limits():
            if not _first(limit.allows, self.request):
                return self._implicit(kind)
        return None

    def _limits(self) -> Iterator[tuple[PolicyType, Policy]]:
        if self.boundary:
            yield "permissions boundary", self.boundary
        if self.session:
            yield "session policy", self.session

    def _resource_grant(self) -> tuple[Reach, Statement | None]:
        """Find the statement of the resource's policy that gives most directly."""
        best: tuple[Reach, Statement | None] = (Reach.NONE, None)
        for statement in self.resource.allows if self.resource else ():
            reach = statement.reach(self.request.principal)
            if reach > best[0] and statement.applies(self.request):
                best = (reach, statement)
        return best

    def _aims(self, statement: Statement) -> bool:
        """Tell whether a denying statement is for the principal.

        A NotPrincipal spares nobody who has a permissions boundary:
        docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
        """
        principals = statement.principals
        if self.boundary and principals and principals.inverted:
            return True
        return bool(statement.reach(self.request.principal))

    def _must_be_given_by_resource(self) -> bool:
        """Tell whether the principal's own policies cannot do alone.

        Keys and roles trust nobody, not even their account, unless they say so:
        docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
        """
        if self.request.crosses_accounts:
            return True
        resource, action = self.request.resource, self.request.action_name
        if action.startswith("kms:"):
            return ":key/" in resource
        return action.startswith("sts:") and ":role/" in resource

    @property
    def _resource_type(self) -> PolicyType:
        if self.resource and self.resource.role == "trust":
            return "role trust policy"
        return "resource-based policy"

    def _implicit(self, kind: PolicyType) -> Decision:
        action = self.request.action
        return Decision(False, kind, f"because no {kind} allows the {action} action")


def _first(statements: Sequence[Statement], request: Request) -> Statement | None:
    """Find the first statement of an identity's policy that is for *request*."""
    for statement in statements:
        if statement.applies(request):
            return statement
    return None


def _allowed(kind: PolicyType, statement: Statement | None) -> Decision:
    reference = statement.reference if statement else None
    return Decision(True, kind, f"because of an allow in {_a(kind)}", reference)


def _denial(kind: PolicyType, statement: Statement) -> Decision:
    reason = f"with an explicit deny in {_a(kind)}"
    return Decision(False, kind, reason, statement.reference)


def _a(kind: PolicyType) -> str:
    """Put the article that AWS's messages have before the kind of a policy."""
    if kind == "role trust policy":
        return f"the {kind}"
    return f"{'an' if kind[0] == 'i' else 'a'} {kind}"
