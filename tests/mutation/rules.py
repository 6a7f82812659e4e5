"""The entries: what each rule is, how it is broken, and which test has to fail."""

from __future__ import annotations

import ast
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
KIT = Path("lambda_constructs/testing")
DOCS = "https://docs.aws.amazon.com/"
OWN_CHOICE = "docs/testing.md"


@dataclass(frozen=True)
class Rule:
    """One rule, as its entry has it; *topic* is the name of the entry's file."""

    topic: str
    rule: str
    page: str
    file: str
    code: str
    broken: str
    test: str

    @property
    def source(self) -> Path:
        """The module that implements it."""
        return ROOT / "constructs" / KIT / self.file

    def apply(self, text: str) -> str:
        """Break the rule in the module's text."""
        return text.replace(self.code, self.broken)

    def faults(self) -> Iterator[str]:
        """What is wrong with the entry, and what to do."""
        if not (self.page.startswith(DOCS) or self.page == OWN_CHOICE):
            yield f"page {self.page!r} is not AWS's; give one of {DOCS}, or " + (
                f"{OWN_CHOICE!r} where AWS documents nothing"
            )
        if self.source.is_file():
            yield from self._faults_of_code(self.source.read_text())
        else:
            yield f"{self.source} does not exist; name a module below {KIT}"
        path, *names = self.test.partition("[")[0].split("::")
        if not names or tuple(names) not in tests_of(ROOT / path):
            yield f"there is no test {self.test}; give path::test_name"

    def _faults_of_code(self, text: str) -> Iterator[str]:
        found = text.count(self.code)
        if found != 1:
            yield f"code occurs {found} times in {self.file}; copy what is there once"
        elif self.code == self.broken:
            yield "broken is the same as code; break the rule"
        else:
            try:
                compile(self.apply(text), self.file, "exec")
            except SyntaxError as error:
                yield f"{self.file} does not compile when broken: {error}; mend broken"


@cache
def tests_of(file: Path) -> frozenset[tuple[str, ...]]:
    """The names of a file's tests, those of a class below the class's."""
    if not file.is_file():
        return frozenset()
    found = []
    for node in ast.parse(file.read_text()).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = (node.name,) if isinstance(node, ast.ClassDef) else ()
        names = (each.name for each in inner if isinstance(each, ast.FunctionDef))
        found += [(*prefix, each) for each in names if each.startswith("test_")]
    return frozenset(found)


def load(topics: Sequence[str] = ()) -> list[Rule]:
    """Read the entries of these topics, or all."""
    files = {each.stem: each for each in sorted(FOLDER.glob("*.toml"))}
    unknown = sorted(set(topics) - set(files))
    if unknown:
        raise ValueError(f"no topic {', '.join(unknown)}; there are {', '.join(files)}")
    wanted = {each.name for each in fields(Rule)} - {"topic"}
    rules = []
    for topic in topics or files:
        for number, entry in enumerate(tomllib.loads(files[topic].read_text())["rule"]):
            if entry.keys() != wanted:
                raise ValueError(
                    f"tests/mutation/{topic}.toml: entry {number + 1} "
                    f"({entry.get('rule')!r}) has {', '.join(entry)}; give "
                    f"{', '.join(sorted(wanted))}"
                )
            rules.append(Rule(topic, **entry))
    return rules


def faults(rules: Sequence[Rule]) -> list[str]:
    """What is wrong with some entries: file, rule, fault and remedy."""
    twice = [name for name, n in Counter(each.rule for each in rules).items() if n > 1]
    return [
        f"tests/mutation/{each.topic}.toml: {each.rule!r}: {fault}"
        for each in rules
        for fault in each.faults()
    ] + [f"{name!r} is named twice; keep one entry" for name in twice]
