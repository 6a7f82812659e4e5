"""The payload formats 1.0 and 2.0.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from lambda_constructs.testing._http.front import MalformedError
from lambda_constructs.testing._http.gateway import (
    Call,
    content_of,
    encoded_body,
    headers_of,
    status_of,
)
from lambda_constructs.testing._http.messages import Headers, Response

TIME = "%d/%b/%Y:%H:%M:%S +0000"

IDENTITY = (
    "accessKey",
    "accountId",
    "caller",
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
    "user",
    "userArn",
)


def event_v2(call: Call, *, raw_path: str, body_is_text: bool) -> dict[str, Any]:
    """Give the event in format 2.0; what is empty is left out."""
    request, now = call.request, call.account.clock.now()
    cookies = "; ".join(request.headers.all("cookie"))
    body, encoded = encoded_body(request, binary=not body_is_text)
    pairs = ((name.lower(), v) for name, v in request.headers.without("cookie").pairs)
    optional = {
        "cookies": [each for each in cookies.split("; ") if each],
        "queryStringParameters": _joined(request.pairs),
        "body": body,
        "pathParameters": dict(call.path_parameters),
        "stageVariables": dict(call.variables),
    }
    return {
        "version": "2.0",
        "routeKey": call.route,
        "rawPath": raw_path,
        "rawQueryString": request.query,
        "headers": _joined(pairs),
        "requestContext": {
            "accountId": call.account.id,
            "apiId": call.api,
            "domainName": call.domain,
            "domainPrefix": call.domain.partition(".")[0],
            "http": {
                "method": request.method,
                "path": raw_path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.source_ip,
                "userAgent": request.headers.get("user-agent", ""),
            },
            "requestId": call.request_id,
            "routeKey": call.route,
            "stage": call.stage,
            "time": datetime.fromtimestamp(now, UTC).strftime(TIME),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": encoded,
        **{name: value for name, value in optional.items() if value},
    }


def event_v1(
    call: Call, method: Mapping[str, str], *, path: str, binary: bool
) -> dict[str, Any]:
    """Give the event in format 1.0; what is empty is null.

    *method* has what REST and HTTP APIs name differently in the context.
    """
    request, now = call.request, call.account.clock.now()
    body, encoded = encoded_body(request, binary=binary)
    return {
        "resource": call.route,
        "path": path,
        "httpMethod": request.method,
        "headers": dict(request.headers.pairs),
        "multiValueHeaders": _lists(request.headers.pairs),
        "queryStringParameters": dict(request.pairs) or None,
        "multiValueQueryStringParameters": _lists(request.pairs) or None,
        "requestContext": {
            "accountId": call.account.id,
            "apiId": call.api,
            "domainName": call.domain,
            "domainPrefix": call.domain.partition(".")[0],
            "extendedRequestId": call.request_id,
            "httpMethod": request.method,
            "identity": {
                **dict.fromkeys(IDENTITY),
                "sourceIp": request.source_ip,
                "userAgent": request.headers.get("user-agent"),
            },
            "path": unquote(call.staged_path),
            "protocol": "HTTP/1.1",
            "requestId": call.request_id,
            "requestTime": datetime.fromtimestamp(now, UTC).strftime(TIME),
            "requestTimeEpoch": int(now * 1000),
            "stage": call.stage,
            **method,
        },
        "pathParameters": dict(call.path_parameters) or None,
        "stageVariables": dict(call.variables) or None,
        "body": body,
        "isBase64Encoded": encoded,
    }


def response_v2(payload: Any, *, content_type: str) -> Response:
    """Read a response, or make one of a result that is none.

    Raises:
        MalformedError: It cannot be understood.
    """
    if not isinstance(payload, Mapping) or "statusCode" not in payload:
        text = payload if isinstance(payload, str) else json.dumps(payload)
        return Response(200, _typed([], "application/json"), text.encode())
    cookies = payload.get("cookies") or []
    if not isinstance(cookies, list):
        raise MalformedError(f"cookies must be a list, got {cookies!r:.40}")
    pairs = [
        *headers_of(payload, "headers"),
        *(("set-cookie", str(each)) for each in cookies),
    ]
    content = content_of(payload)
    return Response(status_of(payload), _typed(pairs, content_type), content)


def response_v1(payload: Any, *, content_type: str, decode: bool = True) -> Response:
    """Read a response.

    Raises:
        MalformedError: It cannot be understood.
    """
    if not isinstance(payload, Mapping):
        raise MalformedError(f"the response must be an object, got {payload!r:.40}")
    several = Headers(headers_of(payload, "multiValueHeaders"))
    single = Headers(headers_of(payload, "headers")).without(*several)
    pairs = [*single.pairs, *several.pairs]
    content = content_of(payload, decode=decode)
    return Response(status_of(payload), _typed(pairs, content_type), content)


def _typed(pairs: Iterable[tuple[str, str]], content_type: str) -> Headers:
    headers = Headers(pairs)
    if "content-type" in headers:
        return headers
    return headers.also(("content-type", content_type))


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name: ",".join(values) for name, values in _lists(pairs).items()}


def _lists(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found
