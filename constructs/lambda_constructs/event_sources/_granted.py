"""What a function's own policy allows, as text."""

from __future__ import annotations

from collections.abc import Iterator

from lambda_constructs._known import stack_of
from lambda_constructs.function import LambdaFunction


def granted(function: LambdaFunction) -> Iterator[tuple[str, str]]:
    """Give each action that *function* is allowed, and on what; both may be patterns.

    Statements that name what they do not allow, by `NotAction`, are left out.
    """
    document = stack_of(function).resolve(function.policy.document)
    for statement in (document or {}).get("Statement", []):
        if statement["Effect"] != "Allow":
            continue
        for action in _as_list(statement.get("Action", [])):
            for resource in _as_list(statement.get("Resource", [])):
                yield str(action), flat(resource)


def _as_list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [value]


def flat(value: object) -> str:
    """Give a resolved value as one text, with the references in it as they are."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and "Fn::Join" in value:
        between, parts = value["Fn::Join"]
        return str(between).join(flat(each) for each in parts)
    return repr(value).translate(_PLAIN)


_PLAIN = str.maketrans("/*?[]", ":::()")
"""Keeps what separates keys, and what matches anything, out of references."""
