"""Cross-origin requests, as HTTP APIs and function URLs answer them themselves.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from lambda_constructs.testing._http.messages import Headers, HttpRequest, Response

Config = Mapping[str, Any]


def preflight(config: Config, request: HttpRequest, status: int) -> Response | None:
    """Answer a preflight request; give nothing for any other."""
    asks = "access-control-request-method" in request.headers
    if not config or request.method != "OPTIONS" or not asks:
        return None
    allowed = _common(config, request)
    if not allowed:
        return Response(status)
    lists = {
        "access-control-allow-headers": config.get("AllowHeaders"),
        "access-control-allow-methods": config.get("AllowMethods"),
    }
    allowed += [(name, ",".join(values)) for name, values in lists.items() if values]
    if config.get("MaxAge") is not None:
        allowed.append(("access-control-max-age", str(config["MaxAge"])))
    return Response(status, Headers(allowed))


def with_cors(config: Config, request: HttpRequest, response: Response) -> Response:
    """Replace what the function says about origins by what the front does."""
    if not config:
        return response
    own = [each for each in response.headers if not each.startswith("access-control-")]
    kept = [p for p in response.headers.pairs if p[0].lower() in own]
    added = _common(config, request)
    if added and config.get("ExposeHeaders"):
        exposed = ",".join(config["ExposeHeaders"])
        added.append(("access-control-expose-headers", exposed))
    return replace(response, headers=Headers([*kept, *added]))


def _common(config: Config, request: HttpRequest) -> list[tuple[str, str]]:
    origin = request.headers.get("origin")
    patterns = [str(each) for each in config.get("AllowOrigins", [])]
    if origin is None or not any(fnmatchcase(origin, each) for each in patterns):
        return []
    credentials = str(config.get("AllowCredentials", False)).lower() == "true"
    named = "*" if "*" in patterns and not credentials else origin
    found = [("access-control-allow-origin", named)]
    if credentials:
        found.append(("access-control-allow-credentials", "true"))
    return found
