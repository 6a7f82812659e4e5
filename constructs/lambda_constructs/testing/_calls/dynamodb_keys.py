"""The condition keys of DynamoDB's fine-grained access control.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

Values: TypeAlias = Mapping[str, object]
Context: TypeAlias = dict[str, "str | tuple[str, ...]"]

_EXPRESSIONS = (
    "ProjectionExpression",
    "FilterExpression",
    "ConditionExpression",
    "UpdateExpression",
    "KeyConditionExpression",
)
_LEGACY = ("Expected", "AttributeUpdates", "QueryFilter", "ScanFilter", "KeyConditions")
_SCALARS = ("Select", "ReturnValues", "ReturnConsumedCapacity")
# A path's first name, unless it is a function, a value or a nested name.
_NAME = re.compile(r"(?<![\w:.#\]])(#?[A-Za-z_][\w-]*)(?!\s*\()(?![\w-])")
_KEYWORDS = frozenset(
    "AND OR NOT BETWEEN IN SET ADD REMOVE DELETE".split()  # noqa: SIM905
)
_EQUALS = r"(?<![\w#])(#?[\w.-]+)\s*=\s*(:\w+)"


def conditions(part: Values, partition_key: str | None) -> Context:
    """What policies can say about one request, or one of its items."""
    context: Context = {}
    for name in _SCALARS:
        if isinstance(value := part.get(name), str):
            context[f"dynamodb:{name}"] = value
    if attributes := tuple(dict.fromkeys(_attributes(part))):
        context["dynamodb:Attributes"] = attributes
    if partition_key and (leading := _leading(part, partition_key)):
        context["dynamodb:LeadingKeys"] = leading
    return context


def text(value: object) -> str | None:
    """A key's value as policies compare it."""
    if not isinstance(value, Mapping):
        return None
    for kind in ("S", "N"):
        if kind in value:
            return str(value[kind])
    raw = value.get("B")
    return base64.b64encode(raw).decode() if isinstance(raw, bytes) else None


def texts(values: Iterable[object]) -> tuple[str, ...]:
    """The distinct values among these."""
    return tuple(dict.fromkeys(t for value in values if (t := text(value)) is not None))


def _leading(part: Values, partition_key: str) -> tuple[str, ...]:
    for holder in ("Key", "Item"):
        if isinstance(item := part.get(holder), Mapping):
            return texts([item.get(partition_key)])
    if isinstance(keys := part.get("Keys"), list):
        return texts(key.get(partition_key) for key in keys)
    if isinstance(legacy := part.get("KeyConditions"), Mapping):
        condition = legacy.get(partition_key, {})
        return texts(condition.get("AttributeValueList", []))
    return _equal(part, partition_key)


def _equal(part: Values, partition_key: str) -> tuple[str, ...]:
    names, values = _aliases(part), part.get("ExpressionAttributeValues")
    expression = part.get("KeyConditionExpression")
    if not isinstance(expression, str) or not isinstance(values, Mapping):
        return ()
    return texts(
        values.get(value)
        for name, value in re.findall(_EQUALS, expression)
        if names.get(name, name) == partition_key
    )


def _aliases(part: Values) -> Mapping[str, str]:
    names = part.get("ExpressionAttributeNames")
    return names if isinstance(names, Mapping) else {}


def _attributes(part: Values) -> Iterable[str]:
    for holder in ("Key", "Item", *_LEGACY):
        if isinstance(item := part.get(holder), Mapping):
            yield from item
    if isinstance(keys := part.get("Keys"), list):
        for key in keys:
            yield from key
    if isinstance(got := part.get("AttributesToGet"), list):
        yield from got
    aliases = _aliases(part)
    for name in _EXPRESSIONS:
        if isinstance(expression := part.get(name), str):
            for found in _NAME.findall(expression):
                if found.upper() not in _KEYWORDS:
                    yield aliases.get(found, found)
