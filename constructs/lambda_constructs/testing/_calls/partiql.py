"""As much of PartiQL as IAM looks at: verb, table, index and partition keys.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lambda_constructs.testing._calls.dynamodb_keys import texts
from lambda_constructs.testing._calls.model import Request

_TABLE = r"""(?:"(?P<quoted>[^"]+)"|(?P<bare>[\w.-]+?))(?:\."(?P<index>[^"]+)")?"""
_HEADS = {
    "Select": re.compile(rf"SELECT\s.+?\sFROM\s+{_TABLE}(?=\s|\)|$)", re.I | re.S),
    "Insert": re.compile(rf"INSERT\s+INTO\s+{_TABLE}(?=\s|$)", re.I),
    "Update": re.compile(rf"UPDATE\s+{_TABLE}(?=\s|$)", re.I),
    "Delete": re.compile(rf"DELETE\s+FROM\s+{_TABLE}(?=\s|$)", re.I),
}
_EXISTS = re.compile(r"\s*EXISTS\s*\((?P<inner>.*)\)\s*$", re.I | re.S)
_WHERE = re.compile(r"\sWHERE\s(?P<where>.*)$", re.I | re.S)
_VALUE = r"""(\?|'(?:[^']|'')*'|-?[\d.]+)"""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, reduced to what a policy can say about it."""

    verb: str
    table: str
    index: str | None
    source: str
    parameters: tuple[object, ...]

    def conditions(self, partition_key: str | None) -> dict[str, str | tuple[str, ...]]:
        """Its leading keys, and whether it scans the table."""
        context: dict[str, str | tuple[str, ...]] = {}
        leading = self._leading(partition_key) if partition_key else ()
        if leading:
            context["dynamodb:LeadingKeys"] = leading
        if self.verb == "Select":
            context["dynamodb:FullTableScan"] = "false" if leading else "true"
        return context

    def _leading(self, partition_key: str) -> tuple[str, ...]:
        name = rf"""(?<![\w."'])["']?{re.escape(partition_key)}["']?"""
        if self.verb == "Insert":
            return self._values(rf"{name}\s*:\s*{_VALUE}", 0)
        where = _WHERE.search(self.source)
        if where is None:
            return ()
        start = where.start("where")
        return self._values(rf"{name}\s*=\s*{_VALUE}", start) or self._values(
            rf"{name}\s+IN\s*[\[(]([^\])]*)[\])]", start
        )

    def _values(self, pattern: str, start: int) -> tuple[str, ...]:
        found = re.compile(pattern, re.I).search(self.source, start)
        if found is None:
            return ()
        position = self.source.count("?", 0, found.start(1))
        values: list[object] = []
        for each in re.findall(_VALUE, found.group(1)):
            if each != "?":
                values.append({"S": each.strip("'").replace("''", "'")})
            elif position < len(self.parameters):
                values.append(self.parameters[position])
                position += 1
        return texts(values)


def parse(request: Request, part: Mapping[str, object]) -> Iterator[Statement]:
    """The statements in one entry of a call.

    Raises:
        UnmappedOperationError: The statement names no table that the kit can find.
    """
    source = str(part.get("Statement", ""))
    given = part.get("Parameters")
    parameters = tuple(given) if isinstance(given, list) else ()
    if exists := _EXISTS.match(source):
        source = exists.group("inner")
    source = source.strip().rstrip(";")
    for verb, head in _HEADS.items():
        if found := head.match(source):
            table = found.group("quoted") or found.group("bare")
            yield Statement(verb, table, found.group("index"), source, parameters)
            return
    raise request.unmapped(f"cannot read the statement {source!r}")
