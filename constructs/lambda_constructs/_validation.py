"""What can only be checked when everything has been said."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar
from weakref import WeakKeyDictionary

import jsii
from aws_cdk import Stack
from constructs import IConstruct, IValidation

from lambda_constructs._known import node_of, path_of, stack_of

__all__: list[str] = []

T = TypeVar("T")


_checks: WeakKeyDictionary[Stack, list[tuple[IConstruct, Callable[[], list[str]]]]]
_checks = WeakKeyDictionary()


@jsii.implements(IValidation)
class _Checks:
    """All checks of a stack: each validation is a call from JavaScript."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def validate(self) -> list[str]:
        return [
            fault if scope is self._stack else f"{path_of(scope)}: {fault}"
            for scope, check in _checks[self._stack]
            for fault in check()
        ]


def validate_at_the_end(scope: IConstruct, check: Callable[[], list[str]]) -> None:
    """Have *check* say at synthesis what is wrong with *scope*, in one line each.

    It may warn as well.
    """
    stack = stack_of(scope)
    if stack not in _checks:
        _checks[stack] = []
        node_of(stack).add_validation(_Checks(stack))
    _checks[stack].append((scope, check))


def gather_until_the_end(
    gathered: WeakKeyDictionary[Stack, list[T]],
    stack: Stack,
    item: T,
    check: Callable[[Stack, list[T]], list[str]],
) -> None:
    """Add *item* to what *check* gets of *stack* at synthesis, all at once."""
    if stack not in gathered:
        gathered[stack] = []
        validate_at_the_end(stack, partial(check, stack, gathered[stack]))
    gathered[stack].append(item)
