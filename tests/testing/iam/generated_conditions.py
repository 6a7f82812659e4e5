"""Random contexts, and conditions that nearly hold in them."""

from __future__ import annotations

import random
from typing import Any

TOPIC = "arn:aws:sns:us-east-1:111122223333:orders"
RULE = "arn:aws:events:us-east-1:111122223333:rule/bus/a:b"

KEYS: dict[str, tuple[str, list[str]]] = {
    "aws:PrincipalTag/team": ("String", ["yellow", "Yellow", "blue", "*", "a?c"]),
    "aws:PrincipalTag/cost": ("String", ["yellow", "42", "y*"]),
    "aws:UserAgent": ("String", ["yellow boto3/1.4", "Boto3", "aws*"]),
    "aws:SourceAccount": ("String", ["111122223333", "444455556666"]),
    "aws:PrincipalOrgID": ("String", ["o-a1", "o-b2"]),
    "aws:SourceArn": ("Arn", [TOPIC, TOPIC + "2", RULE]),
    "aws:SecureTransport": ("Bool", ["true", "false"]),
    "aws:ViaAWSService": ("Bool", ["true", "false"]),
    "aws:MultiFactorAuthAge": ("Numeric", ["0", "10", "300", "10.5", "-1"]),
    "aws:EpochTime": ("Numeric", ["1767225600", "1767225601"]),
    "aws:CurrentTime": (
        "Date",
        ["2026-01-01T00:00:00Z", "2026-01-01T02:00:00+02:00", "2025-06-30T12:00:00Z"],
    ),
    "aws:SourceIp": ("Ip", ["203.0.113.9", "10.1.2.3", "2001:db8::1"]),
    "aws:TagKeys": ("Strings", ["team", "cost", "yellow", "Team"]),
    "aws:CalledVia": (
        "Strings",
        ["athena.amazonaws.com", "cloudformation.amazonaws.com"],
    ),
}
SERVICE_KEYS: dict[str, dict[str, tuple[str, list[str]]]] = {
    "kms": {"kms:ViaService": ("String", ["sqs.us-east-1.amazonaws.com", "s3.x"])},
    "dynamodb": {"dynamodb:LeadingKeys": ("Strings", ["alice", "bob", "yellow"])},
}
EVERY = KEYS | {key: v for keys in SERVICE_KEYS.values() for key, v in keys.items()}

_ORDER = ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan"]
_ORDER.append("GreaterThanEquals")
OPERATORS = {
    "String": [
        *("StringEquals", "StringNotEquals", "StringLike", "StringNotLike"),
        *("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
    ],
    "Arn": ["ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike", "StringLike"],
    "Bool": ["Bool"],
    "Numeric": [f"Numeric{order}" for order in _ORDER],
    "Date": [f"Date{order}" for order in _ORDER],
    "Ip": ["IpAddress", "NotIpAddress"],
}
OPERATORS["Strings"] = OPERATORS["String"]


def context(rng: random.Random, service: str, action: str) -> dict[str, Any]:
    """Make the condition keys of a request."""
    made: dict[str, Any] = {}
    keys = KEYS | (SERVICE_KEYS.get(service, {}) if ":List" not in action else {})
    for key, (kind, values) in keys.items():
        if rng.random() < 0.6:
            several = rng.sample(values, rng.randint(1, min(3, len(values))))
            made[key] = several if kind == "Strings" else rng.choice(values)
    return made


def condition(rng: random.Random, keys: dict[str, Any]) -> dict[str, Any]:
    """Make a Condition element: one to three tests."""
    made: dict[str, Any] = {}
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        near = keys and rng.random() < 0.75
        key = rng.choice(list(keys) if near else list(EVERY))
        name, values = _test(rng, key, keys)
        tests = made.setdefault(name, {})
        if key.lower() not in {other.lower() for other in tests}:
            tests[_case(rng, key)] = values
    return made


def _test(rng: random.Random, key: str, keys: dict[str, Any]) -> tuple[str, Any]:
    """Make one test of *key*: the operator and its values."""
    kind, pool = EVERY[key]
    if rng.random() < 0.1:
        return "Null", rng.choice(["true", "false", True, False])
    name = rng.choice(OPERATORS[kind])
    count = rng.choice([1, 1, 2, 3])
    present = keys.get(key, [])
    present = [present] if isinstance(present, str) else present
    values = [
        _value(rng, name, rng.choice([*present, *pool] if present else pool))
        for _ in range(count)
    ]
    if kind == "Strings" or rng.random() < 0.05:
        name = rng.choice(["ForAllValues:", "ForAnyValue:"]) + name
    if rng.random() < 0.15:
        name += "IfExists"
    return name, values[0] if len(values) == 1 and rng.random() < 0.5 else values


def _value(rng: random.Random, name: str, value: str) -> Any:
    """Vary a value as its operator permits."""
    if "Ip" in name:
        if ":" in value:
            return rng.choice([value, "2001:db8::/32", "2001:DB8::/64", "::/0"])
        return rng.choice([value, "203.0.113.0/24", "10.0.0.0/8", f"{value}/16"])
    if name.startswith("Date"):
        return rng.choice([value, "2026-01-01", "2025-06-30", "2026-01-01T00:00:00.5Z"])
    if name.startswith("Numeric"):
        return rng.choice([value, value + ("" if "." in value else ".0")])
    if name == "Bool":
        return rng.choice([value, value == "true", value.capitalize()])
    if name.startswith("Arn") or "Arn" in name:
        return _an_arn(rng, value)
    start, end = sorted(rng.choices(range(len(value) + 1), k=2))
    choices = [value, value, value.upper(), value[:start] + "*" + value[end:]]
    choices += [value[:start] + "?" + value[start + 1 :], value.replace("*", "${*}")]
    choices.append(value.replace("yellow", "${aws:PrincipalTag/team}"))
    choices.append(value.replace("yellow", "${aws:PrincipalTag/none, 'yellow'}"))
    return rng.choice([*choices, "${aws:principaltag/COST}"])


def _an_arn(rng: random.Random, value: str) -> str:
    fields = value.split(":", 5)
    for index in range(6):
        if fields[index] and rng.random() < 0.3:
            cut = rng.randint(0, len(fields[index]))
            fields[index] = rng.choice(["*", fields[index][:cut] + "*"])
    return ":".join(fields) if rng.random() < 0.9 else "arn:aws:*:orders"


def _case(rng: random.Random, key: str) -> str:
    return rng.choice([key, key, key, key.lower(), key.upper()])
