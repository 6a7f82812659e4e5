"""Rules on execution roles and their policies."""

from __future__ import annotations

import json
from collections.abc import Iterator

from lambda_constructs import limits
from lambda_constructs.rules._rule import Finding, Rule
from lambda_constructs.rules._template import (
    FUNCTION,
    Template,
    items,
    joined,
    mapping,
    references,
)

DOCS = "https://docs.aws.amazon.com/"
QUOTAS = DOCS + "IAM/latest/UserGuide/reference_iam-quotas.html"

KNOWN_LENGTHS = {"AWS::AccountId": 12, "AWS::Partition": 3, "AWS::Region": 9}
SHORTEST_REFERENCE = 20
"""An ARN has the partition, a service and a name; what it really is, is not known."""


def shared_role(template: Template) -> Iterator[Finding]:
    """Find functions that may do what another function needs."""
    owners: dict[str, str] = {}
    for logical_id, function in template.of_type(FUNCTION):
        role = json.dumps(function.get("Role"), sort_keys=True)
        owner = owners.setdefault(role, logical_id)
        if owner == logical_id:
            owner = _owner_elsewhere(template, function.get("Role"))
        if owner:
            yield Finding(logical_id, f"{owner} has the same role", "Properties.Role")


def _owner_elsewhere(template: Template, role: object) -> str:
    """Give the function of another stack that has a role of that stack."""
    name = _output(role)
    for other in template.app if name else ():
        if name in other.outputs:
            for logical_id, function in other.of_type(FUNCTION):
                if function.get("Role") == other.outputs[name]:
                    return other.name_of(logical_id)
    return ""


def _output(value: object) -> str:
    """Give the name of the output of another stack that *value* refers to."""
    if not isinstance(value, dict):
        return ""
    known = value.get("Fn::ImportValue")
    weak = mapping(value.get("Fn::GetStackOutput"))
    return str(known or weak.get("OutputName", ""))


def shortest(value: object) -> int:
    """Give the least that a policy takes: IAM counts characters, and no white space."""
    if isinstance(value, dict):
        if "Fn::Join" in value:
            return sum(map(_text, joined(value))) + 2
        if len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref")):
            return _text(value) + 2
        inner = sum(len(key) + 3 + shortest(each) for key, each in value.items())
        return inner + len(value) + 1
    if isinstance(value, list):
        return sum(map(shortest, value)) + len(value) + 1
    return len("".join(json.dumps(value).split()))


def _text(value: object) -> int:
    if isinstance(value, str):
        return len("".join(value.split()))
    (name, *_) = [*references(value), ""]
    return KNOWN_LENGTHS.get(name, SHORTEST_REFERENCE)


def policy_size(template: Template) -> Iterator[Finding]:
    """Find policies that IAM refuses for their length."""
    inline: dict[str, int] = {}
    for logical_id, policy in template.of_type("AWS::IAM::ManagedPolicy"):
        size, most = shortest(policy.get("PolicyDocument")), limits.POLICY_CHARACTERS
        if size > most:
            yield Finding(logical_id, _says(size, most), "Properties.PolicyDocument")
    for _, policy in template.of_type("AWS::IAM::Policy"):
        for role in template.named(policy.get("Roles"), "AWS::IAM::Role"):
            inline[role] = inline.get(role, 0) + shortest(policy.get("PolicyDocument"))
    for logical_id, given in template.of_type("AWS::IAM::Role"):
        size = inline.get(logical_id, 0) + sum(
            shortest(each.get("PolicyDocument"))
            for each in items(given.get("Policies"))
        )
        if size > limits.INLINE_POLICIES_CHARACTERS:
            what = _says(size, limits.INLINE_POLICIES_CHARACTERS)
            yield Finding(logical_id, f"its inline policies: {what}")
        trust = shortest(given.get("AssumeRolePolicyDocument"))
        if trust > limits.TRUST_POLICY_CHARACTERS:
            what = _says(trust, limits.TRUST_POLICY_CHARACTERS)
            where = "Properties.AssumeRolePolicyDocument"
            yield Finding(logical_id, f"its trust policy: {what}", where)


def _says(size: int, most: int) -> str:
    return f"at least {size:,} characters, {most:,} are allowed"


def role_policies(template: Template) -> Iterator[Finding]:
    """Find roles with more managed policies than an account may attach."""
    counts = {
        logical_id: len(items(role.get("ManagedPolicyArns"), object))
        for logical_id, role in template.of_type("AWS::IAM::Role")
    }
    for _, policy in template.of_type("AWS::IAM::ManagedPolicy"):
        for role in template.named(policy.get("Roles"), "AWS::IAM::Role"):
            counts[role] += 1
    for logical_id, count in counts.items():
        if count > limits.POLICIES_OF_A_ROLE:
            what = f"{count} managed policies, {limits.POLICIES_OF_A_ROLE} are allowed"
            yield Finding(logical_id, what, "Properties.ManagedPolicyArns")


RULES = (
    Rule(
        "shared-role",
        "each function has an execution role of its own",
        "leave role out, so that the function gets its own, and allow there what it "
        "needs",
        DOCS + "lambda/latest/dg/lambda-intro-execution-role.html",
        shared_role,
        "error",
    ),
    Rule(
        "policy-size",
        "policies are no longer than IAM takes them",
        "move the grants into a second policy, a ManagedPolicy(roles=[function.role]), "
        "name resources by a common prefix, or split the function",
        QUOTAS,
        policy_size,
        "fatal",
    ),
    Rule(
        "role-policies",
        "a role has no more managed policies than IAM attaches",
        "put the statements of some into one, or have the quota raised, up to 20",
        QUOTAS,
        role_policies,
        "error",
    ),
)
