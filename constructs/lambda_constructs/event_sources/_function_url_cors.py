"""Which pages of other origins may ask a function URL, and how.

https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_

from lambda_constructs import limits
from lambda_constructs.errors import (
    ConfigurationError,
    check_duration,
    check_range,
    literal,
    seconds,
)

HEADER = re.compile(rf"[!#$%&'*+.^_`|~0-9A-Za-z-]{{1,{limits.URL_HEADER_CHARACTERS}}}")


def check_cors(cors: lambda_.FunctionUrlCorsOptions) -> None:
    """Check every option of *cors*.

    Raises:
        ConfigurationError: Lambda would refuse it, or a browser would.
    """
    age: Duration | None = cors.max_age
    check_duration("max_age", age)
    check_range("max_age", seconds(age), *limits.URL_MAX_AGE_SECONDS, unit="s")
    for name in ("allowed_origins", "allowed_headers", "exposed_headers"):
        given = literal(getattr(cors, name)) or []
        if len(given) > limits.URL_CORS_ENTRIES:
            raise ConfigurationError(
                f"{name} must be at most {limits.URL_CORS_ENTRIES}, got {len(given)}"
            )
        if name != "allowed_origins":
            _check_headers(name, given)
    origins = [each for each in cors.allowed_origins or () if literal(each)]
    _check_origins(origins, credentials=bool(cors.allow_credentials))
    _check_methods(cors.allowed_methods or [])


def _check_headers(name: str, headers: Sequence[str]) -> None:
    for each in headers:
        if literal(each) is not None and not HEADER.fullmatch(each):
            raise ConfigurationError(
                f"{name} must each be the name of a header, or '*', got {each!r}"
            )


def _check_origins(origins: Sequence[str], *, credentials: bool) -> None:
    if "*" in origins and credentials:
        raise ConfigurationError(
            "allow_credentials with the origin * would let every page on the web act "
            "for a user; list the origins"
        )
    for origin in origins:
        if len(origin) > limits.URL_ORIGIN_CHARACTERS:
            raise ConfigurationError(
                f"an origin must be at most {limits.URL_ORIGIN_CHARACTERS} characters, "
                f"got {len(origin)}"
            )
        scheme, _, host = origin.partition("://")
        if origin != "*" and (not host or "/" in host or not scheme):
            raise ConfigurationError(
                f"an origin must be a scheme and a host, got {origin!r}; write "
                "'https://www.example.com', without a path"
            )


def _check_methods(methods: Sequence[lambda_.HttpMethod]) -> None:
    if lambda_.HttpMethod.OPTIONS in methods:
        raise ConfigurationError(
            "allowed_methods must not have OPTIONS, which Lambda answers itself; leave "
            "it out"
        )
    if len(set(methods)) != len(methods):
        raise ConfigurationError(
            "allowed_methods must each be there once, got "
            f"{', '.join(each.name for each in methods)}; leave out what is twice"
        )
