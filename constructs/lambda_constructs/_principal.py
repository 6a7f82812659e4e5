"""A function's role as the one that grants go to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jsii
from aws_cdk import aws_iam as iam

if TYPE_CHECKING:
    from lambda_constructs._network import Network


@jsii.implements(iam.IPrincipal)
class RolePrincipal:
    """The role, with its customer-managed policy as the place for grants.

    `iam.ManagedPolicy.grant_principal` would do, but cannot be named in the policy of
    a resource, which keys and other accounts' resources need.
    """

    def __init__(
        self,
        role: iam.Role,
        policy: iam.ManagedPolicy,
        network: Network | None = None,
    ) -> None:
        self._role = role
        self._policy = policy
        self._network = network

    @property
    def assume_role_action(self) -> str:
        """The action of a trust policy that names it."""
        return "sts:AssumeRole"

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """Itself."""
        return self

    @property
    def policy_fragment(self) -> iam.PrincipalPolicyFragment:
        """How the policy of a resource names it."""
        return self._role.policy_fragment

    @property
    def principal_account(self) -> str | None:
        """Whose it is."""
        return self._role.principal_account

    @jsii.member(jsii_name="addToPrincipalPolicy")
    def add_to_principal_policy(
        self, statement: iam.PolicyStatement
    ) -> iam.AddToPrincipalPolicyResult:
        """Add a statement to the function's one policy."""
        self._add(statement)
        return iam.AddToPrincipalPolicyResult(
            statement_added=True, policy_dependable=self._policy
        )

    @jsii.member(jsii_name="addToPolicy")
    def add_to_policy(self, statement: iam.PolicyStatement) -> bool:
        """Do the same, by the name of old."""
        self._add(statement)
        return True

    def _add(self, statement: iam.PolicyStatement) -> None:
        self._policy.add_statements(statement)
        if self._network is not None:
            # CDK grants the key with what it encrypts, and the service uses it then.
            called = [each for each in statement.actions if each[:4] != "kms:"]
            self._network.reach(called)
