"""Methods of a REST API: what they lead to, by which permission, and what cannot be."""

from __future__ import annotations

import json

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import ConfigurationError
from lambda_constructs.event_sources import RestApiEventSource
from tests.unit.conftest import make_function, only, resources

METHOD = "AWS::ApiGateway::Method"
PERMISSION = "AWS::Lambda::Permission"
TENANT = "integration.request.header.X-Amz-Tenant-Id"


def make_api(stack: Stack, id: str = "Api", **options) -> apigateway.RestApi:
    """An API whose stage has logs and throttling."""
    api = apigateway.RestApi(
        stack,
        id,
        cloud_watch_role=False,
        deploy_options=apigateway.StageOptions(
            throttling_rate_limit=10, throttling_burst_limit=20
        ),
        **options,
    )
    stage = api.deployment_stage.node.default_child
    stage.access_log_setting = apigateway.CfnStage.AccessLogSettingProperty(
        destination_arn="arn:aws:logs:eu-west-1:123456789012:log-group:api"
    )
    return api


@pytest.fixture
def api(stack) -> apigateway.RestApi:
    return make_api(stack)


def fault(api, **options) -> str:
    with pytest.raises(ConfigurationError) as error:
        RestApiEventSource(**{"api": api, "routes": ["GET /"], **options})
    return str(error.value)


def sources(stack) -> set[str]:
    """What may invoke, as the last part of an ARN."""
    return {
        each["Properties"]["SourceArn"]["Fn::Join"][1][-1]
        for each in resources(stack, PERMISSION).values()
    }


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        make_function(stack).add_event_source(
            RestApiEventSource(
                make_api(stack), routes=["GET /orders/{order_id}", "POST /orders"]
            )
        )
        return stack

    def test_each_method_invokes_the_live_alias(self, stack):
        """
        By Lambda proxy integration, whose own request is always a POST.
        """
        methods = [each["Properties"] for each in resources(stack, METHOD).values()]

        assert {"GET", "POST"} == {each["HttpMethod"] for each in methods}
        for each in methods:
            integration = each["Integration"]
            assert "WorkerLive" in str(integration["Uri"])
            assert "AWS_PROXY" == integration["Type"]
            assert "POST" == integration["IntegrationHttpMethod"]
            assert "TimeoutInMillis" not in integration
            assert "NONE" == each["AuthorizationType"]

    def test_one_permission_is_for_every_method_of_the_stage(self, stack):
        """
        And for no test of the console's, whose stage is `test-invoke-stage`.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html
        """
        (api,) = resources(stack, "AWS::ApiGateway::RestApi")
        permission = only(stack, PERMISSION)
        *_, before, id, after = permission["SourceArn"]["Fn::Join"][1]

        assert "WorkerLive" in str(permission["FunctionName"])
        assert "apigateway.amazonaws.com" == permission["Principal"]
        assert (":", {"Ref": api}, "/prod/*") == (before, id, after)

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
        api = make_api(stack)
        make_function(stack).add_event_source(
            RestApiEventSource(
                api,
                routes=["ANY /{proxy+}"],
                allow_test_invoke=True,
                api_key_required=True,
                authorization_type=apigateway.AuthorizationType.IAM,
                cache_key_parameters=["method.request.querystring.page"],
                cache_namespace="things",
                integration_request_parameters={TENANT: "context.apiId"},
                operation_name="Anything",
                request_models={"application/json": apigateway.Model.EMPTY_MODEL},
                request_parameters={"method.request.querystring.page": False},
                request_validator_options=apigateway.RequestValidatorOptions(
                    validate_request_body=True
                ),
                stages=["prod", "beta"],
                timeout=Duration.seconds(12),
            )
        )
        return stack

    def test_reach_the_method(self, stack):
        """
        Who may ask, and with what.
        """
        method = only(stack, METHOD)

        assert "ANY" == method["HttpMethod"]
        assert method["ApiKeyRequired"] is True
        assert "AWS_IAM" == method["AuthorizationType"]
        assert "Anything" == method["OperationName"]
        assert {"application/json": "Empty"} == method["RequestModels"]
        assert {"method.request.querystring.page": False} == (
            method["RequestParameters"]
        )
        assert method["RequestValidatorId"]

    def test_reach_the_integration(self, stack):
        """
        How long to wait, what to add, what to cache.
        """
        integration = only(stack, METHOD)["Integration"]

        assert 12_000 == integration["TimeoutInMillis"]
        assert {TENANT: "context.apiId"} == integration["RequestParameters"]
        assert "things" == integration["CacheNamespace"]
        assert ["method.request.querystring.page"] == (
            integration["CacheKeyParameters"]
        )

    def test_reach_the_permissions(self, stack):
        """
        One for each stage, and one for the console's test.
        """
        assert {"/beta/*", "/prod/*", "/test-invoke-stage/*"} == sources(stack)


