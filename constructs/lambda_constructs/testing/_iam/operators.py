"""The condition operators: how one value of a request meets one of a policy."""

from __future__ import annotations

import ipaddress
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from lambda_constructs.testing._iam.errors import PolicyError
from lambda_constructs.testing._iam.patterns import Keys, Style, plain, regex, template
from lambda_constructs.testing._iam.scalars import binary, date, number

Matcher: TypeAlias = Callable[[str, Keys], bool]
"""Does this value of the request, in this context, match the policy's value?"""


@dataclass(frozen=True, slots=True)
class Operator:
    """A kind of comparison.

    Attributes:
        matcher: Compiles a value of a policy; raises `ValueError` for one that
            can never be compared.
        negated: Whether it holds where none of the policy's values matches.
        variables: Whether AWS puts policy variables into its values.
    """

    matcher: Callable[[str, bool], Matcher]
    negated: bool = False
    variables: bool = False


def _equals(text: str, variables: bool) -> Matcher:
    pattern = template(text, variables=variables)
    if pattern.fixed:
        expected = plain(pattern.parts)
        return lambda value, _: value == expected

    def matches(value: str, keys: Keys) -> bool:
        parts = pattern.expand(keys)
        return parts is not None and value == plain(parts)

    return matches


def _equals_ignoring_case(text: str, variables: bool) -> Matcher:
    pattern = template(text, variables=variables)

    def matches(value: str, keys: Keys) -> bool:
        parts = pattern.expand(keys)
        return parts is not None and value.lower() == plain(parts).lower()

    return matches


def _like(text: str, variables: bool, style: Style = "glob") -> Matcher:
    pattern = template(text, variables=variables)
    if pattern.fixed:
        fixed = regex(pattern.parts, style)
        return lambda value, _: fixed.fullmatch(value) is not None

    def matches(value: str, keys: Keys) -> bool:
        parts = pattern.expand(keys)
        return parts is not None and bool(regex(parts, style).fullmatch(value))

    return matches


def _arn(text: str, variables: bool) -> Matcher:
    like = _like(text, variables, "arn")

    def matches(value: str, keys: Keys) -> bool:
        return value.count(":") >= 5 and like(value, keys)

    return matches


def _compared(
    read: Callable[[str], Any], compare: Callable[[Any, Any], bool]
) -> Callable[[str, bool], Matcher]:
    """Compare what *read* makes of both; it raises `ValueError` for nonsense."""

    def compile_(text: str, _: bool) -> Matcher:
        expected = read(text)

        def matches(value: str, _: Keys) -> bool:
            try:
                return compare(read(value), expected)
            except ValueError:
                return False

        return matches

    return compile_


def _bool(text: str, _: bool) -> Matcher:
    expected = text.lower()
    if expected not in ("true", "false"):
        raise ValueError("is neither true nor false")
    return lambda value, _: value.lower() == expected


def _ip(text: str, _: bool) -> Matcher:
    network = ipaddress.ip_network(text, strict=False)

    def matches(value: str, _: Keys) -> bool:
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return matches


def _table() -> dict[str, Operator]:
    texts = {
        "StringEquals": _equals,
        "StringEqualsIgnoreCase": _equals_ignoring_case,
        "StringLike": _like,
        "ArnEquals": _arn,
        "ArnLike": _arn,
    }
    table = {}
    for name, matcher in texts.items():
        table[name] = Operator(matcher, variables=True)
        kind = "String" if name.startswith("String") else "Arn"
        negative = kind + "Not" + name.removeprefix(kind)
        table[negative] = Operator(matcher, negated=True, variables=True)
    orders = {
        "LessThan": operator.lt,
        "LessThanEquals": operator.le,
        "GreaterThan": operator.gt,
        "GreaterThanEquals": operator.ge,
    }
    for kind, read in (("Numeric", number), ("Date", date)):
        equal = _compared(read, operator.eq)
        table[f"{kind}Equals"] = Operator(equal)
        table[f"{kind}NotEquals"] = Operator(equal, negated=True)
        for order, compare in orders.items():
            table[f"{kind}{order}"] = Operator(_compared(read, compare))
    table["Bool"] = Operator(_bool)
    table["BinaryEquals"] = Operator(_compared(binary, operator.eq))
    table["IpAddress"] = Operator(_ip)
    table["NotIpAddress"] = Operator(_ip, negated=True)
    return table


OPERATORS = _table()
"""By name, without `ForAllValues:`, `ForAnyValue:` and `IfExists`; `Null` apart."""


def compile_value(name: str, value: str, *, variables: bool) -> Matcher:
    """Compile one value of a policy for the operator *name*.

    Raises:
        PolicyError: It can never be compared, or holds a variable where AWS puts
            none in.
    """
    kind = OPERATORS[name]
    if variables and not kind.variables and "${" in value:
        raise PolicyError(
            f"{value!r} holds a policy variable; only String and Arn operators do"
        )
    try:
        return kind.matcher(value, variables)
    except PolicyError:
        raise
    except ValueError as error:
        fault = str(error)
        raise PolicyError(fault if value in fault else f"{value!r} {fault}") from None
