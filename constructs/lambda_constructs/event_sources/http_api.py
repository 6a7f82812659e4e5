"""Amazon API Gateway, HTTP APIs: a request invokes, and its client waits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from constructs import Construct

from lambda_constructs import limits
from lambda_constructs._known import function_arn_of, node_of
from lambda_constructs._rollback import Watched
from lambda_constructs.errors import ConfigurationError, check_fields, check_type
from lambda_constructs.event_sources._api import (
    allow_api,
    answers_of,
    api_signals,
    check_authorizer,
    check_routes,
    check_texts,
    check_timeout,
    method_and_path,
    place_of_route,
    warn_of_timeout,
)
from lambda_constructs.event_sources._api_stage import (
    settle_http_stage,
    warn_of_stages,
)
from lambda_constructs.event_sources._http_api_routes import (
    check_end,
    check_scopes,
    check_variables,
)
from lambda_constructs.function import LambdaFunction
from lambda_constructs.signals import Signal

__all__ = ["HttpApiEventSource"]

DEFAULT = "$default"

FORMATS = ("1.0", "2.0")

INTEGRATION = "Integration"


@dataclass(frozen=True)
class HttpApiEventSource:
    """Answer requests to routes of an HTTP API.

    All routes share one integration and one permission, which holds for the whole API.
    A function that fails is a 500, one that is late a 503. An event may be 6 MB.

    The stage that CDK makes with the API gets access logs and a ceiling of 1,000
    requests a second, 500 at once, where it says nothing. A stage of your own is
    yours, and warned of where it has none of them.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html

    Attributes:
        api: The API; an imported one as well.
        routes: What to answer, each a method and a path, as `GET /orders/{order_id}`,
            `ANY /{proxy+}`, or `$default` for what no other route matches.
        authorization_scopes: What a token must allow, with a JWT authorizer.
        authorizer: Who may ask. Left out, the API's own default.
        parameter_mapping: How to change requests and answers on their way.
        payload_format_version: What events and answers are like, `1.0` or `2.0`.
        timeout: How long the client waits, 50 ms to 30 s. Left out, 30 s.

    Raises:
        ConfigurationError: API Gateway would refuse a value.
    """

    api: apigatewayv2.HttpApi | apigatewayv2.IHttpApi
    _: KW_ONLY
    routes: Sequence[str]
    authorization_scopes: Sequence[str] = ()
    authorizer: apigatewayv2.IHttpRouteAuthorizer | None = None
    parameter_mapping: apigatewayv2.ParameterMapping | None = None
    payload_format_version: str = "2.0"
    timeout: Duration | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        self._check_types()
        check_routes(self.routes, "['GET /orders', 'POST /orders']")
        for each in self.routes:
            if each != DEFAULT:
                check_end(each, method_and_path(each)[1])
        if self.payload_format_version not in FORMATS:
            raise ConfigurationError(
                f"payload_format_version must be {' or '.join(FORMATS)}, got "
                f"{self.payload_format_version!r}"
            )
        check_timeout(self.timeout, limits.HTTP_API_TIMEOUT_MILLISECONDS)

    def bind(self, function: LambdaFunction, /) -> dict[str, apigatewayv2.HttpRoute]:
        """Lead the routes to the live alias of *function*; give each by its key.

        Raises:
            ConfigurationError: A route is taken, or the function tells tenants apart.
        """
        self._check_tenants(function)
        check_scopes(function, self.api, self.authorization_scopes, self.authorizer)
        ids = {each: self._id(function, each) for each in self.routes}
        check_variables(function, self.api, ids)
        warn_of_timeout(function, self.timeout, limits.HTTP_API_TIMEOUT_SECONDS)
        settle_http_stage(self.api)
        warn_of_stages(self.api, self.api.api_id)
        # Not CDK's HttpLambdaIntegration, which has a permission for each route, or
        # one for `*/*/*`, which `$default` does not match.
        integration = _ToAlias(
            function_arn_of(function.live),
            self.payload_format_version,
            self.parameter_mapping,
        )
        made = {
            key: apigatewayv2.HttpRoute(
                scope,
                id,
                http_api=self.api,
                integration=integration,
                route_key=_key(key),
                authorizer=self.authorizer,
                authorization_scopes=list(self.authorization_scopes) or None,
            )
            for key, (scope, id) in ids.items()
        }
        self._settle(next(iter(made.values())))
        allow_api(function, "HttpApi", self.api, self.api.api_id)
        return made

    def rollback_metrics(self, function: LambdaFunction, /) -> Iterable[Watched]:
        """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html."""
        of = {"ApiId": self.api.api_id}
        return answers_of(function, self.api, "5xx", of)

    def signals(
        self, function: LambdaFunction, _bound: dict[str, apigatewayv2.HttpRoute], /
    ) -> list[Signal]:
        """Tell of answers that are faults.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
        """
        of = {"ApiId": self.api.api_id}
        return api_signals(
            function, self.api, of, requests="Count", faults="5xx", latency="Latency"
        )

    def _check_types(self) -> None:
        held = hasattr(self.api, "api_id") and hasattr(self.api, "add_vpc_link")
        if not held:
            raise ConfigurationError(
                f"api must be an HttpApi of aws_apigatewayv2, got {self.api!r}; pass "
                "the API itself"
            )
        scopes, mapping = self.authorization_scopes, self.parameter_mapping
        check_texts("authorization_scopes", scopes, "a list of scopes")
        check_authorizer(
            self.authorizer,
            apigatewayv2.IHttpRouteAuthorizer,
            "an authorizer of HTTP APIs",
        )
        held = isinstance(mapping, apigatewayv2.ParameterMapping)
        check_type("parameter_mapping", mapping, "a ParameterMapping", holds=held)

    def _check_tenants(self, function: LambdaFunction) -> None:
        """https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation-invoke.html."""
        if function.tenancy_config is not None:
            raise ConfigurationError(
                "a function with tenancy_config cannot be invoked by an HTTP API, "
                "which cannot name a tenant; use RestApiEventSource",
                scope=function,
            )

    def _id(self, function: LambdaFunction, key: str) -> tuple[Construct, str]:
        """Give where a route belongs, and its id, which CDK's own routes have too."""
        id = (
            "DefaultRoute"
            if key == DEFAULT
            else key.replace(" ", "").replace("/", "--")
        )
        return place_of_route(function, "HttpApi", self.api, key, id)

    def _settle(self, route: apigatewayv2.HttpRoute) -> None:
        """Say how long to wait: on the resource, since CDK stops at 29 s."""
        if self.timeout is None:
            return
        integration = node_of(route).find_child(INTEGRATION).node.default_child
        resource = cast("apigatewayv2.CfnIntegration", integration)
        resource.timeout_in_millis = self.timeout.to_milliseconds()


class _ToAlias(apigatewayv2.HttpRouteIntegration):
    """Lambda proxy integration, without the permissions that CDK's own class adds."""

    def __init__(
        self, uri: str, version: str, mapping: apigatewayv2.ParameterMapping | None
    ) -> None:
        super().__init__(INTEGRATION)
        self._uri, self._version, self._mapping = uri, version, mapping

    def bind(
        self,
        *,
        route: apigatewayv2.IHttpRoute,  # noqa: ARG002
        scope: Construct,  # noqa: ARG002
    ) -> apigatewayv2.HttpRouteIntegrationConfig:
        """Give what CDK makes the integration of."""
        return apigatewayv2.HttpRouteIntegrationConfig(
            type=apigatewayv2.HttpIntegrationType.AWS_PROXY,
            uri=self._uri,
            payload_format_version=apigatewayv2.PayloadFormatVersion.custom(
                self._version
            ),
            parameter_mapping=self._mapping,
        )


def _key(key: str) -> apigatewayv2.HttpRouteKey:
    if key == DEFAULT:
        return apigatewayv2.HttpRouteKey.DEFAULT
    method, path = method_and_path(key)
    return apigatewayv2.HttpRouteKey.with_(path, apigatewayv2.HttpMethod(method))
