"""CloudFront asks edge functions at four points, and checks what they answer.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-event-structure.html
"""

from __future__ import annotations

import base64
import json

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as cloudfront_origins
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3

from lambda_constructs.testing import AccountError, UnmodelledError
from lambda_constructs.testing._http.messages import Headers, Response

from .conftest import CONTEXT

EVENTS = cloudfront.LambdaEdgeEventType

# The function of each event does to the request or response what it is told.
DO = """
def handler(event, context):
    cf = event["Records"][0]["cf"]
    it = cf.get("response") or cf["request"]
    {}
    return it
"""

PASS = "pass"


@pytest.fixture
def stack() -> Stack:
    return Stack(
        App(context=CONTEXT),
        "Shop",
        env={"account": "123456789012", "region": "us-east-1"},
    )


class Site:
    """A distribution with functions, and what its origin was asked for."""

    def __init__(self, account, stack, *, include_body=False, **code) -> None:
        self.asked = []
        edge = []
        for kind, what in code.items():
            function = lambda_.Function(
                stack,
                kind,
                runtime=lambda_.Runtime.PYTHON_3_13,
                handler="index.handler",
                code=lambda_.Code.from_inline(DO.format(what)),
                role=self.role(stack, kind),
                timeout=Duration.seconds(5),
            )
            edge.append(
                cloudfront.EdgeLambda(
                    event_type=EVENTS[kind.upper()],
                    function_version=function.current_version,
                    include_body=include_body,
                )
            )
        cloudfront.Distribution(
            stack,
            "Site",
            default_behavior=cloudfront.BehaviorOptions(
                origin=cloudfront_origins.HttpOrigin("origin.example.com"),
                edge_lambdas=edge,
                allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
            ),
            additional_behaviors={
                "/plain/*": cloudfront.BehaviorOptions(
                    origin=cloudfront_origins.HttpOrigin("plain.example.com")
                )
            },
        )
        self.shop = account.deploy(stack)
        self.answer = Response(200, Headers([("Content-Type", "text/plain")]), b"hello")

    @staticmethod
    def role(stack, kind):
        services = ("lambda.amazonaws.com", "edgelambda.amazonaws.com")
        trusted = [iam.ServicePrincipal(each) for each in services]
        return iam.Role(
            stack, f"{kind}_role", assumed_by=iam.CompositePrincipal(*trusted)
        )

    def origin(self, request):
        self.asked.append(request)
        return self.answer

    @property
    def site(self):
        origins = {
            "origin.example.com": self.origin,
            "other.example.com": lambda request: f"other {request.path}",
            "plain.example.com": lambda _: "plain",
        }
        return self.shop.distribution("Site", origins=origins)

    def events(self, kind):
        return [each.event for each in self.shop.function(kind).invocations]


def test_each_event_has_the_documented_shape(account, stack):
    """
    Request and response events, with the origin at the origin.
    """
    kinds = ["viewer_request", "origin_request", "origin_response", "viewer_response"]
    web = Site(account, stack, **dict.fromkeys(kinds, PASS))

    response = web.site.get("/a%20b?x=1", headers={"X-Tag": ["a", "b"]})

    assert (200, "hello") == (response.status, response.text)
    records = [web.events(kind)[0]["Records"][0]["cf"] for kind in kinds]
    assert [kind.replace("_", "-") for kind in kinds] == [
        each["config"]["eventType"] for each in records
    ]
    asked = records[0]["request"]
    assert ("203.0.113.10", "GET", "/a%20b", "x=1") == (
        asked["clientIp"],
        asked["method"],
        asked["uri"],
        asked["querystring"],
    )
    tags = [{"key": "X-Tag", "value": "a"}, {"key": "X-Tag", "value": "b"}]
    assert tags == asked["headers"]["x-tag"]
    assert asked["headers"]["host"][0]["value"].endswith(".cloudfront.net")
    assert "body" not in asked
    assert (
        "origin.example.com"
        == (records[1]["request"]["origin"]["custom"]["domainName"])
    )
    for each in records[2:]:
        content_type = [{"key": "Content-Type", "value": "text/plain"}]
        assert {
            "headers": {"content-type": content_type},
            "status": "200",
            "statusDescription": "OK",
        } == each["response"]


