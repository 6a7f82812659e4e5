"""What the catalogue behind a load balancer promises."""

from __future__ import annotations

import json

import pytest

from stacks.web_backend import WebBackendStack
from tests.contracts.web_backend import PIXEL, contract, fill, item, put_image
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")

ELB = "AWS::ElasticLoadBalancingV2::"
REFUSED = {
    ("GET", "/items/none"): 404,
    ("GET", "/items/none/image"): 404,
    ("GET", "/items/b-1/reviews"): 404,
    ("GET", "/items/%3Cscript%3E"): 422,
    ("GET", "/items"): 422,
    ("GET", "/items?category=books&category=toys"): 422,
    ("GET", "/items?category=books&limit=101"): 422,
    ("POST", "/items"): 405,
    ("DELETE", "/items/b-1"): 405,
}


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["web_backend"]


def attributes(stack: Synthesized) -> dict[str, object]:
    (web,) = stack.properties(f"{ELB}LoadBalancer")
    return {each["Key"]: each["Value"] for each in web["LoadBalancerAttributes"]}


def test_requests_are_answered_by_https_alone(stack):
    """
    TLS 1.2 at least, 1.3 where the client knows it; plain HTTP is told where to go.
    """
    by_port = {each["Port"]: each for each in stack.properties(f"{ELB}Listener")}
    (action,) = by_port[80]["DefaultActions"]

    assert {80, 443} == set(by_port)
    assert by_port[443]["SslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2-Res")
    assert [{"CertificateArn": {"Ref": "CertificateArn"}}] == (
        by_port[443]["Certificates"]
    )
    assert "redirect" == action["Type"]
    assert "HTTPS" == action["RedirectConfig"]["Protocol"]


def test_a_deployment_without_a_certificate_ends_before_it_began(stack):
    """
    A load balancer that is protected from deletion could not be rolled back.
    """
    (rule,) = [
        each for name, each in stack.template["Rules"].items() if name[:5] == "Certi"
    ]
    default = stack.template["Parameters"]["CertificateArn"]["Default"]

    assert {"Fn::Not": [{"Fn::Equals": [{"Ref": "CertificateArn"}, default]}]} == (
        rule["Assertions"][0]["Assert"]
    )


def test_the_load_balancer_is_hardened(stack):
    """
    Malformed requests end here, and nobody deletes it by accident.
    """
    assert {
        "deletion_protection.enabled": "true",
        "routing.http.desync_mitigation_mode": "strictest",
        "routing.http.drop_invalid_header_fields.enabled": "true",
    }.items() <= attributes(stack).items()


def test_requests_are_logged_to_a_bucket_that_load_balancers_here_may_write(stack):
    """
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html.
    """
    (policy,) = [
        each["PolicyDocument"]["Statement"]
        for each in stack.properties("AWS::S3::BucketPolicy")
        if "AccessLogs" in json.dumps(each["Bucket"])
    ]
    (write,) = [each for each in policy if each["Effect"] == "Allow"]

    assert "true" == attributes(stack)["access_logs.s3.enabled"]
    assert {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"} == (
        write["Principal"]
    )
    assert "s3:PutObject" == write["Action"]
    assert "loadbalancer/*" in json.dumps(write["Condition"]["ArnLike"])


def test_the_network_costs_nothing_by_the_hour(stack):
    """
    Gateway endpoints are free; there are neither NAT gateways nor addresses, and no
    interface endpoints.
    """
    assert {} == stack.of_type("AWS::EC2::NatGateway", "AWS::EC2::EIP")
    endpoints = list(stack.properties("AWS::EC2::VPCEndpoint"))

    assert {"Gateway"} == {each["VpcEndpointType"] for each in endpoints}
    assert [".dynamodb", ".s3"] == sorted(
        each["ServiceName"]["Fn::Join"][1][-1] for each in endpoints
    )


def test_the_function_reaches_its_table_and_its_bucket_alone(stack):
    """
    From subnets whose routes lead to both, and nowhere else, by a group that is open
    to their addresses.
    """
    (function,) = stack.properties("AWS::Lambda::Function")
    subnets = {each["Ref"] for each in function["VpcConfig"]["SubnetIds"]}
    group = stack.named("AWS::EC2::SecurityGroup", "CatalogueFunctionSecurityGroup")
    nowhere, *rules = group["SecurityGroupEgress"]
    routes = list(stack.properties("AWS::EC2::Route"))

    assert 2 == len(subnets)
    assert all("IsolatedSubnet" in each for each in subnets)
    assert not any("Isolated" in str(each["RouteTableId"]) for each in routes)
    assert ["dynamodb", "s3"] == sorted(
        each["DestinationPrefixListId"]["Fn::FindInMap"][2] for each in rules
    )
    assert "127.0.0.1/32" == nowhere["CidrIp"]
    assert {("tcp", 443)} == {(each["IpProtocol"], each["ToPort"]) for each in rules}


