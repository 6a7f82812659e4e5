"""What the site at the edge promises."""

from __future__ import annotations

import pytest

from lambda_constructs.testing._http.messages import Headers, Response
from stacks.edge_site import CONFIGURATION, EdgeSiteStack
from tests.contracts.edge_site import contract, fill
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["edge_site"]


@pytest.fixture
def config(stack) -> dict:
    (site,) = stack.properties("AWS::CloudFront::Distribution")
    return site["DistributionConfig"]


def test_no_behavior_answers_plain_http(config):
    """
    A page redirects, an asset is refused.
    """
    assert "redirect-to-https" == config["DefaultCacheBehavior"]["ViewerProtocolPolicy"]
    assert ["https-only"] == [
        each["ViewerProtocolPolicy"] for each in config["CacheBehaviors"]
    ]


def test_every_event_of_a_page_has_a_function_and_assets_have_two(config):
    """
    What costs each viewer time is where it has to be.
    """
    (assets,) = config["CacheBehaviors"]
    kinds = [
        {each["EventType"] for each in behavior["LambdaFunctionAssociations"]}
        for behavior in (config["DefaultCacheBehavior"], assets)
    ]

    assert [
        {"viewer-request", "origin-request", "origin-response", "viewer-response"},
        {"origin-response", "viewer-response"},
    ] == kinds


def test_the_distribution_alone_reads_the_pages(stack):
    """
    It signs for itself; all else is refused.
    """
    (policy,) = [
        each["PolicyDocument"]["Statement"]
        for each in stack.properties("AWS::S3::BucketPolicy")
        if "Pages" in str(each["Bucket"])
    ]
    (allowed,) = [each for each in policy if each["Effect"] == "Allow"]
    (access,) = stack.properties("AWS::CloudFront::OriginAccessControl")

    assert "s3:GetObject" == allowed["Action"]
    assert {"Service": "cloudfront.amazonaws.com"} == allowed["Principal"]
    assert "'Site" in str(allowed["Condition"]["StringEquals"]["AWS:SourceArn"])
    assert "always" == access["OriginAccessControlConfig"]["SigningBehavior"]


def test_variants_are_cached_apart_and_by_nothing_else(stack):
    """
    A viewer's cookies and other headers make no page of their own.
    """
    (policy,) = stack.properties("AWS::CloudFront::CachePolicy")
    key = policy["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"]

    assert ["X-Variant"] == key["HeadersConfig"]["Headers"]
    assert "none" == key["CookiesConfig"]["CookieBehavior"]
    assert "none" == key["QueryStringsConfig"]["QueryStringBehavior"]


def test_access_logs_go_to_a_bucket_that_takes_them_from_this_source_alone(stack):
    """
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html
    """
    (policy,) = [
        each["PolicyDocument"]["Statement"]
        for each in stack.properties("AWS::S3::BucketPolicy")
        if "AccessLogs" in str(each["Bucket"])
    ]
    (allowed,) = [each for each in policy if each["Effect"] == "Allow"]
    (source,) = stack.properties("AWS::Logs::DeliverySource")

    assert ("ACCESS_LOGS", True) == (
        source["LogType"],
        "'Site" in str(source["ResourceArn"]),
    )
    assert {"Service": "delivery.logs.amazonaws.com"} == allowed["Principal"]
    assert {"Fn::GetAtt": ["AccessLogsSource", "Arn"]} == (
        allowed["Condition"]["ArnLike"]["aws:SourceArn"]
    )


def test_buckets_are_private_encrypted_and_take_tls_only(stack):
    """
    And they outlive the stack.
    """
    buckets = stack.of_type("AWS::S3::Bucket")
    policies = str(list(stack.properties("AWS::S3::BucketPolicy")))

    assert 2 == len(buckets)
    for logical_id, bucket in buckets.items():
        properties = bucket["Properties"]
        assert all(properties["PublicAccessBlockConfiguration"].values())
        assert properties["BucketEncryption"]
        assert "Retain" == bucket["DeletionPolicy"]
        assert logical_id in policies
    assert 2 == policies.count("aws:SecureTransport")


