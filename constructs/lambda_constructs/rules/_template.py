"""A synthesized template, as the rules see it: plain JSON, no constructs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

FUNCTION = "AWS::Lambda::Function"

Properties = Mapping[str, Any]


@dataclass(frozen=True)
class Template:
    """What one stack deploys.

    Attributes:
        path: Where the template is.
        resources: By their logical ids.
        warned: The ids of warnings that constructs have given, by their paths.
        paths: Where in the tree of constructs a resource is, by its logical id.
        outputs: What other stacks may use, by the names that they use for it.
        app: The templates of all stacks of the app.
        size: Of the file, in bytes.
    """

    path: Path
    resources: Mapping[str, Mapping[str, Any]]
    warned: Mapping[str, set[str]] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, object] = field(default_factory=dict)
    app: list[Template] = field(default_factory=list, repr=False)
    size: int = 0

    @classmethod
    def read(cls, path: Path) -> Template:
        """Read a template and what CDK has noted beside it."""
        content = path.read_bytes()
        found = json.loads(content)
        noted = path.with_name(path.name.replace(".template.json", ".metadata.json"))
        notes = json.loads(noted.read_text("utf-8")) if noted.exists() else {}
        warned: dict[str, set[str]] = {}
        paths = {}
        for where, entries in notes.items():
            for entry in entries:
                if entry["type"] == "aws:cdk:logicalId":
                    paths[entry["data"]] = where
                elif entry["type"] == "aws:cdk:warning":
                    ids = re.findall(r"\[ack: ([^\]]+)\]", str(entry["data"]))
                    warned.setdefault(where, set()).update(ids)
        outputs = {
            str(each.get("Export", {}).get("Name", name)): each["Value"]
            for name, each in found.get("Outputs", {}).items()
        }
        resources = found.get("Resources", {})
        return cls(path, resources, warned, paths, outputs, size=len(content))

    def of_type(self, *types: str) -> Iterator[tuple[str, Properties]]:
        """Give the logical id and the properties of each resource of some types."""
        for logical_id, resource in self.resources.items():
            if resource["Type"] in types:
                yield logical_id, mapping(resource.get("Properties"))

    def type_of(self, logical_id: str | None) -> str:
        """Give the type of a resource, empty if there is none in this template."""
        return str(self.resources.get(logical_id or "", {}).get("Type", ""))

    def properties(self, logical_id: str | None) -> Properties:
        """Give the properties of a resource, none if it is not in this template."""
        return mapping(self.resources.get(logical_id or "", {}).get("Properties"))

    def name_of(self, logical_id: str) -> str:
        """Give the path of a resource, as its author knows it."""
        path = self.paths.get(logical_id, logical_id)
        return path.strip("/").removesuffix("/Resource")

    def named(self, value: object, *types: str) -> list[str]:
        """Give the resources that *value* refers to, of some types if any are named."""
        return [
            name
            for name in references(value)
            if name in self.resources and (not types or self.type_of(name) in types)
        ]

    def function(self, value: object) -> str | None:
        """Give the function that *value* refers to, itself or by version or alias."""
        for name in self.named(value):
            if self.type_of(name) == FUNCTION:
                return name
            if self.type_of(name) in ("AWS::Lambda::Alias", "AWS::Lambda::Version"):
                return self.function(self.properties(name).get("FunctionName"))
        return None

    def latest(self, value: object) -> str | None:
        """Give the function that *value* refers to without a version or an alias."""
        found = whole(value)
        return found if self.type_of(found) == FUNCTION else None

    @cached_property
    def statements(self) -> Mapping[str, list[Properties]]:
        """What each role may do, by its logical id, of all its policies."""
        found: dict[str, list[Properties]] = {}
        for logical_id, role in self.of_type("AWS::IAM::Role"):
            for policy in items(role.get("Policies")):
                found.setdefault(logical_id, []).extend(listed(policy))
            for name in self.named(role.get("ManagedPolicyArns")):
                found.setdefault(logical_id, []).extend(listed(self.properties(name)))
        policies = self.of_type("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy")
        for _, policy in policies:
            for logical_id in self.named(policy.get("Roles")):
                found.setdefault(logical_id, []).extend(listed(policy))
        return found


def mapping(value: object) -> Properties:
    """Give a mapping as it is, and an empty one for what is none, or not known yet."""
    return value if isinstance(value, dict) else {}


def items(value: object, kind: type = dict) -> list[Any]:
    """Give those of a list that are of a kind, and none for what is no list."""
    given: list[Any] = value if isinstance(value, list) else []
    return [each for each in given if isinstance(each, kind)]


def joined(value: object) -> list[Any]:
    """Give the parts that `Fn::Join` puts one after another, none if it is no such."""
    given = items(mapping(value).get("Fn::Join"), object)
    return items(given[-1], object) if given else []


def listed(policy: Properties) -> list[Properties]:
    """Give the statements of a policy."""
    found = mapping(policy.get("PolicyDocument")).get("Statement", [])
    return items(found if isinstance(found, list) else [found])


def texts(value: object) -> list[str]:
    """Give a text or a list of texts as a list."""
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str)]


def references(value: object) -> Iterator[str]:
    """Give the logical ids in *value*, from left to right."""
    if isinstance(value, list):
        for each in value:
            yield from references(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key in ("Ref", "Fn::GetAtt", "Fn::Sub"):
                yield from _reference(key, each)
            else:
                yield from references(each)


def _reference(key: str, value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if key == "Fn::Sub":
        parts = value if isinstance(value, list) else [value]
        yield from re.findall(r"\$\{([A-Za-z0-9]+)[.}]", str(parts[:1]))
        yield from references(parts[1:])
    elif isinstance(value, list):
        yield from map(str, value[:1])
    else:
        yield str(value).partition(".")[0]


def whole(value: object) -> str | None:
    """Give the logical id that *value* is a plain reference to."""
    if isinstance(value, dict) and len(value) == 1:
        key, target = next(iter(value.items()))
        if key == "Ref":
            return str(target)
        if key == "Fn::GetAtt":
            parts = target if isinstance(target, list) else str(target).split(".")
            return str(parts[0]) if parts[1:] == ["Arn"] else None
    return None


def number(value: object, default: int) -> int | None:
    """Give a number, its default where it is unset, None where it is not known yet."""
    if value is None:
        return default
    try:
        return int(str(value))
    except ValueError:
        return None