def test_headers_that_functions_may_not_have_are_hidden_and_go_on(account, stack):
    """
    .../DeveloperGuide/edge-function-restrictions-all.html#function-restrictions-headers.
    """
    web = Site(account, stack, viewer_request=PASS)

    web.site.get("/", headers={"X-Edge-A": "1", "X-Real-Ip": "2", "X-A": "3"})

    (event,) = web.events("viewer_request")
    shown = event["Records"][0]["cf"]["request"]["headers"]
    assert {"host", "x-a"} == shown.keys()
    (asked,) = web.asked
    assert ("1", "2") == (asked.headers["x-edge-a"], asked.headers["x-real-ip"])


def test_the_host_is_the_origin_s_at_the_origin(account, stack):
    """
    .../DeveloperGuide/lambda-event-structure.html; a function there may change it.
    """
    web = Site(account, stack, viewer_request=PASS, origin_request=PASS)

    web.site.get("/")

    hosts = [
        web.events(kind)[0]["Records"][0]["cf"]["request"]["headers"]["host"][0][
            "value"
        ]
        for kind in ("viewer_request", "origin_request")
    ]
    assert hosts[0].endswith(".cloudfront.net")
    assert "origin.example.com" == hosts[1]


def test_a_request_function_changes_what_goes_on(account, stack):
    """
    Path, query and headers.
    """
    change = "it.update(uri='/new', querystring='a=b'); it['headers']['x-a'] = "
    web = Site(account, stack, viewer_request=change + "[{'key': 'X-A', 'value': '1'}]")

    web.site.get("/old")

    (asked,) = web.asked
    assert ("/new", "a=b", "1") == (asked.path, asked.query, asked.headers["x-a"])


def test_a_request_function_may_answer(account, stack):
    """
    .../DeveloperGuide/lambda-generating-http-responses.html: no origin is asked.
    """
    answer = "it = {'status': '302', 'headers': {'location': [{'value': '/x'}]}}"
    web = Site(account, stack, viewer_request=answer, viewer_response=PASS)

    response = web.site.get("/")

    assert (302, "/x") == (response.status, response.headers["Location"])
    assert [] == web.asked
    assert [] == web.events("viewer_response")


def test_an_answer_at_the_origin_is_seen_by_the_viewer_response(account, stack):
    """
    .../DeveloperGuide/lambda-cloudfront-trigger-events.html.
    """
    answer = "it = {'status': 200, 'body': 'aGk=', 'bodyEncoding': 'base64'}"
    web = Site(
        account,
        stack,
        origin_request=answer,
        origin_response=PASS,
        viewer_response="it['headers']['x-a'] = [{'key': 'X-A', 'value': '1'}]",
    )

    response = web.site.get("/")

    assert ("hi", "1") == (response.text, response.headers["x-a"])
    assert [] == web.events("origin_response")


def test_an_origin_response_function_may_change_all(account, stack):
    """
    .../DeveloperGuide/lambda-updating-http-responses.html; errors of origins too.
    """
    web = Site(account, stack, origin_response="it.update(status='200', body='fine')")
    web.answer = Response(500)

    response = web.site.get("/")

    assert (200, "fine") == (response.status, response.text)


def test_no_viewer_response_function_sees_an_error(account, stack):
    """
    .../DeveloperGuide/edge-function-restrictions-all.html: HTTP status codes.
    """
    web = Site(account, stack, viewer_response=PASS)
    web.answer = Response(404)

    assert 404 == web.site.get("/").status
    assert [] == web.events("viewer_response")


