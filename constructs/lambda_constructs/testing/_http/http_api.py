"""API Gateway's HTTP APIs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lambda_constructs.testing._http.authorizers import RefusedError
from lambda_constructs.testing._http.cors import preflight, with_cors
from lambda_constructs.testing._http.front import Front, MalformedError, Told, classes
from lambda_constructs.testing._http.gateway import (
    Call,
    as_received,
    ask,
    function_of,
    is_text,
    match,
    message,
    specificity,
    too_large,
)
from lambda_constructs.testing._http.http_authorizers import authorize
from lambda_constructs.testing._http.messages import Headers, HttpRequest, Response
from lambda_constructs.testing._http.payloads import (
    event_v1,
    event_v2,
    response_v1,
    response_v2,
)
from lambda_constructs.testing._http.state import Piece, fronts_of
from lambda_constructs.testing._push import InvokeRefusedError
from lambda_constructs.testing._runtime import Outcome
from lambda_constructs.testing.errors import AccountError, UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

LONGEST = 30_000
"""Milliseconds that an integration may take."""

TEXT_PLAIN = "text/plain; charset=utf-8"
DEFAULT = "$default"


@dataclass(frozen=True)
class HttpApi(Front):
    """An HTTP API, as its clients see it; paths are without the stage.

    Attributes:
        role_arn: The role that signs the requests; without it they are not signed.
    """

    account: LocalAccount
    id: str
    path: str
    stage: str
    role_arn: str | None = None

    def answer(self, request: HttpRequest) -> Response:
        """Let the most specific route that matches decide."""
        cors = self._api.properties.get("CorsConfiguration", {})
        answered = preflight(cors, request, 204)
        return answered or with_cors(cors, request, self._routed(request))

    def told(self, response: Response) -> Told | None:
        """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html."""
        of = {"ApiId": self.id}
        return Told(
            "AWS/ApiGateway",
            [of, {**of, "Stage": self.stage}],
            {"Count": 1, **classes(response, "4xx", "5xx")},
        )

    @property
    def _api(self) -> Piece:
        api = fronts_of(self.account).get("http api", self.id)
        if api is None or api.properties.get("ProtocolType") != "HTTP":
            raise UnmodelledError(f"{self.path} is no HTTP API with routes of its own")
        return api

    def _routed(self, request: HttpRequest) -> Response:
        found = self._route(request)
        if found is None:
            return message(404, "Not Found")
        route, parameters = found
        domain = f"{self.id}.execute-api.{self.account.region}.amazonaws.com"
        stage = fronts_of(self.account).get("http stage", f"{self.id}/{self.stage}")
        if stage is None:
            raise AccountError(f"{self.path} has no stage {self.stage!r}; deploy it")
        call = Call(
            self.account,
            as_received(self.account, request, domain),
            self.id,
            domain,
            self.stage,
            str(route.properties["RouteKey"]),
            parameters,
            stage.properties.get("StageVariables", {}),
        )
        integration = self._integration(route)
        version = str(integration.properties["PayloadFormatVersion"])
        try:
            caller = authorize(call, route, self.role_arn, version)
        except RefusedError as error:
            return error.response
        return self._integrate(call, integration, version, caller)

    def _route(self, request: HttpRequest) -> tuple[Piece, dict[str, str]] | None:
        """A full match comes before a greedy one, and that before the default."""
        found: list[tuple[list[int], bool, Piece, dict[str, str]]] = []
        default = None
        for route in fronts_of(self.account).of("route", "ApiId", self.id):
            key = str(route.properties["RouteKey"])
            method, _, template = key.partition(" ")
            if key == DEFAULT:
                default = route
            if not template or method not in ("ANY", request.method):
                continue
            parameters = match(template, request.path)
            if parameters is not None:
                found.append(
                    (specificity(template), method == "ANY", route, parameters)
                )
        if found:
            *_, best, parameters = min(found, key=lambda each: each[:2])
            return best, parameters
        return None if default is None else (default, {})

    def _integration(self, route: Piece) -> Piece:
        id = str(route.properties.get("Target", "")).removeprefix("integrations/")
        found = fronts_of(self.account).get("integration", id)
        kind = found.properties["IntegrationType"] if found is not None else "none"
        if found is None or kind != "AWS_PROXY":
            raise UnmodelledError(
                f"the integration of {route.path} is not modelled: {kind}"
            )
        return found

    def _integrate(
        self, call: Call, integration: Piece, version: str, caller: Mapping[str, Any]
    ) -> Response:
        properties = integration.properties
        event = self._event(call, version)
        if caller:
            event["requestContext"]["authorizer"] = caller
        if too_large(event):
            return message(413, "Request Entity Too Large")
        most = min(int(properties.get("TimeoutInMillis", LONGEST)), LONGEST) / 1000
        target = function_of(str(properties["IntegrationUri"]))
        try:
            outcome = ask(self.account, target, event, self._source(call), most)
            if outcome is None:
                return message(503, "Service Unavailable")
            return self._read(outcome, version)
        except InvokeRefusedError:
            return message(500, "Internal Server Error")
        except MalformedError as error:
            self.account.note(integration.path, "malformed", str(error))
            return message(500, "Internal Server Error")

    def _event(self, call: Call, version: str) -> dict[str, Any]:
        path, text = unquote(call.staged_path), is_text(call.request)
        if version == "2.0":
            return event_v2(call, raw_path=path, body_is_text=text)
        method, _, template = call.route.partition(" ")
        lowered = [(name.lower(), v) for name, v in call.request.headers.pairs]
        request = replace(call.request, headers=Headers(lowered))
        resource = template or method
        first = replace(call, request=request, route=resource)
        extra = {"resourceId": call.route, "resourcePath": resource}
        return {"version": "1.0"} | event_v1(first, extra, path=path, binary=not text)

    def _read(self, outcome: Outcome, version: str) -> Response:
        if outcome.kind != "ok":
            return message(500, "Internal Server Error")
        read = response_v2 if version == "2.0" else response_v1
        return read(outcome.payload, content_type=TEXT_PLAIN)

    def _source(self, call: Call) -> str:
        _, _, template = call.route.partition(" ")
        arn = f"arn:aws:execute-api:{self.account.region}:{self.account.id}:{self.id}"
        if not template:
            return f"{arn}/{self.stage}/{DEFAULT}"
        return f"{arn}/{self.stage}/{call.request.method}{template}"
