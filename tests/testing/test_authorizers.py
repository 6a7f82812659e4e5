"""Authorizers of HTTP and REST APIs decide as API Gateway's guide says.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-to-api.html
"""

from __future__ import annotations

import json

import pytest

from lambda_constructs.testing import UnmodelledError
from lambda_constructs.testing._http.tokens import make_token

from ._templates import allow, template, trusting

ECHO = "def handler(event, context): return {'statusCode': 200, 'body': 'in'}"
ISSUER = "https://issuer.example.com"


def uri(function: str) -> dict[str, object]:
    place = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions"
    return {"Fn::Sub": f"{place}/${{{function}}}/invocations"}


def permission(function: str, source: str) -> dict[str, object]:
    return {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": function},
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": {
                "Fn::Sub": f"arn:aws:execute-api:eu-west-1:123456789012:{source}"
            },
        },
    }


def decider(code: str) -> dict[str, object]:
    """A function `Decider` that an authorizer asks."""
    worker = template(code)["Resources"]["Worker"]
    properties = {**worker["Properties"], "FunctionName": "decider"}
    del properties["LoggingConfig"]
    return {"Decider": {"Type": "AWS::Lambda::Function", "Properties": properties}}


def http_api(authorizer=None, code=None, kind=None, version="2.0", **route):
    """A template of an HTTP API with one protected route, `GET /items/{id}`."""
    protected = {"AuthorizationType": kind, **route} if kind else route
    more = {
        "Api": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {"Name": "Api", "ProtocolType": "HTTP"},
        },
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "$default"},
        },
        "Integration": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": {"Ref": "Alias"},
                "PayloadFormatVersion": version,
            },
        },
        "Route": {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "RouteKey": "GET /items/{id}",
                "Target": {"Fn::Sub": "integrations/${Integration}"},
                **protected,
            },
        },
        "Permission": permission("Alias", "${Api}/*"),
    }
    if authorizer is not None:
        more["Authorizer"] = {
            "Type": "AWS::ApiGatewayV2::Authorizer",
            "Properties": {"ApiId": {"Ref": "Api"}, "Name": "A", **authorizer},
        }
        more["Route"]["Properties"]["AuthorizerId"] = {"Ref": "Authorizer"}
    if code is not None:
        more |= decider(code)
        source = "${Api}/authorizers/${Authorizer}"
        more["DeciderPermission"] = permission("Decider", source)
    return template(ECHO, more=more)


JWT = {
    "AuthorizerType": "JWT",
    "IdentitySource": ["$request.header.Authorization"],
    "JwtConfiguration": {"Issuer": ISSUER, "Audience": ["web", "app"]},
}


