"""The policies in a template, pair by pair, and the template without one of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lambda_constructs.testing._managed_policies import document_of

Template = Mapping[str, Any]

IDENTITY = {
    "AWS::IAM::ManagedPolicy": "PolicyDocument",
    "AWS::IAM::Policy": "PolicyDocument",
}
RESOURCE = {
    "AWS::Events::EventBusPolicy": "Statement",
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
    "AWS::SecretsManager::ResourcePolicy": "ResourcePolicy",
}
ROLE = "AWS::IAM::Role"
PERMISSION = "AWS::Lambda::Permission"
NOTHING = "Nothing"
"""An action that no service has: a statement of it alone allows and denies nothing."""

Keys = tuple[str | int, ...]


@dataclass(frozen=True)
class Pair:
    """One action on one resource that a template's policy speaks of.

    Attributes:
        logical_id: The resource of the template that has the policy.
        keys: Where its statement is below the resource's properties; nothing for a
            permission of Lambda, which is one statement.
        effect: `Allow` or `Deny`.
        action: The action, as written.
        resource: The resource, as written: a text or an intrinsic function.
        identity: Whether it is a role's, and not a resource's.
    """

    logical_id: str
    keys: Keys
    effect: str
    action: str
    resource: Any
    identity: bool

    def statement(self, template: Template) -> Mapping[str, Any]:
        """Give the statement that it is part of."""
        found = template["Resources"][self.logical_id]["Properties"]
        for key in self.keys:
            found = found[key]
        return dict(found)


def pairs_of(template: Template) -> Iterator[Pair]:
    """Give every pair of every policy, in the template's order."""
    for logical_id, resource in template.get("Resources", {}).items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind == PERMISSION:
            to = properties["FunctionName"]
            yield Pair(logical_id, (), "Allow", properties["Action"], to, False)
            continue
        for keys, document in _documents(kind, properties):
            identity = kind not in RESOURCE
            yield from _pairs(logical_id, keys, document, identity)


def with_own_policies(template: Template) -> Template:
    """Give the template with what AWS's managed policies say said by its roles."""
    resources = {
        logical_id: _own(template, resource) if resource["Type"] == ROLE else resource
        for logical_id, resource in template.get("Resources", {}).items()
    }
    return {**template, "Resources": resources}


def _own(template: Template, role: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = role["Properties"]
    policies, others = list(properties.get("Policies", [])), []
    for arn in properties.get("ManagedPolicyArns", []):
        name = readable(template, arn).rpartition("/")[2]
        document = document_of(name)
        if document is None:
            others.append(arn)
        else:
            policies.append({"PolicyName": name, "PolicyDocument": document})
    changed = {**properties, "Policies": policies, "ManagedPolicyArns": others}
    return {
        **role,
        "Properties": {key: changed[key] for key in changed if changed[key]},
    }


def _documents(
    kind: str, properties: Mapping[str, Any]
) -> Iterator[tuple[Keys, Mapping[str, Any]]]:
    name = (IDENTITY | RESOURCE).get(kind)
    if name is not None and name in properties:
        yield (name,), properties[name]
    if kind == ROLE:
        for at, policy in enumerate(properties.get("Policies", [])):
            yield ("Policies", at, "PolicyDocument"), policy["PolicyDocument"]


def _pairs(
    logical_id: str, keys: Keys, document: Mapping[str, Any], identity: bool
) -> Iterator[Pair]:
    if "Statement" not in document:  # of an event bus: it is a statement itself
        places = [(keys, document)]
    else:
        several = isinstance(document["Statement"], list)
        places = [
            ((*keys, "Statement", *([at] if several else [])), statement)
            for at, statement in enumerate(listed(document["Statement"]))
        ]
    for where, statement in places:
        for action in listed(statement.get("Action", "NotAction")):
            for resource in listed(statement.get("Resource", "NotResource")):
                effect = statement["Effect"]
                yield Pair(logical_id, where, effect, action, resource, identity)


def without(template: Template, pair: Pair) -> Template:
    """Give the template without one pair; all else stays."""
    resources = dict(template["Resources"])
    if not pair.keys:
        del resources[pair.logical_id]
        return {**template, "Resources": resources}
    changed = json.loads(json.dumps(resources[pair.logical_id]))
    holder = changed["Properties"]
    for key in pair.keys[:-1]:
        holder = holder[key]
    last = pair.keys[-1]
    rest = split(holder[last], pair)
    if isinstance(last, int):
        holder[last : last + 1] = rest
    else:  # a statement that is in no list; an event bus has one and no more
        holder[last] = rest if len(pair.keys) > 1 else rest[0]
    resources[pair.logical_id] = changed
    return {**template, "Resources": resources}


def split(statement: Mapping[str, Any], pair: Pair) -> list[dict[str, Any]]:
    """Give what is left of a statement when one pair is taken out of it."""
    actions = listed(statement.get("Action", []))
    resources = listed(statement.get("Resource", []))
    others = [each for each in actions if each != pair.action]
    elsewhere = [each for each in resources if each != pair.resource]
    left: list[dict[str, Any]] = []
    if others:
        left.append({**statement, "Action": others})
    if elsewhere:
        rest = {**statement, "Action": [pair.action], "Resource": elsewhere}
        left.append({key: rest[key] for key in rest if key != "Sid" or not left})
    if left:
        return left
    # A document needs a statement, and a key a policy.
    service = pair.action.partition(":")[0]
    service = service if service.isalnum() else "none"
    kept = {key: statement[key] for key in statement if key != "NotAction"}
    return [{**kept, "Action": f"{service}:{NOTHING}"}]


def listed(value: Any) -> list[Any]:
    """Give a list of what may be one or several."""
    return value if isinstance(value, list) else [value]


def path_of(template: Template, logical_id: str) -> str:
    """Give the construct path below the stack, or the logical id."""
    resource = template.get("Resources", {}).get(logical_id, {})
    path = resource.get("Metadata", {}).get("aws:cdk:path", "")
    return str(path).removesuffix("/Resource").partition("/")[2] or logical_id


def readable(template: Template, value: Any) -> str:
    """Render a resource of a statement with construct paths instead of functions."""
    if isinstance(value, str):
        return value
    ((name, given),) = value.items()
    if name == "Ref":
        if given.startswith("AWS::"):
            return f"<{given[5:]}>"
        return path_of(template, given)
    if name == "Fn::GetAtt":
        target, attribute = given if isinstance(given, list) else given.split(".", 1)
        path = path_of(template, target)
        return path if attribute == "Arn" else f"{path}.{attribute}"
    if name == "Fn::Join":
        return str(given[0]).join(readable(template, each) for each in given[1])
    if name == "Fn::Sub" and isinstance(given, str):
        return re.sub(r"\$\{([^}]+)\}", r"<\1>", given)
    return json.dumps(value)
