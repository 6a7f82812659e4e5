"""A function URL asks its function if the caller may.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from __future__ import annotations

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_lambda_powertools.utilities.data_classes import LambdaFunctionUrlEvent

from .conftest import CONTEXT, make_function

ECHO = "def handler(event, context): return event['rawPath']"
NONE = lambda_.FunctionUrlAuthType.NONE
IAM = lambda_.FunctionUrlAuthType.AWS_IAM


@pytest.fixture
def stack() -> Stack:
    return Stack(App(context=CONTEXT), "Shop")


def make_url(stack, code=ECHO, auth_type=NONE, **options):
    worker = make_function(stack, code)
    return worker.live.add_function_url(auth_type=auth_type, **options)


def test_anybody_may_ask_where_both_permissions_are_public(account, stack):
    """
    .../dg/urls-auth.html: AuthType NONE; the alias is invoked.
    """
    make_url(stack)
    shop = account.deploy(stack)

    assert "/a%20b" == shop.function_url("Worker").get("/a b").text
    assert "live" == shop.function("Worker").invocations[0].qualifier


@pytest.mark.parametrize(
    "action", ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"]
)
def test_one_of_the_permissions_is_not_enough(account, stack, action):
    """
    .../dg/urls-auth.html: both actions are needed.
    """
    make_url(stack)
    for each in stack.node.find_all():
        if isinstance(each, lambda_.CfnPermission) and each.action == action:
            each.add_property_override("Principal", "999999999999")
    shop = account.deploy(stack)

    response = shop.function_url("Worker").get("/")

    assert 403 == response.status
    assert response.json()["Message"].startswith("Forbidden")
    assert [] == shop.function("Worker").invocations


def test_who_does_not_sign_is_refused_even_by_a_public_policy(account, stack):
    """
    .../dg/urls-auth.html: AuthType AWS_IAM is for authenticated callers alone.
    """
    url = make_url(stack, auth_type=IAM)
    for action in ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction"):
        lambda_.CfnPermission(
            stack,
            action.partition(":")[2],
            action=action,
            principal="*",
            function_name=url.function_arn,
        )
    shop = account.deploy(stack)

    assert 403 == shop.function_url("Worker").get("/").status
    assert [] == shop.function("Worker").invocations


def test_a_role_may_ask_where_its_policy_lets_it(account, stack):
    """
    .../dg/urls-auth.html: AuthType AWS_IAM; nobody else may.
    """
    url = make_url(stack, auth_type=IAM)
    for name in ("Caller", "Other"):
        principal = iam.AccountRootPrincipal()
        role = iam.Role(stack, name, assumed_by=principal)
        if name == "Caller":
            url.grant_invoke_url(role)
    shop = account.deploy(stack)

    def status(**options):
        return shop.function_url("Worker", **options).get("/").status

    assert 403 == status()
    assert 403 == status(as_role="Other")
    assert 200 == status(as_role="Caller")
    event = LambdaFunctionUrlEvent(shop.function("Worker").invocations[0].event)
    arn = event.request_context.authorizer.iam.user_arn
    assert arn.startswith("arn:aws:sts::123456789012:assumed-role/Shop-Caller")


def test_the_event_has_the_documented_shape(account, stack):
    """
    #urls-payloads: that of HTTP APIs, with one route and one stage.
    """
    make_url(stack)
    shop = account.deploy(stack)

    shop.function_url("Worker").post("/a?b=c", body="x", headers={"cookie": "d=e"})

    event = LambdaFunctionUrlEvent(shop.function("Worker").invocations[0].event)
    context = event.request_context
    assert ("2.0", "$default", "$default") == (
        event.version,
        event.route_key,
        context.stage,
    )
    assert ("/a", "b=c", ["d=e"]) == (
        event.raw_path,
        event.raw_query_string,
        event.cookies,
    )
    assert context.domain_name.endswith(".lambda-url.eu-west-1.on.aws")
    assert context.domain_prefix == context.api_id
    assert ("x", True) == (event.decoded_body, event.is_base64_encoded)


def test_an_error_is_502_and_a_throttle_429(account, stack):
    """
    .../dg/urls-configuration.html#urls-throttling.
    """
    make_url(stack)
    shop = account.deploy(stack)
    function, url = shop.function("Worker"), shop.function_url("Worker")
    function.fail()
    function.throttle()
    function.time_out()

    assert [502, 429, 502, 200] == [url.get("/").status for _ in range(4)]


def test_cross_origin_requests_are_answered_by_the_url(account, stack):
    """
    .../dg/urls-configuration.html#urls-cors.
    """
    cors = lambda_.FunctionUrlCorsOptions(
        allowed_origins=["*"], allowed_headers=["x-a"], exposed_headers=["x-b"]
    )
    make_url(stack, cors=cors)
    shop = account.deploy(stack)
    url, origin = shop.function_url("Worker"), {"Origin": "https://a.com"}

    asked = url.options("/", headers=origin | {"Access-Control-Request-Method": "GET"})

    assert "x-a" == asked.headers["access-control-allow-headers"]
    assert [] == shop.function("Worker").invocations
    answered = url.get("/", headers=origin).headers
    assert ("*", "x-b") == (
        answered["access-control-allow-origin"],
        answered["access-control-expose-headers"],
    )
