"""A load balancer asks functions, and takes their answers, as its guide says.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
"""

from __future__ import annotations

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_elasticloadbalancingv2_targets as targets
from aws_lambda_powertools.utilities.data_classes import ALBEvent

from lambda_constructs.testing import AccountError, UnmodelledError

from .conftest import CONTEXT, make_function

OK = """
def handler(event, context):
    headers = {"content-type": "text/plain", "connection": "close"}
    return {"statusCode": 200, "statusDescription": "200 OK", "headers": headers,
            "isBase64Encoded": False, "body": "hello"}
"""

MULTI = """
def handler(event, context):
    headers = {"set-cookie": ["a=1", "b=2"]}
    return {"statusCode": 200, "multiValueHeaders": headers, "isBase64Encoded": False}
"""

# The body of the request is what the function returns.
AS_TOLD = """
import json
def handler(event, context):
    return json.loads(event["body"])
"""

CONDITION = elbv2.ListenerCondition
ACTION = elbv2.ListenerAction
DENIED = ACTION.fixed_response(404, content_type="text/plain", message_body="no")


@pytest.fixture
def stack() -> Stack:
    return Stack(App(context=CONTEXT), "Shop")


class Site:
    """A load balancer whose rules lead to functions."""

    def __init__(self, stack: Stack, code: str = OK, **group) -> None:
        self.stack = stack
        self.function = make_function(stack, code)
        vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=0)
        self.web = elbv2.ApplicationLoadBalancer(stack, "Web", vpc=vpc)
        self.group = elbv2.ApplicationTargetGroup(
            stack,
            "Group",
            target_type=elbv2.TargetType.LAMBDA,
            targets=[targets.LambdaTarget(self.function.live)],
            **group,
        )

    def listen(self, action=None, port=80, **options):
        action = action or ACTION.forward([self.group])
        return self.web.add_listener(
            f"On{port}", port=port, default_action=action, **options
        )


def deployed(account, stack, code=OK, **group):
    Site(stack, code, **group).listen()
    return account.deploy(stack)


def event_of(account, stack, method="GET", path="/", *, code=OK, multi=None, **request):
    shop = deployed(account, stack, code, multi_value_headers_enabled=multi)
    shop.load_balancer("Web").request(method, path, **request)
    (invocation,) = shop.function("Worker").invocations
    return invocation.event


def test_a_function_answers_with_status_headers_and_body(account, stack):
    """
    What is between a load balancer and a client, as connection, is not passed on.
    """
    shop = deployed(account, stack)

    response = shop.load_balancer("Web").get("/items/3")

    assert (200, "hello") == (response.status, response.text)
    assert "text/plain" == response.headers["Content-Type"]
    assert "connection" not in response.headers


def test_the_event_has_the_documented_shape(account, stack):
    """
    Lower-case names; the query stays encoded and the last of several values counts.
    """
    event = event_of(
        account,
        stack,
        path="/a b/%2F?x=1%202",
        query={"x": "2 3", "y": "é"},
        headers={"X-Tag": ["one", "two"], "Host": "shop.example.com"},
    )

    read = ALBEvent(event)
    arn = read.request_context.elb_target_group_arn
    assert arn.startswith("arn:aws:elasticloadbalancing:eu-west-1:123456789012:target")
    assert ("GET", "/a%20b/%2F") == (read.http_method, read.path)
    assert {"x": "2%203", "y": "%C3%A9"} == event["queryStringParameters"]
    assert {"x-tag": "two", "host": "shop.example.com"}.items() <= (
        event["headers"].items()
    )
    assert ("", False) == (event["body"], event["isBase64Encoded"])
    assert {
        "requestContext",
        "httpMethod",
        "path",
        "queryStringParameters",
        "headers",
        "body",
        "isBase64Encoded",
    } == event.keys()


def test_the_event_tells_where_the_request_came_from(account, stack):
    """
    .../application/x-forwarded-headers.html and load-balancer-request-tracing.html.
    """
    headers = event_of(
        account,
        stack,
        source_ip="198.51.100.7",
        headers={"X-Forwarded-For": "192.0.2.1"},
    )["headers"]

    assert "192.0.2.1, 198.51.100.7" == headers["x-forwarded-for"]
    assert ("80", "http") == (headers["x-forwarded-port"], headers["x-forwarded-proto"])
    assert headers["x-amzn-trace-id"].startswith("Root=1-6955b900-")
    assert headers["host"].endswith(".eu-west-1.elb.amazonaws.com")


