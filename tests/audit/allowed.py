"""The allow-list: which findings are accepted, where, and why."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.audit.findings import Finding
from tests.e2e.errors import CommandError

FILE = Path(__file__).with_name("allowed.toml")
# Its errors and warnings are to be repaired.
NEVER = "cfn-lint"


@dataclass(frozen=True)
class Entry:
    """One entry: each of its rules is accepted on each of its resources.

    Attributes:
        rules: `<tool> <rule>`, exactly.
        resources: `<stack>/<logical id>`, in which `*` stands for any characters, and
            `#` for the eight that CDK ends a logical id with.
    """

    rules: tuple[str, ...]
    resources: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Verdict:
    """What the allow-list says of the findings.

    Attributes:
        denied: Findings that no entry is about.
        allowed: The others.
        unused: `<rule> on <pattern>` of the allow-list that stand for nothing.
    """

    denied: list[Finding]
    allowed: list[Finding]
    unused: list[str]


def load(file: Path = FILE) -> list[Entry]:
    """Read the allow-list.

    Raises:
        CommandError: An entry is not one.
    """
    content = tomllib.loads(file.read_text())
    return [_entry(each, file) for each in content["allowed"]]


def _entry(given: dict[str, Any], file: Path) -> Entry:
    told = f"{file.name}: {given.get('rules', given)}"
    if given.keys() != {"rules", "resources", "reason"}:
        raise CommandError(f"{told}: an entry has rules, resources and a reason")
    if not given["rules"] or not given["resources"] or not given["reason"].strip():
        raise CommandError(f"{told}: rules, resources and reason must not be empty")
    for rule in given["rules"]:
        if rule.split(" ")[0] == NEVER:
            raise CommandError(f"{told}: {NEVER} has no exceptions; repair the cause")
    return Entry(
        tuple(given["rules"]),
        tuple(given["resources"]),
        " ".join(given["reason"].split()),
    )


def judge(
    findings: Sequence[Finding], entries: Sequence[Entry], tools: Collection[str]
) -> Verdict:
    """Divide *findings* by the *entries*; look for unused ones among those of *tools*.

    A rule of an entry that no finding is about is unused, and so is a pattern.
    """
    denied: list[Finding] = []
    allowed: list[Finding] = []
    used: set[tuple[int, str]] = set()
    for finding in findings:
        hits = set(_hits(finding, entries))
        used |= hits
        (allowed if hits else denied).append(finding)
    unused = [
        f"{part} in the entry: {entry.reason}"
        for index, entry in enumerate(entries)
        for part in _parts(entry, tools)
        if (index, part) not in used
    ]
    return Verdict(denied, allowed, unused)


def _hits(finding: Finding, entries: Sequence[Entry]) -> Iterator[tuple[int, str]]:
    rule = f"{finding.tool} {finding.rule}"
    for index, entry in enumerate(entries):
        if rule not in entry.rules:
            continue
        for pattern in entry.resources:
            if matches(pattern, finding.resource):
                yield index, rule
                yield index, pattern


def _parts(entry: Entry, tools: Collection[str]) -> Iterator[str]:
    of_tools = [rule for rule in entry.rules if rule.split(" ")[0] in tools]
    yield from of_tools
    if len(of_tools) == len(entry.rules):
        yield from entry.resources


def matches(pattern: str, resource: str) -> bool:
    """Tell whether *resource* is one that *pattern* stands for."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\#", "[0-9A-F]{8}")
    return re.fullmatch(expression, resource) is not None
