"""Which log groups are one and the same, under whatever name."""

from __future__ import annotations

from aws_cdk import CfnResource, IResource
from aws_cdk import aws_logs as logs

from lambda_constructs._known import (
    account_of,
    node_of,
    region_of,
    resource_of,
    stack_of,
)
from lambda_constructs.errors import is_token, literal


def are_one(
    one: logs.LogGroup | logs.ILogGroup, other: logs.LogGroup | logs.ILogGroup
) -> bool:
    """Tell whether two are the same group, as far as their names are known."""
    return any(_is_called(other, name, one) for name in _names(one))


def count_filters(group: logs.LogGroup | logs.ILogGroup) -> int:
    """Count the subscription filters that the app has for *group*, whoever made them.

    CloudWatch Logs counts all of them, those of CDK's own classes as well.
    """
    return sum(
        isinstance(each, logs.CfnSubscriptionFilter)
        and _is_called(group, str(each.log_group_name), each)
        for each in node_of(group.node.root).find_all()
    )


def _names(group: logs.LogGroup | logs.ILogGroup) -> set[str]:
    """Give the name of a group, and the literal one where it has that too."""
    resource = resource_of(group)
    given = resource.log_group_name if isinstance(resource, logs.CfnLogGroup) else None
    return {group.log_group_name, *filter(None, [literal(given)])}


def _is_called(
    group: logs.LogGroup | logs.ILogGroup, name: str, there: IResource | CfnResource
) -> bool:
    """Tell whether *name*, as *there* uses it, means *group*."""
    if not is_token(name):
        return name in _names(group) and _may_be_together(group, there)
    if name == group.log_group_name:
        return True
    # One reference may be written by several tokens, but means something in its own
    # stack only.
    stack = stack_of(group)
    return stack is stack_of(there) and (
        stack.resolve(name) == stack.resolve(group.log_group_name)
    )


def _may_be_together(one: IResource, other: IResource | CfnResource) -> bool:
    """Tell whether two are in one Region and account, or nothing says otherwise."""
    return all(
        literal(here) is None or literal(there) is None or here == there
        for here, there in (
            (region_of(one), region_of(other)),
            (account_of(one), account_of(other)),
        )
    )
