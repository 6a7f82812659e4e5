"""Give each viewer a variant, and each address the page behind it."""

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CONFIGURATION = json.loads(Path(__file__).with_name("configuration.json").read_bytes())
SHARE_OF_B = CONFIGURATION["share_of_b"]
VARIANTS = ("a", "b")


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Change what CloudFront looks up in its cache."""
    request = event["Records"][0]["cf"]["request"]
    return prepared(request, random.randrange(100))  # noqa: S311


def prepared(request: Mapping[str, Any], draw: int) -> dict[str, Any]:
    """Name the variant, whatever a viewer says of it, and the page."""
    variant = variant_of(request["headers"], draw)
    headers = {
        **request["headers"],
        "x-variant": [{"key": "X-Variant", "value": variant}],
    }
    return {**request, "headers": headers, "uri": page_of(request["uri"])}


def variant_of(headers: Mapping[str, Any], draw: int) -> str:
    """Read it from the viewer's cookie, or draw one of a hundred."""
    for header in headers.get("cookie", []):
        for pair in header["value"].split(";"):
            name, _, value = pair.strip().partition("=")
            if name == "variant" and value in VARIANTS:
                return str(value)
    return "b" if draw < SHARE_OF_B else "a"


def page_of(uri: str) -> str:
    """Name the file behind an address: /about and /about/ are /about/index.html."""
    if uri.endswith("/"):
        return f"{uri}index.html"
    if "." in uri.rpartition("/")[2]:
        return uri
    return f"{uri}/index.html"