def test_an_origin_request_function_chooses_the_origin(account, stack):
    """
    #lambda-event-content-based-routing.
    """
    web = Site(
        account,
        stack,
        origin_request="it['origin']['custom'].update("
        "domainName='other.example.com', path='/p')",
    )

    assert "other /p/a" == web.site.get("/a").text


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("viewer_request", "it = 'x'"),
        ("viewer_request", "it = {}"),
        ("viewer_request", "it['uri'] = 'a'"),
        ("viewer_request", "it['method'] = 'PUT'"),
        ("viewer_request", "it['headers']['host'] = [{'value': 'x'}]"),
        ("viewer_request", "it['headers']['x-edge-a'] = [{'value': 'x'}]"),
        ("viewer_request", "it['headers']['x-a'] = 'x'"),
        ("viewer_request", "it = {'status': '99'}"),
        ("viewer_request", "it = {'status': '204', 'body': 'x'}"),
        ("viewer_request", "it = {'status': '200', 'body': {}}"),
        ("origin_request", "it['headers']['via'] = [{'value': 'x'}]"),
        ("origin_request", "it['origin'] = {}"),
        ("origin_response", "it['headers']['connection'] = [{'value': 'x'}]"),
        ("viewer_response", "it['status'] = '201'"),
        ("viewer_response", "it['headers']['warning'] = [{'value': 'x'}]"),
    ],
)
def test_what_is_not_valid_is_502(account, stack, kind, fault):
    """
    .../DeveloperGuide/edge-function-restrictions-all.html and
    http-502-bad-gateway.html.
    """
    web = Site(account, stack, **{kind: fault})

    assert 502 == web.site.get("/").status
    assert "malformed" in {each.what for each in account.timeline}


@pytest.mark.parametrize(
    ("kind", "size", "status"),
    [
        ("viewer_request", 40 * 1024, 200),
        ("viewer_request", 40 * 1024 + 1, 502),
        ("origin_request", 1024 * 1024, 200),
        ("origin_request", 1024 * 1024 + 1, 502),
    ],
)
def test_a_generated_response_has_a_limit(account, stack, kind, size, status):
    """
    .../DeveloperGuide/cloudfront-limits.html#limits-lambda-at-edge.
    """
    answer = f"it = {{'status': '200', 'body': 'x' * {size}}}"
    web = Site(account, stack, **{kind: answer})

    assert status == web.site.get("/").status


def test_an_error_a_throttle_and_a_timeout_are_503(account, stack):
    """
    .../DeveloperGuide/http-503-service-unavailable.html.
    """
    web = Site(account, stack, viewer_request=PASS)
    function = web.shop.function("viewer_request")
    function.fail()
    function.throttle()
    function.time_out()

    assert [503, 503, 503, 200] == [web.site.get("/").status for _ in range(4)]
    assert 5 == account.elapsed()


@pytest.mark.parametrize(
    ("kind", "seen"),
    [("viewer_request", 40 * 1024), ("origin_request", 1024 * 1024)],
)
def test_a_body_is_cut_for_a_function_and_goes_on_whole(account, stack, kind, seen):
    """
    .../DeveloperGuide/cloudfront-limits.html#limits-lambda-at-edge: 40 KB at the
    viewer, 1 MB at the origin.
    """
    web = Site(account, stack, include_body=True, **{kind: PASS})

    web.site.post("/", body=b"x" * 1_100_000)

    body = web.events(kind)[0]["Records"][0]["cf"]["request"]["body"]
    assert seen == len(base64.b64decode(body["data"]))
    assert 1_100_000 == len(web.asked[0].body)


def test_a_function_sees_a_body_only_if_it_is_to(account, stack):
    """
    .../DeveloperGuide/lambda-include-body-access.html: Base64, cut, replaceable.
    """
    replace = "it['body'].update(action='replace', encoding='text', data='new')"
    web = Site(account, stack, include_body=True, viewer_request=replace)

    web.site.post("/", body=b"x" * 50_000)

    body = web.events("viewer_request")[0]["Records"][0]["cf"]["request"]["body"]
    assert ("base64", True) == (body["encoding"], body["inputTruncated"])
    assert b"new" == web.asked[0].body