def test_a_trace_that_the_client_began_goes_on(account, stack):
    """
    .../application/load-balancer-request-tracing.html.
    """
    given = "Root=1-67891233-abcdef012345678912345678"
    headers = event_of(account, stack, headers={"X-Amzn-Trace-Id": given})["headers"]

    assert headers["x-amzn-trace-id"].startswith("Self=1-")
    assert headers["x-amzn-trace-id"].endswith(";" + given)


def test_multi_value_headers_are_lists_both_ways(account, stack):
    """
    #multi-value-headers.
    """
    shop = deployed(account, stack, MULTI, multi_value_headers_enabled=True)

    response = shop.load_balancer("Web").get(
        "/?a=1&a=2&b", headers={"X-Tag": ["one", "two"]}
    )

    event = shop.function("Worker").invocations[0].event
    assert {"a": ["1", "2"], "b": [""]} == event["multiValueQueryStringParameters"]
    assert ["one", "two"] == event["multiValueHeaders"]["x-tag"]
    assert not {"headers", "queryStringParameters"} & event.keys()
    assert ["a=1", "b=2"] == response.headers.all("Set-Cookie")


@pytest.mark.parametrize(
    ("code", "multi"), [(OK, True), (MULTI, False)], ids=["single", "multi"]
)
def test_headers_of_the_other_kind_are_malformed(account, stack, code, multi):
    """
    #multi-value-headers: whoever turns them on has to return them.
    """
    shop = deployed(account, stack, code, multi_value_headers_enabled=multi)

    assert 502 == shop.load_balancer("Web").get("/").status
    assert "there must be" in str(account.timeline)


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("text/plain; charset=utf-8", "ü", ("ü", False)),
        ("application/json", {"a": 1}, ('{"a": 1}', False)),
        ("application/xml", "<a/>", ("<a/>", False)),
        ("application/javascript", "a()", ("a()", False)),
        ("application/x-www-form-urlencoded", "a=1", ("YT0x", True)),
        ("image/png", b"\x89P", ("iVA=", True)),
    ],
)
def test_a_body_that_is_not_text_is_base64(account, stack, kind, body, expected):
    """
    #receive-event-from-load-balancer: by content type.
    """
    event = event_of(
        account, stack, "POST", body=body, headers={"content-type": kind}, code=OK
    )

    assert expected == (event["body"], event["isBase64Encoded"])


def test_a_compressed_body_is_base64(account, stack):
    """
    #receive-event-from-load-balancer: text/plain or not.
    """
    headers = {"content-type": "text/plain", "content-encoding": "gzip"}
    event = event_of(account, stack, "POST", body="x", headers=headers)

    assert ("eA==", True) == (event["body"], event["isBase64Encoded"])


GOOD = {"statusCode": 201, "headers": {}, "isBase64Encoded": False, "body": "x"}


def ask(account, stack, result):
    shop = deployed(account, stack, AS_TOLD)
    return shop.load_balancer("Web").post(
        "/", body=result, headers={"content-type": "application/json"}
    )


def test_a_base64_body_is_decoded(account, stack):
    """
    #respond-to-load-balancer.
    """
    response = ask(account, stack, GOOD | {"isBase64Encoded": True, "body": "iVA="})

    assert (201, b"\x89P") == (response.status, response.body)


def test_a_body_may_be_left_out(account, stack):
    """
    #respond-to-load-balancer.
    """
    response = ask(account, stack, {k: GOOD[k] for k in GOOD if k != "body"})

    assert (201, b"") == (response.status, response.body)


@pytest.mark.parametrize(
    "fault",
    [
        {"statusCode": None},
        {"statusCode": "200"},
        {"statusCode": 42},
        {"statusDescription": 200},
        {"headers": None},
        {"headers": {"n": 1}},
        {"isBase64Encoded": None},
        {"isBase64Encoded": "false"},
        {"isBase64Encoded": True, "body": "%"},
        {"body": {"a": 1}},
    ],
    ids=str,
)
def test_a_malformed_response_is_502(account, stack, fault):
    """
    .../application/load-balancer-troubleshooting.html: HTTP 502.
    """
    assert 502 == ask(account, stack, GOOD | fault).status
    assert "malformed" in {each.what for each in account.timeline}