class TestSixtyMethods:
    def test_have_one_permission(self, stack, api, worker):
        """
        Where CDK has a hundred and twenty, which do not fit.

        https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
        """
        for number in range(0, 60, 20):
            routes = [f"GET /things-{each}" for each in range(number, number + 20)]
            worker.add_event_source(RestApiEventSource(api, routes=routes))

        permissions = resources(stack, PERMISSION)
        assert 60 == len(resources(stack, METHOD))
        assert 1 == len(permissions)
        assert len(json.dumps(permissions)) < 20_480


class TestRelations:
    def test_two_apis_lead_to_one_function(self, stack, worker):
        """
        Each with a permission of its own.
        """
        for id in ("One", "Two"):
            source = RestApiEventSource(make_api(stack, id), routes=["GET /"])
            worker.add_event_source(source)

        assert 2 == len(resources(stack, PERMISSION))

    def test_an_api_of_another_stack_holds_the_permission(self):
        """
        Its methods need the function already, so the function cannot need it.
        """
        app = App()
        shop, web = Stack(app, "Shop"), Stack(app, "Web")
        api = make_api(web)
        for id in ("Worker", "Other"):
            make_function(shop, id).add_event_source(
                RestApiEventSource(api, routes=[f"GET /{id}"])
            )

        assert {} == resources(shop, PERMISSION)
        assert 2 == len(resources(web, PERMISSION))

    def test_an_imported_api_may_invoke_from_any_stage(self, stack, worker):
        """
        Nothing is known of its stages.
        """
        api = apigateway.RestApi.from_rest_api_attributes(
            stack, "Api", rest_api_id="abc123", root_resource_id="root"
        )
        worker.add_event_source(RestApiEventSource(api, routes=["GET /orders"]))

        assert "abc123" == only(stack, METHOD)["RestApiId"]
        assert {":abc123/*"} == sources(stack)

    def test_fails_if_a_method_is_taken(self, stack, api, worker):
        """
        By another function.
        """
        worker.add_event_source(RestApiEventSource(api, routes=["GET /orders"]))
        other = make_function(stack, "Other")

        with pytest.raises(ConfigurationError) as error:
            other.add_event_source(RestApiEventSource(api, routes=["GET /orders"]))

        assert str(error.value) == (
            "Shop/Other: GET /orders of Shop/Api leads somewhere already; bind each "
            "route once"
        )

    @pytest.mark.parametrize("other", ["{id}", "{proxy+}"])
    def test_fails_if_one_place_has_two_variables(self, api, worker, other):
        """
        API Gateway takes one variable part below each resource.
        """
        worker.add_event_source(
            RestApiEventSource(api, routes=["GET /orders/{order_id}"])
        )

        with pytest.raises(ConfigurationError, match=r"must be '\{order_id\}', as in"):
            worker.add_event_source(
                RestApiEventSource(api, routes=[f"PUT /orders/{other}"])
            )

    def test_fails_if_no_tenant_is_named(self, stack, api):
        """
        https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation-invoke.html.
        """
        worker = make_function(stack, tenancy_config=lambda_.TenancyConfig.PER_TENANT)

        with pytest.raises(ConfigurationError, match="has to be told the tenant; pass"):
            worker.add_event_source(RestApiEventSource(api, routes=["GET /"]))

        worker.add_event_source(
            RestApiEventSource(
                api,
                routes=["GET /"],
                integration_request_parameters={TENANT: "context.authorizer.tenantId"},
            )
        )

    def test_fails_if_an_edge_optimized_api_is_to_wait_longer(self, api, worker):
        """
        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html.
        """
        slow = Duration.seconds(60)

        with pytest.raises(ConfigurationError) as error:
            worker.add_event_source(
                RestApiEventSource(api, routes=["GET /"], timeout=slow)
            )

        assert str(error.value) == (
            "Shop/Worker: timeout must be at most 29 s for edge-optimized Shop/Api, "
            "got 60 s; pass endpoint_types=[EndpointType.REGIONAL] to the API"
        )

    def test_warns_if_a_regional_api_is_to_wait_longer(self, stack, worker):
        """
        It takes a raised quota.
        """
        regional = make_api(stack, endpoint_types=[apigateway.EndpointType.REGIONAL])
        worker.add_event_source(
            RestApiEventSource(regional, routes=["GET /"], timeout=Duration.seconds(60))
        )

        Annotations.from_stack(stack).has_warning(
            "/Shop/Worker", Match.string_like_regexp("60 s needs a raised quota")
        )

    def test_warns_if_the_function_may_take_longer(self, stack, api):
        """
        The client has its 504 while the function goes on.
        """
        slow = make_function(stack, timeout=Duration.seconds(30))
        slow.add_event_source(RestApiEventSource(api, routes=["GET /"]))

        Annotations.from_stack(stack).has_warning(
            "/Shop/Worker",
            Match.string_like_regexp("waits 29 s, less than the function"),
        )

    def test_warns_of_a_stream(self, stack, api, worker):
        """
        https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html.
        """
        worker.add_event_source(
            RestApiEventSource(
                api,
                routes=["GET /"],
                response_transfer_mode=apigateway.ResponseTransferMode.STREAM,
            )
        )

        Annotations.from_stack(stack).has_warning(
            "/Shop/Worker",
            Match.string_like_regexp("does not stream answers by itself"),
        )
        integration = only(stack, METHOD)["Integration"]
        assert "STREAM" == integration["ResponseTransferMode"]
        assert "/response-streaming-invocations" in str(integration["Uri"])

    def test_warns_of_a_stage_without_access_logs(self, stack, worker):
        """
        They need a role of the account, which is nobody's to set by the way.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
        """
        api = apigateway.RestApi(stack, "Api", cloud_watch_role=False)
        worker.add_event_source(RestApiEventSource(api, routes=["GET /"]))

        told = Annotations.from_stack(stack)
        told.has_warning("/Shop/Api", Match.string_like_regexp("has no access logs"))
        told.has_no_warning("*", Match.string_like_regexp("is not throttled"))

    def test_warns_of_a_stage_that_says_something_else(self, stack, worker):
        """
        What a stage says of its methods is not added to.
        """
        api = apigateway.RestApi(
            stack,
            "Api",
            cloud_watch_role=False,
            deploy_options=apigateway.StageOptions(metrics_enabled=True),
        )
        worker.add_event_source(RestApiEventSource(api, routes=["GET /"]))

        Annotations.from_stack(stack).has_warning(
            "/Shop/Api", Match.string_like_regexp("is not throttled")
        )


