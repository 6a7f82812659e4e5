"""What API Gateway would refuse about the routes of an HTTP API."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from aws_cdk import aws_apigatewayv2 as apigatewayv2
from constructs import Construct

from lambda_constructs._known import node_of, path_of
from lambda_constructs.errors import ConfigurationError
from lambda_constructs.function import LambdaFunction

Api = apigatewayv2.HttpApi | apigatewayv2.IHttpApi

JWT = "JWT"


def check_end(route: str, path: str) -> None:
    """Check that *path* does not end in a slash.

    Raises:
        ConfigurationError: It does.
    """
    if path != "/" and path.endswith("/"):
        raise ConfigurationError(
            f"a path of an HTTP API must not end in a slash, got {route!r}; write "
            f"{route.rstrip('/')!r}"
        )


def check_scopes(
    function: LambdaFunction,
    api: Api,
    scopes: Sequence[str],
    authorizer: apigatewayv2.IHttpRouteAuthorizer | None,
) -> None:
    """Check that somebody looks at the *scopes*: else the routes would be open.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html

    Raises:
        ConfigurationError: The authorizer, or the API's own, is not one of tokens.
    """
    if not scopes:
        return
    authorizer = authorizer or api.default_authorizer
    # One that does not say what it is may be for tokens.
    kind = getattr(authorizer, "authorization_type", JWT)
    if authorizer is None or kind != JWT:
        given = "none" if authorizer is None else type(authorizer).__name__
        raise ConfigurationError(
            f"authorization_scopes need an authorizer of tokens, got {given}; pass "
            "authorizer="
            "HttpJwtAuthorizer(...) or HttpUserPoolAuthorizer(...)",
            scope=function,
        )


def check_variables(
    function: LambdaFunction, api: Api, ids: Mapping[str, tuple[Construct, str]]
) -> None:
    """Check that no two routes differ in the names of their variables alone.

    Raises:
        ConfigurationError: Two do, which API Gateway cannot tell apart.
    """
    if "{" not in "".join(ids):
        return
    (place, _), *_ = ids.values()
    there = [node_of(each).id for each in node_of(place).children]
    seen = {_shape(each): each for each in there if "{" in each}
    for key, (_, id) in ids.items():
        other = seen.setdefault(_shape(id), id)
        if other != id:
            raise ConfigurationError(
                f"{key} of {path_of(api)} differs from another route in the name of a "
                f"variable alone, got {other.replace('--', '/')} too; name them alike, "
                "or leave one out",
                scope=function,
            )


def _shape(id: str) -> str:
    return re.sub(r"\{[^}+]*", "{", id)
