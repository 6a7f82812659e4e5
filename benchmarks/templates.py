"""What a template says of a deployment."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

FUNCTION = "AWS::Lambda::Function"


def types(template: Mapping[str, Any]) -> Counter[str]:
    """Count the resources by their type."""
    return Counter(each["Type"] for each in template["Resources"].values())


def size(template: Mapping[str, Any]) -> int:
    """Count the bytes of JSON without white space."""
    return len(json.dumps(template, separators=(",", ":")))


def depth(template: Mapping[str, Any]) -> int:
    """Give how many resources wait for one another at most, the first not counted."""
    resources = template["Resources"]
    known: dict[str, int] = {}

    def of(name: str) -> int:
        if name not in known:
            waits = [
                of(each) for each in _waits_for(resources[name]) & resources.keys()
            ]
            known[name] = max((each + 1 for each in waits), default=0)
        return known[name]

    return max(map(of, resources))


def _waits_for(resource: Mapping[str, Any]) -> set[str]:
    named = resource.get("DependsOn", [])
    found = {named} if isinstance(named, str) else set(named)
    for value in _values(resource.get("Properties", {})):
        if "Ref" in value:
            found.add(value["Ref"])
        if "Fn::GetAtt" in value:
            found.add(value["Fn::GetAtt"][0])
        if "Fn::Sub" in value:
            text = value["Fn::Sub"]
            text = text if isinstance(text, str) else text[0]
            found |= {each.split(".")[0] for each in re.findall(r"\$\{([\w.]+)", text)}
    return found


def _values(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        for each in value.values():
            yield from _values(each)
    elif isinstance(value, list):
        for each in value:
            yield from _values(each)


def helpers(template: Mapping[str, Any], workers: int = 1) -> int:
    """Count custom resources, and functions that are not the workers themselves."""
    found = types(template)
    custom = sum(
        number
        for name, number in found.items()
        if name.startswith("Custom::") or name == "AWS::CloudFormation::CustomResource"
    )
    return custom + found[FUNCTION] - workers
