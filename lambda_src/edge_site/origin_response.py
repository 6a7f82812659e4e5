"""Say how long an answer may be cached, and that what is not there is not there."""

from collections.abc import Mapping
from typing import Any

ASSETS = "public, max-age=31536000, immutable"
PAGES = "public, max-age=0, s-maxage=300"
ERRORS = "public, max-age=0, s-maxage=10"

NOT_FOUND = """<!doctype html>
<html lang="en">
<title>Not found</title>
<h1>Not found</h1>
<p>There is nothing at this address.</p>
</html>
"""

# A function must not change these, nor leave them out.
READ_ONLY = ("transfer-encoding", "via")


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Change what CloudFront puts into its cache."""
    cf = event["Records"][0]["cf"]
    return cacheable(cf["request"]["uri"], cf["response"])


def cacheable(uri: str, response: Mapping[str, Any]) -> dict[str, Any]:
    """Add a lifetime, unless the object has one of its own."""
    # Of what it has not, the bucket says 403: the distribution may not list it.
    if response["status"] in ("403", "404"):
        return not_found(response)
    headers = response["headers"]
    if response["status"] != "200" or "cache-control" in headers:
        return dict(response)
    lifetime = ASSETS if uri.startswith("/assets/") else PAGES
    return {**response, "headers": {**headers, **cache_control(lifetime)}}


def not_found(response: Mapping[str, Any]) -> dict[str, Any]:
    """Give a page instead of the bucket's XML."""
    kept = {
        name: response["headers"][name]
        for name in READ_ONLY
        if name in response["headers"]
    }
    html = [{"key": "Content-Type", "value": "text/html; charset=utf-8"}]
    return {
        "status": "404",
        "statusDescription": "Not Found",
        "headers": {**kept, **cache_control(ERRORS), "content-type": html},
        "body": NOT_FOUND,
        "bodyEncoding": "text",
    }


def cache_control(value: str) -> dict[str, list[dict[str, str]]]:
    """Give the header as events have it."""
    return {"cache-control": [{"key": "Cache-Control", "value": value}]}
