"""Cases in which the oracle differs from AWS's documentation, so it is not asked.

Each has a test in `test_oracle_gaps.py` that ours does what the page says. Pages are
below docs.aws.amazon.com/IAM/latest/UserGuide/.

The generator leaves out, and other tests cover: the root user (the oracle allows it
nothing), federated principals, roles with a path (it derives the role from the
session's ARN, which has none), dates in seconds, empty sets, and multivalued keys
without a set operator (ours refuses them; the oracle's condition is false).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lambda_constructs.testing._iam import parse
from lambda_constructs.testing._iam.principals import Reach
from tests.testing.iam.cases import Case, request, resource_role

_EARLY_TAG = re.compile(
    r"(?:[^:]*:){5}[^:/]*\$\{(?P<key>[^:}]+:[^},/]*/[^},]*)(?P<default>, ')?"
)
_VARIABLE = re.compile(r"\$\{([^},]+)\}")


def gap(case: Case) -> str | None:
    """Name the gap that *case* falls into, if it does."""
    if _limits_a_session(case):
        return "a session policy and a grant to the session itself"
    for version, body in _statements(case):
        old = version != "2012-10-17"
        if old and "${" in json.dumps(body):
            return "variables in an old version"
        if any(_spans_fields(text, case["resource"]) for text in _resources(body)):
            return "a star that goes beyond its field of the ARN"
        if any(_starts_with_tag(case, text) for text in _resources(body)):
            return "a tag before the first slash of a Resource"
        if _lacks_value(case, str(body.get("NotResource"))):
            return "NotResource and a variable without value"
        for name, key, values in _tests(body):
            if found := _gap_of_test(case, name, key, values):
                return found
    return None


def _spans_fields(pattern: str, resource: str) -> bool:
    """
    reference_policies_elements_resource.html: "if the * wildcard is the last
    character of a resource ARN segment, it can expand to match beyond the colon
    boundaries". The oracle has that for the last segment only.
    """
    return not pattern.endswith("*") and pattern.count(":") < resource.count(":")


def _starts_with_tag(case: Case, pattern: str) -> bool:
    """
    reference_policies_variables.html, "tags as policy variables", has tags in a
    Resource. The oracle cuts the resource at its first slash, even where that is
    the slash of a tag's key.
    """
    found = _EARLY_TAG.match(pattern)
    return found is not None and (
        bool(found["default"]) or found["key"].lower() in request(case).keys
    )


def _limits_a_session(case: Case) -> bool:
    """
    reference_policies_evaluation-logic.html: what a resource's policy gives to the
    session itself "is not limited by an implicit deny in an identity-based policy,
    a permissions boundary, or session policy". The oracle has that for boundaries.
    """
    if not case["session"] or not case["policy"]:
        return False
    given = parse(case["policy"], name="policy", role=resource_role(case))
    who = request(case).principal
    return any(one.reach(who) is Reach.DIRECT for one in given.allows)


def _gap_of_test(case: Case, name: str, key: str, values: list[str]) -> str | None:
    """
    * reference_policies_variables.html, "special characters": `${*}` is an asterisk
      in any string that may hold variables; the oracle leaves it as it is where the
      operator has no wildcards.
    * same page, "policy variables with no value": inverted operators match where the
      variable has no value; the oracle's do not.
    * reference_policies_elements_condition_operators.html, "...IfExists": a missing
      key makes the condition true; under ForAnyValue the oracle makes it false.
    * same page, "ARN": ArnNotEquals and ArnNotLike negate, also where the policy's
      value is no whole ARN and so matches nothing; the oracle's then never hold.
    * same page, "IP address": NotIpAddress is for "all IP addresses except the
      specified"; the oracle's never holds for one of the other family.
    """
    keys = request(case).keys
    text = "".join(values)
    if "Equals" in name and re.search(r"\$\{[*?$]\}", text):
        return "special characters under Equals"
    if "Not" in name and _lacks_value(case, text):
        return "inverted operator and a variable without value"
    if "NotIp" in name and _mixes_families(keys.get(key), values):
        return "NotIpAddress between IPv4 and IPv6"
    if "ArnNot" in name and any(value.count(":") < 5 for value in values):
        return "inverted ARN operator and no whole ARN"
    if name.startswith("ForAny") and name.endswith("IfExists") and key not in keys:
        return "ForAnyValue with IfExists and no key"
    return None


def _lacks_value(case: Case, text: str) -> bool:
    """
    reference_policies_variables.html, "policy variables with no value": a resource
    with one "will not match any resource", so a NotResource leaves nothing out. The
    oracle's matches nothing either.
    """
    keys = request(case).keys
    return any(found.lower() not in keys for found in _VARIABLE.findall(text))


def _mixes_families(value: Any, values: list[str]) -> bool:
    families = {":" in one for one in [value, *values] if isinstance(one, str)}
    return len(families) > 1


def _statements(case: Case) -> Iterator[tuple[str | None, Case]]:
    documents = [*case["identity"], case["boundary"], case["session"], case["policy"]]
    for document in filter(None, documents):
        listed = document["Statement"]
        for body in listed if isinstance(listed, list) else [listed]:
            yield document.get("Version"), body


def _resources(body: Case) -> list[str]:
    return _list(body.get("Resource", body.get("NotResource", [])))


def _tests(body: Case) -> Iterator[tuple[str, str, list[str]]]:
    for name, tests in body.get("Condition", {}).items():
        for key, values in tests.items():
            yield name, key.lower(), [str(value) for value in _list(values)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
