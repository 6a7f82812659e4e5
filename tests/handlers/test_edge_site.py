"""What the functions at the edge make of requests and responses."""

from __future__ import annotations

import copy

import pytest

from tests.handlers.conftest import LambdaContext
from tests.handlers.events import event


def of(name: str) -> dict:
    """The `cf` of an event."""
    return event(f"cloudfront_{name}")["Records"][0]["cf"]


def value(headers: dict, name: str) -> str:
    ((header),) = headers[name]
    assert name == header["key"].lower()
    return header["value"]


class TestViewerRequest:
    @pytest.fixture
    def module(self, cold_start):
        return cold_start("edge_site", "viewer_request")

    def test_names_the_variant_and_the_page(self, module):
        """
        Everything else is as the viewer sent it.
        """
        asked = of("viewer_request")["request"]

        result = module.handler(event("cloudfront_viewer_request"), LambdaContext())

        variant = value(result["headers"], "x-variant")
        assert variant in ("a", "b")
        del result["headers"]["x-variant"]
        assert {**asked, "uri": "/about/index.html"} == result

    @pytest.mark.parametrize(
        ("uri", "page"),
        [
            ("/", "/index.html"),
            ("/about", "/about/index.html"),
            ("/about/", "/about/index.html"),
            ("/about/index.html", "/about/index.html"),
            ("/robots.txt", "/robots.txt"),
            ("/v1.2/notes", "/v1.2/notes/index.html"),
            ("/a%20b", "/a%20b/index.html"),
        ],
    )
    def test_an_address_is_that_of_a_page(self, module, uri, page):
        """
        One that names a file is left alone.
        """
        assert page == module.page_of(uri)

    @pytest.mark.parametrize(("draw", "variant"), [(49, "b"), (50, "a"), (99, "a")])
    def test_a_new_viewer_draws_a_variant(self, module, draw, variant):
        """
        By the share that the configuration says.
        """
        assert variant == module.variant_of({}, draw)

    @pytest.mark.parametrize(
        "cookies", [["variant=a"], ["theme=dark; variant=a"], ["x=1", "variant=a"]]
    )
    def test_a_known_viewer_keeps_its_variant(self, module, cookies):
        """
        Whatever it would draw, and however many headers its cookies are in.
        """
        headers = {"cookie": [{"key": "Cookie", "value": each} for each in cookies]}

        assert "a" == module.variant_of(headers, 0)

    @pytest.mark.parametrize(
        "cookie", ["variant=c", "variant", "variant=", "my-variant=a", ";;=;"]
    )
    def test_a_cookie_that_is_not_ours_counts_for_nothing(self, module, cookie):
        """
        It cannot name a folder of the bucket.
        """
        headers = {"cookie": [{"key": "Cookie", "value": cookie}]}

        assert "b" == module.variant_of(headers, 0)

    def test_a_viewer_cannot_name_its_variant_by_header(self, module):
        """
        What is in the cache key is ours.
        """
        asked = of("viewer_request")["request"]
        asked["headers"]["x-variant"] = [{"key": "X-Variant", "value": "../secret"}]

        assert "b" == value(module.prepared(asked, 0)["headers"], "x-variant")

    def test_it_changes_nothing_that_it_was_given(self, module):
        """
        A pure function can be called twice.
        """
        asked = of("viewer_request")["request"]
        before = copy.deepcopy(asked)

        assert module.prepared(asked, 0) == module.prepared(asked, 0)
        assert before == asked


class TestOriginRequest:
    @pytest.fixture
    def module(self, cold_start):
        return cold_start("edge_site", "origin_request")

    def test_a_page_is_in_the_folder_of_the_variant(self, module):
        """
        The origin and the headers stay.
        """
        asked = of("origin_request")["request"]

        result = module.handler(event("cloudfront_origin_request"), LambdaContext())

        assert {**asked, "uri": "/b/about/index.html"} == result

    def test_an_old_address_leads_to_the_new_one(self, module):
        """
        However the viewer wrote it: the viewer request has made one of all.
        """
        asked = {**of("origin_request")["request"], "uri": "/old/index.html"}

        result = module.routed(asked)

        assert "301" == result["status"]
        assert "/new/" == value(result["headers"], "location")
        assert "max-age=3600" in value(result["headers"], "cache-control")