class TestTokens:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html"""

    @pytest.fixture
    def api(self, account):
        shop = account.deploy(http_api(JWT, kind="JWT"))
        return shop.http_api("Api")

    @pytest.mark.parametrize("prefix", ["Bearer ", ""])
    def test_a_good_token_passes_with_its_claims(self, account, api, prefix):
        """The function sees them as text."""
        token = account.make_token(
            ISSUER, audience="app", sub="jane", groups=["a", "b"]
        )

        response = api.get("/items/3", headers={"Authorization": prefix + token})

        assert "in" == response.text
        (run,) = account.functions["worker"].invocations
        jwt = run.event["requestContext"]["authorizer"]["jwt"]
        assert ("jane", "[a b]", "1767229200") == tuple(
            jwt["claims"][name] for name in ("sub", "groups", "exp")
        )
        assert jwt["scopes"] is None

    @pytest.mark.parametrize(
        ("claims", "why"),
        [
            ({"iss": "https://other"}, "the token has an invalid issuer"),
            ({"aud": "other"}, "the token does not have a valid audience"),
            ({"aud": ["x", "y"]}, "the token does not have a valid audience"),
            ({"aud": "x", "client_id": "app"}, "does not have a valid audience"),
            ({"exp": 1767225600}, "the token has expired"),
            ({"nbf": 1767225601}, "the token is not valid yet"),
            ({"iat": 1767225601}, "the token is not valid yet"),
        ],
    )
    def test_a_claim_that_is_wrong_is_refused(self, account, api, claims, why):
        """The header of the response says why."""
        token = account.make_token(ISSUER, **{"aud": "app", **claims})

        response = api.get("/items/3", headers={"Authorization": f"Bearer {token}"})

        assert (401, {"message": "Unauthorized"}) == (response.status, response.json())
        assert why in response.headers["www-authenticate"]
        assert [] == account.functions["worker"].invocations

    @pytest.mark.parametrize(
        "claims",
        [
            {"aud": ["x", "web"]},
            {"client_id": "app"},
            {"aud": "app", "nbf": 1767225600},
            {"aud": "app", "exp": 1767225601},
        ],
    )
    def test_a_claim_that_is_just_right_passes(self, account, api, claims):
        """One audience is enough; `client_id` counts where there is no `aud`."""
        token = account.make_token(ISSUER, **claims)

        assert 200 == api.get("/items/3", headers={"Authorization": token}).status

    def test_a_token_expires_with_the_simulated_time(self, account, api):
        """An hour after it was made."""
        token = account.make_token(ISSUER, audience="app")
        account.advance(3599)
        before = api.get("/items/3", headers={"Authorization": token}).status
        account.advance(1)

        assert (200, 401) == (
            before,
            api.get("/items/3", headers={"Authorization": token}).status,
        )

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Authorization": "Bearer x"},
            {"Authorization": "a.b.c"},
            {"Authorization": "e30.e30.e30"},
            {"Authorization": "eyJraWQiOiJhIiwiYWxnIjoiSFMyNTYifQ.e30.e30"},
        ],
    )
    def test_what_is_no_token_is_refused(self, api, headers):
        """Nothing, nonsense, no key, and an algorithm that is not RSA."""
        assert 401 == api.get("/items/3", headers=headers).status

    @pytest.mark.parametrize(
        ("claims", "status"),
        [
            ({"scope": "write read"}, 200),
            ({"scp": ["read"]}, 200),
            ({"scope": "write"}, 403),
            ({}, 403),
        ],
    )
    def test_one_scope_of_the_route_is_needed(self, account, claims, status):
        """Any of them."""
        scopes = {"AuthorizationScopes": ["read", "admin"]}
        shop = account.deploy(http_api(JWT, kind="JWT", **scopes))
        token = account.make_token(ISSUER, audience="app", **claims)

        response = shop.http_api("Api").get(
            "/items/3", headers={"Authorization": token}
        )

        assert status == response.status

    def test_format_1_has_the_claims_themselves(self, account):
        """.../http-api-develop-integrations-lambda.html"""
        what = http_api(JWT, kind="JWT", version="1.0")
        token = account.make_token(ISSUER, audience="app", sub="jane")
        shop = account.deploy(what)

        shop.http_api("Api").get("/items/3", headers={"Authorization": token})

        (run,) = shop.function("Worker").invocations
        told = run.event["requestContext"]["authorizer"]
        assert "jane" == told["claims"]["sub"]


REQUEST = {
    "AuthorizerType": "REQUEST",
    "AuthorizerPayloadFormatVersion": "2.0",
    "AuthorizerUri": uri("Decider"),
    "EnableSimpleResponses": True,
    "IdentitySource": ["$request.header.Authorization"],
}
SIMPLE = """
def handler(event, context):
    said = event["headers"]["authorization"]
    if said == "who": raise Exception("Unauthorized")
    if said == "crash": raise ValueError("no")
    if said == "odd": return {"isAuthorized": "yes"}
    return {"isAuthorized": said == "good", "context": {"tenant": 7}}
