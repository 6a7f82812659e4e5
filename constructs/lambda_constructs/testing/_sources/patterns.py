"""Event patterns: moto's matcher, kept from what it would read wrongly.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from moto.events.models import EventPattern

from lambda_constructs.testing.errors import AccountError

COMPARISONS = ("<", "<=", "=", ">=", ">")
MOST_ALTERNATIVES = 10_000


def check_pattern(where: str, pattern: Any) -> None:
    """Refuse what AWS refuses, and what the matcher would not understand.

    Raises:
        AccountError: It says what and where.
    """
    if not isinstance(pattern, Mapping):
        raise AccountError(f"{where} must be an object, got {pattern!r}")
    for key, value in pattern.items():
        inside = f"{where}.{key}"
        if key == "$or":
            if not isinstance(value, list) or len(value) < 2:
                raise AccountError(f"{inside} must list two or more patterns")
            for each in value:
                check_pattern(inside, each)
        elif isinstance(value, Mapping):
            check_pattern(inside, value)
        elif isinstance(value, list) and value:
            for each in value:
                _check_value(inside, each)
        else:
            raise AccountError(
                f"{inside} must be an object or a list of values, got {value!r}"
            )


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Tell whether *event* matches.

    AWS looks into lists of objects, and takes all values of one list from the same
    object; moto does not, so that it is asked about each choice of objects.
    """
    matcher = EventPattern(None, dict(pattern))
    choices = _alternatives(event)
    for number, each in enumerate(choices):
        if number == MOST_ALTERNATIVES:
            raise AccountError("the event has too many lists of objects to be matched")
        if matcher.matches_event(each):
            return True
    return False


def _alternatives(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        keys = list(value)
        for chosen in product(*(list(_alternatives(value[key])) for key in keys)):
            yield dict(zip(keys, chosen, strict=True))
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        for each in value:
            yield from _alternatives(each)
    else:
        yield value


def _check_value(where: str, value: Any) -> None:
    if not isinstance(value, Mapping):
        if isinstance(value, list):
            raise AccountError(f"{where} must list values, got a list in the list")
        return
    if len(value) != 1:
        raise AccountError(f"{where} must name one operator at a time, got {value!r}")
    ((operator, operand),) = value.items()
    check = OPERATORS.get(operator)
    if check is None:
        known = ", ".join(sorted(OPERATORS))
        raise AccountError(f"{where}: {operator!r} is not known; known are {known}")
    if not check(operand):
        raise AccountError(f"{where}: {operator} cannot be {operand!r}")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_texts(value: Any) -> bool:
    listed = isinstance(value, list) and bool(value)
    return _is_text(value) or (listed and all(_is_text(each) for each in value))


def _is_affix(value: Any) -> bool:
    return _is_text(value) or _is_only(value, "equals-ignore-case", _is_text)


def _is_anything_but(value: Any) -> bool:
    if isinstance(value, Mapping):
        inner = ("prefix", "suffix", "equals-ignore-case", "wildcard")
        return any(_is_only(value, each, _is_texts) for each in inner)
    values = value if isinstance(value, list) else [value]
    return bool(values) and all(isinstance(each, str | int | float) for each in values)


def _is_numeric(value: Any) -> bool:
    if not isinstance(value, list) or len(value) not in (2, 4):
        return False
    return all(each in COMPARISONS for each in value[::2]) and all(
        isinstance(each, int | float) and not isinstance(each, bool)
        for each in value[1::2]
    )


def _is_cidr(value: Any) -> bool:
    try:
        ipaddress.ip_network(value)  # moto takes no address with host bits
    except ValueError:
        return False
    return True


def _is_only(value: Any, name: str, check: Any) -> bool:
    return isinstance(value, Mapping) and list(value) == [name] and check(value[name])


OPERATORS: Mapping[str, Any] = {
    "anything-but": _is_anything_but,
    "cidr": _is_cidr,
    "equals-ignore-case": _is_text,
    "exists": lambda value: isinstance(value, bool),
    "numeric": _is_numeric,
    "prefix": _is_affix,
    "suffix": _is_affix,
    "wildcard": _is_text,
}
