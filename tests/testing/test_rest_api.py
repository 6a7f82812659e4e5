"""A REST API asks functions by Lambda proxy integration.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from lambda_constructs.testing import UnmodelledError

from .conftest import CONTEXT, make_function

OK = "def handler(event, context): return {'statusCode': 200, 'body': 'hello'}"
AS_TOLD = "import json\ndef handler(event, context): return json.loads(event['body'])"


@pytest.fixture
def stack() -> Stack:
    return Stack(App(context=CONTEXT), "Shop")


def make_api(stack, code=OK, **options):
    worker = make_function(stack, code, timeout=Duration.seconds(60))
    return apigateway.LambdaRestApi(
        stack, "Api", handler=worker.live, cloud_watch_role=False, **options
    )


def test_the_event_has_the_documented_shape(account, stack):
    """
    #api-gateway-simple-proxy-for-lambda-input-format.
    """
    api = make_api(
        stack,
        proxy=False,
        deploy_options=apigateway.StageOptions(variables={"k": "v"}),
    )
    api.root.add_resource("items").add_resource("{id}").add_method("POST")
    shop = account.deploy(stack)

    response = shop.rest_api("Api").post(
        "/items/a%20b?x=1&x=%32", headers={"X-Tag": ["a", "b"]}, body={"n": 1}
    )

    event = shop.function("Worker").invocations[0].event
    read = APIGatewayProxyEvent(event)
    assert (200, "hello") == (response.status, response.text)
    assert ("/items/{id}", "/items/a b", "POST") == (
        read.resource,
        read.path,
        read.http_method,
    )
    assert {"x": "2"} == event["queryStringParameters"]
    assert {"x": ["1", "2"]} == read.multi_value_query_string_parameters
    assert ("b", ["a", "b"]) == (
        event["headers"]["X-Tag"],
        event["multiValueHeaders"]["X-Tag"],
    )
    assert ({"id": "a b"}, {"k": "v"}) == (read.path_parameters, read.stage_variables)
    assert ({"n": 1}, False) == (read.json_body, read.is_base64_encoded)
    context = read.request_context
    assert ("prod", "/prod/items/a b", "/items/{id}", "POST") == (
        context.stage,
        context.path,
        context.resource_path,
        context.http_method,
    )
    assert "203.0.113.10" == context.identity.source_ip


def test_what_is_empty_is_null(account, stack):
    """
    #api-gateway-simple-proxy-for-lambda-input-format.
    """
    make_api(stack)
    shop = account.deploy(stack)

    shop.rest_api("Api").get("/")

    event = shop.function("Worker").invocations[0].event
    assert [None] * 5 == [
        event[name]
        for name in (
            "queryStringParameters",
            "multiValueQueryStringParameters",
            "pathParameters",
            "stageVariables",
            "body",
        )
    ]


def test_the_greedy_resource_takes_every_other_path(account, stack):
    """
    #api-gateway-create-api-as-simple-proxy-for-lambda-catch-all.
    """
    make_api(stack)
    shop = account.deploy(stack)

    assert 200 == shop.rest_api("Api").delete("/a/b/").status
    event = shop.function("Worker").invocations[0].event
    assert ("/{proxy+}", {"proxy": "a/b"}) == (
        event["resource"],
        event["pathParameters"],
    )


def test_a_fixed_resource_comes_before_a_greedy_one(account, stack):
    """
    .../developerguide/api-gateway-method-settings-method-request.html.
    """
    api = make_api(stack)
    api.root.add_resource("items").add_method("GET")
    shop = account.deploy(stack)

    shop.rest_api("Api").get("/items")

    assert "/items" == shop.function("Worker").invocations[0].event["resource"]


def test_a_resource_without_the_method_is_403(account, stack):
    """
    .../developerguide/supported-gateway-response-types.html.
    """
    api = make_api(stack)
    api.root.add_resource("items").add_method("GET")
    rest = account.deploy(stack).rest_api("Api")

    response = rest.post("/items")

    assert 200 == rest.get("/items").status
    assert (403, {"message": "Missing Authentication Token"}) == (
        response.status,
        response.json(),
    )


def told(account, stack, result):
    make_api(stack, AS_TOLD)
    return account.deploy(stack).rest_api("Api").post("/", body=result)


def test_headers_of_both_kinds_are_sent(account, stack):
    """
    #api-gateway-simple-proxy-for-lambda-output-format: of the same name, the list.
    """
    result = {"statusCode": "201", "headers": {"A": "1", "B": "2"}}
    response = told(account, stack, result | {"multiValueHeaders": {"A": ["3", "4"]}})

    assert (201, ["3", "4"]) == (response.status, response.headers.all("a"))
    assert "2" == response.headers["b"]
    assert "application/json" == response.headers["content-type"]


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"body": "x"},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": "x"},
        {"statusCode": 200, "headers": ["x"]},
        {"statusCode": 200, "headers": {"a": {"b": 1}}},
        ["x"],
    ],
    ids=str,
)
def test_a_malformed_response_is_502(account, stack, result):
    """
    #api-gateway-simple-proxy-for-lambda-output-format.
    """
    response = told(account, stack, result)

    assert (502, {"message": "Internal server error"}) == (
        response.status,
        response.json(),
    )


def test_an_error_is_502_and_a_long_wait_504(account, stack):
    """
    .../developerguide/supported-gateway-response-types.html: INTEGRATION_TIMEOUT.
    """
    make_api(stack, "import time\ndef handler(event, context): time.sleep(45)")
    shop = account.deploy(stack)
    shop.function("Worker").fail()

    assert 502 == shop.rest_api("Api").get("/").status
    late = shop.rest_api("Api").get("/")
    assert (504, {"message": "Endpoint request timed out"}) == (
        late.status,
        late.json(),
    )
    assert 29 == account.elapsed()


def test_a_refused_permission_is_500(account, stack):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html.
    """
    make_api(stack)
    for each in stack.node.find_all():
        if getattr(each, "cfn_resource_type", "") == "AWS::Lambda::Permission":
            each.add_property_override("SourceArn", "arn:aws:execute-api:::other")
    shop = account.deploy(stack)

    assert 500 == shop.rest_api("Api").get("/").status
    assert [] == shop.function("Worker").invocations


