"""Routes of an HTTP API: what they lead to, by which permission, and what cannot be."""

from __future__ import annotations

import json

import pytest
from aws_cdk import App, Duration, Environment, Stack
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import ConfigurationError
from lambda_constructs.event_sources import HttpApiEventSource
from tests.unit.conftest import make_function, only, resources

API = "AWS::ApiGatewayV2::Api"
INTEGRATION = "AWS::ApiGatewayV2::Integration"
PERMISSION = "AWS::Lambda::Permission"
ROUTE = "AWS::ApiGatewayV2::Route"
STAGE = "AWS::ApiGatewayV2::Stage"


def make_api(stack: Stack, id: str = "Api") -> apigatewayv2.HttpApi:
    """An API whose stage has logs and throttling."""
    api = apigatewayv2.HttpApi(stack, id, create_default_stage=False)
    kinds = apigatewayv2.CfnStage
    kinds(
        stack,
        f"{id}Stage",
        api_id=api.api_id,
        stage_name="$default",
        auto_deploy=True,
        access_log_settings=kinds.AccessLogSettingsProperty(
            destination_arn="arn:aws:logs:eu-west-1:123456789012:log-group:api",
            format="$context.requestId",
        ),
        default_route_settings=kinds.RouteSettingsProperty(
            throttling_burst_limit=20, throttling_rate_limit=10
        ),
    )
    return api


@pytest.fixture
def api(stack) -> apigatewayv2.HttpApi:
    return make_api(stack)


def fault(api, **options) -> str:
    with pytest.raises(ConfigurationError) as error:
        HttpApiEventSource(**{"api": api, "routes": ["GET /"], **options})
    return str(error.value)


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        api = make_api(stack)
        worker = make_function(stack)
        worker.add_event_source(
            HttpApiEventSource(
                api, routes=["GET /orders/{order_id}", "POST /orders", "$default"]
            )
        )
        return stack

    def test_one_integration_invokes_the_live_alias(self, stack):
        """
        Never $LATEST, or versions, canaries and SnapStart would be idle.
        """
        integration = only(stack, INTEGRATION)

        assert "WorkerLive" in str(integration["IntegrationUri"])
        assert "AWS_PROXY" == integration["IntegrationType"]
        assert "2.0" == integration["PayloadFormatVersion"]
        assert "TimeoutInMillis" not in integration

    def test_each_route_leads_to_it(self, stack):
        """
        Of three routes.
        """
        (integration,) = resources(stack, INTEGRATION)
        routes = [each["Properties"] for each in resources(stack, ROUTE).values()]

        assert {"$default", "GET /orders/{order_id}", "POST /orders"} == {
            each["RouteKey"] for each in routes
        }
        for each in routes:
            assert {"Ref": integration} in each["Target"]["Fn::Join"][1]
            assert "NONE" == each["AuthorizationType"]

    def test_one_permission_is_for_every_route_of_this_api(self, stack):
        """
        `$default` has two parts below the API's id, the other routes three or more.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
        """
        (api,) = resources(stack, API)
        permission = only(stack, PERMISSION)
        *_, before, id, after = permission["SourceArn"]["Fn::Join"][1]

        assert "WorkerLive" in str(permission["FunctionName"])
        assert "apigateway.amazonaws.com" == permission["Principal"]
        assert (":", {"Ref": api}, "/*") == (before, id, after)

    def test_nothing_is_warned_of(self, stack):
        """
        With a stage that has logs and throttling.
        """
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


class TestOptions:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        mapping = apigatewayv2.ParameterMapping()
        mapping.append_header("x-shop", apigatewayv2.MappingValue.custom("one"))
        make_function(stack).add_event_source(
            HttpApiEventSource(
                make_api(stack),
                routes=["ANY /{proxy+}"],
                authorization_scopes=["orders/read"],
                authorizer=authorizers.HttpJwtAuthorizer(
                    "Jwt", "https://issuer.example.com", jwt_audience=["shop"]
                ),
                parameter_mapping=mapping,
                payload_format_version="1.0",
                timeout=Duration.millis(29_500),
            )
        )
        return stack

    def test_reach_the_integration(self, stack):
        """
        29.5 s as well, which CDK's own class refuses and the service does not.
        """
        integration = only(stack, INTEGRATION)

        assert "1.0" == integration["PayloadFormatVersion"]
        assert 29_500 == integration["TimeoutInMillis"]
        assert {"append:header.x-shop": "one"} == integration["RequestParameters"]

    def test_reach_the_route(self, stack):
        """
        Who may ask.
        """
        route = only(stack, ROUTE)

        assert "ANY /{proxy+}" == route["RouteKey"]
        assert "JWT" == route["AuthorizationType"]
        assert ["orders/read"] == route["AuthorizationScopes"]
        assert route["AuthorizerId"]


