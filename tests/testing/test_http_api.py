"""An HTTP API routes requests and reads responses as its guide says.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import json

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_lambda_powertools.utilities.data_classes import (
    APIGatewayProxyEvent,
    APIGatewayProxyEventV2,
)

from .conftest import CONTEXT, make_function

ECHO = "def handler(event, context): return event['rawPath']"
AS_TOLD = "import json\ndef handler(event, context): return json.loads(event['body'])"
METHOD = apigatewayv2.HttpMethod
V1 = apigatewayv2.PayloadFormatVersion.VERSION_1_0


@pytest.fixture
def stack() -> Stack:
    return Stack(App(context=CONTEXT), "Shop")


def make_api(stack, code, *routes, version=None, **options):
    """Give an API whose routes lead to one function."""
    worker = make_function(stack, code, timeout=Duration.seconds(60))
    api = apigatewayv2.HttpApi(stack, "Api", **options)
    integration = integrations.HttpLambdaIntegration(
        "Integration", worker.live, payload_format_version=version
    )
    for route in routes:
        method, _, path = route.partition(" ")
        api.add_routes(path=path, methods=[METHOD[method]], integration=integration)
    return api, integration


def test_format_2_has_the_documented_shape(account, stack):
    """
    #http-api-develop-integrations-lambda.proxy-format-structure.
    """
    make_api(stack, ECHO, "POST /items/{id}")
    shop = account.deploy(stack)

    shop.http_api("Api").post(
        "/items/a%20b?x=1&x=%32&y=",
        headers={"X-Tag": ["a", "b"], "Cookie": "c=1; d=2", "User-Agent": "me"},
        body={"n": 1},
    )

    event = shop.function("Worker").invocations[0].event
    read = APIGatewayProxyEventV2(event)
    assert ("2.0", "POST /items/{id}") == (read.version, read.route_key)
    assert ("/items/a b", "x=1&x=%32&y=") == (read.raw_path, read.raw_query_string)
    assert {"x": "1,2", "y": ""} == event["queryStringParameters"]
    assert "a,b" == event["headers"]["x-tag"]
    assert ["c=1", "d=2"] == read.cookies
    assert "cookie" not in event["headers"]
    assert {"id": "a b"} == read.path_parameters
    assert ({"n": 1}, False) == (read.json_body, read.is_base64_encoded)
    assert "$default" == read.request_context.stage
    http = read.request_context.http
    assert ("POST", "/items/a b", "203.0.113.10", "me") == (
        http.method,
        http.path,
        http.source_ip,
        http.user_agent,
    )
    assert "01/Jan/2026:00:00:00 +0000" == read.request_context.time
    assert "stageVariables" not in event


def test_what_is_empty_is_left_out_of_format_2(account, stack):
    """
    #http-api-develop-integrations-lambda.proxy-format-structure.
    """
    make_api(stack, ECHO, "GET /")
    shop = account.deploy(stack)

    shop.http_api("Api").get("/")

    event = shop.function("Worker").invocations[0].event
    empty = {"cookies", "queryStringParameters", "body", "pathParameters"}
    assert not empty & event.keys()


def test_format_1_has_the_documented_shape(account, stack):
    """
    #http-api-develop-integrations-lambda.proxy-format-structure.
    """
    code = "def handler(event, context): return {'statusCode': 201}"
    make_api(stack, code, "GET /items/{id}", version=V1)
    shop = account.deploy(stack)

    response = shop.http_api("Api").get("/items/3?x=1&x=2", headers={"X-A": ["1", "2"]})

    event = shop.function("Worker").invocations[0].event
    read = APIGatewayProxyEvent(event)
    assert 201 == response.status
    assert ("1.0", "/items/{id}", "/items/3") == (
        read.version,
        read.resource,
        read.path,
    )
    assert ({"x": "2"}, {"x": ["1", "2"]}) == (
        event["queryStringParameters"],
        event["multiValueQueryStringParameters"],
    )
    assert ("2", ["1", "2"]) == (
        event["headers"]["x-a"],
        event["multiValueHeaders"]["x-a"],
    )
    assert None is event["body"]
    assert "203.0.113.10" == read.request_context.identity.source_ip


def test_a_body_that_is_not_text_is_base64(account, stack):
    """
    #http-api-develop-integrations-lambda.proxy-format.
    """
    make_api(stack, ECHO, "POST /")
    shop = account.deploy(stack)

    shop.http_api("Api").post("/", body=b"\x89P", headers={"content-type": "image/png"})

    event = shop.function("Worker").invocations[0].event
    assert ("iVA=", True) == (event["body"], event["isBase64Encoded"])


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("GET /pets/dog/1", "GET /pets/dog/1"),
        ("GET /pets/dog/2", "GET /pets/dog/{id}"),
        ("GET /pets/cat/1/x", "GET /pets/{proxy+}"),
        ("GET /birds/1", "GET /birds/{id}"),
        ("POST /birds/1", "ANY /birds/{id}"),
        ("POST /pets/dog/1", "ANY /{proxy+}"),
        ("POST /", "$default"),
    ],
)
def test_the_most_specific_route_is_chosen(account, stack, path, route):
    """
    .../developerguide/http-api-develop-routes.html#http-api-develop-routes.evaluation.
    """
    routes = [
        "ANY /{proxy+}",
        "GET /pets/{proxy+}",
        "GET /pets/dog/{id}",
        "GET /pets/dog/1",
        "GET /birds/{proxy+}",
        "ANY /birds/{id}",
        "GET /birds/{id}",
    ]
    api, integration = make_api(stack, ECHO, *routes)
    apigatewayv2.HttpRoute(
        stack,
        "Default",
        http_api=api,
        integration=integration,
        route_key=apigatewayv2.HttpRouteKey.DEFAULT,
    )
    shop = account.deploy(stack)

    response = shop.http_api("Api").request(*path.split())

    assert 200 == response.status
    assert route == shop.function("Worker").invocations[0].event["routeKey"]


def test_what_no_route_matches_is_not_found(account, stack):
    """
    .../developerguide/http-api-develop-routes.html#http-api-develop-routes.evaluation.
    """
    make_api(stack, ECHO, "GET /a")
    api = account.deploy(stack).http_api("Api")

    assert (404, {"message": "Not Found"}) == (
        api.get("/b").status,
        api.post("/a").json(),
    )


def test_the_path_begins_with_a_stage_that_has_a_name(account, stack):
    """
    .../developerguide/http-api-stages.html; its variables come along.
    """
    api, _ = make_api(stack, ECHO, "GET /a", create_default_stage=False)
    stage = api.add_stage("Dev", stage_name="dev", auto_deploy=True)
    stage.node.default_child.stage_variables = {"k": "v"}
    shop = account.deploy(stack)

    assert "/dev/a" == shop.http_api("Api").get("/a").text
    event = shop.function("Worker").invocations[0].event
    assert {"k": "v"} == event["stageVariables"]


@pytest.mark.parametrize(
    ("result", "content"), [({"a": 1}, '{"a": 1}'), ("hello", "hello"), ([1], "[1]")]
)
def test_a_plain_result_becomes_json_with_200(account, stack, result, content):
    """
    #http-api-develop-integrations-lambda.v2: inferred.
    """
    make_api(stack, AS_TOLD, "POST /")

    response = (
        account.deploy(stack)
        .http_api("Api")
        .post("/", body=json.dumps(result), headers={"content-type": "text/x"})
    )

    assert (200, content) == (response.status, response.text)
    assert "application/json" == response.headers["content-type"]


def told(account, stack, result, version=None):
    make_api(stack, AS_TOLD, "POST /", version=version)
    return account.deploy(stack).http_api("Api").post("/", body=result)


def test_cookies_and_base64_of_format_2(account, stack):
    """
    #http-api-develop-integrations-lambda.v2: customized.
    """
    response = told(
        account,
        stack,
        {
            "statusCode": 203,
            "headers": {"Content-Type": "image/png", "n": 1},
            "cookies": ["a=1", "b=2"],
            "isBase64Encoded": True,
            "body": "iVA=",
        },
    )

    assert (203, b"\x89P", "1") == (
        response.status,
        response.body,
        response.headers["N"],
    )
    assert ["a=1", "b=2"] == response.headers.all("set-cookie")


def test_multi_value_headers_of_format_1(account, stack):
    """
    #http-api-develop-integrations-lambda.v1.
    """
    result = {
        "statusCode": "200",
        "headers": {"A": "1", "B": "2"},
        "multiValueHeaders": {"a": ["3", "4"]},
    }
    response = told(account, stack, result, V1)

    assert ["3", "4"] == response.headers.all("a")
    assert "2" == response.headers["b"]


@pytest.mark.parametrize(
    ("version", "result"),
    [
        (2, {"statusCode": "x"}),
        (2, {"statusCode": 200, "body": {"a": 1}}),
        (2, {"statusCode": 200, "headers": ["x"]}),
        (2, {"statusCode": 200, "cookies": "a=1"}),
        (1, {"body": "x"}),
        (1, ["x"]),
    ],
    ids=str,
)
def test_a_malformed_response_is_500(account, stack, version, result):
    """
    .../developerguide/http-api-troubleshooting-lambda.html.
    """
    response = told(account, stack, result, V1 if version == 1 else None)

    assert (500, {"message": "Internal Server Error"}) == (
        response.status,
        response.json(),
    )


def test_an_error_is_500_and_a_long_wait_503(account, stack):
    """
    .../developerguide/http-api-quotas.html: 30 seconds for an integration.
    """
    code = "import time\ndef handler(event, context): time.sleep(45)"
    make_api(stack, code, "GET /")
    shop = account.deploy(stack)
    shop.function("Worker").fail()

    assert 500 == shop.http_api("Api").get("/").status
    assert 0 == account.elapsed()
    assert 503 == shop.http_api("Api").get("/").status
    assert 30 == account.elapsed()


def test_a_refused_permission_is_500(account, stack):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html.
    """
    make_api(stack, ECHO, "GET /a", "GET /b")
    for each in stack.node.find_all():
        if "GET--b-Permission" in each.node.id or each.node.path.endswith(
            "GET--b/Integration-Permission"
        ):
            each.add_property_override("SourceArn", "arn:aws:execute-api:::other")
    shop = account.deploy(stack)

    assert 200 == shop.http_api("Api").get("/a").status
    assert 500 == shop.http_api("Api").get("/b").status


