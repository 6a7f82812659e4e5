"""API Gateway's REST APIs, with Lambda proxy integration.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lambda_constructs.testing._http.authorizers import RefusedError
from lambda_constructs.testing._http.front import Front, MalformedError, Told, classes
from lambda_constructs.testing._http.gateway import (
    Call,
    as_received,
    ask,
    function_of,
    match,
    media_type,
    message,
    specificity,
    too_large,
)
from lambda_constructs.testing._http.messages import HttpRequest, Response
from lambda_constructs.testing._http.payloads import event_v1, response_v1
from lambda_constructs.testing._http.rest_authorizers import authorize
from lambda_constructs.testing._http.state import Piece, fronts_of
from lambda_constructs.testing._push import InvokeRefusedError
from lambda_constructs.testing.errors import AccountError, UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

LONGEST = 29_000
"""Milliseconds that an integration may take unless it says otherwise."""


@dataclass(frozen=True)
class RestApi(Front):
    """A REST API, as its clients see it; paths are without the stage.

    Attributes:
        role_arn: The role that signs the requests; without it they are not signed.
    """

    account: LocalAccount
    id: str
    path: str
    stage: str
    role_arn: str | None = None

    def told(self, response: Response) -> Told | None:
        """https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html."""
        api = fronts_of(self.account).get("rest api", self.id)
        if api is None or "Name" not in api.properties:
            return None
        of = {"ApiName": str(api.properties["Name"])}
        return Told(
            "AWS/ApiGateway",
            [of, {**of, "Stage": self.stage}],
            {"Count": 1, **classes(response, "4XXError", "5XXError")},
        )

    def answer(self, request: HttpRequest) -> Response:
        """Ask the function of the method of the resource that the path names."""
        self._check()
        where = request.path.rstrip("/") or "/"
        fits = [
            (template, ref, found)
            for template, ref in self._resources()
            if (found := match(template, where)) is not None
        ]
        if not fits:
            return message(403, "Missing Authentication Token")
        template, ref, parameters = min(fits, key=lambda each: specificity(each[0]))
        method = self._method(ref, request.method)
        if method is None:
            return message(403, "Missing Authentication Token")
        self._check_method(method)
        domain = f"{self.id}.execute-api.{self.account.region}.amazonaws.com"
        call = Call(
            self.account,
            as_received(self.account, request, domain),
            self.id,
            domain,
            self.stage,
            template,
            parameters,
            self._stage().properties.get("Variables", {}),
        )
        api = fronts_of(self.account).get("rest api", self.id)
        policy = None if api is None else api.properties.get("Policy")
        try:
            caller, identity = authorize(call, method, self.role_arn, policy)
        except RefusedError as error:
            return error.response
        return self._integrate(call, method, caller, identity)

    @property
    def root(self) -> str:
        """The id of the resource `/`."""
        return f"{self.id}/"

    def _check(self) -> None:
        api = fronts_of(self.account).get("rest api", self.id)
        if (
            api is None
            or "Body" in api.properties
            or "BodyS3Location" in api.properties
        ):
            raise UnmodelledError(f"{self.path} is no REST API with methods of its own")

    def _stage(self) -> Piece:
        found = fronts_of(self.account).get("rest stage", f"{self.id}/{self.stage}")
        if found is None:
            raise AccountError(f"{self.path} has no stage {self.stage!r}; deploy it")
        return found

    def _resources(self) -> list[tuple[str, str]]:
        """Give the path of each resource with its id."""
        paths = {self.root: ""}
        for each in fronts_of(self.account).of("resource", "RestApiId", self.id):
            parent = paths[str(each.properties["ParentId"])]
            paths[each.ref] = f"{parent}/{each.properties['PathPart']}"
        return [(path or "/", ref) for ref, path in paths.items()]

    def _method(self, resource: str, name: str) -> Piece | None:
        methods = {
            str(each.properties["HttpMethod"]): each
            for each in fronts_of(self.account).of("method", "RestApiId", self.id)
            if each.properties["ResourceId"] == resource
        }
        return methods.get(name) or methods.get("ANY")

    def _check_method(self, method: Piece) -> None:
        properties = method.properties
        if properties.get("ApiKeyRequired"):
            raise UnmodelledError(f"{method.path} asks for an API key, not modelled")
        kind = properties.get("Integration", {}).get("Type")
        if kind != "AWS_PROXY":
            raise UnmodelledError(
                f"the integration of {method.path} is not modelled: {kind}"
            )

    def _integrate(
        self,
        call: Call,
        method: Piece,
        caller: Mapping[str, Any],
        identity: Mapping[str, Any],
    ) -> Response:
        integration = method.properties["Integration"]
        extra = {
            "resourceId": str(method.properties["ResourceId"]).strip("/"),
            "resourcePath": call.route,
        }
        binary = self._is_binary(media_type(call.request.headers))
        path = unquote(call.request.path)
        event = event_v1(call, extra, path=path, binary=binary)
        event["requestContext"]["identity"].update(identity)
        if caller:
            event["requestContext"]["authorizer"] = caller
        if too_large(event):
            return message(413, "Request Too Long")
        most = int(integration.get("TimeoutInMillis", LONGEST)) / 1000
        target, source = function_of(str(integration["Uri"])), self._source(call)
        try:
            outcome = ask(self.account, target, event, source, most)
        except InvokeRefusedError:
            return message(500, "Internal server error")
        if outcome is None:
            return message(504, "Endpoint request timed out")
        if outcome.kind == "throttled":
            return message(500, "Internal server error")
        if outcome.failed:
            return message(502, "Internal server error")
        try:
            return self._read(outcome.payload, call.request)
        except MalformedError as error:
            self.account.note(method.path, "malformed", str(error))
            return message(502, "Internal server error")

    def _read(self, payload: object, request: HttpRequest) -> Response:
        """A Base64 body becomes binary if the first type that is accepted is."""
        decode = self._is_binary(media_type(request.headers, "accept"))
        return response_v1(payload, content_type="application/json", decode=decode)

    def _is_binary(self, kind: str) -> bool:
        """https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html."""
        api = fronts_of(self.account).get("rest api", self.id)
        types: Sequence[str] = api.properties.get("BinaryMediaTypes", []) if api else []
        return "*/*" in types or kind in types

    def _source(self, call: Call) -> str:
        arn = f"arn:aws:execute-api:{self.account.region}:{self.account.id}:{self.id}"
        return f"{arn}/{self.stage}/{call.request.method}{call.route}"