class TestSixtyRoutes:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        api, worker = make_api(stack), make_function(stack)
        for number in range(0, 60, 20):
            routes = [f"GET /things-{each}" for each in range(number, number + 20)]
            worker.add_event_source(HttpApiEventSource(api, routes=routes))
        return stack

    def test_have_one_permission(self, stack):
        """
        However many sources bind them.

        https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
        """
        assert 60 == len(resources(stack, ROUTE))
        assert 3 == len(resources(stack, INTEGRATION))
        permissions = resources(stack, PERMISSION)
        assert 1 == len(permissions)
        assert len(json.dumps(permissions)) < 20_480


class TestRelations:
    def test_two_apis_lead_to_one_function(self, stack, worker):
        """
        Each with a permission of its own.
        """
        for id in ("One", "Two"):
            source = HttpApiEventSource(make_api(stack, id), routes=["GET /"])
            worker.add_event_source(source)

        assert 2 == len(resources(stack, PERMISSION))

    def test_two_functions_share_an_api(self, stack, api, worker):
        """
        With routes that differ.
        """
        worker.add_event_source(HttpApiEventSource(api, routes=["GET /"]))
        other = make_function(stack, "Other")
        other.add_event_source(HttpApiEventSource(api, routes=["POST /"]))

        assert 2 == len(resources(stack, INTEGRATION))

    def test_routes_are_given_by_their_keys(self, api, worker):
        """
        To grant them, for one.
        """
        made = worker.add_event_source(
            HttpApiEventSource(
                api, routes=["GET /a"], authorizer=authorizers.HttpIamAuthorizer()
            )
        )

        assert "/a" == made["GET /a"].path

    def test_an_api_of_another_stack_does_not_make_a_cycle(self):
        """
        The routes are the function's then; only its stack needs the API's.
        """
        app = App()
        api = make_api(Stack(app, "Web"))
        shop = Stack(app, "Shop")
        make_function(shop).add_event_source(HttpApiEventSource(api, routes=["GET /"]))

        assert 1 == len(resources(shop, ROUTE))
        assert 0 == len(resources(Stack.of(api), ROUTE))

    def test_an_imported_api_is_taken(self, stack, worker):
        """
        By its id alone.
        """
        api = apigatewayv2.HttpApi.from_http_api_attributes(
            stack, "Api", http_api_id="abc123"
        )
        worker.add_event_source(HttpApiEventSource(api, routes=["GET /"]))

        assert "abc123" == only(stack, ROUTE)["ApiId"]
        assert ":abc123/*" in str(only(stack, PERMISSION)["SourceArn"])

    @pytest.mark.parametrize("elsewhere", ["add_routes", "source", "other stack"])
    def test_fails_if_a_route_is_taken(self, stack, api, worker, elsewhere):
        """
        By another function, or by CDK's own class.
        """
        if elsewhere == "other stack":
            worker = make_function(Stack(stack.node.root, "Other"))
        if elsewhere == "add_routes":
            api.add_routes(
                path="/orders",
                methods=[apigatewayv2.HttpMethod.GET],
                integration=_Elsewhere("Elsewhere"),
            )
        else:
            worker.add_event_source(HttpApiEventSource(api, routes=["GET /orders"]))

        with pytest.raises(ConfigurationError, match="GET /orders of Shop/Api leads"):
            worker.add_event_source(HttpApiEventSource(api, routes=["GET /orders"]))

    def test_fails_if_the_function_tells_tenants_apart(self, stack, api):
        """
        https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation-invoke.html.
        """
        worker = make_function(stack, tenancy_config=lambda_.TenancyConfig.PER_TENANT)

        with pytest.raises(ConfigurationError, match="use RestApiEventSource"):
            worker.add_event_source(HttpApiEventSource(api, routes=["GET /"]))

    def test_warns_if_the_function_may_take_longer(self, stack, api):
        """
        The client has its 503 while the function goes on.
        """
        slow = make_function(stack, timeout=Duration.seconds(31))
        slow.add_event_source(HttpApiEventSource(api, routes=["GET /"]))

        Annotations.from_stack(stack).has_warning(
            "*",
            Match.string_like_regexp(
                "API Gateway waits 30 s, less than the function timeout of 31 s"
            ),
        )

    def test_warns_of_a_stage_of_ones_own_without_logs_and_throttling(
        self, stack, worker
    ):
        """
        Nobody but its author knows what it is for.
        """
        api = apigatewayv2.HttpApi(stack, "Api", create_default_stage=False)
        api.add_stage("Beta", stage_name="beta", auto_deploy=True)
        worker.add_event_source(HttpApiEventSource(api, routes=["GET /"]))
        worker.add_event_source(HttpApiEventSource(api, routes=["PUT /"]))

        told = Annotations.from_stack(stack)
        for text in ("Beta has no access logs", "Beta is not throttled"):
            told.has_warning("/Shop/Api", Match.string_like_regexp(text))

    @pytest.mark.parametrize("functions", [1, 2])
    def test_fails_if_two_routes_differ_in_the_name_of_a_variable(
        self, stack, api, worker, functions
    ):
        """
        API Gateway refuses the second, as "a conflicting variable on the same level".
        """
        source = HttpApiEventSource(api, routes=["GET /a/{b}/c", "GET /a/{b}"])
        worker.add_event_source(source)
        other = worker if functions == 1 else make_function(stack, "Other")

        with pytest.raises(ConfigurationError) as error:
            other.add_event_source(HttpApiEventSource(api, routes=["GET /a/{id}/c"]))

        assert str(error.value).endswith(
            ": GET /a/{id}/c of Shop/Api differs from another route in the name of a "
            "variable alone, got GET/a/{b}/c too; name them alike, or leave one out"
        )

    def test_routes_may_name_what_is_at_one_place_in_two_ways(self, api, worker):
        """
        If their methods differ, or one of them takes all the rest.
        """
        routes = ["GET /{id}", "POST /{order_id}", "GET /{proxy+}", "GET /a/{b}"]

        made = worker.add_event_source(HttpApiEventSource(api, routes=routes))

        assert routes == list(made)

    @pytest.mark.parametrize(
        ("authorizer", "got"),
        [(None, "none"), (authorizers.HttpIamAuthorizer(), "HttpIamAuthorizer")],
    )
    def test_fails_if_nobody_looks_at_the_scopes(self, api, worker, authorizer, got):
        """
        The routes would be open to whoever has no such scope.
        """
        source = HttpApiEventSource(
            api, routes=["GET /"], authorization_scopes=["read"], authorizer=authorizer
        )

        with pytest.raises(ConfigurationError) as error:
            worker.add_event_source(source)

        assert str(error.value) == (
            "Shop/Worker: authorization_scopes need an authorizer of tokens, got "
            f"{got}; pass authorizer=HttpJwtAuthorizer(...) or "
            "HttpUserPoolAuthorizer(...)"
        )

    def test_the_api_s_own_authorizer_looks_at_the_scopes(self, stack, worker):
        """
        Where the source names none.
        """
        tokens = authorizers.HttpJwtAuthorizer(
            "Tokens", "https://issuer.example", jwt_audience=["shop"]
        )
        api = apigatewayv2.HttpApi(stack, "Own", default_authorizer=tokens)

        worker.add_event_source(
            HttpApiEventSource(api, routes=["GET /"], authorization_scopes=["read"])
        )

        route = only(stack, ROUTE)
        assert ("JWT", ["read"]) == (
            route["AuthorizationType"],
            route["AuthorizationScopes"],
        )

    def test_an_api_of_another_account_invokes_from_there(self):
        """
        The permission names the account of the API, not that of the function.
        """
        app = App()
        theirs = Stack(app, "Theirs", env=Environment(account="111122223333"))
        ours = Stack(app, "Ours", env=Environment(account="444455556666"))
        api = apigatewayv2.HttpApi.from_http_api_attributes(
            theirs, "Api", http_api_id="a1b2c3"
        )

        make_function(ours).add_event_source(HttpApiEventSource(api, routes=["GET /"]))

        assert ":111122223333:a1b2c3/*" in str(only(ours, PERMISSION)["SourceArn"])

    def test_fails_if_the_authorizer_is_of_another_kind_of_api(self, api):
        """
        It would fail inside of CDK, or not at all.
        """
        given = authorizers.WebSocketIamAuthorizer()

        assert fault(api, authorizer=given).startswith(
            "authorizer must be an authorizer of HTTP APIs, got <"
        )


