"""Put security headers on every answer, and remember the viewer's variant.

This runs for every answer, cached or not, so the cookie is in nobody else's.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CONFIGURATION = json.loads(Path(__file__).with_name("configuration.json").read_bytes())
SECURITY = {
    "Content-Security-Policy": CONFIGURATION["content_security_policy"],
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
COOKIE = "Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax; Secure"


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Change what the viewer gets."""
    cf = event["Records"][0]["cf"]
    return secured(cf["request"]["headers"], cf["response"])


def secured(asked: Mapping[str, Any], response: Mapping[str, Any]) -> dict[str, Any]:
    """Add the headers, in place of the origin's own, and the cookie if it is new."""
    headers = {
        **response["headers"],
        **{
            name.lower(): [{"key": name, "value": value}]
            for name, value in SECURITY.items()
        },
    }
    new = new_cookie(asked)
    if new is not None:
        cookie = {"key": "Set-Cookie", "value": f"{new}; {COOKIE}"}
        headers["set-cookie"] = [*headers.get("set-cookie", []), cookie]
    return {**response, "headers": headers}


def new_cookie(asked: Mapping[str, Any]) -> str | None:
    """Tell the variant that the viewer got, unless its cookie says so already."""
    if "x-variant" not in asked:
        return None  # an asset, which has none
    pair = f"variant={asked['x-variant'][0]['value']}"
    known = {
        each.strip()
        for header in asked.get("cookie", [])
        for each in header["value"].split(";")
    }
    return None if pair in known else pair
