"""What API Gateway's fronts and function URLs have in common."""

from __future__ import annotations

import base64
import binascii
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lambda_constructs.testing._functions import SYNCHRONOUS_BYTES
from lambda_constructs.testing._http.front import MalformedError, invoke, wait_for
from lambda_constructs.testing._http.messages import Headers, HttpRequest, Response
from lambda_constructs.testing._runtime import Outcome

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

PRINCIPAL = "apigateway.amazonaws.com"
FUNCTION = re.compile(r":lambda:path/[^/]+/functions/(.+)/invocations$")
TEXT = ("application/json", "application/javascript", "application/xml")


@dataclass(frozen=True)
class Call:
    """A request on its way to a function, and what the event says of its way."""

    account: LocalAccount
    request: HttpRequest
    api: str
    domain: str
    stage: str
    route: str
    path_parameters: Mapping[str, str]
    variables: Mapping[str, str]

    @property
    def request_id(self) -> str:
        """A new id."""
        bits = self.account.random.getrandbits(128)
        return str(uuid.UUID(int=bits, version=4))

    @property
    def staged_path(self) -> str:
        """The path with the stage before it, unless that is the default one."""
        prefix = "" if self.stage == "$default" else f"/{self.stage}"
        return prefix + self.request.path


def as_received(account: LocalAccount, request: HttpRequest, host: str) -> HttpRequest:
    """Add the headers that a front adds."""
    headers = request.headers
    trace = (
        f"Root=1-{int(account.clock.now()):08x}-{account.random.getrandbits(96):024x}"
    )
    added = {
        "x-amzn-trace-id": headers.get("x-amzn-trace-id", trace),
        "x-forwarded-for": ", ".join(
            [*headers.all("x-forwarded-for"), request.source_ip]
        ),
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }
    if "host" not in headers:
        added["host"] = host
    return replace(request, headers=headers.without(*added).also(*added.items()))


def function_of(uri: str) -> str:
    """Give the ARN of the function that an integration's URI names."""
    found = FUNCTION.search(uri)
    return found[1] if found else uri


def too_large(event: Mapping[str, Any]) -> bool:
    """Tell whether Lambda would refuse an event."""
    return len(json.dumps(event).encode()) > SYNCHRONOUS_BYTES


def ask(
    account: LocalAccount,
    target: str,
    event: Mapping[str, Any],
    source: str,
    limit: float,
) -> Outcome | None:
    """Ask a function; give nothing if it takes longer than *limit* seconds.

    Raises:
        InvokeRefusedError: The function's resource policy does not allow it.
    """
    outcome = invoke(account, PRINCIPAL, target, event, source)
    wait_for(account, min(outcome.duration, limit))
    return None if outcome.duration > limit else outcome


def media_type(headers: Headers, name: str = "content-type") -> str:
    """Give the (first) media type that a header names."""
    first = headers.get(name, "").partition(",")[0]
    return first.partition(";")[0].strip().lower()


def encoded_body(request: HttpRequest, *, binary: bool) -> tuple[str | None, bool]:
    """Give the body as an event has it, and whether it is Base64."""
    if not request.body:
        return None, False
    if binary:
        return base64.b64encode(request.body).decode(), True
    return request.body.decode(errors="replace"), False


def is_text(request: HttpRequest) -> bool:
    """Tell whether HTTP APIs and function URLs take a body for text."""
    kind = media_type(request.headers)
    return kind.startswith("text/") or kind in TEXT


def message(status: int, text: str, key: str = "message") -> Response:
    """Answer in the front's own words."""
    headers = Headers([("content-type", "application/json")])
    return Response(status, headers, json.dumps({key: text}).encode())


def status_of(payload: Mapping[str, Any]) -> int:
    """Give the status code of a function's response."""
    status = payload.get("statusCode")
    if isinstance(status, bool) or not re.fullmatch(r"[1-5]\d\d", str(status)):
        raise MalformedError(f"statusCode must be a whole number, got {status!r}")
    return int(str(status))


def headers_of(payload: Mapping[str, Any], name: str) -> Iterator[tuple[str, str]]:
    """Give the headers of a function's response, lists of values too."""
    found = payload.get(name) or {}
    if not isinstance(found, Mapping):
        raise MalformedError(f"{name} must be an object, got {found!r:.40}")
    for key, value in found.items():
        for each in value if isinstance(value, list) else [value]:
            if not isinstance(each, str | int | float):
                raise MalformedError(f"the value of {key} must be text, got {each!r}")
            yield key, str(each).lower() if isinstance(each, bool) else str(each)


def content_of(payload: Mapping[str, Any], *, decode: bool = True) -> bytes:
    """Give the body of a function's response."""
    body = payload.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedError(f"body must be text, got {type(body).__name__}")
    if not (decode and payload.get("isBase64Encoded") is True):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise MalformedError(f"body is not Base64: {error}") from None


def match(template: str, path: str) -> dict[str, str] | None:
    """Give the variables of a path that fits a template, or nothing."""
    names: list[str] = []

    def variable(found: re.Match[str]) -> str:
        names.append(found[1])
        return "(.+)" if found[2] else "([^/]+)"

    parts = re.split(r"(\{[^}]+\})", template)
    expression = "".join(
        re.sub(r"\{([^}+]+)(\+?)\}", variable, each)
        if each.startswith("{")
        else re.escape(each)
        for each in parts
    )
    found = re.fullmatch(expression, path)
    if found is None:
        return None
    return {k: unquote(v) for k, v in zip(names, found.groups(), strict=True)}


def specificity(template: str) -> list[int]:
    """Give what sorts a fixed part before a variable, and that before a greedy one."""
    return [
        2 if each.endswith("+}") else 1 if each.startswith("{") else 0
        for each in template.split("/")
    ]
