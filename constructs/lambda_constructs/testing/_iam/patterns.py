"""Policy strings: wildcards, policy variables, and what they match."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from lambda_constructs.testing._iam.errors import PolicyError
from lambda_constructs.testing._iam.request import Values

Keys: TypeAlias = Mapping[str, Values]
Style: TypeAlias = Literal["glob", "arn", "resource"]

_VARIABLE = re.compile(r"\$\{([^}]*)(\}?)")
_KEY = re.compile(r"[^\s,'{}]+:[^,'{}]+")
_DEFAULT = re.compile(r"(?P<key>[^,]+), '(?P<default>[^']*)'")
_ESCAPES = ("*", "?", "$")
_ARN_COLONS = 5


@dataclass(frozen=True, slots=True)
class Text:
    """Text without wildcards, such as the value of a variable."""

    text: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A policy variable, with what stands in for it where it has no value."""

    key: str
    default: str | None


Part: TypeAlias = str | Text | Variable
"""A string part may hold wildcards."""


@dataclass(frozen=True, slots=True)
class Template:
    """A policy string, cut at its variables."""

    parts: tuple[Part, ...]

    @property
    def fixed(self) -> bool:
        """Tell whether it means the same in every request."""
        return not any(isinstance(part, Variable) for part in self.parts)

    def expand(self, keys: Keys) -> tuple[Part, ...] | None:
        """Put the request's values in; None where a variable has no value.

        A multivalued key is no value: a variable stands for one string.
        """
        parts: list[Part] = []
        for part in self.parts:
            if not isinstance(part, Variable):
                parts.append(part)
                continue
            value = keys.get(part.key, part.default)
            if not isinstance(value, str):
                return None
            parts.append(Text(value))
        return tuple(parts)


def template(text: str, *, variables: bool) -> Template:
    """Cut *text* at its policy variables, where the policy's version has them.

    Raises:
        PolicyError: A variable is malformed.
    """
    if not variables or "${" not in text:
        return Template((text,))
    parts: list[Part] = []
    end = 0
    for match in _VARIABLE.finditer(text):
        if match.start() > end:
            parts.append(text[end : match.start()])
        parts.append(_variable(match[1], closed=bool(match[2])))
        end = match.end()
    if end < len(text):
        parts.append(text[end:])
    return Template(tuple(parts))


def plain(parts: tuple[Part, ...]) -> str:
    """Give the string itself, for an operator that has no wildcards."""
    return "".join(part if isinstance(part, str) else _text(part) for part in parts)


@lru_cache(maxsize=4096)
def regex(parts: tuple[Part, ...], style: Style) -> re.Pattern[str]:
    """Compile a string without variables into what it matches."""
    return re.compile(expression(parts, style), re.DOTALL)


def expression(parts: tuple[Part, ...], style: Style) -> str:
    """Write a string without variables as a regular expression.

    Of an ARN the operators compare each of the six fields by itself. In a
    `Resource` a `*` at the end of a field goes beyond the colon.
    """
    text = [
        (char, isinstance(part, str))
        for part in parts
        for char in (part if isinstance(part, str) else _text(part))
    ]
    written: list[str] = []
    colons = _ARN_COLONS if style == "glob" else 0
    for index, (char, wild) in enumerate(text):
        colons += char == ":"
        crosses = colons >= _ARN_COLONS
        if wild and char == "*":
            ends_field = index + 1 == len(text) or text[index + 1][0] == ":"
            crosses = crosses or (style == "resource" and ends_field)
            written.append(".*" if crosses else "[^:]*")
        elif wild and char == "?":
            written.append("." if crosses else "[^:]")
        else:
            written.append(re.escape(char))
    return "".join(written)


def has_wildcards(parts: tuple[Part, ...]) -> bool:
    """Tell whether the string matches more than itself."""
    return any(isinstance(part, str) and re.search(r"[*?]", part) for part in parts)


def _text(part: Part) -> str:
    if isinstance(part, Text):
        return part.text
    raise TypeError(part)  # a variable must have been expanded


def _variable(inner: str, *, closed: bool) -> Part:
    """Read what stands between `${` and `}`."""
    shown = f"${{{inner}"
    if not closed:
        raise PolicyError(f"policy variable {shown} has no closing brace")
    if inner in _ESCAPES:
        return Text(inner)
    default = None
    if match := _DEFAULT.fullmatch(inner):
        inner, default = match["key"], match["default"]
    if not _KEY.fullmatch(inner):
        raise PolicyError(
            f"{shown}}} is not a policy variable; write ${{service:key}} or "
            "${service:key, 'default'}"
        )
    return Variable(inner.lower(), default)
