"""JSON web tokens: what one says, and whether that is enough.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any


class TokenError(Exception):
    """A token is not valid; the message is API Gateway's description."""


def make_token(claims: Mapping[str, Any]) -> str:
    """Make a token whose signature nobody can check."""
    parts = {"alg": "RS256", "kid": "testing", "typ": "JWT"}, claims
    encoded = [_encode(json.dumps(each).encode()) for each in parts]
    return ".".join([*encoded, _encode(b"not a signature")])


def claims_of(token: str) -> dict[str, Any]:
    """Read what a token says.

    Raises:
        TokenError: It is none.
    """
    try:
        header, body, _ = token.split(".")
        parts = [json.loads(_decode(each)) for each in (header, body)]
    except (ValueError, binascii.Error):
        raise TokenError("the token is malformed") from None
    if not all(isinstance(each, dict) for each in parts) or "kid" not in parts[0]:
        raise TokenError("the token is malformed")
    if not str(parts[0].get("alg")).startswith("RS"):
        raise TokenError("signing method is invalid")
    claims: dict[str, Any] = parts[1]
    return claims


def check_claims(
    claims: Mapping[str, Any], issuer: str, audience: Sequence[str], now: float
) -> None:
    """Check who made a token, for whom, and when.

    Raises:
        TokenError: One of that is wrong.
    """
    if claims.get("iss") != issuer:
        raise TokenError("the token has an invalid issuer")
    given = claims.get("aud", claims.get("client_id", []))
    if audience and not set(audience) & set(
        [given] if isinstance(given, str) else given
    ):
        raise TokenError("the token does not have a valid audience")
    if not claims.get("exp", 0) > now:
        raise TokenError("the token has expired")
    if claims.get("nbf", now) > now or claims.get("iat", now) > now:
        raise TokenError("the token is not valid yet")


def scopes_of(claims: Mapping[str, Any]) -> list[str]:
    """Give the scopes of a token."""
    found = claims.get("scope", claims.get("scp", []))
    return found.split() if isinstance(found, str) else list(found)


def as_text(claims: Mapping[str, Any]) -> dict[str, str]:
    """Give the claims as an event has them: everything is text."""
    return {
        name: f"[{' '.join(map(str, value))}]"
        if isinstance(value, list)
        else value
        if isinstance(value, str)
        else json.dumps(value)
        for name, value in claims.items()
    }


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
