"""What can only be checked when everything has been said."""

from __future__ import annotations

from collections.abc import Callable

import jsii
from constructs import Construct, IValidation

__all__: list[str] = []


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
