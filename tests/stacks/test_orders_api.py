"""What the API of orders promises, over HTTP and over REST."""

from __future__ import annotations

import json

import pytest

from stacks.orders_api import OrdersApiStack
from tests.contracts.orders_api import ORDER, PATH, apis_of, contract, send
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")

OTHER = {"items": [{"sku": "B2", "quantity": 1, "unit_price": "1.00"}]}


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["orders_api"]


def test_each_route_asks_who_is_there(stack):
    """
    By signature: nobody in the world, and no page of another origin, may ask.
    """
    routes = [
        *stack.properties("AWS::ApiGatewayV2::Route"),
        *stack.properties("AWS::ApiGateway::Method"),
    ]

    assert 6 == len(routes)
    assert {"AWS_IAM"} == {each["AuthorizationType"] for each in routes}
    assert "CorsConfiguration" not in stack.named("AWS::ApiGatewayV2::Api", "HttpApi")


def test_each_function_is_invoked_by_its_own_api_alone(stack):
    """
    By one permission, for three routes.
    """
    sources = {
        each["FunctionName"]["Ref"][:-8]: json.dumps(each["SourceArn"])
        for each in stack.properties("AWS::Lambda::Permission")
    }

    assert {"HttpOrdersLive", "RestOrdersLive"} == set(sources)
    assert '{"Ref": "HttpApi' in sources["HttpOrdersLive"]
    assert '{"Ref": "RestApi' in sources["RestOrdersLive"]
    assert '"/prod/*"' in sources["RestOrdersLive"]


def test_each_stage_is_throttled_and_logged(stack):
    """
    Whom the logs name is who asked, and not whom it was about.
    """
    (http,) = stack.properties("AWS::ApiGatewayV2::Stage")
    (rest,) = stack.properties("AWS::ApiGateway::Stage")

    assert {"ThrottlingRateLimit": 100, "ThrottlingBurstLimit": 200} == (
        http["DefaultRouteSettings"]
    )
    (settings,) = rest["MethodSettings"]
    assert (100, 200) == (
        settings["ThrottlingRateLimit"],
        settings["ThrottlingBurstLimit"],
    )
    for each in (http["AccessLogSettings"], rest["AccessLogSetting"]):
        assert each["DestinationArn"]
        assert "$context.requestId" in each["Format"]
        assert "path" not in each["Format"]


def test_orders_are_kept_and_can_be_restored(stack):
    """
    The table survives the stack, and yesterday can be had back.
    """
    (orders,) = stack.of_type("AWS::DynamoDB::GlobalTable").values()
    (replica,) = orders["Properties"]["Replicas"]

    assert "Retain" == orders["DeletionPolicy"]
    assert replica["DeletionProtectionEnabled"] is True
    assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]


@pytest.fixture
def shop(account):
    return account.deploy(OrdersApiStack)


@pytest.fixture
def apis(shop) -> dict:
    return apis_of(shop)


