"""Authorizers of REST APIs, and the policy of an API.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-to-api.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from lambda_constructs.testing._http.authorizers import (
    INVOKE,
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
from lambda_constructs.testing._http.messages import Headers, Response
from lambda_constructs.testing._http.payloads import event_v1
from lambda_constructs.testing._http.state import Piece, fronts_of
from lambda_constructs.testing._http.tokens import (
    TokenError,
    as_text,
    check_claims,
    claims_of,
    scopes_of,
)

KEPT = 300
"""Seconds that an answer is kept unless the authorizer says otherwise."""

NOT_ALLOWED = "User is not authorized to access this resource"
SIGNED = {
    "accessKey": "accessKey",
    "accountId": "accountId",
    "caller": "callerId",
    "user": "userId",
    "userArn": "userArn",
}


def authorize(
    call: Call, method: Piece, role_arn: str | None, policy: Any
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Give what the event says of the caller: its authorizer and its identity.

    Raises:
        RefusedError: The method's authorizer or the API's policy does not let the
            request pass.
    """
    kind = method.properties.get("AuthorizationType", "NONE")
    document = json.loads(policy) if isinstance(policy, str) else policy
    if kind == "AWS_IAM":
        if role_arn is None:
            raise RefusedError(message(403, "Missing Authentication Token"))
        _check(call, role_arn, document)
        whole = signer(call.account, role_arn)
        return {}, {name: whole[key] for name, key in SIGNED.items()}
    told: Mapping[str, Any] = {}
    if kind != "NONE":
        id = str(method.properties["AuthorizerId"])
        authorizer = fronts_of(call.account).get("rest authorizer", id)
        assert authorizer is not None  # noqa: S101  (a template's reference)
        cognito = kind == "COGNITO_USER_POOLS"
        decide = _by_token if cognito else _by_function
        told = decide(call, authorizer, method)
    if document is not None:
        _check(call, None, document)
    return told, {}


def _check(call: Call, role_arn: str | None, document: Any) -> None:
    arn = path_arn(call)
    decision = by_signature(call.account, role_arn, arn, document)
    if decision.allowed:
        return
    who = "anonymous"
    if role_arn is not None:
        who = str(signer(call.account, role_arn)["userArn"])
    text = f"User: {who} is not authorized to perform: {INVOKE} on resource: {arn}"
    if decision.explicit:
        text += " with an explicit deny"
    raise RefusedError(message(403, text, "Message"))


def _by_token(call: Call, authorizer: Piece, method: Piece) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html."""
    found = identity(call, [str(authorizer.properties["IdentitySource"])])
    if found is None:
        raise RefusedError(message(401, "Unauthorized"))
    issuers = [
        f"https://cognito-idp.{arn.split(':')[3]}.amazonaws.com/{arn.rpartition('/')[2]}"
        for arn in authorizer.properties["ProviderARNs"]
    ]
    try:
        claims = claims_of(found[0].removeprefix("Bearer "))
        if claims.get("iss") not in issuers:
            raise TokenError("the token is of another user pool")
        check_claims(claims, claims["iss"], [], call.account.clock.now())
        wanted = method.properties.get("AuthorizationScopes", [])
        use = "access" if wanted else "id"
        if claims.get("token_use") != use:
            raise TokenError(f"the token is no {use} token")
        if wanted and not set(wanted) & set(scopes_of(claims)):
            raise TokenError(f"the token has none of {wanted}")
    except TokenError as error:
        call.account.note(method.path, "refused", str(error))
        raise RefusedError(message(401, "Unauthorized")) from None
    return {"claims": as_text(claims)}


def _by_function(call: Call, authorizer: Piece, _: Piece) -> Mapping[str, Any]:
    properties = authorizer.properties
    given = str(properties.get("IdentitySource", ""))
    found = identity(call, given.split(",") if given else [])
    if found is None or not _is_expected(properties, found):
        raise RefusedError(message(401, "Unauthorized"))
    arn = path_arn(call)
    if properties["Type"] == "TOKEN":
        event: dict[str, Any] = {"type": "TOKEN", "authorizationToken": found[0]}
    else:
        names = {"resourceId": call.route, "resourcePath": call.route}
        event = event_v1(call, names, path=call.request.path, binary=False)
        del event["body"], event["isBase64Encoded"]
        event["type"] = "REQUEST"
    try:
        seconds = float(properties.get("AuthorizerResultTtlInSeconds", KEPT))
        event["methodArn"] = arn
        verdict = ask_function(call, authorizer, event, arn, found, seconds)
    except UnauthorizedError:
        raise RefusedError(message(401, "Unauthorized")) from None
    except BrokenError as error:
        call.account.note(authorizer.path, "broken", str(error))
        body = Response(
            500, Headers([("content-type", "application/json")]), b'{"message":null}'
        )
        raise RefusedError(body) from None
    if not verdict.allowed:
        why = " with an explicit deny" if verdict.explicit else ""
        raise RefusedError(message(403, f"{NOT_ALLOWED}{why}", "Message"))
    told = {key: _text(value) for key, value in verdict.context.items()}
    return {"principalId": verdict.principal, "integrationLatency": 0, **told}


def _is_expected(properties: Mapping[str, Any], found: list[str]) -> bool:
    """A token that does not match does not reach the function."""
    expected = properties.get("IdentityValidationExpression")
    return expected is None or re.fullmatch(str(expected), found[0]) is not None


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
