"""Who may use a route: a token, a function or a signature decides.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._http.gateway import Call, ask, function_of
from lambda_constructs.testing._http.messages import HttpRequest, Response
from lambda_constructs.testing._http.state import Piece, fronts_of
from lambda_constructs.testing._iam import (
    Decision,
    Principal,
    Request,
    evaluate,
    parse,
)
from lambda_constructs.testing._push import InvokeRefusedError
from lambda_constructs.testing.errors import UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

LONGEST = 10.0
"""Seconds that an authorizer's function may take."""

INVOKE = "execute-api:Invoke"


class RefusedError(Exception):
    """A request may not pass; the response says so."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class BrokenError(Exception):
    """An authorizer's function gave no answer that can be read."""


class UnauthorizedError(Exception):
    """An authorizer's function raised `Unauthorized`."""


@dataclass(frozen=True)
class Verdict:
    """What an authorizer's function decided.

    Attributes:
        allowed: Whether the request may pass.
        explicit: Whether a statement denies it.
        context: What it tells the function behind.
        principal: Whom it took the caller for.
    """

    allowed: bool
    explicit: bool
    context: Mapping[str, Any]
    principal: str | None = None


def identity(call: Call, sources: Sequence[str]) -> list[str] | None:
    """Give the values that an authorizer looks for, or nothing if one is missing."""
    values = []
    for source in sources:
        value = _value(call, source.strip().removeprefix("method.").removeprefix("$"))
        if not value:
            return None
        values.append(value)
    return values


def _value(call: Call, source: str) -> str | None:
    kind, _, name = source.partition(".")
    if kind == "stageVariables":
        return call.variables.get(name)
    if source.startswith("request.header."):
        return call.request.headers.get(source.split(".", 2)[2])
    if source.startswith("request.querystring."):
        return dict(call.request.pairs).get(source.split(".", 2)[2])
    known = {
        "context.httpMethod": call.request.method,
        "context.identity.sourceIp": call.request.source_ip,
        "context.path": call.request.path,
        "context.resourcePath": call.route,
        "context.routeKey": call.route,
        "context.stage": call.stage,
    }
    if source not in known:
        raise UnmodelledError(f"the identity source {source!r} is not modelled")
    return known[source]


def ask_function(
    call: Call,
    authorizer: Piece,
    event: Mapping[str, Any],
    arn: str,
    key: Sequence[str],
    seconds: float,
) -> Verdict:
    """Ask an authorizer's function, or take what it said for *key* before.

    What it says is kept for so many *seconds*; a policy is read anew each time, so
    that one which names another route denies this one.

    Raises:
        BrokenError: It failed, took too long, or gave something else than a verdict.
        UnauthorizedError: It does not know the caller.
    """
    kept = fronts_of(call.account).answers
    place = (authorizer.ref, call.stage, *key)
    until, payload = kept.get(place, (0.0, None))
    if not key or until <= call.account.clock.now():
        payload = _ask(call, authorizer, event)
        kept[place] = (call.account.clock.now() + seconds, payload)
    simple = authorizer.properties.get("EnableSimpleResponses") in (True, "true")
    return _simple(payload) if simple else _policy(payload, arn)


def _ask(call: Call, authorizer: Piece, event: Mapping[str, Any]) -> Any:
    properties, account = authorizer.properties, call.account
    if (
        "AuthorizerCredentialsArn" in properties
        or "AuthorizerCredentials" in properties
    ):
        raise UnmodelledError(f"the role of {authorizer.path} is not modelled")
    target = function_of(str(properties["AuthorizerUri"]))
    place = f"arn:aws:execute-api:{account.region}:{account.id}:{call.api}"
    source = f"{place}/authorizers/{authorizer.ref}"
    try:
        outcome = ask(account, target, event, source, LONGEST)
    except InvokeRefusedError as error:
        raise BrokenError(str(error)) from None
    if outcome is None or outcome.kind in ("timeout", "throttled"):
        raise BrokenError("it took too long, or was throttled")
    if outcome.failed:
        if outcome.payload["errorMessage"] == "Unauthorized":
            raise UnauthorizedError
        raise BrokenError(str(outcome.payload["errorMessage"]))
    return outcome.payload


def _simple(payload: Any) -> Verdict:
    if not isinstance(payload, dict) or not isinstance(
        payload.get("isAuthorized"), bool
    ):
        raise BrokenError("isAuthorized must be true or false")
    return Verdict(payload["isAuthorized"], False, payload.get("context") or {})


def _policy(payload: Any, arn: str) -> Verdict:
    if not isinstance(payload, dict) or not payload.get("principalId"):
        raise BrokenError("the answer must have a principalId and a policyDocument")
    try:
        # It has no principal: it is for whoever made the request.
        policy = parse(payload.get("policyDocument") or {}, name="authorizer")
    except Exception as error:
        raise BrokenError(str(error)) from None
    account = arn.split(":")[4]
    caller = Principal.session(f"arn:aws:iam::{account}:role/caller", "caller")
    asked = Request(caller, INVOKE, arn, account, {})
    decision = evaluate(asked, identity=[policy])
    context = payload.get("context") or {}
    if any(isinstance(each, dict | list) for each in context.values()):
        raise BrokenError("the context must be flat")
    principal = str(payload["principalId"])
    return Verdict(decision.allowed, decision.explicit, context, principal)


def by_signature(
    account: LocalAccount,
    role_arn: str | None,
    arn: str,
    policy: Mapping[str, Any] | None,
) -> Decision:
    """Decide on a request that a role signed, or nobody."""
    resource = None
    if policy is not None:
        resource = parse(_whole(policy, arn), name="policy of the API", role="resource")
    if role_arn is None:
        asked = Request(Principal.anonymous(), INVOKE, arn, account.id, {})
        return evaluate(asked, resource=resource)
    role = account.authority.policies.of_role(role_arn)
    caller = Principal.session(role_arn, "caller")
    return evaluate(
        Request(caller, INVOKE, arn, account.id, {}),
        identity=role.identity,
        boundary=role.boundary,
        resource=resource,
    )


def _whole(policy: Mapping[str, Any], arn: str) -> dict[str, Any]:
    """Complete the ARNs of a policy that begin at `execute-api:/`."""
    api = arn.partition("/")[0]

    def whole(resource: str) -> str:
        short = "execute-api:/"
        return (
            f"{api}/{resource[len(short) :]}"
            if resource.startswith(short)
            else resource
        )

    def complete(statement: Mapping[str, Any]) -> dict[str, Any]:
        found = statement["Resource"]
        listed = found if isinstance(found, list) else [found]
        return {**statement, "Resource": [whole(str(each)) for each in listed]}

    statements = policy["Statement"]
    listed = statements if isinstance(statements, list) else [statements]
    return {**policy, "Statement": [complete(each) for each in listed]}


def signer(account: LocalAccount, role_arn: str) -> dict[str, Any]:
    """Give what an event says of the role that signed the request."""
    return {
        "accessKey": "ASIA0000000000000000",
        "accountId": account.id,
        "callerId": "AROA0000000000000000:caller",
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": Principal.session(role_arn, "caller").arn,
        "userId": "AROA0000000000000000:caller",
    }


def path_arn(call: Call) -> str:
    """Give the ARN of the method and the path of a request."""
    account, request = call.account, call.request
    place = f"arn:aws:execute-api:{account.region}:{account.id}:{call.api}"
    return f"{place}/{call.stage}/{request.method}{_path(request)}"


def _path(request: HttpRequest) -> str:
    return request.path if request.path.startswith("/") else f"/{request.path}"
