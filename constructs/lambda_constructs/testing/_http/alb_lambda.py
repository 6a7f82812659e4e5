"""What a load balancer says to a function, and what it understands.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from typing import Any

from lambda_constructs.testing._http.front import MalformedError
from lambda_constructs.testing._http.messages import Headers, HttpRequest, Response

MEGABYTE = 1_048_576

TEXT = ("application/json", "application/javascript", "application/xml")

HOP_BY_HOP = (
    "connection",
    "content-length",  # which the load balancer computes
    "keep-alive",
    "proxy-authenticate",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
)


def request_event(
    request: HttpRequest, target_group: str, *, multi_value: bool
) -> dict[str, Any]:
    """Give the event of a request; its query stays URL-encoded."""
    headers = [(name.lower(), value) for name, value in request.headers.pairs]
    body, encoded = _body(request)
    named = (
        ("multiValueQueryStringParameters", "multiValueHeaders")
        if multi_value
        else ("queryStringParameters", "headers")
    )
    collect = _lists if multi_value else _last
    return {
        "requestContext": {"elb": {"targetGroupArn": target_group}},
        "httpMethod": request.method,
        "path": request.path,
        named[0]: collect(request.raw_pairs),
        named[1]: collect(headers),
        "body": body,
        "isBase64Encoded": encoded,
    }


def health_event(target_group: str, path: str, *, multi_value: bool) -> dict[str, Any]:
    """Give the event of a health check."""
    agent = Headers([("user-agent", "ELB-HealthChecker/2.0")])
    request = HttpRequest("GET", path, "", agent, b"", "")
    return request_event(request, target_group, multi_value=multi_value)


def read_response(payload: Any, *, multi_value: bool) -> Response:
    """Give the response that a function's result stands for.

    Raises:
        MalformedError: Something that it must have is missing or of another type.
    """
    if len(json.dumps(payload, ensure_ascii=False).encode()) > MEGABYTE:
        raise MalformedError("the response is larger than 1 MB")
    if not isinstance(payload, Mapping):
        raise MalformedError(f"the response must be an object, got {payload!r:.40}")
    status = payload.get("statusCode")
    if type(status) is not int or not 100 <= status <= 599:
        raise MalformedError(f"statusCode must be a whole number, got {status!r}")
    if not isinstance(payload.get("statusDescription", ""), str):
        raise MalformedError("statusDescription must be text, as in '200 OK'")
    headers = Headers(_headers(payload, multi_value=multi_value))
    return Response(status, headers.without(*HOP_BY_HOP), _content(payload))


def _headers(
    payload: Mapping[str, Any], *, multi_value: bool
) -> Iterable[tuple[str, str]]:
    name = "multiValueHeaders" if multi_value else "headers"
    found = payload.get(name)
    if not isinstance(found, Mapping):
        state = "on" if multi_value else "off"
        raise MalformedError(
            f"with multi-value headers {state} there must be {name}, got {found!r:.40}"
        )
    for key, value in found.items():
        values = value if multi_value else [value]
        if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            kind = "a list of texts" if multi_value else "text"
            raise MalformedError(f"the value of {key} must be {kind}, got {value!r}")
        yield from ((key, each) for each in values)


def _content(payload: Mapping[str, Any]) -> bytes:
    encoded, body = payload.get("isBase64Encoded"), payload.get("body")
    if not isinstance(encoded, bool):
        raise MalformedError(f"isBase64Encoded must be true or false, got {encoded!r}")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedError(f"body must be text, got {type(body).__name__}")
    if not encoded:
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise MalformedError(f"body is not Base64: {error}") from None


def _body(request: HttpRequest) -> tuple[str, bool]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    as_it_is = kind.startswith("text/") or kind in TEXT
    if not request.body:
        return "", False
    if as_it_is and "content-encoding" not in request.headers:
        return request.body.decode(errors="replace"), False
    return base64.b64encode(request.body).decode(), True


def _last(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Of a key that comes again, the last value counts."""
    return dict(pairs)


def _lists(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found
