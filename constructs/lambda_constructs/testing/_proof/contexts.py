"""The condition keys of a request that meets a statement's conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_constructs.testing._proof.grants import listed

SOURCE_ARN = "aws:sourcearn"
SOURCE_ACCOUNT = "aws:sourceaccount"
LOG_GROUP = "kms:encryptioncontext:aws:logs:arn"
TOKEN = "lambda:eventsourcetoken"  # noqa: S105
NEGATED = ("StringNot", "ArnNot", "NumericNot", "DateNot", "NotIpAddress")


def context_for(conditions: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Give the keys with values for which the conditions hold."""
    found: dict[str, Any] = {"aws:SecureTransport": "true"}
    for operator, tests in conditions.items():
        several, _, name = operator.rpartition(":")
        for key, values in tests.items():
            found = {each: found[each] for each in found if each.lower() != key.lower()}
            value = _value(name, str(listed(values)[0]))
            if value is not None:
                found[key] = [value] if several else value
    return found


def value_of(context: Mapping[str, Any], key: str) -> str | None:
    """Give the value of a key, whose case does not matter."""
    for name, value in context.items():
        if name.lower() == key:
            return str(listed(value)[0])
    return None


def _value(operator: str, given: str) -> str | None:
    """Give a value that passes one test, or nothing where the key is to be absent."""
    if operator == "Null":
        return None if given == "true" else "any"
    if operator.startswith(NEGATED):
        return "192.0.2.1" if "Ip" in operator else "other"
    if "Like" in operator or operator.startswith("Arn"):
        return given.replace("*", "x").replace("?", "x")
    return given