@pytest.mark.parametrize("result", [None, "hello", ["x"]])
def test_a_result_that_is_no_object_is_502(account, stack, result):
    """
    .../application/load-balancer-troubleshooting.html: HTTP 502.
    """
    code = f"def handler(event, context): return {result!r}"

    assert 502 == deployed(account, stack, code).load_balancer("Web").get("/").status


def test_an_error_a_throttle_and_a_timeout_are_502(account, stack):
    """
    .../application/load-balancer-troubleshooting.html: HTTP 502.
    """
    shop = deployed(account, stack)
    function, web = shop.function("Worker"), shop.load_balancer("Web")
    function.fail()
    function.throttle()
    function.time_out()

    assert [502, 502, 502, 200] == [web.get("/").status for _ in range(4)]
    assert 10 == account.elapsed()


def test_the_time_of_the_invocation_passes(account, stack):
    """
    The load balancer waits as long as the function runs.
    """
    code = "import time\n" + OK.replace("headers =", "time.sleep(4)\n    headers =")
    shop = deployed(account, stack, code)

    shop.load_balancer("Web").get("/")

    assert 4 == account.elapsed()


def test_a_refused_permission_is_502(account, stack):
    """
    .../application/load-balancer-troubleshooting.html: HTTP 502.
    """
    site = Site(stack)
    site.listen()
    permission = site.function.live.node.find_all()[-1]
    assert "AWS::Lambda::Permission" == permission.cfn_resource_type
    permission.add_property_override("SourceArn", "arn:aws:elasticloadbalancing:::x")
    shop = account.deploy(stack)

    assert 502 == shop.load_balancer("Web").get("/").status
    assert "refused" in {each.what for each in account.timeline}
    assert [] == shop.function("Worker").invocations