class TestDriven:
    """The site at work: a browser asks, CloudFront and its functions answer."""

    @pytest.fixture
    def shop(self, account):
        shop = account.deploy(EdgeSiteStack)
        fill(shop)
        return shop

    @pytest.fixture
    def site(self, shop):
        return shop.distribution("Site")

    def test_a_viewer_stays_with_its_variant(self, site):
        """
        By the cookie of the first answer, which no later one repeats.
        """
        first = site.get("/")
        cookie = first.headers["set-cookie"].partition(";")[0]
        again = [site.get("/about", headers={"Cookie": cookie}) for _ in range(5)]

        variant = cookie.removeprefix("variant=")
        assert f"home {variant}" == first.text
        assert {f"about {variant}"} == {each.text for each in again}
        assert all("set-cookie" not in each.headers for each in again)

    def test_both_variants_are_drawn(self, site):
        """
        Half and half, as the configuration in the package says.
        """
        assert {"home a", "home b"} == {site.get("/").text for _ in range(20)}

    def test_answers_are_secured_and_say_how_long_they_last(self, site):
        """
        Pages and assets, each its own time; assets know no variants.
        """
        page, asset = site.get("/about/"), site.get("/assets/site.css")

        for each in (page, asset):
            assert "DENY" == each.headers["x-frame-options"]
            assert "max-age=63072000" in each.headers["strict-transport-security"]
        assert "s-maxage=300" in page.headers["cache-control"]
        assert "immutable" in asset.headers["cache-control"]
        assert ("body {}", False) == (asset.text, "set-cookie" in asset.headers)

    @pytest.mark.parametrize("old", ["/shop-2019", "/shop-2019/"])
    def test_an_old_address_leads_to_the_new_one(self, site, old):
        """
        The answer of the origin request is secured by the viewer response.
        """
        response = site.get(old)

        assert (301, "/shop/") == (response.status, response.headers["location"])
        assert "DENY" == response.headers["x-frame-options"]

    def test_what_is_not_there_is_not_found_instead_of_denied(self, site):
        """
        With a page, and without saying what the bucket would.
        """
        response = site.get("/nothing")

        assert 404 == response.status
        assert "Not found" in response.text
        assert "AccessDenied" not in response.text

    def test_a_function_that_fails_is_503_and_costs_one_answer(self, shop, site):
        """
        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/http-503-service-unavailable.html
        """
        shop.function("ViewerRequest").fail()
        shop.function("OriginRequest").time_out()

        assert [503, 503, 200] == [site.get("/").status for _ in range(3)]

    def test_a_redirect_that_is_too_long_is_502(self, account, monkeypatch):
        """
        1 MB is what an origin event may generate; nothing of it reaches the viewer.
        """
        redirects = {"/old/": "/" + "x" * 1024 * 1024}
        monkeypatch.setitem(CONFIGURATION, "redirects", redirects)
        site = account.deploy(EdgeSiteStack).distribution("Site")

        assert 502 == site.get("/old/").status
        assert "malformed" in {each.what for each in account.timeline}

    def test_headers_that_no_function_may_change_are_left_alone(self, shop):
        """
        Else the viewer would get 502.
        """
        fixed = [("Via", "1.1 a.cloudfront.net"), ("Transfer-Encoding", "chunked")]
        domain = f"{shop.bucket('Pages').name}.s3.eu-west-1.amazonaws.com"
        site = shop.distribution(
            "Site", origins={domain: lambda _: Response(403, Headers(fixed))}
        )

        assert 404 == site.get("/").status

    def test_every_grant_is_needed_and_none_is_missing(self, account, shop):
        """
        Each function makes its log group where it runs, and writes to it.
        """
        contract(shop)

        account.assert_least_privilege()
