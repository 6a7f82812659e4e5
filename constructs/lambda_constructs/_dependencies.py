"""What a function's resource waits for, beyond what it names."""

from __future__ import annotations

from typing import cast
from weakref import WeakKeyDictionary

from aws_cdk import CfnResource, Stack
from aws_cdk import aws_iam as iam
from constructs import IConstruct

from lambda_constructs._known import resource_of, stack_of
from lambda_constructs._validation import gather_until_the_end

__all__: list[str] = []

_left_out: WeakKeyDictionary[Stack, list[tuple[CfnResource, iam.Role]]]
_left_out = WeakKeyDictionary()


def leave_out_role(scope: IConstruct, function: CfnResource, role: iam.Role) -> None:
    """Take *role* out of the `DependsOn` of *function* in *scope*, which names it.

    CDK adds it for the policies beside the role, which stay where there are any; the
    role itself is what cfn-lint calls redundant (W3005). It can be taken out only
    when CDK has made `DependsOn` of all dependencies, which is before it validates.
    """
    gather_until_the_end(_left_out, stack_of(scope), (function, role), _leave_out)


def _leave_out(_: Stack, pairs: list[tuple[CfnResource, iam.Role]]) -> list[str]:
    for function, role in pairs:
        waits = function.obtain_dependencies()
        roles = [each for each in waits if isinstance(each, iam.CfnRole)]
        # The only one is its own, and to ask which it is would be calls of JavaScript.
        own = roles[0] if len(roles) == 1 else resource_of(role)
        function.remove_resource_dependency(cast("CfnResource", own))
    return []
