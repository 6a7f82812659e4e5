"""Routes of a WebSocket API: what they lead to, and who may send to a connection."""

from __future__ import annotations

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import ConfigurationError
from lambda_constructs.event_sources import WebSocketApiEventSource
from tests.unit.conftest import allowed, make_function, only, resources, statements

INTEGRATION = "AWS::ApiGatewayV2::Integration"
PERMISSION = "AWS::Lambda::Permission"
ROUTE = "AWS::ApiGatewayV2::Route"
ROUTES = ["$connect", "$disconnect", "$default", "send"]


def make_api(stack: Stack, id: str = "Api") -> apigatewayv2.WebSocketApi:
    return apigatewayv2.WebSocketApi(stack, id)


@pytest.fixture
def api(stack) -> apigatewayv2.WebSocketApi:
    return make_api(stack)


def fault(api, **options) -> str:
    with pytest.raises(ConfigurationError) as error:
        WebSocketApiEventSource(**{"api": api, "routes": ["$default"], **options})
    return str(error.value)


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        api, worker = make_api(stack), make_function(stack)
        worker.add_event_source(WebSocketApiEventSource(api, routes=ROUTES))
        stage = apigatewayv2.WebSocketStage(
            stack, "Stage", web_socket_api=api, stage_name="live", auto_deploy=True
        )
        worker.allow(
            "execute-api:ManageConnections",
            on=WebSocketApiEventSource.connections_arn(stage, "POST"),
        )
        return stack

    def test_one_integration_invokes_the_live_alias(self, stack):
        """
        Never $LATEST, or versions, canaries and SnapStart would be idle.
        """
        integration = only(stack, INTEGRATION)

        assert "WorkerLive" in str(integration["IntegrationUri"])
        assert "AWS_PROXY" == integration["IntegrationType"]

    def test_each_route_leads_to_it(self, stack):
        """
        Those that AWS names, and the shop's own.
        """
        routes = [each["Properties"] for each in resources(stack, ROUTE).values()]

        assert set(ROUTES) == {each["RouteKey"] for each in routes}
        assert 1 == len({str(each["Target"]) for each in routes})
        for each in routes:
            assert "NONE" == each["AuthorizationType"]
            assert "RouteResponseSelectionExpression" not in each

    def test_one_permission_is_for_every_route_of_this_api(self, stack):
        """
        https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html.
        """
        (api,) = resources(stack, "AWS::ApiGatewayV2::Api")
        permission = only(stack, PERMISSION)
        *_, before, id, after = permission["SourceArn"]["Fn::Join"][1]

        assert "WorkerLive" in str(permission["FunctionName"])
        assert "apigateway.amazonaws.com" == permission["Principal"]
        assert (":", {"Ref": api}, "/*") == (before, id, after)

    def test_it_may_send_to_the_connections_of_one_stage(self, stack):
        """
        https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html.
        """
        (api,) = resources(stack, "AWS::ApiGatewayV2::Api")

        assert {"execute-api:ManageConnections"} == allowed(stack, api)
        assert "/live/POST/@connections/*" in str(statements(stack)[-1])


class TestOptions:
    def test_reach_the_template(self, stack, api, worker):
        """
        Who may connect is of `$connect` alone.
        """
        worker.add_event_source(
            WebSocketApiEventSource(
                api,
                routes=["$connect", "$default"],
                api_key_required=True,
                authorizer=authorizers.WebSocketIamAuthorizer(),
                return_response=True,
                timeout=Duration.seconds(12),
            )
        )

        routes = {
            each["Properties"]["RouteKey"]: each["Properties"]
            for each in resources(stack, ROUTE).values()
        }
        assert 12_000 == only(stack, INTEGRATION)["TimeoutInMillis"]
        assert "AWS_IAM" == routes["$connect"]["AuthorizationType"]
        assert "NONE" == routes["$default"]["AuthorizationType"]
        assert routes["$connect"]["ApiKeyRequired"] is True
        assert "ApiKeyRequired" not in routes["$default"]
        assert "$default" == routes["$default"]["RouteResponseSelectionExpression"]


