"""The Region where Lambda@Edge functions are made."""

from __future__ import annotations

from typing import cast

from aws_cdk import Environment, Stack, Stage
from constructs import Construct

from lambda_constructs._known import account_of, node_of, path_of, region_of, stack_of
from lambda_constructs.errors import ConfigurationError, is_token

__all__: list[str] = []

REGION = "us-east-1"

OTHER_PARTITIONS = ("cn-", "eu-isoe-", "eusc-", "us-gov-", "us-iso")
"""https://docs.aws.amazon.com/general/latest/gr/cf_region.html: us-east-1 alone."""


def home_of(scope: Construct) -> Construct:
    """Give the construct in us-east-1 that the resources of *scope* belong below.

    Raises:
        ConfigurationError: The Region of the stack is not known, or in a partition
            without Lambda@Edge.
    """
    stack = stack_of(scope)
    while stack.nested_stack_parent is not None:
        stack = stack.nested_stack_parent
    if is_token(region_of(stack)):
        raise ConfigurationError(
            f"region of stack {path_of(stack)} must be known, since Lambda@Edge "
            "functions are made in us-east-1, got none; pass "
            "env=Environment(region='us-east-1') to the stack, or its other Region",
            scope=scope,
        )
    if region_of(stack).startswith(OTHER_PARTITIONS):
        raise ConfigurationError(
            "Lambda@Edge must be in the partition of us-east-1, got "
            f"{region_of(stack)}; use CloudFront Functions there",
            scope=scope,
        )
    if region_of(stack) == REGION:
        return scope
    below = path_of(scope).removeprefix(f"{path_of(stack)}/")
    return Construct(_stack_beside(stack), below.replace("/", "-"))


def _stack_beside(stack: Stack) -> Stack:
    """Make the stack in us-east-1 once for all functions of *stack*."""
    around = cast("Construct", Stage.of(stack) or node_of(stack).root)
    path = path_of(stack).removeprefix(f"{path_of(around)}/")
    id = f"{path.replace('/', '-')}-edge"
    found = node_of(around).try_find_child(id)
    if found is not None:
        return cast("Stack", found)
    known = not is_token(account_of(stack))
    return Stack(
        around,
        id,
        stack_name=f"{stack.stack_name}-edge",
        description=f"Lambda@Edge functions of {stack.stack_name}",
        env=Environment(account=account_of(stack) if known else None, region=REGION),
        termination_protection=stack.termination_protection,
    )