"""
KEY = {"Authorization": "good"}


class TestFunctionsOfHttpApis:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html"""

    def deploy(self, account, code=SIMPLE, version="2.0", **authorizer):
        what = http_api({**REQUEST, **authorizer}, code, "CUSTOM", version)
        return account.deploy(what)

    def test_it_gets_the_request_and_its_context_arrives(self, account):
        """In format 2.0, without the body."""
        shop = self.deploy(account)

        response = shop.http_api("Api").get("/items/3?a=1", headers=KEY)

        assert 200 == response.status
        asked = shop.function("Decider").invocations[0].event
        arn = f"arn:aws:execute-api:eu-west-1:123456789012:{shop.physical_id('Api')}"
        assert ("2.0", "REQUEST", f"{arn}/$default/GET/items/3", ["good"]) == tuple(
            asked[name] for name in ("version", "type", "routeArn", "identitySource")
        )
        assert {"id": "3"} == asked["pathParameters"]
        assert not {"body", "isBase64Encoded"} & asked.keys()
        told = shop.function("Worker").invocations[0].event["requestContext"]
        assert {"lambda": {"tenant": 7}} == told["authorizer"]

    @pytest.mark.parametrize(
        ("said", "status", "message"),
        [
            ("bad", 403, "Forbidden"),
            ("who", 401, "Unauthorized"),
            ("crash", 500, "Internal Server Error"),
            ("odd", 500, "Internal Server Error"),
        ],
    )
    def test_it_may_refuse_or_fail(self, account, said, status, message):
        """And the function behind does not run."""
        shop = self.deploy(account)

        response = shop.http_api("Api").get("/items/3", headers={"Authorization": said})

        assert (status, {"message": message}) == (response.status, response.json())
        assert [] == shop.function("Worker").invocations

    def test_it_is_not_asked_without_its_identity_source(self, account):
        """API Gateway answers itself."""
        shop = self.deploy(account)

        assert 401 == shop.http_api("Api").get("/items/3").status
        assert [] == shop.function("Decider").invocations

    def test_ten_seconds_are_too_long(self, account):
        """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""
        shop = self.deploy(
            account, "import time\ndef handler(event, context): time.sleep(11)"
        )
        shop.function("Decider").state.timeout = 60.0

        assert 500 == shop.http_api("Api").get("/items/3", headers=KEY).status
        assert 10 == account.elapsed()

    def test_its_resource_policy_has_to_allow_the_authorizer(self, account):
        """Its own ARN, which is not a route's."""
        what = http_api(REQUEST, SIMPLE, "CUSTOM")
        what["Resources"]["DeciderPermission"] = permission("Decider", "${Api}/*/GET/*")
        shop = account.deploy(what)

        assert 500 == shop.http_api("Api").get("/items/3", headers=KEY).status
        assert [] == shop.function("Decider").invocations

    @pytest.mark.parametrize(("seconds", "asked"), [(0, 3), (60, 2), (3600, 1)])
    def test_an_answer_is_kept_as_long_as_it_says(self, account, seconds, asked):
        """By its identity sources."""
        shop = self.deploy(account, AuthorizerResultTtlInSeconds=seconds)
        api = shop.http_api("Api")

        api.get("/items/3", headers=KEY)
        api.get("/items/4", headers=KEY)
        account.advance(60)
        api.get("/items/3", headers=KEY)

        assert asked == len(shop.function("Decider").invocations)

    def test_another_caller_is_asked_for(self, account):
        """What is kept is of one identity."""
        shop = self.deploy(account, AuthorizerResultTtlInSeconds=3600)
        api = shop.http_api("Api")

        assert (200, 403) == tuple(
            api.get("/items/3", headers={"Authorization": said}).status
            for said in ("good", "bad")
        )

    @pytest.mark.parametrize(
        ("pattern", "status"), [("*/GET/items/*", 200), ("x", 403)]
    )
    def test_a_policy_decides_in_format_1(self, account, pattern, status):
        """The route's ARN has to be allowed; the context is flat."""
        code = (
            "def handler(event, context):\n"
            "    api = event['methodArn'].split('/')[0]\n"
            "    return {'principalId': 'jane', 'context': {'tenant': 7},\n"
            "        'policyDocument': {'Version': '2012-10-17', 'Statement': [{\n"
            "            'Effect': 'Allow', 'Action': 'execute-api:Invoke',\n"
            f"            'Resource': api + '/{pattern}'}}]}}}}"
        )
        shop = self.deploy(
            account,
            code,
            version="1.0",
            AuthorizerPayloadFormatVersion="1.0",
            EnableSimpleResponses=False,
        )

        assert status == shop.http_api("Api").get("/items/3", headers=KEY).status
        asked = shop.function("Decider").invocations[0].event
        assert ("1.0", "good", "/items/{id}") == tuple(
            asked[name] for name in ("version", "identitySource", "resource")
        )
        for run in shop.function("Worker").invocations:
            told = run.event["requestContext"]["authorizer"]
            assert {"principalId": "jane", "tenant": 7} == told

    def test_a_role_of_the_authorizer_is_not_modelled(self, account):
        """The error names it."""
        shop = self.deploy(account, AuthorizerCredentialsArn="arn:aws:iam::1:role/x")

        with pytest.raises(UnmodelledError, match="the role of Authorizer"):
            shop.http_api("Api").get("/items/3", headers=KEY)