class TestDriven:
    """The stack at work, under its own roles and the rules of each kind of API."""

    @pytest.fixture(params=["HttpApi", "RestApi"])
    def api(self, request, apis):
        return apis[request.param]

    def test_who_does_not_sign_is_refused(self, shop):
        """
        Before a function is asked.
        """
        apis = (shop.http_api("HttpApi"), shop.rest_api("RestApi"))

        assert [403, 403] == [send(api).status for api in apis]
        assert [] == shop.function("HttpOrders").invocations
        assert [] == shop.function("RestOrders").invocations

    def test_an_order_is_taken_shown_and_listed(self, shop, api):
        """
        And every answer names its request.
        """
        taken = send(api)

        order_id = taken.json()["order_id"]
        shown = api.get(f"{PATH}/{order_id}")
        listed = api.get(PATH)
        assert 201 == taken.status
        assert ("19.90", "c-1") == (taken.json()["total"], taken.json()["customer_id"])
        assert (200, taken.json()) == (shown.status, shown.json())
        assert {"orders": [taken.json()]} == listed.json()
        ids = {each.headers["x-request-id"] for each in (taken, shown, listed)}
        assert 3 == len(ids)
        assert "no-store" == taken.headers["cache-control"]

    def test_a_key_is_for_one_order(self, shop, api):
        """
        Sent again, it is answered again; another order under its key is refused.
        """
        first, again, refused = send(api), send(api), send(api, OTHER)

        assert (201, 200, 409) == (first.status, again.status, refused.status)
        assert first.json() == again.json()
        assert {"message": "Idempotency-Key was used for another order"} == (
            refused.json()
        )
        assert [first.json()["order_id"]] == [
            each["order_id"] for each in shop.table("Orders").items()
        ]

    def test_pages_follow_one_another(self, shop, api):
        """
        Each order is on one of them, and none of another customer's.
        """
        for number in range(5):
            send(api, key=f"key-0000{number}")
        send(api, key="key-00009", path="/customers/c-2/orders")

        pages, query = [], {"limit": "2"}
        while "next" in query or not pages:
            pages.append(api.get(PATH, query=query).json())
            query = {
                "limit": "2",
                **{k: v for k, v in pages[-1].items() if k == "next"},
            }

        seen = [each["order_id"] for page in pages for each in page["orders"]]
        assert [2, 2, 1] == [len(page["orders"]) for page in pages]
        assert 5 == len(set(seen))
        assert {"c-1"} == {
            each["customer_id"] for page in pages for each in page["orders"]
        }

    def test_what_is_no_order_is_refused(self, shop, api):
        """
        With the first fault, and without what was sent or where the code is.
        """
        for body, key, status, told in (
            (ORDER, None, 400, "Idempotency-Key is missing or malformed"),
            (ORDER, "short", 400, "Idempotency-Key is missing or malformed"),
            ("{", "key-00001", 400, "the body is not JSON"),
            ({"items": []}, "key-00001", 422, "not an order: too_short at 'items'"),
        ):
            answered = send(api, body, key=key)
            assert (status, {"message": told}) == (answered.status, answered.json())
            assert answered.headers["x-request-id"]

        # Above 6 MB, which Lambda refuses, the gateway answers by itself.
        answered = send(api, "x" * (6 * 1024 * 1024))
        assert 413 == answered.status
        assert [] == shop.table("Orders").items()

    def test_what_is_not_there_is_a_404(self, api):
        """
        As is what is another customer's.
        """
        order_id = send(api).json()["order_id"]

        assert 404 == api.get(f"{PATH}/none").status
        assert 404 == api.get(f"/customers/c-2/orders/{order_id}").status


def test_one_key_is_one_order_by_either_api(shop, apis):
    """
    At the same time as well: the table decides who is first.
    """
    answered = [send(api) for api in [*apis.values()] * 3]

    assert [201, 200, 200, 200, 200, 200] == [each.status for each in answered]
    assert 1 == len({each.json()["order_id"] for each in answered})
    assert 1 == len(shop.table("Orders").items())


@pytest.mark.parametrize(("name", "status"), [("Http", 500), ("Rest", 502)])
def test_a_client_may_try_again_after_a_failure(account, shop, apis, name, status):
    """
    Of the table, or of a function that is killed when the order was taken already.
    """
    api = apis[f"{name}Api"]
    account.fail_calls("dynamodb", "PutItem", "InternalServerError", times=1)
    failed = send(api)
    shop.function(f"{name}Orders").time_out()
    late = send(api)
    again = send(api)

    assert (status, status) == (failed.status, late.status)
    assert "Traceback" not in failed.text + late.text
    assert again.status in {200, 201}
    assert [again.json()["order_id"]] == [
        each["order_id"] for each in shop.table("Orders").items()
    ]


def test_every_grant_is_needed_and_none_is_missing(account, shop):
    """
    Of both functions.
    """
    contract(shop)

    account.assert_least_privilege()
