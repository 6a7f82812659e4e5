"""Amazon API Gateway, REST APIs: a request invokes, and its client waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass

from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway

from lambda_constructs import limits
from lambda_constructs._known import (
    function_arn_of,
    node_of,
    path_of,
    resource_of,
    stack_of,
)
from lambda_constructs._rollback import Watched
from lambda_constructs.errors import (
    ConfigurationError,
    check_fields,
    check_type,
    literal,
    seconds,
)
from lambda_constructs.event_sources._api import (
    allow_api,
    answers_of,
    api_signals,
    check_routes,
    check_texts,
    check_timeout,
    method_and_path,
    warn_of_timeout,
)
from lambda_constructs.event_sources._api_stage import (
    deployment_stage,
    settle_rest_stage,
    warn_of_stages,
)
from lambda_constructs.event_sources._rest_api_options import (
    check_api,
    check_authorization,
    check_models,
    check_parameters,
    check_stages,
)
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice
from lambda_constructs.signals import Signal

__all__ = ["RestApiEventSource"]

TENANT = "integration.request.header.X-Amz-Tenant-Id"
"""https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation-invoke.html."""

TEST_STAGE = "test-invoke-stage"


@dataclass(frozen=True)
class RestApiEventSource:
    """Answer requests to methods of a REST API, by Lambda proxy integration.

    All methods share one permission, which holds for the API's deployment stage. A
    function that fails, or answers what is no answer, is a 502, one that is late a 504.
    An event may be 6 MB.

    The stage that CDK makes with the API gets a ceiling of 1,000 requests a second,
    500 at once, where it says nothing. Access logs need a role that an account has one
    of in a Region, so they are yours, and warned of where they are missing.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html

    Attributes:
        api: The API. An imported one needs its root resource, and a deployment of
            yours after each change.
        routes: What to answer, each a method and a path, as `GET /orders/{order_id}`
            or `ANY /{proxy+}`. Resources that are not there are made.
        allow_test_invoke: Whether the console's test may invoke as well.
        api_key_required: Whether a client needs an API key.
        authorization_scopes: What a token must allow, with a Cognito authorizer.
        authorization_type: Who may ask: `AuthorizationType.IAM`, or anybody. Left out,
            the authorizer's, or the API's own default.
        authorizer: What decides who may ask.
        cache_key_parameters: What a cached answer depends on.
        cache_namespace: Where answers are cached.
        integration_request_parameters: What to add to the invocation, by
            `integration.request.header.<Name>`. A function that tells tenants apart
            needs the header `X-Amz-Tenant-Id`.
        operation_name: What the methods are called in generated clients.
        request_models: What bodies are like, by content type.
        request_parameters: What requests have, by `method.request.<place>.<name>`,
            and whether they must.
        request_validator_options: What API Gateway checks of a request.
        response_transfer_mode: Whether an answer is streamed, which a handler in
            Python does not do by itself.
        stages: The stages that may invoke, by name. Left out, the API's deployment
            stage; or any, where it has none.
        timeout: How long the client waits, 50 ms or more. Left out, 29 s; for more, a
            Regional or private API needs a raised quota.

    Raises:
        ConfigurationError: API Gateway would refuse a value.
    """

    api: apigateway.RestApi | apigateway.IRestApi
    _: KW_ONLY
    routes: Sequence[str]
    allow_test_invoke: bool = False
    api_key_required: bool | None = None
    authorization_scopes: Sequence[str] = ()
    authorization_type: apigateway.AuthorizationType | None = None
    authorizer: apigateway.IAuthorizer | None = None
    cache_key_parameters: Sequence[str] = ()
    cache_namespace: str | None = None
    integration_request_parameters: Mapping[str, str] | None = None
    operation_name: str | None = None
    request_models: Mapping[str, apigateway.IModel] | None = None
    request_parameters: Mapping[str, bool] | None = None
    request_validator_options: apigateway.RequestValidatorOptions | None = None
    response_transfer_mode: apigateway.ResponseTransferMode | None = None
    stages: Sequence[str] = ()
    timeout: Duration | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        self._check_types()
        check_routes(self.routes, "['GET /orders', 'POST /orders']")
        for each in self.routes:
            _, path = method_and_path(each)
            if path != "/" and path.endswith("/"):
                raise ConfigurationError(
                    f"a path of a REST API must not end in a slash, got {each!r}; "
                    f"write {each.rstrip('/')!r}, which answers both"
                )
        check_timeout(self.timeout, limits.REST_API_TIMEOUT_MILLISECONDS)

    def bind(self, function: LambdaFunction, /) -> dict[str, apigateway.Method]:
        """Lead the methods to the live alias of *function*; give each by its route.

        Raises:
            ConfigurationError: A method is there already, or the API and the function
                do not fit together.
        """
        self._check_tenants(function)
        check_authorization(
            function,
            self.api,
            self.authorizer,
            self.authorization_type,
            self.authorization_scopes,
        )
        self._check_timeout(function)
        self._warn_of_streams(function)
        settle_rest_stage(self.api)
        warn_of_stages(self.api, self.api.rest_api_id)
        integration = self._integration(function)
        made = {}
        for route in self.routes:
            method, path = method_and_path(route)
            made[route] = self._resource(function, route, path).add_method(
                method,
                integration,
                api_key_required=self.api_key_required,
                authorization_scopes=list(self.authorization_scopes) or None,
                authorization_type=self.authorization_type,
                authorizer=self.authorizer,
                operation_name=self.operation_name,
                request_models=self.request_models and dict(self.request_models),
                request_parameters=(
                    self.request_parameters and dict(self.request_parameters)
                ),
                request_validator_options=self.request_validator_options,
            )
        self._allow(function)
        return made

    def signals(
        self, function: LambdaFunction, _bound: dict[str, apigateway.Method], /
    ) -> list[Signal]:
        """Tell of answers that are faults, by the API's name and its stage.

        APIs of one name are one to CloudWatch; that of an imported one is not known.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
        """
        resource = resource_of(self.api)
        name = getattr(resource, "name", None)
        if not isinstance(name, str):
            return []
        stage = self._deployment_stage()
        of = {"ApiName": name, **({"Stage": stage} if stage else {})}
        return api_signals(
            function,
            self.api,
            of,
            requests="Count",
            faults="5XXError",
            latency="Latency",
        )

    def rollback_metrics(self, function: LambdaFunction, /) -> Iterable[Watched]:
        """https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html."""
        name = self.api.rest_api_name
        own = isinstance(resource_of(self.api), apigateway.CfnRestApi)
        if not own and name == node_of(self.api).id:
            # What CDK makes up for an imported one.
            Practice.DEPLOYMENT_API_ALARM.warn(
                function,
                f"5xx of {path_of(self.api)}, which is imported without a name, roll "
                "no release back; pass rest_api_name= where it is imported",
            )
            return []
        of = {"ApiName": name}
        return answers_of(function, self.api, "5XXError", of)

    def _check_types(self) -> None:
        check_api(self.api)
        for name in ("authorization_scopes", "cache_key_parameters", "stages"):
            check_texts(name, getattr(self, name), "a list of texts")
        check_stages(self.stages)
        held = hasattr(self.authorizer, "authorizer_id")
        held = held and not hasattr(self.authorizer, "bind")  # nor of an HTTP API
        check_type(
            "authorizer", self.authorizer, "an authorizer of REST APIs", holds=held
        )
        for name, kind in (
            ("authorization_type", apigateway.AuthorizationType),
            ("request_validator_options", apigateway.RequestValidatorOptions),
            ("response_transfer_mode", apigateway.ResponseTransferMode),
        ):
            wanted = f"of {kind.__name__} of aws_apigateway"
            given = getattr(self, name)
            check_type(name, given, wanted, holds=isinstance(given, kind))
        check_models(self.request_models)
        check_parameters(
            self.request_parameters,
            self.integration_request_parameters,
            self.cache_key_parameters,
        )

    def _check_tenants(self, function: LambdaFunction) -> None:
        named = TENANT in (self.integration_request_parameters or {})
        if function.tenancy_config is not None and not named:
            raise ConfigurationError(
                "a function with tenancy_config has to be told the tenant; pass "
                f"integration_request_parameters={{{TENANT!r}: "
                "'context.authorizer.tenantId'}, or from where the client is known",
                scope=function,
            )

    def _check_timeout(self, function: LambdaFunction) -> None:
        most = limits.REST_API_TIMEOUT_SECONDS
        warn_of_timeout(function, self.timeout, most)
        waits = seconds(self.timeout)
        if waits is None or waits <= most:
            return
        resource = resource_of(self.api)
        if isinstance(resource, apigateway.CfnRestApi):
            endpoint = stack_of(resource).resolve(resource.endpoint_configuration)
            if not any(each in str(endpoint) for each in ("REGIONAL", "PRIVATE")):
                raise ConfigurationError(
                    f"timeout must be at most {most} s for edge-optimized "
                    f"{path_of(self.api)}, got {waits:g} s; pass "
                    "endpoint_types=[EndpointType.REGIONAL] to the API",
                    scope=function,
                )
        Practice.API_INTEGRATION_TIMEOUT.warn(
            function,
            f"timeout of {waits:g} s needs a raised quota, {most} s do not; request it "
            "first, and prefer a state machine or a queue to a client that waits",
        )

    def _warn_of_streams(self, function: LambdaFunction) -> None:
        if self.response_transfer_mode is apigateway.ResponseTransferMode.STREAM:
            Practice.RESPONSE_STREAM.warn(
                function,
                "the Python runtime does not stream answers by itself; leave "
                "response_transfer_mode out, or bring Lambda Web Adapter along",
            )

    def _integration(self, function: LambdaFunction) -> apigateway.Integration:
        alias = function_arn_of(function.live)
        extra = self.integration_request_parameters
        path = f"2015-03-31/functions/{alias}/invocations"
        if self.response_transfer_mode is apigateway.ResponseTransferMode.STREAM:
            path = f"2021-11-15/functions/{alias}/response-streaming-invocations"
        # Not CDK's LambdaIntegration, which adds two permissions for each method.
        return apigateway.AwsIntegration(
            service="lambda",
            proxy=True,
            path=path,
            options=apigateway.IntegrationOptions(
                cache_key_parameters=list(self.cache_key_parameters) or None,
                cache_namespace=self.cache_namespace,
                request_parameters=extra and dict(extra),
                response_transfer_mode=self.response_transfer_mode,
                timeout=self.timeout,
            ),
        )

    def _resource(
        self, function: LambdaFunction, route: str, path: str
    ) -> apigateway.IResource:
        """Give the resource of a route, and make it where it is not there.

        API Gateway takes one variable in each place, whatever its name.
        """
        resource = self.api.root
        for part in filter(None, path.split("/")):
            others = {
                node_of(each).id
                for each in node_of(resource).children
                if node_of(each).id.startswith("{") and part.startswith("{")
            } - {part}
            if others:
                raise ConfigurationError(
                    f"{part!r} of {route!r} must be {min(others)!r}, as in another "
                    "route of the API; one place has one variable",
                    scope=function,
                )
            resource = resource.get_resource(part) or resource.add_resource(part)
        method = route.partition(" ")[0]
        if node_of(resource).try_find_child(method) is not None:
            raise ConfigurationError(
                f"{route} of {path_of(self.api)} leads somewhere already; "
                "bind each route once",
                scope=function,
            )
        return resource

    def _allow(self, function: LambdaFunction) -> None:
        """Let the stages invoke: from the API's stack, which needs the function's."""
        stages: list[str | None] = [*self.stages] or [self._deployment_stage()]
        if self.allow_test_invoke and None not in stages:
            stages.append(TEST_STAGE)
        apart = stack_of(self.api) is not stack_of(function)
        scope = stack_of(self.api) if apart else None
        for stage in stages:
            allow_api(
                function,
                "RestApi",
                self.api,
                self.api.rest_api_id,
                stage=stage,
                scope=scope,
            )

    def _deployment_stage(self) -> str | None:
        """Give the name of the stage that CDK deploys to.

        By its own name, not by reference: the permission is not to wait for the stage.
        """
        stage = deployment_stage(self.api)
        return None if stage is None else literal(stage.stage_name)