def test_a_permission_for_the_account_s_target_groups_is_enough(account, stack):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html.
    """
    site = Site(stack)
    site.listen()
    permission = site.function.live.node.find_all()[-1]
    permission.add_property_override(
        "SourceArn",
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/Shop-*/*",
    )
    permission.add_property_override("SourceAccount", "123456789012")

    assert 200 == account.deploy(stack).load_balancer("Web").get("/").status


@pytest.mark.parametrize(("size", "status"), [(1_048_576, 200), (1_048_577, 413)])
def test_a_request_has_at_most_a_megabyte(account, stack, size, status):
    """
    Limits: the request body.
    """
    web = deployed(account, stack).load_balancer("Web")

    assert status == web.post("/", body=b"x" * size).status


@pytest.mark.parametrize(("size", "status"), [(1_048_000, 200), (1_048_576, 502)])
def test_a_response_has_at_most_a_megabyte_of_json(account, stack, size, status):
    """
    Limits: the response JSON.
    """
    web = deployed(account, stack, OK.replace('"hello"', f'"x" * {size}'))

    assert status == web.load_balancer("Web").get("/").status


def test_an_upgrade_is_refused(account, stack):
    """
    Limits: WebSockets are not supported.
    """
    web = deployed(account, stack).load_balancer("Web")

    assert 400 == web.get("/", headers={"Upgrade": "websocket"}).status


def test_a_target_group_without_a_target_is_503(account, stack):
    """
    .../application/load-balancer-troubleshooting.html: HTTP 503.
    """
    site = Site(stack)
    site.group.node.default_child.add_property_deletion_override("Targets")
    site.listen()

    assert 503 == account.deploy(stack).load_balancer("Web").get("/").status


def routed(account, stack, *conditions):
    site = Site(stack)
    site.listen(DENIED).add_action(
        "Rule",
        priority=10,
        conditions=list(conditions),
        action=ACTION.forward([site.group]),
    )
    return account.deploy(stack).load_balancer("Web")


@pytest.mark.parametrize(
    ("condition", "found", "missed"),
    [
        (
            CONDITION.path_patterns(["/a/*", "/b?"]),
            [{"path": "/a/b/c"}, {"path": "/a/"}, {"path": "/b1?q"}],
            [{"path": "/A/b"}, {"path": "/a"}, {"path": "/b"}, {"path": "/x?/a/"}],
        ),
        (
            CONDITION.host_headers(["*.example.com"]),
            [{"headers": {"host": h}} for h in ("a.EXAMPLE.com", "a.b.example.com:80")],
            [{"headers": {"host": h}} for h in ("example.com", "a.example.org")] + [{}],
        ),
        (
            CONDITION.http_header("X-Kind", ["web*", r"\*"]),
            [{"headers": {"x-kind": v}} for v in ("WEB-1", "*", ["a", "web"])],
            [{"headers": {"x-kind": v}} for v in ("aweb", "x")] + [{}],
        ),
        (
            CONDITION.http_request_methods(["GET", "PUT"]),
            [{"method": "GET"}, {"method": "PUT"}],
            [{"method": "POST"}, {"method": "HEAD"}],
        ),
        (
            CONDITION.query_strings(
                [
                    elbv2.QueryStringCondition(key="version", value="v1*"),
                    elbv2.QueryStringCondition(value="any"),
                ]
            ),
            [{"query": q} for q in ("Version=V1.2", "x=any", "a=b&x=ANY")],
            [{"query": q} for q in ("version=v2", "x=many", "any", "")],
        ),
        (
            CONDITION.source_ips(["192.0.2.0/24", "2001:db8::/32"]),
            [{"source_ip": s} for s in ("192.0.2.255", "2001:db8::1")],
            [
                {
                    "source_ip": "192.0.3.1",
                    "headers": {"x-forwarded-for": "192.0.2.1"},
                }
            ],
        ),
    ],
    ids=["path", "host", "header", "method", "query", "source"],
)
def test_a_rule_applies_by_its_condition(account, stack, condition, found, missed):
    """
    .../application/rule-condition-types.html.
    """
    web = routed(account, stack, condition)

    def ask(request):
        given = {"method": "GET", "path": "/"} | request
        return web.request(given.pop("method"), given.pop("path"), **given).status

    assert [200] * len(found) == [ask(each) for each in found]
    assert [404] * len(missed) == [ask(each) for each in missed]


def test_every_condition_of_a_rule_has_to_hold(account, stack):
    """
    .../application/rule-condition-types.html.
    """
    web = routed(
        account,
        stack,
        CONDITION.path_patterns(["/a"]),
        CONDITION.http_request_methods(["POST"]),
    )

    assert [200, 404, 404] == [
        web.post("/a").status,
        web.get("/a").status,
        web.post("/b").status,
    ]


def test_the_rule_of_the_lowest_priority_number_decides(account, stack):
    """
    .../application/listener-rules.html.
    """
    site = Site(stack)
    listener = site.listen()
    for status, priority in ((402, 20), (401, 3), (403, 100)):
        listener.add_action(
            f"Rule{priority}",
            priority=priority,
            conditions=[CONDITION.path_patterns(["/*"])],
            action=ACTION.fixed_response(status),
        )

    assert 401 == account.deploy(stack).load_balancer("Web").get("/").status


def test_a_redirect_keeps_what_it_does_not_name(account, stack):
    """
    .../application/rule-action-types.html#redirect-actions.
    """
    redirect = ACTION.redirect(
        protocol="HTTPS", port="443", path="/new/#{path}", permanent=True
    )
    Site(stack).listen(redirect)
    web = account.deploy(stack).load_balancer("Web")

    response = web.get("/a?b=c", headers={"host": "x.example.com:80"})

    assert 301 == response.status
    assert "https://x.example.com:443/new/a?b=c" == response.headers["location"]


def test_a_fixed_response_needs_no_function(account, stack):
    """
    .../application/rule-action-types.html#fixed-response-actions.
    """
    Site(stack).listen(DENIED)
    shop = account.deploy(stack)

    response = shop.load_balancer("Web").get("/")

    assert (404, "no") == (response.status, response.text)
    assert [] == shop.function("Worker").invocations


def test_the_listener_of_https_is_asked_unless_a_port_is_named(account, stack):
    """
    .../application/load-balancer-listeners.html.
    """
    site = Site(stack)
    site.listen(ACTION.redirect(protocol="HTTPS", port="443"))
    certificate = elbv2.ListenerCertificate.from_arn("arn:aws:acm:eu-west-1:1:c/1")
    site.listen(port=443, certificates=[certificate])
    shop = account.deploy(stack)

    assert 200 == shop.load_balancer("Web").get("/").status
    assert 302 == shop.load_balancer("Web", port=80).get("/").status
    event = shop.function("Worker").invocations[0].event
    assert "https" == event["headers"]["x-forwarded-proto"]
    with pytest.raises(AccountError, match="name one of 80, 443"):
        shop.load_balancer("Web", port=8).get("/")


def test_weights_choose_the_target_group(account, stack):
    """
    .../application/rule-action-types.html#forward-actions.
    """
    site = Site(stack)
    other = elbv2.ApplicationTargetGroup(
        stack,
        "Other",
        target_type=elbv2.TargetType.LAMBDA,
        targets=[targets.LambdaTarget(make_function(stack, OK, "Second").live)],
    )
    weighted = [
        elbv2.WeightedTargetGroup(target_group=group, weight=weight)
        for group, weight in ((site.group, 1), (other, 0))
    ]
    site.listen(ACTION.weighted_forward(weighted))
    shop = account.deploy(stack)

    for _ in range(5):
        shop.load_balancer("Web").get("/")

    assert 5 == len(shop.function("Worker").invocations)


def test_a_health_check_has_its_own_event(account, stack):
    """
    #enable-health-checks-lambda; off unless it is turned on.
    """
    check = elbv2.HealthCheck(enabled=True, path="/health", healthy_http_codes="200")
    shop = deployed(account, stack, health_check=check)

    assert {"Group": True} == shop.load_balancer("Web").health_check()

    (invocation,) = shop.function("Worker").invocations
    arn = invocation.event["requestContext"]["elb"].pop("targetGroupArn")
    assert ":targetgroup/" in arn
    assert {
        "requestContext": {"elb": {}},
        "httpMethod": "GET",
        "path": "/health",
        "queryStringParameters": {},
        "headers": {"user-agent": "ELB-HealthChecker/2.0"},
        "body": "",
        "isBase64Encoded": False,
    } == invocation.event


@pytest.mark.parametrize(
    ("codes", "timeout", "healthy"),
    [("200", 5, True), ("201-299", 5, False), ("404,200", 5, True), ("200", 3, False)],
)
def test_a_function_is_healthy_by_code_and_time(
    account, stack, codes, timeout, healthy
):
    """
    .../application/target-group-health-checks.html.
    """
    code = "import time\n" + OK.replace("headers =", "time.sleep(4)\n    headers =")
    check = elbv2.HealthCheck(
        enabled=True,
        healthy_http_codes=codes,
        timeout=Duration.seconds(timeout),
        interval=Duration.seconds(35),
    )
    shop = deployed(account, stack, code, health_check=check)

    assert {"Group": healthy} == shop.load_balancer("Web").health_check()


def test_health_is_not_checked_unless_it_is_to_be(account, stack):
    """
    #enable-health-checks-lambda: by default it is off.
    """
    shop = deployed(account, stack)

    assert {} == shop.load_balancer("Web").health_check()


def test_targets_other_than_functions_are_not_modelled(account, stack):
    """
    The error names the target group.
    """
    site = Site(stack)
    vpc = stack.node.find_child("Vpc")
    group = elbv2.ApplicationTargetGroup(
        stack, "Servers", vpc=vpc, port=80, target_type=elbv2.TargetType.IP
    )
    site.listen(ACTION.forward([group]))
    shop = account.deploy(stack)

    with pytest.raises(UnmodelledError, match="pass through Servers"):
        shop.load_balancer("Web").get("/")


def test_the_answer_is_in_the_timeline(account, stack):
    """
    With the method, the path and the status.
    """
    deployed(account, stack).load_balancer("Web").head("/a", query={"b": "c"})

    assert ("Web", "answered", "HEAD /a?b=c: 200") == (
        account.timeline[-1].where,
        account.timeline[-1].what,
        account.timeline[-1].detail,
    )
