"""What CloudFront says to a Lambda@Edge function, and what it may answer.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-event-structure.html
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Any

from lambda_constructs.testing._http.front import MalformedError
from lambda_constructs.testing._http.messages import Headers, HttpRequest, Response

GENERATED = {"viewer": 40 * 1024, "origin": 1024 * 1024}
"""Bytes of a generated response, and of a body that a function sees.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html#limits-lambda-at-edge
"""

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-function-restrictions-all.html#function-restrictions-headers
DISALLOWED = (
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "trailer",
    "upgrade",
    "x-accel-buffering",
    "x-accel-charset",
    "x-accel-limit-rate",
    "x-accel-redirect",
    "x-amz-cf-*",
    "x-amzn-auth",
    "x-amzn-cf-*",
    "x-amzn-errortype",
    "x-amzn-fle-profile",
    "x-amzn-header-*",
    "x-amzn-lambda-integration-tag",
    "x-amzn-requestid",
    "x-cache",
    "x-edge-*",
    "x-forwarded-proto",
    "x-real-ip",
)

READ_ONLY: Mapping[str, tuple[str, ...]] = {
    "viewer-request": ("content-length", "host", "transfer-encoding", "via"),
    "origin-request": (
        "accept-encoding",
        "content-length",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "transfer-encoding",
        "via",
    ),
    "origin-response": ("transfer-encoding", "via"),
    "viewer-response": (
        "content-encoding",
        "content-length",
        "transfer-encoding",
        "warning",
        "via",
    ),
}


def described_request(
    request: HttpRequest, kind: str, *, with_body: bool
) -> dict[str, Any]:
    """Give a request as an event has it."""
    made: dict[str, Any] = {
        "clientIp": request.source_ip,
        "headers": described_headers(request.headers),
        "method": request.method,
        "querystring": request.query,
        "uri": request.path,
    }
    if with_body:
        most = GENERATED[kind.partition("-")[0]]
        made["body"] = {
            "action": "read-only",
            "data": base64.b64encode(request.body[:most]).decode(),
            "encoding": "base64",
            "inputTruncated": len(request.body) > most,
        }
    return made


def described_headers(headers: Headers) -> dict[str, list[dict[str, str]]]:
    """Give headers as an event has them; some are not shown."""
    shown: dict[str, list[dict[str, str]]] = {}
    for key, value in headers.pairs:
        if not _disallowed(key):
            shown.setdefault(key.lower(), []).append({"key": key, "value": value})
    return shown


def described_response(response: Response) -> dict[str, Any]:
    """Give a response as an event has it: without its body."""
    return {
        "headers": described_headers(response.headers),
        "status": str(response.status),
        "statusDescription": HTTPStatus(response.status).phrase,
    }


def read_headers(
    given: object, before: Headers, kind: str, *, generated: bool = False
) -> Headers:
    """Read headers and check what the function did to them.

    Raises:
        MalformedError: It did what it must not.
    """
    if not isinstance(given, Mapping):
        raise MalformedError(f"headers must be an object, got {given!r:.40}")
    pairs: list[tuple[str, str]] = []
    for name, values in given.items():
        if _disallowed(name):
            raise MalformedError(f"the header {name} is disallowed")
        if not isinstance(values, list):
            raise MalformedError(f"the header {name} must be a list of key and value")
        for each in values:
            if not isinstance(each, Mapping) or not isinstance(each.get("value"), str):
                raise MalformedError(f"the header {name} needs a value, got {each!r}")
            pairs.append((str(each.get("key", name)), each["value"]))
    after = Headers(pairs)
    for name in READ_ONLY[kind]:
        if after.all(name) != ([] if generated else before.all(name)):
            raise MalformedError(f"the header {name} is read-only in {kind}")
    hidden = [each for each in before.pairs if _disallowed(each[0])]
    return after if generated else after.also(*hidden)


def read_request(given: Mapping[str, Any], before: HttpRequest, kind: str) -> Any:
    """Give the request that goes on.

    Raises:
        MalformedError: The function did to it what it must not.
    """
    for name, old in (("method", before.method), ("clientIp", before.source_ip)):
        if given.get(name, old) != old:
            raise MalformedError(f"{name} is read-only")
    uri, query = given.get("uri"), given.get("querystring", "")
    if not isinstance(uri, str) or not uri.startswith("/"):
        raise MalformedError(f"uri must begin with /, got {uri!r}")
    if not isinstance(query, str):
        raise MalformedError(f"querystring must be text, got {query!r}")
    headers = read_headers(given.get("headers"), before.headers, kind)
    body, content = given.get("body"), before.body
    if isinstance(body, Mapping) and body.get("action") == "replace":
        content = _content(body.get("data", ""), body.get("encoding", "text"))
    return HttpRequest(before.method, uri, query, headers, content, before.source_ip)


def read_response(
    given: Mapping[str, Any], before: Response | None, kind: str
) -> Response:
    """Give the response that goes on: generated, or what *before* became.

    Raises:
        MalformedError: It is not well-formed, or too large.
    """
    text = str(given.get("status", ""))
    if not text.isdecimal() or not 200 <= int(text) <= 599:
        raise MalformedError(f"status must be from 200 to 599, got {text!r}")
    old = Headers() if before is None else before.headers
    generated = before is None
    headers = read_headers(given.get("headers", {}), old, kind, generated=generated)
    kept = before is None or (int(text) == before.status and "body" not in given)
    if kind == "viewer-response" and not kept:
        raise MalformedError("a viewer response keeps its status and its body")
    body = b"" if before is None else before.body
    if "body" in given:
        body = _content(given["body"], given.get("bodyEncoding", "text"))
    if generated or "body" in given:
        size = len(body) + sum(len(k) + len(v) for k, v in headers.pairs)
        if size > GENERATED[kind.partition("-")[0]]:
            raise MalformedError(f"a response generated in {kind} is too large: {size}")
        if body and text == "204":
            raise MalformedError("a response with status 204 has no body")
    return Response(int(text), headers, body)


def _content(body: object, encoding: object) -> bytes:
    if not isinstance(body, str):
        raise MalformedError(f"body must be text, got {type(body).__name__}")
    if encoding not in ("text", "base64"):
        raise MalformedError(f"the encoding must be text or base64, got {encoding!r}")
    if encoding == "text":
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise MalformedError(f"body is not Base64: {error}") from None


def _disallowed(name: str) -> bool:
    return any(fnmatchcase(name.lower(), each) for each in DISALLOWED)