def test_a_permission_is_for_the_method_and_the_route(account, stack):
    """
    .../developerguide/http-api-develop-integrations-lambda.html.
    """
    api, _ = make_api(stack, ECHO, "ANY /a")
    source = f"arn:aws:execute-api:eu-west-1:123456789012:{api.api_id}/*/GET/a"
    for each in stack.node.find_all():
        if getattr(each, "cfn_resource_type", "") == "AWS::Lambda::Permission":
            each.add_property_override("SourceArn", source)
    shop = account.deploy(stack)

    assert 200 == shop.http_api("Api").get("/a").status
    assert 500 == shop.http_api("Api").post("/a").status


def test_cross_origin_requests_are_answered_by_the_api(account, stack):
    """
    .../developerguide/http-api-cors.html: the function's own headers are ignored.
    """
    code = """
def handler(event, context):
    headers = {"access-control-allow-origin": "x", "a": "b"}
    return {"statusCode": 200, "headers": headers}
"""
    cors = apigatewayv2.CorsPreflightOptions(
        allow_origins=["https://a.com"],
        allow_methods=[apigatewayv2.CorsHttpMethod.GET],
        max_age=Duration.minutes(1),
    )
    make_api(stack, code, "GET /", cors_preflight=cors)
    api = account.deploy(stack).http_api("Api")
    ours, theirs = {"Origin": "https://a.com"}, {"Origin": "https://b.com"}

    asked = api.options("/", headers=ours | {"Access-Control-Request-Method": "GET"})
    assert (204, "GET", "60") == (
        asked.status,
        asked.headers["access-control-allow-methods"],
        asked.headers["access-control-max-age"],
    )
    answered = api.get("/", headers=ours).headers
    assert "https://a.com" == answered["access-control-allow-origin"]
    refused = api.get("/", headers=theirs).headers
    assert ["a", "content-type"] == sorted(refused)
