"""What a rule's target gets: the event, a part of it, or something made of it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

__all__: list[str] = []

STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['([^']+)'\]|\[\"([^\"]+)\"\]")
VARIABLE = re.compile(r"<([A-Za-z0-9_.-]+)>")
MISSING = object()


class RuleInputError(ValueError):
    """EventBridge has no such path."""


class UndocumentedInputError(RuleInputError):
    """What a target gets depends on what AWS does not say."""


def input_of(target: Mapping[str, Any], event: Any, rule: str) -> str:
    """Give the text that a target gets for an event.

    Raises:
        UndocumentedInputError: It depends on what AWS does not say.
        RuleInputError: It follows a path that EventBridge does not have.
    """
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        found = find(event, str(target["InputPath"]))
        return json.dumps(None if found is MISSING else found)
    if "InputTransformer" in target:
        return transform(target["InputTransformer"], event, rule)
    return json.dumps(event)


def transform(transformer: Mapping[str, Any], event: Any, rule: str) -> str:
    """Fill an input template."""
    values = {
        name: find(event, path)
        for name, path in transformer.get("InputPathsMap", {}).items()
    } | {
        "aws.events.rule-arn": rule,
        "aws.events.rule-name": rule.rpartition("/")[2],
        "aws.events.event.ingestion-time": event.get("time"),
        "aws.events.event": {k: event[k] for k in event if k != "detail"},
        "aws.events.event.json": event,
    }
    template = str(transformer["InputTemplate"])
    parts, end = [], 0
    for match in VARIABLE.finditer(template):
        name = match[1]
        if name not in values:
            continue
        parts.append(template[end : match.start()])
        quoted = _is_quoted(template[: match.start()])
        parts.append(_render(name, values[name], quoted=quoted))
        end = match.end()
    return "".join([*parts, template[end:]])


def _is_quoted(before: str) -> bool:
    return len(re.findall(r'(?<!\\)"', before)) % 2 == 1


def _render(name: str, value: Any, *, quoted: bool) -> str:
    if value is MISSING:
        if quoted:
            return ""
        raise UndocumentedInputError(
            f"<{name}> is not in the event, and what stands outside of quotes then is "
            "not documented; put the variable into quotes"
        )
    if not quoted:
        return json.dumps(value)
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text)[1:-1] if isinstance(value, str) else text


def find(event: Any, path: str) -> Any:
    """Follow a JSON path; give MISSING where there is nothing.

    Raises:
        RuleInputError: EventBridge has no such paths.
    """
    if not path.startswith("$"):
        raise RuleInputError(f"{path!r} must be a JSON path, as $.detail.id")
    found, position = event, 1
    while position < len(path):
        step = STEP.match(path, position)
        if step is None:
            raise RuleInputError(f"{path!r}: only names and numbers can follow $")
        position = step.end()
        name = step[1] or step[3] or step[4]
        if step[2] is not None and isinstance(found, list):
            index = int(step[2])
            found = found[index] if index < len(found) else MISSING
        else:
            found = found.get(name, MISSING) if isinstance(found, Mapping) else MISSING
        if found is MISSING:
            return MISSING
    return found