def test_the_behavior_of_the_path_decides(account, stack):
    """
    .../DeveloperGuide/DownloadDistValuesCacheBehavior.html: and its methods.
    """
    web = Site(account, stack, viewer_request=PASS)

    assert "plain" == web.site.get("/plain/a").text
    assert [] == web.events("viewer_request")
    assert 403 == web.site.post("/plain/a").status


def test_an_alias_is_refused(account, stack):
    """
    .../DeveloperGuide/lambda-at-edge-function-restrictions.html: numbered versions.
    """
    web = Site(account, stack, viewer_request=PASS)
    template = json.loads(json.dumps(web.shop.template))
    for each in template["Resources"].values():
        if each["Type"] == "AWS::CloudFront::Distribution":
            default = each["Properties"]["DistributionConfig"]["DefaultCacheBehavior"]
            (association,) = default["LambdaFunctionAssociations"]
            name = web.shop.function("viewer_request").state.name
            arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}:live"
            association["LambdaFunctionARN"] = arn
        elif each["Type"].startswith("AWS::Lambda"):
            each["Condition"] = "Never"
    template["Conditions"] = {"Never": {"Fn::Equals": ["a", "b"]}}
    again = account.deploy(template)

    with pytest.raises(AccountError, match="must name a numbered version"):
        again.distribution("Site").get("/")


def test_an_origin_that_nobody_gave_is_not_modelled(account, stack):
    """
    The error names it.
    """
    web = Site(account, stack)

    with pytest.raises(UnmodelledError, match=r"pass to origin\.example\.com"):
        web.shop.distribution("Site").get("/")


@pytest.mark.parametrize(
    ("allowed", "found", "missing"),
    [("s3:GetObject", 200, 403), ("s3:*", 200, 404), ("s3:PutObject", 403, 403)],
)
def test_a_bucket_answers_as_its_policy_allows(account, stack, allowed, found, missing):
    """
    .../DeveloperGuide/private-content-restricting-access-to-s3.html.
    """
    bucket = s3.Bucket(stack, "Files")
    origin = {
        "Id": "files",
        "DomainName": f"{bucket.bucket_name}.s3.us-east-1.amazonaws.com",
        "OriginAccessControlId": "oac",
        "S3OriginConfig": {},
    }
    site = cloudfront.CfnDistribution(
        stack,
        "Site",
        distribution_config={
            "enabled": True,
            "defaultRootObject": "index.html",
            "origins": [{k[0].lower() + k[1:]: v for k, v in origin.items()}],
            "defaultCacheBehavior": {
                "targetOriginId": "files",
                "viewerProtocolPolicy": "https-only",
            },
        },
    )
    arn = f"arn:aws:cloudfront::123456789012:distribution/{site.ref}"
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            actions=[allowed],
            resources=[bucket.bucket_arn, bucket.arn_for_objects("*")],
            principals=[iam.ServicePrincipal("cloudfront.amazonaws.com")],
            conditions={"StringEquals": {"AWS:SourceArn": arn}},
        )
    )
    shop = account.deploy(stack)
    shop.bucket("Files").put("index.html", "<p>")

    assert found == shop.distribution("Site").get("/").status
    assert missing == shop.distribution("Site").get("/other").status


def test_headers_count_towards_the_limit_without_a_body_too(account, stack):
    """
    .../DeveloperGuide/cloudfront-limits.html#limits-lambda-at-edge.
    """
    answer = (
        "it = {'status': '302', 'headers': {'location': [{'value': 'x' * 50_000}]}}"
    )
    web = Site(account, stack, viewer_request=answer)

    assert 502 == web.site.get("/").status


def test_a_replica_makes_its_log_group_and_writes_to_it(account, stack):
    """
    .../DeveloperGuide/edge-functions-logs.html: where it runs first, there is none.
    """
    web = Site(account, stack, viewer_request=PASS)

    web.site.get("/")
    web.site.get("/")

    function = web.shop.function("viewer_request")
    actions = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    assert actions == sorted(action for action, _ in function.access.missing)
