"""Send old addresses to the new ones, and the others to the pages of a variant.

CloudFront caches both, so this runs once for each page and variant.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CONFIGURATION = json.loads(Path(__file__).with_name("configuration.json").read_bytes())
REDIRECTS = CONFIGURATION["redirects"]


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answer the request, or let it go on to the bucket."""
    return routed(event["Records"][0]["cf"]["request"])


def routed(request: Mapping[str, Any]) -> dict[str, Any]:
    """Look up an old address; any other is a page of the viewer's variant."""
    uri = request["uri"]
    target = REDIRECTS.get(uri.removesuffix("index.html"))
    if target is not None:
        return moved_to(target)
    variant = request["headers"]["x-variant"][0]["value"]
    return {**request, "uri": f"/{variant}{uri}"}


def moved_to(target: str) -> dict[str, Any]:
    """Redirect for good; caches ask again after an hour."""
    return {
        "status": "301",
        "statusDescription": "Moved Permanently",
        "headers": {
            "cache-control": [
                {"key": "Cache-Control", "value": "public, max-age=3600"},
            ],
            "location": [{"key": "Location", "value": target}],
        },
    }
