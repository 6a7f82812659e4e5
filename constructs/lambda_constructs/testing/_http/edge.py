"""CloudFront with Lambda@Edge.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-cloudfront-trigger-events.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._http.alb_conditions import like
from lambda_constructs.testing._http.edge_events import (
    described_request,
    described_response,
    read_request,
    read_response,
)
from lambda_constructs.testing._http.edge_origins import (
    Origin,
    Origins,
    change_origin,
    described_origin,
)
from lambda_constructs.testing._http.front import (
    Front,
    MalformedError,
    refuse_unmodelled,
    wait_for,
)
from lambda_constructs.testing._http.messages import Headers, HttpRequest, Response
from lambda_constructs.testing._http.state import fronts_of
from lambda_constructs.testing.errors import AccountError, UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing._functions import FunctionState
    from lambda_constructs.testing.account import LocalAccount

Properties = Mapping[str, Any]


class _FailedError(Exception):
    """A function failed, or what it returned is not valid."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class Distribution(Front):
    """A distribution, as its viewers see it; nothing is cached.

    Attributes:
        origins: What answers for an origin, by its domain name.
    """

    account: LocalAccount
    id: str
    path: str
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def answer(self, request: HttpRequest) -> Response:
        """Take a request past the functions of the behavior of its path."""
        behavior = self._behavior(request.path)
        if behavior.get("FunctionAssociations"):
            raise UnmodelledError(f"CloudFront functions of {self.path}, not modelled")
        if request.method not in behavior.get("AllowedMethods", ("GET", "HEAD")):
            return _error(403)
        if "host" not in request.headers:
            headers = request.headers.also(("Host", self._domain))
            request = replace(request, headers=headers)
        try:
            return self._pass(behavior, request)
        except _FailedError as error:
            return _error(error.status)

    @property
    def _domain(self) -> str:
        return f"{self.id.lower()}.cloudfront.net"

    @property
    def _config(self) -> Properties:
        piece = fronts_of(self.account).get("distribution", self.id)
        assert piece is not None  # noqa: S101
        config: Properties = piece.properties["DistributionConfig"]
        return config

    def _behavior(self, path: str) -> Properties:
        """Give the first one whose pattern fits."""
        for each in self._config.get("CacheBehaviors", []):
            pattern = "/" + str(each["PathPattern"]).lstrip("/")
            if like(pattern, path, same_case=True):
                found: Properties = each
                return found
        default: Properties = self._config["DefaultCacheBehavior"]
        return default

    def _pass(self, behavior: Properties, request: HttpRequest) -> Response:
        went, answered = self._on_request(behavior, "viewer-request", request, None)
        if answered is not None:
            return answered  # which no other function sees
        root = self._config.get("DefaultRootObject")
        if went.path == "/" and root:
            went = replace(went, path=f"/{root}")
        response = self._from_origin(behavior, went)
        if response.status >= 400:
            return response  # a viewer response function is not asked
        return self._on_response(behavior, "viewer-response", went, response)

    def _from_origin(self, behavior: Properties, request: HttpRequest) -> Response:
        origin = self._origin(str(behavior["TargetOriginId"]))
        host = ("Host", str(origin["DomainName"]))
        sent = replace(request, headers=request.headers.without("host").also(host))
        changed = dict(origin)
        sent, answered = self._on_request(behavior, "origin-request", sent, changed)
        if answered is not None:
            return answered  # which no origin response function sees
        prefix = str(changed.get("OriginPath", ""))
        asked = replace(sent, path=prefix + sent.path)
        own = Origins(self.account, self.id, self.origins)
        response = own.fetch(changed, asked)
        return self._on_response(behavior, "origin-response", sent, response)

    def _origin(self, id: str) -> Properties:
        for each in self._config["Origins"]:
            if each["Id"] == id:
                found: Properties = each
                return found
        raise UnmodelledError(f"{id}, a group of origins of {self.path}, not modelled")

    def _on_request(
        self,
        behavior: Properties,
        kind: str,
        request: HttpRequest,
        origin: dict[str, Any] | None,
    ) -> tuple[HttpRequest, Response | None]:
        """Let a function change a request, or answer it."""
        associated = _association(behavior, kind)
        if associated is None:
            return request, None
        with_body = bool(associated.get("IncludeBody"))
        described = described_request(request, kind, with_body=with_body)
        if origin is not None:
            described["origin"] = described_origin(origin)
        result = self._invoke(associated, kind, {"request": described})
        try:
            if "status" in result:
                return request, read_response(result, None, kind)
            if origin is not None:
                change_origin(origin, result.get("origin"))
            changed: HttpRequest = read_request(result, request, kind)
            return changed, None
        except MalformedError as error:
            raise self._invalid(kind, error) from None

    def _on_response(
        self, behavior: Properties, kind: str, request: HttpRequest, response: Response
    ) -> Response:
        """Let a function change a response."""
        associated = _association(behavior, kind)
        if associated is None:
            return response
        described = described_request(request, kind, with_body=False)
        event = {"request": described, "response": described_response(response)}
        result = self._invoke(associated, kind, event)
        try:
            return read_response(result, response, kind)
        except MalformedError as error:
            raise self._invalid(kind, error) from None

    def _invoke(
        self, associated: Properties, kind: str, event: dict[str, Any]
    ) -> Properties:
        """https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/http-503-service-unavailable.html."""
        arn = str(associated["LambdaFunctionARN"])
        refuse_unmodelled(arn)
        function, qualifier = self.account.function_and_qualifier(arn)
        if not qualifier.isdecimal():
            raise AccountError(
                f"{self.path}: {kind} must name a numbered version of "
                f"{function.path}, got {qualifier}"
            )
        config = {
            "distributionDomainName": self._domain,
            "distributionId": self.id,
            "eventType": kind,
            "requestId": f"{self.account.random.getrandbits(256):064x}",
        }
        record = {"Records": [{"cf": {"config": config, **event}}]}
        outcome = function.invoke(record, qualifier)
        if outcome.cold:
            self._start_logging(function)
        wait_for(self.account, outcome.duration)
        if outcome.kind != "ok":
            raise _FailedError(503)
        if not isinstance(outcome.payload, Mapping):
            fault = f"the result must be an object, got {outcome.payload!r:.40}"
            raise self._invalid(kind, MalformedError(fault))
        return outcome.payload

    def _start_logging(self, function: FunctionState) -> None:
        """Have a replica make its log group, which its Region has not at first.

        It then writes when it starts, whatever the handler logs.
        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-functions-logs.html
        """
        stream = {"logGroupName": function.log_group, "logStreamName": "replica"}
        for operation in ("CreateLogGroup", "CreateLogStream", "PutLogEvents"):
            self.account.authority.refuses(function, "logs", operation, stream)

    def _invalid(self, kind: str, error: MalformedError) -> _FailedError:
        self.account.note(self.path, "malformed", f"{kind}: {error}")
        return _FailedError(502)


def _association(behavior: Properties, kind: str) -> Properties | None:
    found: list[Properties] = behavior.get("LambdaFunctionAssociations", [])
    return next((each for each in found if each["EventType"] == kind), None)


def _error(status: int) -> Response:
    headers = Headers([("Content-Type", "text/html")])
    return Response(status, headers, b"<H1>The request could not be satisfied.</H1>")