class TestDriven:
    """The stack at work, under its own role and the load balancer's own rules."""

    @pytest.fixture
    def shop(self, account):
        shop = account.deploy(WebBackendStack)
        fill(shop)
        return shop

    @pytest.fixture
    def web(self, shop):
        return shop.load_balancer("Web")

    def test_items_come_page_by_page(self, web):
        """
        Each page names the next one, and the last has none.
        """
        first = web.get("/items?category=books&limit=3")
        second = web.get(first.json()["next"])

        found = [*first.json()["items"], *second.json()["items"]]
        assert (200, 200) == (first.status, second.status)
        assert [f"b-{number}" for number in range(5)] == [
            each["item_id"] for each in found
        ]
        assert second.json()["next"] is None
        assert f'<{first.json()["next"]}>; rel="next"' == first.headers["link"]

    def test_an_item_sets_two_cookies_and_is_not_sent_twice(self, web):
        """
        Which takes headers of several values, and a tag that the client sends back.
        """
        first = web.get("/items/b-1", headers={"cookie": "viewed=b-2|b-1|<x>"})
        again = web.get(
            "/items/b-1", headers={"if-none-match": f'"x", {first.headers["etag"]}'}
        )

        assert "Bücher" == first.json()["name"]
        viewed, category = first.headers.all("set-cookie")
        assert viewed.startswith("viewed=b-1|b-2;")
        assert category.startswith("last_category=books;")
        assert all(
            part in each
            for each in (viewed, category)
            for part in ("HttpOnly", "Secure", "SameSite=Lax")
        )
        assert (304, b"") == (again.status, again.body)

    def test_an_image_comes_as_bytes_and_a_large_one_as_a_link(self, shop, web):
        """
        An answer of more than 1 MB would be a 502.
        """
        put_image(shop, "b-1", PIXEL)
        put_image(shop, "b-2", PIXEL * 4_000)

        small, large = web.get("/items/b-1/image"), web.get("/items/b-2/image")

        assert (200, "image/png") == (small.status, small.headers["content-type"])
        assert PIXEL == small.body
        assert (303, b"") == (large.status, large.body)
        assert "X-Amz-Signature" in large.headers["location"]
        assert "/images/b-2?" in large.headers["location"]
        # Of the bucket's public name: a browser is not in the VPC.
        assert "vpce" not in large.headers["location"]
        assert f"//{shop.physical_id('Images')}.s3" in large.headers["location"]

    def test_head_is_answered_as_get_without_the_body(self, web):
        """
        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_HttpRequestMethodConditionConfig.html.
        """
        head, get = web.head("/items/b-1"), web.get("/items/b-1")

        assert (200, b"") == (head.status, head.body)
        assert get.headers["etag"] == head.headers["etag"]

    def test_a_refusal_tells_an_id_and_quotes_nothing(self, shop, web):
        """
        The same id is in the body, in a header and in the logs.
        """
        for (method, path), status in REFUSED.items():
            answer = web.request(method, path)

            body = answer.json()
            assert (status, status) == (answer.status, body["status"])
            assert "application/problem+json" == answer.headers["content-type"]
            assert body["request_id"] == answer.headers["x-request-id"]
            assert body["request_id"] in str(shop.function("Catalogue").logs)
            assert "script" not in answer.text
            allow = "GET, HEAD" if status == 405 else None
            assert allow == answer.headers.get("allow")

    def test_a_failure_tells_an_id_and_no_more(self, account, shop, web):
        """
        What went wrong is in the logs alone.
        """
        account.fail_calls("dynamodb", "GetItem", "InternalServerError")

        answer = web.get("/items/b-1")

        assert 500 == answer.status
        assert "DynamoDB" not in answer.text
        assert "InternalServerError" not in answer.text
        assert "InternalServerError" in str(shop.function("Catalogue").logs)
        assert 200 == web.get("/items/b-1").status

    def test_every_answer_has_the_security_headers(self, web):
        """
        Errors, too.
        """
        for path in ("/items/b-1", "/items/none", "/items"):
            headers = web.get(path).headers
            assert "nosniff" == headers["x-content-type-options"]
            assert "max-age=" in headers["strict-transport-security"]
            assert "default-src 'none'" in headers["content-security-policy"]

    def test_an_answer_that_is_too_large_is_said_to_be(self, shop, web):
        """
        By the function itself: the load balancer would say 502, and give no id.
        """
        for number in range(4):
            large = item(number, "large") | {"name": '"' * 150_000}
            shop.table("Items").put(large)

        answer = web.get("/items?category=large")

        assert 500 == answer.status
        assert "too large" in answer.json()["detail"]
        assert 200 == web.get("/items?category=large&limit=1").status

    def test_what_the_function_cannot_answer_is_a_502(self, shop, web):
        """
        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html.
        """
        for fault in ("fail", "time_out", "throttle"):
            getattr(shop.function("Catalogue"), fault)()

            answer = web.get("/items/b-1")

            assert (502, "text/html") == (answer.status, answer.headers["content-type"])
            assert "<h1>502 Bad Gateway</h1>" in answer.text
            assert 200 == web.get("/items/b-1").status

    def test_http_is_redirected_and_other_paths_invoke_nothing(self, shop, web):
        """
        Scanners cost no invocations.
        """
        plain = shop.load_balancer("Web", port=80).get("/items?category=books")

        assert 301 == plain.status
        assert plain.headers["location"].startswith("https://")
        assert plain.headers["location"].endswith(":443/items?category=books")
        assert 404 == web.get("/wp-login.php").status
        assert 404 == web.get("/itemsets").status
        assert [] == shop.function("Catalogue").invocations

    def test_every_grant_is_needed_and_none_is_missing(self, account, shop):
        """
        Listing the bucket is what makes an image that is not there a 404.
        """
        contract(shop)

        account.assert_least_privilege()
