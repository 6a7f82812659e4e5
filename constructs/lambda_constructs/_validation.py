"""What can only be checked when everything has been said."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar
from weakref import WeakKeyDictionary

import jsii
from aws_cdk import Stack
from constructs import Construct, IValidation

__all__: list[str] = []

T = TypeVar("T")


@jsii.implements(IValidation)
class _Check:
    def __init__(self, check: Callable[[], list[str]]) -> None:
        self._check = check

    def validate(self) -> list[str]:
        return self._check()


def validate_at_the_end(scope: Construct, check: Callable[[], list[str]]) -> None:
    """Have *check* say at synthesis what is wrong with *scope*, in one line each.

    It may warn as well.
    """
    scope.node.add_validation(_Check(check))


def gather_until_the_end(
    gathered: WeakKeyDictionary[Stack, list[T]],
    stack: Stack,
    item: T,
    check: Callable[[Stack, list[T]], list[str]],
) -> None:
    """Add *item* to what *check* gets of *stack* at synthesis, all at once.

    Each validation is a call from JavaScript, so that there is one to a stack.
    """
    if stack not in gathered:
        gathered[stack] = []
        validate_at_the_end(stack, partial(check, stack, gathered[stack]))
    gathered[stack].append(item)