def caller(*statements: dict[str, object]) -> dict[str, object]:
    """A role `Caller` that signs requests."""
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", **each} for each in statements],
    }
    policies = [{"PolicyName": "Own", "PolicyDocument": document}] if statements else []
    properties = {
        "AssumeRolePolicyDocument": trusting("ec2.amazonaws.com"),
        "Policies": policies,
    }
    return {"Caller": {"Type": "AWS::IAM::Role", "Properties": properties}}


INVOKE = allow("execute-api:Invoke", "arn:aws:execute-api:*:*:*/*/GET/items/*")


class TestSignatures:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html"""

    def deploy(self, account, *statements):
        what = http_api(kind="AWS_IAM")
        what["Resources"] |= caller(*statements)
        return account.deploy(what)

    def test_a_role_that_may_invoke_passes_and_is_named(self, account):
        """By the path that was asked for."""
        shop = self.deploy(account, INVOKE)

        assert 200 == shop.http_api("Api", as_role="Caller").get("/items/3").status
        (run,) = shop.function("Worker").invocations
        signer = run.event["requestContext"]["authorizer"]["iam"]
        assert signer["userArn"].startswith("arn:aws:sts::123456789012:assumed-role/")

    @pytest.mark.parametrize("role", [None, "Caller"])
    def test_others_are_forbidden(self, account, role):
        """Who may not, and who does not sign."""
        other = allow("execute-api:Invoke", "arn:aws:execute-api:*:*:*/*/GET/other")
        shop = self.deploy(account, other)

        response = shop.http_api("Api", as_role=role).get("/items/3")

        assert (403, {"message": "Forbidden"}) == (response.status, response.json())
        assert [] == shop.function("Worker").invocations


def rest_api(authorizer=None, code=None, kind="NONE", policy=None, **method):
    """A template of a REST API with one method, `GET /items/{id}`."""
    more = {
        "Api": {
            "Type": "AWS::ApiGateway::RestApi",
            "Properties": {"Name": "Api", **({"Policy": policy} if policy else {})},
        },
        "Items": resource({"Fn::GetAtt": ["Api", "RootResourceId"]}, "items"),
        "Item": resource({"Ref": "Items"}, "{id}"),
        "Method": {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {
                "AuthorizationType": kind,
                "HttpMethod": "GET",
                "Integration": {
                    "IntegrationHttpMethod": "POST",
                    "Type": "AWS_PROXY",
                    "Uri": uri("Alias"),
                },
                "ResourceId": {"Ref": "Item"},
                "RestApiId": {"Ref": "Api"},
                **method,
            },
        },
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "Properties": {"RestApiId": {"Ref": "Api"}, "StageName": "prod"},
            "DependsOn": "Method",
        },
        "Permission": permission("Alias", "${Api}/*"),
    }
    if authorizer is not None:
        more["Authorizer"] = {
            "Type": "AWS::ApiGateway::Authorizer",
            "Properties": {"RestApiId": {"Ref": "Api"}, "Name": "A", **authorizer},
        }
        more["Method"]["Properties"]["AuthorizerId"] = {"Ref": "Authorizer"}
    if code is not None:
        more |= decider(code)
        source = "${Api}/authorizers/${Authorizer}"
        more["DeciderPermission"] = permission("Decider", source)
    return template(ECHO, more=more)


def resource(parent, part):
    properties = {"ParentId": parent, "PathPart": part, "RestApiId": {"Ref": "Api"}}
    return {"Type": "AWS::ApiGateway::Resource", "Properties": properties}


TOKEN = {
    "Type": "TOKEN",
    "AuthorizerUri": uri("Decider"),
    "IdentitySource": "method.request.header.Auth",
}
POLICY = """
def handler(event, context):
    said = event.get("authorizationToken") or event["headers"]["Auth"]
    if said == "who": raise Exception("Unauthorized")
    if said == "crash": raise ValueError("no")
    if said == "odd": return {"policyDocument": {}}
    if said == "deep": told = {"a": {}}
    else: told = {"tenant": 7, "admin": True, "name": "x"}
    resource = event["methodArn"] if said != "other" else "arn:aws:execute-api:::x"
    effect = "Deny" if said == "deny" else "Allow"
    return {"principalId": "jane", "context": told, "policyDocument": {
        "Version": "2012-10-17", "Statement": [
            {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}]}}
