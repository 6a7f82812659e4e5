"""Authorizers of HTTP APIs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_constructs.testing._http.authorizers import (
    BrokenError,
    RefusedError,
    UnauthorizedError,
    ask_function,
    by_signature,
    identity,
    path_arn,
    signer,
)
from lambda_constructs.testing._http.gateway import Call, message
from lambda_constructs.testing._http.messages import Response
from lambda_constructs.testing._http.payloads import event_v1, event_v2
from lambda_constructs.testing._http.state import Piece, fronts_of
from lambda_constructs.testing._http.tokens import (
    TokenError,
    as_text,
    check_claims,
    claims_of,
    scopes_of,
)

BODY = ("body", "isBase64Encoded")


def authorize(
    call: Call, route: Piece, role_arn: str | None, version: str
) -> Mapping[str, Any]:
    """Give what the event says of the caller.

    Raises:
        RefusedError: The route's authorizer does not let the request pass.
    """
    kind = route.properties.get("AuthorizationType", "NONE")
    if kind == "NONE":
        return {}
    if kind == "AWS_IAM":
        return _by_signature(call, role_arn, route)
    id = str(route.properties["AuthorizerId"])
    authorizer = fronts_of(call.account).get("http authorizer", id)
    assert authorizer is not None  # noqa: S101  (a template's reference)
    if kind == "JWT":
        return _by_token(call, authorizer, route, version)
    return _by_function(call, authorizer, version)


def _by_signature(call: Call, role_arn: str | None, route: Piece) -> Mapping[str, Any]:
    if role_arn is None:
        raise RefusedError(message(403, "Forbidden"))
    decision = by_signature(call.account, role_arn, path_arn(call), None)
    if not decision.allowed:
        call.account.note(route.path, "refused", f"{role_arn}, {decision.reason}")
        raise RefusedError(message(403, "Forbidden"))
    return {"iam": signer(call.account, role_arn)}


def _by_token(
    call: Call, authorizer: Piece, route: Piece, version: str
) -> Mapping[str, Any]:
    settings = authorizer.properties["JwtConfiguration"]
    found = identity(call, authorizer.properties["IdentitySource"])
    if found is None:
        raise RefusedError(_bearer(401, "Unauthorized", ""))
    try:
        claims = claims_of(found[0].removeprefix("Bearer "))
        now = call.account.clock.now()
        check_claims(claims, settings["Issuer"], settings.get("Audience", []), now)
    except TokenError as error:
        call.account.note(route.path, "refused", str(error))
        why = f' scope="" error="invalid_token" error_description="{error}"'
        raise RefusedError(_bearer(401, "Unauthorized", why)) from None
    wanted = route.properties.get("AuthorizationScopes", [])
    scopes = scopes_of(claims)
    if wanted and not set(wanted) & set(scopes):
        call.account.note(route.path, "refused", f"the token has none of {wanted}")
        why = f' scope="{" ".join(wanted)}" error="insufficient_scope"'
        raise RefusedError(_bearer(403, "Forbidden", why))
    told = {"claims": as_text(claims), "scopes": scopes if wanted else None}
    return {"jwt": told} if version == "2.0" else told


def _by_function(call: Call, authorizer: Piece, version: str) -> Mapping[str, Any]:
    sources = authorizer.properties.get("IdentitySource", [])
    found = identity(call, sources)
    if found is None:
        raise RefusedError(message(401, "Unauthorized"))
    arn = path_arn(call)
    event = _event(call, authorizer, found, arn)
    try:
        seconds = float(authorizer.properties.get("AuthorizerResultTtlInSeconds", 0))
        verdict = ask_function(call, authorizer, event, arn, found, seconds)
    except UnauthorizedError:
        raise RefusedError(message(401, "Unauthorized")) from None
    except BrokenError as error:
        call.account.note(authorizer.path, "broken", str(error))
        raise RefusedError(message(500, "Internal Server Error")) from None
    if not verdict.allowed:
        raise RefusedError(message(403, "Forbidden"))
    if version == "2.0":
        return {"lambda": dict(verdict.context) or None}
    principal = {} if verdict.principal is None else {"principalId": verdict.principal}
    return {**verdict.context, **principal}


def _event(
    call: Call, authorizer: Piece, found: list[str], arn: str
) -> Mapping[str, Any]:
    if authorizer.properties["AuthorizerPayloadFormatVersion"] == "2.0":
        whole = event_v2(call, raw_path=call.staged_path, body_is_text=True)
        more: dict[str, Any] = {"routeArn": arn, "identitySource": found or None}
    else:
        method, _, template = call.route.partition(" ")
        names = {"resourceId": call.route, "resourcePath": template or method}
        whole = event_v1(call, names, path=call.staged_path, binary=False)
        token = ",".join(found)
        more = {"methodArn": arn, "identitySource": token, "authorizationToken": token}
        more["version"], whole["resource"] = "1.0", template or method
    kept = {key: value for key, value in whole.items() if key not in BODY}
    return {**kept, "type": "REQUEST", **more}


def _bearer(status: int, text: str, why: str) -> Response:
    said = message(status, text)
    return Response(
        status, said.headers.also(("www-authenticate", f"Bearer{why}")), said.body
    )