class TestStageOfTheApi:
    """What CDK makes by default has neither logs nor a ceiling."""

    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        api = apigatewayv2.HttpApi(stack, "Api")
        for id, route in (("Reader", "GET /"), ("Writer", "PUT /")):
            function = make_function(stack, id)
            function.add_event_source(HttpApiEventSource(api, routes=[route]))
        return stack

    def test_it_is_throttled(self, stack):
        """
        A tenth of the account's own quota, whoever asks.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
        """
        settings = only(stack, STAGE)["DefaultRouteSettings"]

        assert {
            "ThrottlingBurstLimit": 500,
            "ThrottlingRateLimit": 1000,
        } == settings

    def test_each_request_leaves_a_line_without_its_path(self, stack):
        """
        https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
        """
        (group,) = [
            name
            for name in resources(stack, "AWS::Logs::LogGroup")
            if "AccessLogs" in name
        ]
        settings = only(stack, STAGE)["AccessLogSettings"]

        line = json.loads(settings["Format"])
        assert {"Fn::GetAtt": [group, "Arn"]} == settings["DestinationArn"]
        assert "$context.integrationErrorMessage" == line["integrationErrorMessage"]
        assert not {"$context.path", "$context.resourcePath"} & set(line.values())

    def test_nothing_is_warned_of(self, stack):
        """
        The short way is the right way.
        """
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