class TestRelations:
    def test_two_apis_lead_to_one_function(self, stack, worker):
        """
        Each with a permission of its own.
        """
        for id in ("One", "Two"):
            api = make_api(stack, id)
            worker.add_event_source(WebSocketApiEventSource(api, routes=ROUTES))

        assert 2 == len(resources(stack, PERMISSION))

    def test_an_api_of_another_stack_does_not_make_a_cycle(self):
        """
        The routes are the function's then.
        """
        app = App()
        api, shop = make_api(Stack(app, "Web")), Stack(app, "Shop")
        source = WebSocketApiEventSource(api, routes=ROUTES)
        make_function(shop).add_event_source(source)

        assert 4 == len(resources(shop, ROUTE))

    def test_fails_if_a_route_is_taken(self, stack, api, worker):
        """
        By another function.
        """
        worker.add_event_source(WebSocketApiEventSource(api, routes=["$default"]))
        other = make_function(stack, "Other")

        with pytest.raises(ConfigurationError, match="default of Shop/Api leads some"):
            other.add_event_source(WebSocketApiEventSource(api, routes=["$default"]))

    def test_fails_if_the_function_tells_tenants_apart(self, stack, api):
        """
        https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html.
        """
        worker = make_function(stack, tenancy_config=lambda_.TenancyConfig.PER_TENANT)

        with pytest.raises(ConfigurationError, match="leave tenancy_config out"):
            worker.add_event_source(WebSocketApiEventSource(api, routes=ROUTES))

    def test_warns_if_the_function_may_take_longer(self, stack, api):
        """
        The client has its error while the function goes on.
        """
        slow = make_function(stack, timeout=Duration.seconds(30))
        slow.add_event_source(WebSocketApiEventSource(api, routes=ROUTES))

        Annotations.from_stack(stack).has_warning(
            "/Shop/Worker",
            Match.string_like_regexp(
                "waits 29 s, less than the function timeout of 30"
            ),
        )


class TestRanges:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (
                {"routes": ["$close"]},
                "a route key that begins with $ must be $connect, $default or "
                "$disconnect, got '$close'",
            ),
            (
                {"routes": "$default"},
                "routes must be a list of one or more, got '$default'; pass "
                "['$connect', '$disconnect', '$default']",
            ),
            (
                {"api_key_required": True},
                "api_key_required is of $connect alone, got routes ['$default']; pass "
                "it where $connect is bound",
            ),
            (
                {"timeout": Duration.seconds(30)},
                "timeout must be between 50 and 29,000 ms, got 30,000 ms",
            ),
            (
                {"routes": [""]},
                "a route key must not be empty; '$default' is for what no other "
                "matches",
            ),
            (
                {"authorizer": "me", "routes": ["$connect"]},
                "authorizer must be an authorizer of WebSocket APIs, got 'me' (str)",
            ),
            (
                {"return_response": 1},
                "return_response must be True or False, got 1 (int)",
            ),
        ],
    )
    def test_fails_if_api_gateway_would_refuse_it(self, api, options, message):
        """
        With the words of the option.
        """
        assert message == fault(api, **options)

    def test_fails_if_the_api_is_of_another_kind(self, stack):
        """
        An HTTP API has an id as well.
        """
        api = apigatewayv2.HttpApi(stack, "Http")

        assert fault(api).startswith("api must be a WebSocketApi of aws_apigatewayv2")

    def test_fails_if_connections_have_no_such_method(self, stack, api):
        """
        To send is to POST.
        """
        stage = apigatewayv2.WebSocketStage(
            stack, "Stage", web_socket_api=api, stage_name="live"
        )

        with pytest.raises(ConfigurationError, match="must be DELETE, GET or POST"):
            WebSocketApiEventSource.connections_arn(stage, "SEND")

    def test_fails_if_connections_are_of_no_stage(self):
        """
        Its name alone does not say of which API it is.
        """
        with pytest.raises(ConfigurationError) as error:
            WebSocketApiEventSource.connections_arn("live", "POST")

        assert str(error.value) == (
            "stage must be a WebSocketStage, got 'live'; pass the stage itself"
        )
