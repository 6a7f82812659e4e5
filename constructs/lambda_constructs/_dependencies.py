"""What a function's resource waits for, beyond what it names."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from aws_cdk import CfnResource, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import IConstruct

from lambda_constructs._known import resource_of, stack_of
from lambda_constructs._validation import gather_until_the_end

__all__: list[str] = []

_left_out: WeakKeyDictionary[Stack, list[tuple[CfnResource, CfnResource]]]
_left_out = WeakKeyDictionary()


def leave_out_role(
    scope: IConstruct, function: lambda_.Function, role: iam.Role
) -> None:
    """Take *role* out of the `DependsOn` of *function* in *scope*, which names it.

    CDK adds it for the policies beside the role, which stay where there are any; the
    role itself is what cfn-lint calls redundant (W3005). It can be taken out only
    when CDK has made `DependsOn` of all dependencies, which is before it validates.
    """
    resource, named = resource_of(function), resource_of(role)
    if not isinstance(resource, CfnResource) or not isinstance(named, CfnResource):
        return

    gather_until_the_end(_left_out, stack_of(scope), (resource, named), _leave_out)


def _leave_out(_: Stack, pairs: list[tuple[CfnResource, CfnResource]]) -> list[str]:
    for resource, named in pairs:
        resource.remove_resource_dependency(named)
    return []