def test_what_a_stage_says_itself_is_kept(stack, worker):
    """
    The caller always wins.
    """
    api = apigatewayv2.HttpApi(stack, "Api")
    stage = api.default_stage.node.default_child
    stage.default_route_settings = apigatewayv2.CfnStage.RouteSettingsProperty(
        throttling_rate_limit=7
    )
    stage.access_log_settings = apigatewayv2.CfnStage.AccessLogSettingsProperty(
        destination_arn="arn:aws:logs:eu-west-1:123456789012:log-group:api",
        format="$context.requestId",
    )

    worker.add_event_source(HttpApiEventSource(api, routes=["GET /"]))

    made = only(stack, STAGE)
    assert {"ThrottlingRateLimit": 7} == made["DefaultRouteSettings"]
    assert "$context.requestId" == made["AccessLogSettings"]["Format"]


class _Elsewhere(apigatewayv2.HttpRouteIntegration):
    def bind(self, *, route, scope):
        return apigatewayv2.HttpRouteIntegrationConfig(
            type=apigatewayv2.HttpIntegrationType.HTTP_PROXY,
            uri="https://example.com",
            method=apigatewayv2.HttpMethod.GET,
            payload_format_version=apigatewayv2.PayloadFormatVersion.VERSION_1_0,
        )


class TestRanges:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (
                {"routes": "GET /"},
                "routes must be a list of one or more, got 'GET /'; pass "
                "['GET /orders', 'POST /orders']",
            ),
            (
                {"routes": []},
                "routes must be a list of one or more, got []; pass "
                "['GET /orders', 'POST /orders']",
            ),
            (
                {"routes": ["GET /", "GET /"]},
                "routes must each be there once, got 'GET /' twice; leave one out",
            ),
            (
                {"routes": ["get /"]},
                "a route must be a method and a path, got 'get /'; write it as "
                "'GET /orders/{order_id}', with one of ANY, DELETE, GET, HEAD, "
                "OPTIONS, PATCH, POST, PUT; did you mean GET?",
            ),
            (
                {"routes": ["GET orders"]},
                "a route must be a method and a path, got 'GET orders'; write it as "
                "'GET /orders/{order_id}', with one of ANY, DELETE, GET, HEAD, "
                "OPTIONS, PATCH, POST, PUT",
            ),
            (
                {"routes": ["GET /{proxy+}/a"]},
                "'{proxy+}' takes all the rest of a path and must be its last part, "
                "got 'GET /{proxy+}/a'; leave out the '+', or what comes after it",
            ),
            (
                {"routes": ["GET /{a}/{a}"]},
                "the variables of a path must differ, got '{a}' twice in "
                "'GET /{a}/{a}'; rename one",
            ),
            (
                {"routes": ["GET /a-{b}"]},
                "a part of a path must be fixed, or a variable as '{order_id}', got "
                "'a-{b}' in 'GET /a-{b}'",
            ),
            (
                {"timeout": Duration.seconds(31)},
                "timeout must be between 50 and 30,000 ms, got 31,000 ms",
            ),
            (
                {"timeout": Duration.millis(49)},
                "timeout must be between 50 and 30,000 ms, got 49 ms",
            ),
            (
                {"timeout": 10},
                "timeout must be a Duration, as Duration.seconds(10), got 10 (int)",
            ),
            (
                {"payload_format_version": "3.0"},
                "payload_format_version must be 1.0 or 2.0, got '3.0'",
            ),
            (
                {"authorizer": "me"},
                "authorizer must be an authorizer of HTTP APIs, got 'me' (str)",
            ),
            (
                {"authorization_scopes": "read"},
                "authorization_scopes must be a list of scopes, got 'read' (str)",
            ),
            (
                {"authorization_scopes": [1]},
                "authorization_scopes must be a list of scopes, got [1] (list)",
            ),
            (
                {"routes": ["GET /orders/"]},
                "a path of an HTTP API must not end in a slash, got 'GET /orders/'; "
                "write 'GET /orders'",
            ),
        ],
    )
    def test_fails_if_api_gateway_would_refuse_it(self, api, options, message):
        """
        With the words of the option.
        """
        assert message == fault(api, **options)

    def test_fails_if_the_api_is_none(self):
        """
        Or of another kind.
        """
        assert fault("api").startswith("api must be an HttpApi of aws_apigatewayv2")
