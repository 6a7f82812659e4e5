"""The one exception that this library raises, and the checks that raise it."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakKeyDictionary

from aws_cdk import Duration, Token
from constructs import IConstruct, Node
from jsii.errors import JavaScriptError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["ConfigurationError"]

T = TypeVar("T")

_lengths: WeakKeyDictionary[Duration, float | None] = WeakKeyDictionary()
"""A duration never changes, and each look at it is a call of JavaScript."""

TOKEN = re.compile(r"\$\{Token\[[A-Za-z0-9:._-]+\]\}")
"""CDK's mark for what a text leaves to be resolved."""

LEAST_NUMBER = -1e289
"""CDK encodes a token as a number below."""

PLAIN: dict[str, tuple[type, str]] = {
    "bool": (bool, "True or False"),
    "str": (str, "text"),
}
"""The annotations that `check_fields` knows."""


class ConfigurationError(ValueError):
    """A configuration that AWS would reject, or that can never work.

    The message reads *path: what, given what, allowed what; what to do*, in the
    words of the API that was called.
    """

    def __init__(self, message: str, *, scope: IConstruct | None = None) -> None:
        """Word the error; *scope* is the construct at fault, named by its path."""
        path = scope.node.path if scope is not None else ""
        super().__init__(f"{path}: {message}" if path else message)


def check_range(
    name: str,
    value: float | None,
    low: float,
    high: float,
    *,
    unit: str = "",
    scope: IConstruct | None = None,
    remedy: str = "",
) -> None:
    """Raise unless *low* <= *value* <= *high*; unset and token values pass.

    Raises:
        ConfigurationError: The value is out of range.
    """
    if value is None or is_token(value) or low <= value <= high:
        return
    unit = f" {unit}" if unit else ""
    raise ConfigurationError(
        f"{name} must be between {low:,} and {high:,}{unit}, got {value:,}{unit}"
        + (f"; {remedy}" if remedy else ""),
        scope=scope,
    )


def check_type(
    name: str,
    value: object,
    wanted: str,
    *,
    holds: bool,
    scope: IConstruct | None = None,
) -> None:
    """Raise unless *value* is of the type that *holds* tells; unset values pass.

    Raises:
        ConfigurationError: It is another one.
    """
    if value is None or holds:
        return
    shown = repr(value)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    raise ConfigurationError(
        f"{name} must be {wanted}, got {shown} ({type(value).__name__})", scope=scope
    )


def check_fields(source: DataclassInstance) -> None:
    """Check those fields of *source* whose annotation says all: text, True or False.

    None is for what may be left out, and does not stand for another default.

    Raises:
        ConfigurationError: A value is of another type.
    """
    for field in fields(source):
        value, kind = getattr(source, field.name), str(field.type)
        required = field.default is MISSING and field.default_factory is MISSING
        if not required and not kind.endswith(("None", "object")):
            check_given(**{field.name: value})
        if kind.removesuffix(" | None") in PLAIN:
            held, wanted = PLAIN[kind.removesuffix(" | None")]
            check_type(field.name, value, wanted, holds=isinstance(value, held))


def check_text(
    name: str, value: object, most: int, *, scope: IConstruct | None = None
) -> None:
    """Raise unless *value* is text of at most *most* characters; tokens pass.

    Raises:
        ConfigurationError: It is something else, or longer.
    """
    check_type(name, value, "text", holds=isinstance(value, str), scope=scope)
    if isinstance(value, str) and not is_token(value) and len(value) > most:
        raise ConfigurationError(
            f"{name} must be at most {most:,} characters, got {len(value):,}",
            scope=scope,
        )


def check_whole(name: str, value: object, *, scope: IConstruct | None = None) -> None:
    """Raise unless *value* is a whole number, a token or unset.

    Raises:
        ConfigurationError: It is something else.
    """
    whole = isinstance(value, int) and not isinstance(value, bool)
    token = isinstance(value, float) and Token.is_unresolved(value)
    check_type(name, value, "a whole number", holds=whole or token, scope=scope)


