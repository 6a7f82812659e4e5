"""Read the JSON of a policy: objects, and one-or-many strings."""

from __future__ import annotations

import json
from collections.abc import Mapping

from lambda_constructs.testing._iam.errors import PolicyError


def load(document: object) -> object:
    """Give the JSON of *document*, which may be text.

    Raises:
        PolicyError: The text is not JSON, or names one element twice.
    """
    if not isinstance(document, str | bytes):
        return document
    try:
        return json.loads(document, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise PolicyError(f"not JSON: {error}") from None


def element(value: object, where: str) -> Mapping[str, object]:
    """Give *value* as a JSON object.

    Raises:
        PolicyError: It is something else.
    """
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return value
    raise PolicyError(f"must be an object, got {value!r}", where=where)


def strings(value: object, *, scalars: bool = False) -> tuple[str, ...]:
    """Give one string or a list of strings as strings.

    With *scalars*, numbers and booleans may go without quotation marks.

    Raises:
        PolicyError: It is something else.
    """
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(_string(one, scalars=scalars) for one in values)


def _string(value: object, *, scalars: bool) -> str:
    if isinstance(value, str):
        return value
    if scalars and isinstance(value, bool):
        return str(value).lower()
    if scalars and isinstance(value, int | float):
        return str(value)
    raise PolicyError(f"must be a string or a list of strings, got {value!r}")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise PolicyError(f"{name} appears twice in one element")
        found[name] = value
    return found
