"""How many resources a stack takes, said before CDK counts them by their types."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from aws_cdk import CfnResource, Stack

from lambda_constructs import limits
from lambda_constructs._known import node_of, stack_of
from lambda_constructs._validation import gather_until_the_end

if TYPE_CHECKING:
    from lambda_constructs.function import LambdaFunction

__all__: list[str] = []

LIMIT = "@aws-cdk/core:stackResourceLimit"
"""The context by which an app raises CDK's own limit, or has none with 0."""

FEW = 20
"""Functions that fit into any stack, each with two sources and alarms."""

_functions: WeakKeyDictionary[Stack, list[LambdaFunction]] = WeakKeyDictionary()


def count(function: LambdaFunction) -> None:
    """Have the resources beside *function* counted when everything has been said."""
    gather_until_the_end(_functions, stack_of(function), function, _too_many)


def _too_many(stack: Stack, functions: list[LambdaFunction]) -> list[str]:
    if len(functions) <= FEW:
        return []
    most = node_of(stack).try_get_context(LIMIT)
    most = limits.STACK_RESOURCES if most is None else int(most)
    resources = _resources(stack)
    if not most or resources <= most:
        return []
    each = -(-resources // len(functions))
    return [
        f"resources of a stack must be at most {most:,}, got {resources:,} of "
        f"{len(functions)} functions and what is beside them; put about "
        f"{most // each} functions into one Stack, and the others into another"
    ]


def _resources(stack: Stack) -> int:
    """Count what *stack* deploys itself, without what stacks below it do."""
    found = node_of(stack).find_all()
    resources = sum(isinstance(each, CfnResource) for each in found)
    below = [each for each in found if isinstance(each, Stack) and each is not stack]
    return resources - sum(map(_resources, below))
