"""What can only be checked when everything has been said."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar
from weakref import WeakKeyDictionary

import jsii
from aws_cdk import Stack, Stage
from constructs import IConstruct, IValidation

from lambda_constructs._known import node_of, path_of, stack_of

__all__: list[str] = []

H = TypeVar("H", Stack, Stage)
T = TypeVar("T")

_checks: WeakKeyDictionary[
    Stack | Stage, list[tuple[IConstruct, Callable[[], list[str]]]]
]
_checks = WeakKeyDictionary()


@jsii.implements(IValidation)
class _Checks:
    """All checks of a stack or a stage: each validation is a call from JavaScript."""

    def __init__(self, holder: Stack | Stage) -> None:
        self._holder = holder

    def validate(self) -> list[str]:
        return [
            fault if scope is self._holder else f"{path_of(scope)}: {fault}"
            for scope, check in _checks[self._holder]
            for fault in check()
        ]


def validate_at_the_end(scope: IConstruct, check: Callable[[], list[str]]) -> None:
    """Have *check* say at synthesis what is wrong with *scope*, in one line each.

    It may warn as well.
    """
    holder = scope if isinstance(scope, Stage) else stack_of(scope)
    if holder not in _checks:
        _checks[holder] = []
        node_of(holder).add_validation(_Checks(holder))
    _checks[holder].append((scope, check))


def gather_until_the_end(
    gathered: WeakKeyDictionary[H, list[T]],
    holder: H,
    item: T,
    check: Callable[[H, list[T]], list[str]],
) -> None:
    """Add *item* to what *check* gets of a stack or a stage at synthesis, all at once.

    Of a stage what looks at the whole app, so that it does so once.
    """
    if holder not in gathered:
        gathered[holder] = []
        validate_at_the_end(holder, partial(check, holder, gathered[holder]))
    gathered[holder].append(item)
