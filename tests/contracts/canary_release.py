"""A fit version takes over by and by."""

from __future__ import annotations

import json

REQUEST = {
    "version": "2.0",
    "rawPath": "/quote",
    "queryStringParameters": {"zone": "home", "kg": "1"},
    "headers": {},
    "requestContext": {
        "requestId": "1",
        "stage": "$default",
        "http": {"method": "GET", "path": "/quote"},
    },
    "isBase64Encoded": False,
}


def contract(shop) -> None:
    """A tenth of the traffic at first, and all of it after five minutes."""
    release = shop.release("Quotes")
    shop.account.advance(1)

    assert {"1": 0.9, "2": 0.1} == release.traffic
    shop.account.advance(299)
    shop.account.settle()
    assert ("Succeeded", {"2": 1.0}) == (release.status, release.traffic)
    answer = shop.function("Quotes").invoke(REQUEST).payload
    assert "2" == json.loads(answer["body"])["version"]
