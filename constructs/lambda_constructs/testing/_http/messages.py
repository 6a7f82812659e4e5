"""Requests and responses, as HTTP has them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, quote

Fields: TypeAlias = Mapping[str, str | Sequence[str]]
"""Names with a value each, or with several."""

PATH_CHARACTERS = "/%:@!$&'()*+,;=~"
"""What a client does not encode in a path; a % begins what is encoded already."""


class Headers(Mapping[str, str]):
    """Headers by name, whatever its case; several values are joined by commas."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.pairs = tuple(pairs)

    def __getitem__(self, name: str) -> str:
        values = self.all(name)
        if not values:
            raise KeyError(name)
        return ", ".join(values)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.lower() for name, _ in self.pairs))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.all(name))

    def __repr__(self) -> str:
        return f"Headers({list(self.pairs)!r})"

    def all(self, name: str) -> list[str]:
        """Give each value of a header, in order; a cookie is one of several."""
        return [value for key, value in self.pairs if key.lower() == name.lower()]

    def without(self, *names: str) -> Headers:
        """Leave some out."""
        return Headers(each for each in self.pairs if each[0].lower() not in names)

    def also(self, *pairs: tuple[str, str]) -> Headers:
        """Add some."""
        return Headers((*self.pairs, *pairs))


@dataclass(frozen=True)
class HttpRequest:
    """A request as it arrives: path and query are URL-encoded."""

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes
    source_ip: str

    @property
    def raw_pairs(self) -> list[tuple[str, str]]:
        """The query's keys and values, still URL-encoded."""
        parts = [each.partition("=") for each in self.query.split("&") if each]
        return [(key, value) for key, _, value in parts]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The query's keys and values."""
        return parse_qsl(self.query, keep_blank_values=True)

    @property
    def url(self) -> str:
        """The path with the query."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True)
class Response:
    """What the client gets.

    Attributes:
        status: The status code.
        headers: The headers, by name in any case; `all()` gives several values.
        body: The content.
    """

    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    @property
    def text(self) -> str:
        """The content as text."""
        return self.body.decode()

    def json(self) -> Any:
        """Give the content, parsed."""
        return json.loads(self.body)


def make_request(
    method: str,
    path: str,
    headers: Fields | None,
    query: str | Fields | None,
    body: object,
    source_ip: str,
) -> HttpRequest:
    """Make a request as an HTTP client does; what is not text is sent as JSON."""
    path, _, given = path.partition("?")
    content, pairs = _content(body), list(flat(headers or {}))
    sent = Headers(pairs)
    if not isinstance(body, bytes | str | None) and "content-type" not in sent:
        sent = sent.also(("content-type", "application/json"))
    if content and "content-length" not in sent:
        sent = sent.also(("content-length", str(len(content))))
    text = query if isinstance(query, str) else _encoded(query or {})
    whole = "&".join(each for each in (given, text) if each)
    where = quote(path if path.startswith("/") else f"/{path}", safe=PATH_CHARACTERS)
    return HttpRequest(method.upper(), where, whole, sent, content, source_ip)


def flat(fields: Fields) -> Iterator[tuple[str, str]]:
    """Give a pair for each value."""
    for name, value in fields.items():
        for each in [value] if isinstance(value, str) else value:
            yield name, each


def _encoded(query: Fields) -> str:
    return "&".join(f"{quote(key)}={quote(value)}" for key, value in flat(query))


def _content(body: object) -> bytes:
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    return (body if isinstance(body, str) else json.dumps(body)).encode()