"""


class TestFunctionsOfRestApis:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html"""

    def deploy(self, account, **authorizer):
        return account.deploy(rest_api({**TOKEN, **authorizer}, POLICY, "CUSTOM"))

    def test_it_gets_the_token_and_its_context_arrives(self, account):
        """.../api-gateway-lambda-authorizer-input.html: context is text."""
        shop = self.deploy(account)

        response = shop.rest_api("Api").get("/items/3", headers={"Auth": "good"})

        assert 200 == response.status
        arn = f"arn:aws:execute-api:eu-west-1:123456789012:{shop.physical_id('Api')}"
        assert {
            "type": "TOKEN",
            "authorizationToken": "good",
            "methodArn": f"{arn}/prod/GET/items/3",
        } == shop.function("Decider").invocations[0].event
        told = shop.function("Worker").invocations[0].event["requestContext"]
        assert {
            "principalId": "jane",
            "integrationLatency": 0,
            "tenant": "7",
            "admin": "true",
            "name": "x",
        } == told["authorizer"]

    @pytest.mark.parametrize(
        ("said", "status", "body"),
        [
            (
                "deny",
                403,
                {
                    "Message": "User is not authorized to access this resource with an "
                    "explicit deny"
                },
            ),
            (
                "other",
                403,
                {"Message": "User is not authorized to access this resource"},
            ),
            ("who", 401, {"message": "Unauthorized"}),
            ("crash", 500, {"message": None}),
            ("odd", 500, {"message": None}),
            ("deep", 500, {"message": None}),
        ],
    )
    def test_it_may_refuse_or_fail(self, account, said, status, body):
        """.../supported-gateway-response-types.html"""
        shop = self.deploy(account)

        response = shop.rest_api("Api").get("/items/3", headers={"Auth": said})

        assert (status, body) == (response.status, response.json())
        assert [] == shop.function("Worker").invocations

    @pytest.mark.parametrize("headers", [{}, {"Auth": "123"}])
    def test_it_is_not_asked_for_a_token_of_another_form(self, account, headers):
        """IdentityValidationExpression"""
        shop = self.deploy(account, IdentityValidationExpression="[a-z]+")

        assert 401 == shop.rest_api("Api").get("/items/3", headers=headers).status
        assert [] == shop.function("Decider").invocations

    def test_a_policy_is_kept_for_five_minutes(self, account):
        """And one that names one path denies another: the usual trap."""
        shop = self.deploy(account)
        api, good = shop.rest_api("Api"), {"Auth": "good"}

        statuses = [api.get(f"/items/{id}", headers=good).status for id in (3, 4, 3)]
        account.advance(301)
        statuses.append(api.get("/items/4", headers=good).status)

        assert [200, 403, 200, 200] == statuses
        assert 2 == len(shop.function("Decider").invocations)

    def test_a_request_authorizer_gets_the_request(self, account):
        """.../api-gateway-lambda-authorizer-input.html"""
        sources = "method.request.header.Auth, method.request.querystring.q"
        shop = self.deploy(account, Type="REQUEST", IdentitySource=sources)
        api = shop.rest_api("Api")

        without = api.get("/items/3", headers={"Auth": "good"}).status
        response = api.get("/items/3?q=1", headers={"Auth": "good"})

        assert (401, 200) == (without, response.status)
        (asked,) = shop.function("Decider").invocations
        assert ("REQUEST", "/items/{id}", {"q": "1"}, {"id": "3"}) == tuple(
            asked.event[name]
            for name in ("type", "resource", "queryStringParameters", "pathParameters")
        )
        assert "body" not in asked.event