def test_the_stage_of_the_api_is_throttled(stack, worker):
    """
    A tenth of the account's own quota, where the stage says nothing itself.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
    """
    api = apigateway.RestApi(stack, "Api", cloud_watch_role=False)
    worker.add_event_source(RestApiEventSource(api, routes=["GET /"]))
    worker.add_event_source(
        RestApiEventSource(make_api(stack, "Own"), routes=["GET /"])
    )

    settings = {
        tuple(
            (each["ThrottlingRateLimit"], each["ThrottlingBurstLimit"])
            for each in stage["Properties"]["MethodSettings"]
        )
        for stage in resources(stack, "AWS::ApiGateway::Stage").values()
    }
    assert {((1000, 500),), ((10, 20),)} == settings


class TestRanges:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (
                {"routes": ["GET /orders/"]},
                "a path of a REST API must not end in a slash, got 'GET /orders/'; "
                "write 'GET /orders', which answers both",
            ),
            (
                {"routes": ["$default"]},
                "a route must be a method and a path, got '$default'; write it as "
                "'GET /orders/{order_id}', with one of ANY, DELETE, GET, HEAD, "
                "OPTIONS, PATCH, POST, PUT",
            ),
            (
                {"timeout": Duration.millis(49)},
                "timeout must be between 50 and 900,000 ms, got 49 ms",
            ),
            (
                {"stages": "prod"},
                "stages must be a list of texts, got 'prod' (str)",
            ),
            (
                {"allow_test_invoke": 1},
                "allow_test_invoke must be True or False, got 1 (int)",
            ),
            (
                {"request_parameters": ["page"]},
                "request_parameters must be a dict, got ['page'] (list)",
            ),
            (
                {"authorization_type": "AWS_IAM"},
                "authorization_type must be of AuthorizationType of aws_apigateway, "
                "got 'AWS_IAM' (str)",
            ),
            (
                {"stages": [1]},
                "stages must be a list of texts, got [1] (list)",
            ),
            (
                {"stages": ["no stage"]},
                "stages must each be letters, digits, '_' and '-', 128 characters at "
                "most, got 'no stage'",
            ),
            (
                {"authorizer": "me"},
                "authorizer must be an authorizer of REST APIs, got 'me' (str)",
            ),
            (
                {"request_models": {"application/json": "Order"}},
                "request_models['application/json'] must be a Model of "
                "aws_apigateway, got 'Order'; pass what api.add_model() gave",
            ),
            (
                {"request_parameters": {"page": True}},
                "request_parameters must be named method.request.<place>.<name>, of "
                "header, path or querystring, got 'page'",
            ),
            (
                {"request_parameters": {"method.request.header.A": "yes"}},
                "request_parameters['method.request.header.A'] must be True or False, "
                "got 'yes'",
            ),
            (
                {"integration_request_parameters": {"X-A": "'b'"}},
                "integration_request_parameters must be named "
                "integration.request.<place>.<name>, of header, path or querystring, "
                "got 'X-A'",
            ),
            (
                {"integration_request_parameters": {TENANT: 7}},
                f"integration_request_parameters[{TENANT!r}] must be text, got 7",
            ),
            (
                {"cache_key_parameters": ["page"]},
                "cache_key_parameters must be named method.request.<place>.<name>, of "
                "header, path or querystring, got 'page'",
            ),
            (
                {"cache_key_parameters": ["method.request.path.id"]},
                "cache_key_parameters must be among request_parameters, got "
                "'method.request.path.id'; pass "
                "request_parameters={'method.request.path.id': True} too",
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
        assert fault("api").startswith("api must be a RestApi of aws_apigateway")

    def test_fails_if_the_api_is_imported_without_its_root(self, stack):
        """
        Resources are below it.
        """
        api = apigateway.RestApi.from_rest_api_id(stack, "Imported", "a1b2c3")

        assert fault(api) == (
            "api must have a root resource, got imported Shop/Imported without; import "
            "it by RestApi.from_rest_api_attributes(..., root_resource_id=...)"
        )

    def test_fails_if_the_authorizer_is_of_another_kind_of_api(self, api):
        """
        API Gateway has two sets of them.
        """
        given = authorizers.HttpIamAuthorizer()

        assert fault(api, authorizer=given).startswith(
            "authorizer must be an authorizer of REST APIs, got <"
        )

    @pytest.mark.parametrize(
        ("options", "asks"),
        [
            (
                {"authorization_type": apigateway.AuthorizationType.COGNITO},
                "authorization_type COGNITO needs",
            ),
            (
                {"authorization_type": apigateway.AuthorizationType.CUSTOM},
                "authorization_type CUSTOM needs",
            ),
            ({"authorization_scopes": ["read"]}, "authorization_scopes need"),
        ],
    )
    def test_fails_if_nobody_does_what_is_asked_for(self, api, worker, options, asks):
        """
        The methods would be open, or refused at deployment.
        """
        with pytest.raises(ConfigurationError) as error:
            worker.add_event_source(
                RestApiEventSource(api, routes=["GET /"], **options)
            )

        assert str(error.value) == (
            f"Shop/Worker: {asks} an authorizer, got none; pass authorizer=, as "
            "CognitoUserPoolsAuthorizer(...)"
        )

    def test_the_api_s_own_authorizer_does_it(self, stack, worker):
        """
        Where the source names none.
        """
        users = apigateway.CognitoUserPoolsAuthorizer(
            stack, "Users", cognito_user_pools=[cognito.UserPool(stack, "Pool")]
        )
        api = apigateway.RestApi(
            stack,
            "Own",
            default_method_options=apigateway.MethodOptions(authorizer=users),
        )

        worker.add_event_source(
            RestApiEventSource(api, routes=["GET /"], authorization_scopes=["read"])
        )

        method = only(stack, METHOD)
        assert ("COGNITO_USER_POOLS", ["read"]) == (
            method["AuthorizationType"],
            method["AuthorizationScopes"],
        )
