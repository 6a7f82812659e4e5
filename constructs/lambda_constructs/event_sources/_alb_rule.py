"""When a rule of a load balancer's listener applies.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network

from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from lambda_constructs import limits
from lambda_constructs.errors import ConfigurationError, is_token

ONCE = ("host-header", "http-request-method", "path-pattern", "source-ip")
PLAIN = {
    "host-header": (
        re.compile(r"[A-Za-z0-9.*?-]*\.[A-Za-z0-9.*?-]*"),
        "a host name with a dot, as 'www.example.com' or '*.example.com'",
    ),
    "http-request-method": (
        re.compile(rf"[A-Z_-]{{1,{limits.ALB_NAME_CHARACTERS}}}"),
        "a method in capitals and without wildcards, as 'GET'",
    ),
    "path-pattern": (
        re.compile(r"[/*?][!-~]*"),
        "a path in visible ASCII that begins with /, as '/items/*'",
    ),
}
"""What the values of a kind of condition look like, which else match nothing."""
HEADER = re.compile(rf"[!#$%&'*+.^_`|~0-9A-Za-z-]{{1,{limits.ALB_NAME_CHARACTERS}}}")
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
        _check_values(condition)
    values = [value for each in raw for value in _values(each)]
    _check_number("values", len(values), limits.ALB_RULE_VALUES)
    wild = sum(
        len(re.findall(r"(?<!\\)[*?]", value))
        for each in raw
        if each["field"] in WITH_WILDCARDS
        for value in _values(each)
        if not is_token(value)
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
        length = 1 if is_token(value) else len(value)
        if not length:
            raise ConfigurationError(
                f"values of conditions must not be empty, got a {condition['field']} "
                "of ''"
            )
        if length > limits.ALB_CONDITION_CHARACTERS:
            raise ConfigurationError(
                f"values of conditions must be at most "
                f"{limits.ALB_CONDITION_CHARACTERS} characters, got {length}"
            )


def _check_values(condition: Mapping[str, object]) -> None:
    field = str(condition["field"])
    for value in _values(condition):
        if is_token(value):
            continue
        if field in PLAIN and not PLAIN[field][0].fullmatch(value):
            raise ConfigurationError(
                f"each {field} must be {PLAIN[field][1]}, got {value!r}"
            )
        if field == "source-ip" and not _is_cidr(value):
            raise ConfigurationError(
                f"each source-ip must be a CIDR block, as '203.0.113.0/24', got "
                f"{value!r}"
            )
    name = _header_name(condition)
    if name is None or is_token(name):
        return
    if name.lower() == "host":
        raise ConfigurationError(
            "an http-header condition must not be of the header Host; pass "
            "ListenerCondition.host_headers([...])"
        )
    if not HEADER.fullmatch(name):
        raise ConfigurationError(
            f"the name of a header must be 1 to {limits.ALB_NAME_CHARACTERS} letters, "
            f"digits and marks without a space, as 'X-Tenant', got {name!r}"
        )


def _header_name(condition: Mapping[str, object]) -> str | None:
    config = condition.get("httpHeaderConfig")
    return str(config["httpHeaderName"]) if isinstance(config, Mapping) else None


def _is_cidr(value: str) -> bool:
    try:
        ip_network(value, strict=False)
    except ValueError:
        return False
    return "/" in value


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
