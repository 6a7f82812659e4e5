"""Filter policies of SNS subscriptions: SNS's JSON of them, and its limits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeGuard

from aws_cdk import aws_sns as sns

from lambda_constructs import limits
from lambda_constructs.errors import ConfigurationError, is_token, nearest

OPERATORS = (
    "anything-but",
    "cidr",
    "equals-ignore-case",
    "exists",
    "numeric",
    "prefix",
    "suffix",
    "wildcard",
)
"""https://docs.aws.amazon.com/sns/latest/dg/example-filter-policies.html."""

OR = "$or"


@dataclass(frozen=True)
class _Leaf:
    """The values that one key may have.

    Attributes:
        place: The keys above it and its own.
        depth: How many they are.
        alternative: Whether it is below an `$or`.
        values: The values.
    """

    place: str
    depth: int
    alternative: bool
    values: object


def as_json(policy: Mapping[str, object]) -> dict[str, object]:
    """Give *policy* as SNS reads it, CDK's filters in it as well."""
    return {key: _rendered(value) for key, value in policy.items()}


def _rendered(value: object) -> object:
    if isinstance(value, sns.SubscriptionFilter):
        return value.conditions
    if isinstance(value, sns.Filter):
        return value.filter_doc.conditions
    if isinstance(value, sns.Policy):
        return as_json(value.policy_doc)
    if isinstance(value, Mapping):
        return as_json(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_rendered(each) for each in value]
    return value


def check_filter_policy(
    name: str, policy: Mapping[str, object] | None, *, nested: bool
) -> None:
    """Check a policy against the limits of SNS; unset passes.

    https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html

    Raises:
        ConfigurationError: SNS would refuse it.
    """
    if policy is None:
        return
    if not isinstance(policy, Mapping):
        raise ConfigurationError(
            f"{name} must be a mapping of keys to lists of values, got {policy!r}; "
            "pass it as in {'kind': ['order']}"
        )
    rendered = as_json(policy)
    leaves = list(_leaves(rendered))
    for each in leaves:
        if each.depth > 1 and not nested:
            raise ConfigurationError(
                f"{name} must not be nested, got {each.place!r}; message attributes "
                "have no fields, so pass filter_policy_with_message_body"
            )
        _check_values(name, each.place, each.values)
    _check_size(name, rendered, leaves)


def _leaves(
    policy: Mapping[str, object],
    above: tuple[str, ...] = (),
    *,
    alternative: bool = False,
) -> Iterator[_Leaf]:
    for key, value in policy.items():
        if key == OR and _lists_policies(value):
            for each in value:
                yield from _leaves(each, above, alternative=True)
        elif isinstance(value, Mapping):
            yield from _leaves(value, (*above, key), alternative=alternative)
        else:
            place = (*above, key)
            yield _Leaf(".".join(place), len(place), alternative, value)


def _lists_policies(value: object) -> TypeGuard[list[Mapping[str, object]]]:
    return isinstance(value, list) and all(isinstance(each, Mapping) for each in value)


def _check_values(name: str, place: str, values: object) -> None:
    if not isinstance(values, list):
        raise ConfigurationError(
            f"{name} must list the values of {place!r}, got {values!r}; pass "
            f"[{values!r}]"
        )
    if not values:
        raise ConfigurationError(
            f"{name} must list a value of {place!r} or more, got none; leave the key "
            "out to let every value through"
        )
    for each in values:
        if isinstance(each, Mapping):
            _check_operator(name, place, each)
        else:
            _check_value(name, place, each)


def _check_operator(name: str, place: str, condition: Mapping[str, object]) -> None:
    for operator, operand in condition.items():
        if operator not in OPERATORS:
            known = ", ".join(OPERATORS)
            raise ConfigurationError(
                f"{name} has the operators {known}, got {operator!r} for {place!r}"
                + (nearest(operator, OPERATORS) or "; use one of them")
            )
        if operator == "numeric" and isinstance(operand, list):
            for each in operand:
                _check_value(name, place, each)


def _check_value(name: str, place: str, value: object) -> None:
    # SNS takes null as well, but CDK leaves every null out of a template.
    if not isinstance(value, str | float | int):
        raise ConfigurationError(
            f"{name} must have values of text, numbers, True or False, got {value!r} "
            f"for {place!r}; put it into an operator, as in {{'prefix': 'x'}}, or "
            "look at it in the handler"
        )
    if isinstance(value, str) or is_token(value):
        return
    low, high = limits.SNS_FILTER_NUMBER
    if not low <= value <= high:
        raise ConfigurationError(
            f"{name} must compare numbers between {low:,} and {high:,}, got {value:,} "
            f"for {place!r}; compare such numbers in the handler"
        )


def _check_size(
    name: str, policy: Mapping[str, object], leaves: Sequence[_Leaf]
) -> None:
    keys = len([key for key in policy if key != OR])
    if keys > limits.SNS_FILTER_POLICY_KEYS:
        raise ConfigurationError(
            f"{name} must have at most {limits.SNS_FILTER_POLICY_KEYS} keys, got "
            f"{keys}; check the others in the handler"
        )
    # SNS documents no way to count the alternatives of $or, so they do not count here.
    combinations = prod(
        len(each.values) * each.depth
        for each in leaves
        if isinstance(each.values, list) and not each.alternative
    )
    if combinations > limits.SNS_FILTER_POLICY_COMBINATIONS:
        raise ConfigurationError(
            f"{name} must have at most {limits.SNS_FILTER_POLICY_COMBINATIONS} "
            "combinations (the values of each key times its depth, multiplied), got "
            f"{combinations:,}; list fewer values"
        )
    size = len(json.dumps(policy, separators=(",", ":"), default=str).encode())
    if size > limits.SNS_FILTER_POLICY_BYTES:
        raise ConfigurationError(
            f"{name} must be at most {limits.SNS_FILTER_POLICY_BYTES:,} bytes of JSON, "
            f"got {size:,}; list fewer values"
        )
