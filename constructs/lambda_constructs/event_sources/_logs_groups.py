"""Which log groups are one and the same, under whatever name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from weakref import WeakKeyDictionary

from aws_cdk import CfnResource, IResource, Stack, Stage
from aws_cdk import aws_logs as logs

from lambda_constructs import limits
from lambda_constructs._known import (
    account_of,
    asked_once,
    node_of,
    path_of,
    region_of,
    resource_of,
    stack_of,
    stage_of,
)
from lambda_constructs._validation import gather_until_the_end
from lambda_constructs.errors import is_token, literal
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice

Group = logs.LogGroup | logs.ILogGroup
Resolve = Callable[[Stack, str], object]

_groups: WeakKeyDictionary[Stage, list[tuple[LambdaFunction, Group]]]
_groups = WeakKeyDictionary()
"""What invokes functions in each stage of the app."""


def are_one(one: Group, other: Group) -> bool:
    """Tell whether two are the same group, as far as their names are known."""
    return any(_is_called(other, name, one, Stack.resolve) for name in _names(one))


def count_filters(function: LambdaFunction, group: Group) -> None:
    """Have the subscription filters counted that the app has for *group*, in the end.

    CloudWatch Logs counts all of them, those of CDK's own classes as well.
    """
    stage = stage_of(stack_of(function))
    gather_until_the_end(_groups, stage, (function, group), _count)


def _count(stage: Stage, pairs: list[tuple[LambdaFunction, Group]]) -> list[str]:
    filters = [
        (str(each.log_group_name), each)
        for each in node_of(node_of(stage).root).find_all()
        if isinstance(each, logs.CfnSubscriptionFilter)
    ]
    resolve = cache(Stack.resolve)
    faults = []
    # Of several functions of a group, the last is told.
    for function, group in {path_of(each[1]): each for each in pairs}.values():
        count = sum(_is_called(group, name, each, resolve) for name, each in filters)
        if count > limits.LOGS_FILTERS:
            faults.append(
                f"{path_of(function)}: {path_of(group)} must have at most "
                f"{limits.LOGS_FILTERS} subscription filters, got {count}; let one "
                "function distribute its lines, by a topic for example"
            )
        elif count > limits.LOGS_FILTERS_WITHOUT_QUOTA_INCREASE:
            Practice.LOGS_FILTER_QUOTA.warn(
                function,
                f"{count} subscription filters of {path_of(group)} need a raised "
                f"quota, {limits.LOGS_FILTERS_WITHOUT_QUOTA_INCREASE} do not; request "
                "it first",
            )
    return faults


@asked_once
def _name_of(group: Group) -> str:
    return group.log_group_name


@asked_once
def _names(group: Group) -> set[str]:
    """Give the name of a group, and the literal one where it has that too."""
    resource = resource_of(group)
    given = resource.log_group_name if isinstance(resource, logs.CfnLogGroup) else None
    return {_name_of(group), *filter(None, [literal(given)])}


def _is_called(
    group: Group, name: str, there: IResource | CfnResource, resolve: Resolve
) -> bool:
    """Tell whether *name*, as *there* uses it, means *group*."""
    if not is_token(name):
        return name in _names(group) and _may_be_together(group, there)
    if name == _name_of(group):
        return True
    # One reference may be written by several tokens, but means something in its own
    # stack only.
    stack = stack_of(group)
    return stack is stack_of(there) and (
        resolve(stack, name) == resolve(stack, _name_of(group))
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