class TestOriginResponse:
    @pytest.fixture
    def module(self, cold_start):
        return cold_start("edge_site", "origin_response")

    def test_a_page_is_cached_for_minutes_at_the_edge_alone(self, module):
        """
        All other headers stay.
        """
        given = of("origin_response")["response"]

        result = module.handler(event("cloudfront_origin_response"), LambdaContext())

        assert "public, max-age=0, s-maxage=300" == value(
            result["headers"], "cache-control"
        )
        del result["headers"]["cache-control"]
        assert given == result

    def test_an_asset_is_cached_for_ever(self, module):
        """
        Its name changes with it.
        """
        result = module.cacheable("/assets/a.css", of("origin_response")["response"])

        assert "immutable" in value(result["headers"], "cache-control")

    def test_what_the_object_says_itself_holds(self, module):
        """
        The one who stored it knew better.
        """
        given = of("origin_response")["response"]
        given["headers"].update(module.cache_control("no-store"))

        assert given == module.cacheable("/a/index.html", given)

    @pytest.mark.parametrize("status", ["403", "404"])
    def test_what_is_not_there_is_404_with_a_page(self, module, status):
        """
        Read-only headers are kept, those of the old body are not.
        """
        given = {**of("origin_response")["response"], "status": status}

        result = module.cacheable("/a/nothing/index.html", given)

        assert ("404", module.NOT_FOUND) == (result["status"], result["body"])
        assert {"cache-control", "content-type", "via"} == result["headers"].keys()
        assert given["headers"]["via"] == result["headers"]["via"]

    @pytest.mark.parametrize("status", ["304", "500", "503"])
    def test_other_answers_are_left_alone(self, module, status):
        """
        A failure must not be cached as a page.
        """
        given = {**of("origin_response")["response"], "status": status}

        assert given == module.cacheable("/a/index.html", given)


class TestViewerResponse:
    @pytest.fixture
    def module(self, cold_start):
        return cold_start("edge_site", "viewer_response")

    def test_every_answer_has_the_security_headers(self, module):
        """
        In place of the origin's, and with its status and other headers.
        """
        given = event("cloudfront_viewer_response")
        headers = given["Records"][0]["cf"]["response"]["headers"]
        headers["x-frame-options"] = [{"key": "X-Frame-Options", "value": "ALLOWALL"}]

        result = module.handler(given, LambdaContext())

        for name, wanted in module.SECURITY.items():
            assert wanted == value(result["headers"], name.lower())
        assert "9593" == value(result["headers"], "content-length")
        assert "200" == result["status"]

    def test_a_new_viewer_gets_its_variant_as_cookie(self, module):
        """
        Out of reach for scripts and for other sites.
        """
        cf = of("viewer_response")

        result = module.secured(cf["request"]["headers"], cf["response"])

        assert "variant=b; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax; Secure" == (
            value(result["headers"], "set-cookie")
        )

    def test_cookies_of_the_origin_stay(self, module):
        """
        Ours is one more.
        """
        cf = of("viewer_response")
        other = {"key": "Set-Cookie", "value": "session=1"}
        cf["response"]["headers"]["set-cookie"] = [other]

        result = module.secured(cf["request"]["headers"], cf["response"])

        first, second = result["headers"]["set-cookie"]
        assert other == first
        assert second["value"].startswith("variant=b;")

    @pytest.mark.parametrize("known", [True, False])
    def test_who_has_one_or_needs_none_gets_no_cookie(self, module, known):
        """
        A viewer who came back, and an asset.
        """
        cf = of("viewer_response")
        asked = cf["request"]["headers"]
        if known:
            asked["cookie"] = [{"key": "Cookie", "value": "theme=dark; variant=b"}]
        else:
            del asked["x-variant"]

        assert "set-cookie" not in module.secured(asked, cf["response"])["headers"]
