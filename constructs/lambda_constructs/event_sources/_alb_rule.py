"""When a rule of a load balancer's listener applies.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from aws_cdk import Token
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from lambda_constructs import limits
from lambda_constructs.errors import ConfigurationError

ONCE = ("host-header", "http-request-method", "path-pattern", "source-ip")
WITH_WILDCARDS = ("host-header", "http-header", "path-pattern", "query-string")


def check_conditions(conditions: Sequence[elbv2.ListenerCondition]) -> None:
    """Check how many conditions there are, of which kinds, and how long.

    Raises:
        ConfigurationError: Elastic Load Balancing would refuse the rule.
    """
    listed = isinstance(conditions, Sequence)
    held = listed and all(hasattr(it, "render_raw_condition") for it in conditions)
    if not held:
        raise ConfigurationError(
            f"conditions must be a list, got {conditions!r}; "
            "pass [ListenerCondition.path_patterns([...])]"
        )
    raw = [each.render_raw_condition() for each in conditions]
    fields = [str(each["field"]) for each in raw]
    for field in ONCE:
        if fields.count(field) > 1:
            raise ConfigurationError(
                f"conditions may have one {field} at most, got {fields.count(field)}; "
                "pass its values in one, since any of them may match"
            )
    for condition in raw:
        _check_lengths(condition)
    values = [value for each in raw for value in _values(each)]
    _check_number("values", len(values), limits.ALB_RULE_VALUES)
    wild = sum(
        len(re.findall(r"(?<!\\)[*?]", value))
        for each in raw
        if each["field"] in WITH_WILDCARDS
        for value in _values(each)
        if not Token.is_unresolved(value)
    )
    _check_number("wildcards", wild, limits.ALB_RULE_WILDCARDS)


def _check_number(noun: str, number: int, most: int) -> None:
    if number > most:
        raise ConfigurationError(
            f"conditions may have {most} {noun} together, got {number}; bind the rest "
            "by an event source of their own, with a priority"
        )


def _check_lengths(condition: Mapping[str, object]) -> None:
    values = list(_values(condition))
    if not values:
        raise ConfigurationError(
            f"conditions must each have a value, got a {condition['field']} without"
        )
    for value in values:
        length = 0 if Token.is_unresolved(value) else len(value)
        if length > limits.ALB_CONDITION_CHARACTERS:
            raise ConfigurationError(
                f"values of conditions must be at most "
                f"{limits.ALB_CONDITION_CHARACTERS} characters, got {length}"
            )


def _values(condition: Mapping[str, object]) -> Iterator[str]:
    """Give the values of one, as text; a pair of the query is one value."""
    for config in condition.values():
        if not isinstance(config, Mapping):
            continue
        for each in config["values"]:
            if isinstance(each, Mapping):
                yield "".join(str(part) for part in each.values() if part)
            else:
                yield str(each)
