"""Amazon API Gateway, WebSocket APIs: each thing that a client does invokes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass

from aws_cdk import Duration
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from constructs import Construct

from lambda_constructs import limits
from lambda_constructs._known import function_arn_of, stack_of
from lambda_constructs._rollback import Watched
from lambda_constructs.errors import ConfigurationError, check_fields
from lambda_constructs.event_sources._api import (
    allow_api,
    answers_of,
    api_signals,
    check_authorizer,
    check_routes,
    check_timeout,
    place_of_route,
    warn_of_timeout,
)
from lambda_constructs.event_sources._api_stage import warn_of_stages
from lambda_constructs.event_sources._relations import check_tenants
from lambda_constructs.function import LambdaFunction
from lambda_constructs.signals import Signal

__all__ = ["WebSocketApiEventSource"]

CONNECT = "$connect"

KNOWN = (CONNECT, "$default", "$disconnect")

INTEGRATION = "Integration"

MANAGEMENT_METHODS = ("DELETE", "GET", "POST")
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html."""


@dataclass(frozen=True)
class WebSocketApiEventSource:
    """Process what the clients of a WebSocket API do.

    A client that is refused by `$connect`, by any status but 200, is not connected.
    `$disconnect` is best effort. A message may be 128 KB, a connection may idle for ten
    minutes and lives two hours.

    To send to clients, allow it for one stage alone:

        chat.allow(
            "execute-api:ManageConnections",
            on=WebSocketApiEventSource.connections_arn(stage, "POST"),
        )

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api.html

    Attributes:
        api: The API; an imported one as well.
        routes: The route keys: `$connect`, `$disconnect`, `$default` for messages that
            no other route matches, or what the API's route selection expression gives.
        api_key_required: Whether `$connect` needs an API key.
        authorizer: Who may connect; of `$connect` alone. Left out, anybody.
        return_response: Whether the client gets what the function returns.
        timeout: How long to wait for the function, 50 ms to 29 s. Left out, 29 s.

    Raises:
        ConfigurationError: API Gateway would refuse a value.
    """

    api: apigatewayv2.WebSocketApi | apigatewayv2.IWebSocketApi
    _: KW_ONLY
    routes: Sequence[str]
    api_key_required: bool = False
    authorizer: apigatewayv2.IWebSocketRouteAuthorizer | None = None
    return_response: bool = False
    timeout: Duration | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        self._check_types()
        check_routes(self.routes, "['$connect', '$disconnect', '$default']")
        for each in self.routes:
            if not each:
                raise ConfigurationError(
                    "a route key must not be empty; '$default' is for what no other "
                    "matches"
                )
            if each.startswith("$") and each not in KNOWN:
                raise ConfigurationError(
                    f"a route key that begins with $ must be {', '.join(KNOWN[:-1])} "
                    f"or {KNOWN[-1]}, got {each!r}"
                )
        for name in ("authorizer", "api_key_required"):
            if getattr(self, name) and CONNECT not in self.routes:
                raise ConfigurationError(
                    f"{name} is of {CONNECT} alone, got routes {list(self.routes)!r}; "
                    f"pass it where {CONNECT} is bound"
                )
        check_timeout(self.timeout, limits.WEB_SOCKET_API_TIMEOUT_MILLISECONDS)

    def bind(
        self, function: LambdaFunction, /
    ) -> dict[str, apigatewayv2.WebSocketRoute]:
        """Lead the routes to the live alias of *function*; give each by its key.

        Raises:
            ConfigurationError: A route is taken, or the function tells tenants apart.
        """
        check_tenants(function)
        ids = {
            each: place_of_route(
                function, "WebSocketApi", self.api, each, f"{each}-Route"
            )
            for each in self.routes
        }
        warn_of_timeout(function, self.timeout, limits.WEB_SOCKET_API_TIMEOUT_SECONDS)
        warn_of_stages(self.api, self.api.api_id)
        # Not CDK's WebSocketLambdaIntegration, which has a permission for each route.
        integration = _ToAlias(function, self.timeout)
        made = {}
        for key, (scope, id) in ids.items():
            connects = key == CONNECT
            made[key] = apigatewayv2.WebSocketRoute(
                scope,
                id,
                web_socket_api=self.api,
                integration=integration,
                route_key=key,
                api_key_required=(self.api_key_required and connects) or None,
                authorizer=self.authorizer if connects else None,
                return_response=self.return_response or None,
            )
        allow_api(function, "WebSocketApi", self.api, self.api.api_id)
        return made

    def rollback_metrics(self, function: LambdaFunction, /) -> Iterable[Watched]:
        """https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html."""
        of = {"ApiId": self.api.api_id}
        return answers_of(function, self.api, "IntegrationError", of)

    def signals(
        self,
        function: LambdaFunction,
        _bound: dict[str, apigatewayv2.WebSocketRoute],
        /,
    ) -> list[Signal]:
        """Tell of messages that the function failed to answer.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html
        """
        return api_signals(
            function,
            self.api,
            {"ApiId": self.api.api_id},
            requests="MessageCount",
            faults="IntegrationError",
            latency="IntegrationLatency",
            shares=False,
        )

    @staticmethod
    def connections_arn(
        stage: apigatewayv2.WebSocketStage | apigatewayv2.IWebSocketStage, method: str
    ) -> str:
        """Give what `execute-api:ManageConnections` acts on: a stage's connections.

        *method* is `POST` to send, `GET` to look, `DELETE` to disconnect.

        Raises:
            ConfigurationError: There is no such method.
        """
        if method not in MANAGEMENT_METHODS:
            raise ConfigurationError(
                f"method must be {', '.join(MANAGEMENT_METHODS[:-1])} or "
                f"{MANAGEMENT_METHODS[-1]}, got {method!r}"
            )
        if not hasattr(stage, "stage_name") or not hasattr(stage, "api"):
            raise ConfigurationError(
                f"stage must be a WebSocketStage, got {stage!r}; pass the stage itself"
            )
        return stack_of(stage).format_arn(
            service="execute-api",
            resource=stage.api.api_id,
            resource_name=f"{stage.stage_name}/{method}/@connections/*",
        )

    def _check_types(self) -> None:
        held = hasattr(self.api, "api_id") and not hasattr(self.api, "add_vpc_link")
        if not held:
            raise ConfigurationError(
                f"api must be a WebSocketApi of aws_apigatewayv2, got {self.api!r}; "
                "pass the API itself"
            )
        check_authorizer(
            self.authorizer,
            apigatewayv2.IWebSocketRouteAuthorizer,
            "an authorizer of WebSocket APIs",
        )


class _ToAlias(apigatewayv2.WebSocketRouteIntegration):
    """Lambda proxy integration, without the permissions that CDK's own class adds."""

    def __init__(self, function: LambdaFunction, timeout: Duration | None) -> None:
        super().__init__(INTEGRATION)
        self._uri = stack_of(function).format_arn(
            service="apigateway",
            account="lambda",
            resource="path/2015-03-31/functions",
            resource_name=f"{function_arn_of(function.live)}/invocations",
        )
        self._timeout = timeout

    def bind(
        self,
        *,
        route: apigatewayv2.IWebSocketRoute,  # noqa: ARG002
        scope: Construct,  # noqa: ARG002
    ) -> apigatewayv2.WebSocketRouteIntegrationConfig:
        """Give what CDK makes the integration of."""
        return apigatewayv2.WebSocketRouteIntegrationConfig(
            type=apigatewayv2.WebSocketIntegrationType.AWS_PROXY,
            uri=self._uri,
            timeout=self._timeout,
        )
