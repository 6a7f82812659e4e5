"""What a rule's target gets, with what is wrong said in the kit's own errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lambda_constructs import _rule_input
from lambda_constructs._rule_input import (
    MISSING,
    RuleInputError,
    UndocumentedInputError,
)
from lambda_constructs.testing.errors import AccountError, UnmodelledError

__all__ = ["MISSING", "find", "input_of"]


def input_of(target: Mapping[str, Any], event: Any, rule: str) -> str:
    """Give the text that a target gets for an event.

    Raises:
        UnmodelledError: It depends on what AWS does not say.
    """
    with _own_errors():
        return _rule_input.input_of(target, event, rule)


def find(event: Any, path: str) -> Any:
    """Follow a JSON path; give MISSING where there is nothing.

    Raises:
        AccountError: EventBridge has no such paths.
    """
    with _own_errors():
        return _rule_input.find(event, path)


@contextmanager
def _own_errors() -> Iterator[None]:
    try:
        yield
    except UndocumentedInputError as error:
        raise UnmodelledError(str(error)) from None
    except RuleInputError as error:
        raise AccountError(str(error)) from None
