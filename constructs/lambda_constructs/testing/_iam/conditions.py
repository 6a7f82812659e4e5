"""The `Condition` element: which requests a statement is for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from lambda_constructs.testing._iam.errors import PolicyError
from lambda_constructs.testing._iam.operators import (
    OPERATORS,
    Matcher,
    compile_value,
)
from lambda_constructs.testing._iam.patterns import Keys
from lambda_constructs.testing._iam.values import element, strings

Condition: TypeAlias = Callable[[Keys], bool]

_OPERATOR = re.compile(
    r"(?:(?P<set>ForAllValues|ForAnyValue):)?(?P<name>\w+?)(?P<if_exists>IfExists)?"
)
_KEY = re.compile(r"[^:\s]+:.+")


def compile_conditions(block: object, *, variables: bool) -> tuple[Condition, ...]:
    """Compile the element; every condition must hold.

    Raises:
        PolicyError: AWS would reject it.
    """
    compiled = []
    for name, tests in element(block, "Condition").items():
        where = f"Condition.{name}"
        tests = element(tests, where)
        _refuse_same_key_twice(tests, where)
        for key, values in tests.items():
            try:
                compiled.append(_compile(name, key, values, variables=variables))
            except PolicyError as error:
                raise error.inside(f"{where}.{key}") from None
    return tuple(compiled)


def _compile(name: str, key: str, values: object, *, variables: bool) -> Condition:
    """Compile one key under one operator."""
    if not _KEY.fullmatch(key):
        raise PolicyError("a condition key has the form service:keyname")
    match = _OPERATOR.fullmatch(name)
    if match is None or match["name"] not in {*OPERATORS, "Null"}:
        raise PolicyError(f"{name} is not a condition operator")
    texts = strings(values, scalars=True)
    if match["name"] == "Null":
        if match["if_exists"]:
            raise PolicyError("Null does not combine with IfExists")
        return _null(key.lower(), texts)
    matchers = tuple(
        compile_value(match["name"], text, variables=variables) for text in texts
    )
    negated = OPERATORS[match["name"]].negated
    if match["set"]:
        every = match["set"] == "ForAllValues"
        missing = every or bool(match["if_exists"])
        return _of_set(key.lower(), matchers, negated, every=every, missing=missing)
    missing = negated or bool(match["if_exists"])
    return _of_one(key.lower(), matchers, negated, name=name, missing=missing)


def _null(key: str, texts: tuple[str, ...]) -> Condition:
    """Test whether the key is absent: `true` for absent, `false` for present."""
    wanted = {text.lower() for text in texts}
    if not wanted <= {"true", "false"}:
        raise PolicyError("the value of Null must be true or false")
    return lambda keys: ("false" if key in keys else "true") in wanted


def _of_one(
    key: str,
    matchers: tuple[Matcher, ...],
    negated: bool,
    *,
    name: str,
    missing: bool,
) -> Condition:
    """Test a single-valued key: any of the policy's values, or none if negated."""

    def holds(keys: Keys) -> bool:
        value = keys.get(key)
        if value is None:
            return missing
        if not isinstance(value, str):
            raise PolicyError(
                f"{key} has several values in the request, which {name} does not "
                f"compare; write ForAnyValue:{name} or ForAllValues:{name}"
            )
        return any(matches(value, keys) for matches in matchers) is not negated

    return holds


def _of_set(
    key: str,
    matchers: tuple[Matcher, ...],
    negated: bool,
    *,
    every: bool,
    missing: bool,
) -> Condition:
    """Test each value of a multivalued key; empty strings alone are no values."""
    quantify = all if every else any

    def holds(keys: Keys) -> bool:
        value = keys.get(key)
        if value is None:
            return missing
        values = (value,) if isinstance(value, str) else value
        if not any(values):
            return every
        return quantify(
            any(matches(one, keys) for matches in matchers) is not negated
            for one in values
        )

    return holds


def _refuse_same_key_twice(tests: Mapping[str, object], where: str) -> None:
    """Refuse keys that differ in case only: condition keys have no case."""
    seen: dict[str, str] = {}
    for key in tests:
        if (other := seen.setdefault(key.lower(), key)) != key:
            raise PolicyError(f"{other} and {key} are the same key", where=where)