POOL = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_abc"
COGNITO = {
    "Type": "COGNITO_USER_POOLS",
    "IdentitySource": "method.request.header.Authorization",
    "ProviderARNs": [POOL],
}
OF_POOL = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc"


@pytest.mark.parametrize(
    ("issuer", "claims", "scopes", "status"),
    [
        (OF_POOL, {"token_use": "id"}, [], 200),
        (OF_POOL, {"token_use": "access"}, [], 401),
        (OF_POOL, {"token_use": "access", "scope": "read"}, ["read"], 200),
        (OF_POOL, {"token_use": "access", "scope": "write"}, ["read"], 401),
        (OF_POOL, {"token_use": "id", "scope": "read"}, ["read"], 401),
        (OF_POOL, {"token_use": "id", "exp": 0}, [], 401),
        (ISSUER, {"token_use": "id"}, [], 401),
    ],
)
def test_a_user_pool_s_tokens_decide(account, issuer, claims, scopes, status):
    """
    .../apigateway-integrate-with-cognito.html: an identity token, or an access token
    where the method asks for scopes.
    """
    what = rest_api(COGNITO, kind="COGNITO_USER_POOLS", AuthorizationScopes=scopes)
    shop = account.deploy(what)
    token = account.make_token(issuer, sub="jane", **claims)

    response = shop.rest_api("Api").get("/items/3", headers={"Authorization": token})

    assert status == response.status
    for run in shop.function("Worker").invocations:
        told = run.event["requestContext"]["authorizer"]
        assert "jane" == told["claims"]["sub"]


class TestPoliciesOfRestApis:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html"""

    @pytest.mark.parametrize(
        ("kind", "role", "effect", "resource", "status"),
        [
            ("NONE", None, "Allow", "execute-api:/*", 200),
            ("NONE", None, "Allow", "execute-api:/prod/POST/*", 403),
            ("NONE", None, "Deny", "execute-api:/*", 403),
            ("AWS_IAM", "Caller", "Allow", "execute-api:/*", 200),
            ("AWS_IAM", "Caller", "Deny", "execute-api:/*", 403),
            ("AWS_IAM", None, "Allow", "execute-api:/*", 403),
        ],
    )
    def test_the_policy_of_the_api_decides_too(
        self, account, kind, role, effect, resource, status
    ):
        """In one account, either side may allow; a denial of any wins."""
        document = {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": effect,
                "Principal": "*",
                "Action": "execute-api:Invoke",
                "Resource": resource,
            },
        }
        what = rest_api(kind=kind, policy=document)
        what["Resources"] |= caller()
        shop = account.deploy(what)

        response = shop.rest_api("Api", as_role=role).get("/items/3")

        assert status == response.status
        assert (status == 200) == bool(shop.function("Worker").invocations)

    def test_a_role_that_may_invoke_passes_and_is_named(self, account):
        """.../api-gateway-control-access-using-iam-policies-to-invoke-api.html"""
        what = rest_api(kind="AWS_IAM")
        what["Resources"] |= caller(INVOKE)
        shop = account.deploy(what)

        assert 200 == shop.rest_api("Api", as_role="Caller").get("/items/3").status
        (run,) = shop.function("Worker").invocations
        identity = run.event["requestContext"]["identity"]
        assert ":assumed-role/" in identity["userArn"]
        assert "123456789012" == identity["accountId"]

    def test_a_role_that_may_not_is_told_what_is_missing(self, account):
        """.../api-gateway-troubleshooting.html"""
        what = rest_api(kind="AWS_IAM")
        what["Resources"] |= caller()
        shop = account.deploy(what)

        response = shop.rest_api("Api", as_role="Caller").get("/items/3")

        said = response.json()["Message"]
        assert 403 == response.status
        assert "is not authorized to perform: execute-api:Invoke on resource:" in said


def test_a_token_is_what_it_was_made_of():
    """
    Three parts, which `json` and `base64` can read.
    """
    import base64

    _, body, _ = make_token({"sub": "jane"}).split(".")

    padded = body + "=" * (-len(body) % 4)
    assert {"sub": "jane"} == json.loads(base64.urlsafe_b64decode(padded))
