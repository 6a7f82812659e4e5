"""What CloudFront asks at the edge: by the standard library alone."""

import random
from typing import Any

SHARE_OF_B = 50
REDIRECTS = {"/old/": "/new/"}
HOUR = {"key": "Cache-Control", "value": "public, max-age=3600"}
SECURITY = {
    "Content-Security-Policy": "default-src 'self'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
NOT_FOUND = """<!doctype html>
<html lang="en">
<title>Not found</title>
<h1>Not found</h1>
<p>There is nothing at this address.</p>
</html>
"""


def viewer_request(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Give each viewer a variant, and each address the page behind it."""
    request: dict[str, Any] = event["Records"][0]["cf"]["request"]
    variant = "b" if random.randrange(100) < SHARE_OF_B else "a"  # noqa: S311
    for header in request["headers"].get("cookie", []):
        for pair in header["value"].split(";"):
            if pair.strip() in ("variant=a", "variant=b"):
                variant = pair.strip()[-1]
    request["headers"]["x-variant"] = [{"key": "X-Variant", "value": variant}]
    if request["uri"].endswith("/"):
        request["uri"] += "index.html"
    elif "." not in request["uri"].rpartition("/")[2]:
        request["uri"] += "/index.html"
    return request


def origin_request(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Send old addresses to the new ones, and the others to a variant's pages."""
    request: dict[str, Any] = event["Records"][0]["cf"]["request"]
    target = REDIRECTS.get(request["uri"].removesuffix("index.html"))
    if target is not None:
        location = {"key": "Location", "value": target}
        return {
            "status": "301",
            "statusDescription": "Moved Permanently",
            "headers": {"cache-control": [HOUR], "location": [location]},
        }
    variant = request["headers"]["x-variant"][0]["value"]
    request["uri"] = f"/{variant}{request['uri']}"
    return request


def origin_response(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Say how long an answer may be cached, and that what is not there is not there."""
    cf = event["Records"][0]["cf"]
    response: dict[str, Any] = cf["response"]
    headers = response["headers"]
    if response["status"] in ("403", "404"):
        kept = {it: headers[it] for it in ("transfer-encoding", "via") if it in headers}
        html = [{"key": "Content-Type", "value": "text/html; charset=utf-8"}]
        soon = cache_control("public, max-age=0, s-maxage=10")
        return {
            "status": "404",
            "statusDescription": "Not Found",
            "headers": {**kept, **soon, "content-type": html},
            "body": NOT_FOUND,
            "bodyEncoding": "text",
        }
    if response["status"] == "200" and "cache-control" not in headers:
        asset = cf["request"]["uri"].startswith("/assets/")
        long, short = "max-age=31536000, immutable", "max-age=0, s-maxage=300"
        headers |= cache_control(f"public, {long if asset else short}")
    return response


def cache_control(value: str) -> dict[str, Any]:
    """Give the header as events have it."""
    return {"cache-control": [{"key": "Cache-Control", "value": value}]}


def viewer_response(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Put security headers on every answer, and remember the viewer's variant."""
    cf = event["Records"][0]["cf"]
    response: dict[str, Any] = cf["response"]
    headers, asked = response["headers"], cf["request"]["headers"]
    for name, value in SECURITY.items():
        headers[name.lower()] = [{"key": name, "value": value}]
    if "x-variant" not in asked:
        return response
    pair = f"variant={asked['x-variant'][0]['value']}"
    for header in asked.get("cookie", []):
        if pair in (it.strip() for it in header["value"].split(";")):
            return response
    kept = "Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax; Secure"
    cookie = {"key": "Set-Cookie", "value": f"{pair}; {kept}"}
    headers.setdefault("set-cookie", []).append(cookie)
    return response