def check_number(name: str, value: object) -> None:
    """Raise unless *value* is a finite number, a token or unset.

    Raises:
        ConfigurationError: It is something else.
    """
    known = isinstance(value, int | float) and math.isfinite(value)
    number = known and not isinstance(value, bool)
    check_type(name, value, "a number", holds=number)


def check_scope(call: str, scope: object) -> None:
    """Raise unless *scope* is a construct, which *call* takes.

    Raises:
        ConfigurationError: It is something else.
    """
    if not isinstance(getattr(scope, "node", None), Node):
        raise ConfigurationError(
            f"{call} takes an app, a stack or a construct, got {scope!r}"
        )


def check_given(**values: object) -> None:
    """Raise if one of *values* is None, which does not stand for another default.

    Raises:
        ConfigurationError: One is.
    """
    for name, value in values.items():
        if value is None:
            raise ConfigurationError(
                f"{name} must not be None; leave it out for its default"
            )


def check_duration(
    name: str, value: object, *, scope: IConstruct | None = None
) -> None:
    """Raise unless *value* is a `Duration` of whole seconds, or unset.

    Raises:
        ConfigurationError: It is something else.
    """
    known = isinstance(value, Duration)
    check_type(
        name, value, "a Duration, as Duration.seconds(30)", holds=known, scope=scope
    )
    length = seconds(value) if isinstance(value, Duration) else None
    if length is not None and length != int(length):
        raise ConfigurationError(
            f"{name} must be whole seconds, got {length:g} s; round it up", scope=scope
        )


def is_token(value: object) -> bool:
    """Tell whether *value* is a token, as `Token.is_unresolved` does.

    That is a call of JavaScript. A text that is one has CDK's mark in it, and a number
    that is one is below all that anybody would write.
    """
    if isinstance(value, str):
        return TOKEN.search(value) is not None
    if isinstance(value, int | float) and not -math.inf < value <= LEAST_NUMBER:
        return False  # NaN and -inf, too, which would end the process of JavaScript
    return Token.is_unresolved(value)


def literal(value: T | None) -> T | None:
    """Give *value*, or None where it is unset or a token."""
    return None if value is None or is_token(value) else value


def seconds(duration: Duration | None) -> float | None:
    """Give the length of *duration*, or None where it is unset or a token."""
    if duration is None:
        return None
    if duration not in _lengths:
        _lengths[duration] = _length(duration)
    return _lengths[duration]


def _length(duration: Duration) -> float | None:
    try:
        return literal(duration.to_seconds(integral=False))
    except RuntimeError:
        if duration.is_unresolved():
            return None
        raise


def nearest(name: str, known: Iterable[str]) -> str:
    """Give the end of a message about an unknown *name*: what it may have meant."""
    matches = difflib.get_close_matches(name, list(known), n=3)
    return f"; did you mean {' or '.join(matches)}?" if matches else ""


@contextmanager
def jsii_errors(scope: IConstruct) -> Iterator[None]:
    """Turn an error of CDK's own JavaScript into the fault it reports.

    jsii raises it as a bare `RuntimeError` whose cause is a JavaScript stack.

    Raises:
        ConfigurationError: CDK refused what was asked for.
    """
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error.__cause__, JavaScriptError):
            raise
        fault = _mistyped(str(error)) or " ".join(str(error).split()).rstrip(".")
        raise ConfigurationError(fault, scope=scope) from None


def _mistyped(fault: str) -> str | None:
    """Say in one line which option jsii could not take, which draws a tree of it."""
    names = re.findall(r"Key '([^']+)'", fault)
    kinds = re.findall(r"Unable to deserialize value as (?:[\w-]+\.)*(\S+)", fault)
    values = re.findall(r"Failing value is .+\n[│\s]*(.+?)\s*\n", fault)
    if not (names and kinds and values):
        return None
    option = ".".join(
        re.sub("([A-Z])", r"_\1", each).lower() if each.isidentifier() else each
        for each in names
    )
    return f"{option} must be {kinds[-1]}, got {values[-1]}"