@pytest.mark.parametrize(
    ("scope", "status"), [("prod/GET/", 200), ("test/GET/", 500), ("prod/POST/", 500)]
)
def test_a_permission_is_for_the_stage_and_the_method(account, stack, scope, status):
    """
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html.
    """
    api = make_api(stack)
    place = f"arn:aws:execute-api:eu-west-1:123456789012:{api.rest_api_id}"
    for each in stack.node.find_all():
        if getattr(each, "cfn_resource_type", "") == "AWS::Lambda::Permission":
            each.add_property_override("SourceArn", f"{place}/{scope}")
    shop = account.deploy(stack)

    assert status == shop.rest_api("Api").get("/").status


@pytest.mark.parametrize(
    ("types", "encoded"), [(["image/png"], True), (["*/*"], True), ([], False)]
)
def test_a_body_of_a_binary_type_is_base64(account, stack, types, encoded):
    """
    .../developerguide/lambda-proxy-binary-media.html.
    """
    make_api(stack, binary_media_types=types)
    shop = account.deploy(stack)

    shop.rest_api("Api").post("/", body="abc", headers={"Content-Type": "image/png"})

    event = shop.function("Worker").invocations[0].event
    assert encoded == event["isBase64Encoded"]
    assert ("YWJj" if encoded else "abc") == event["body"]


@pytest.mark.parametrize(
    ("accept", "content"), [("image/png, text/*", b"\x89P"), ("text/html", b"iVA=")]
)
def test_a_response_is_binary_if_its_type_is_accepted(account, stack, accept, content):
    """
    .../developerguide/lambda-proxy-binary-media.html: the first type of Accept.
    """
    result = {"statusCode": 200, "body": "iVA=", "isBase64Encoded": True}
    make_api(
        stack,
        f"def handler(event, context): return {result}",
        binary_media_types=["image/png"],
    )
    rest = account.deploy(stack).rest_api("Api")

    assert content == rest.get("/", headers={"Accept": accept}).body


def test_an_integration_that_is_no_function_is_not_modelled(account, stack):
    """
    The error names the method.
    """
    api = make_api(stack, proxy=False)
    api.root.add_method("GET", apigateway.MockIntegration())
    rest = account.deploy(stack).rest_api("Api")

    with pytest.raises(UnmodelledError, match="Api/Default/GET is not modelled: MOCK"):
        rest.get("/")


def test_an_api_key_is_not_modelled(account, stack):
    """
    The error names the method.
    """
    api = make_api(stack, proxy=False)
    api.root.add_method("GET", api_key_required=True)
    rest = account.deploy(stack).rest_api("Api")

    with pytest.raises(UnmodelledError, match="asks for an API key"):
        rest.get("/")
