"""Those who listen for placed orders: once each, and nothing that is no order."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.conftest import ColdStart
from tests.handlers.conftest import LambdaContext
from tests.handlers.events import event


def placed(**detail: Any) -> dict[str, Any]:
    given = event("order_placed")
    return given | {"detail": given["detail"] | detail}


def table(name: str, *keys: str) -> None:
    boto3.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": key, "AttributeType": "S"} for key in keys
        ],
        KeySchema=[
            {"AttributeName": key, "KeyType": kind}
            for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
        ],
    )


def items(name: str) -> list[dict[str, Any]]:
    return list(boto3.resource("dynamodb").Table(name).scan()["Items"])


@pytest.fixture
def shipping(cold_start: ColdStart) -> ModuleType:
    module = cold_start("order_events", "shipping", SHIPMENTS_TABLE="shipments")
    table("shipments", "order_id")
    return module


@pytest.fixture
def loyalty(cold_start: ColdStart) -> ModuleType:
    module = cold_start("order_events", "loyalty", POINTS_TABLE="points")
    table("points", "customer_id", "order_id")
    return module


class TestShipping:
    def test_an_order_becomes_a_shipment(self, shipping):
        """
        Of what shipping needs to know, and no more.
        """
        answer = shipping.handler(placed(), LambdaContext())

        assert {"order_id": "o-1", "parcels": 1} == answer
        assert [{"order_id": "o-1", "items": [{"sku": "A1", "quantity": 2}]}] == (
            items("shipments")
        )

    def test_an_order_that_comes_again_is_shipped_once(self, shipping):
        """
        In the same event or in another one.
        """
        again = placed() | {"id": "00000000-0000-4000-8000-000000000002"}

        for each in (placed(), placed(), again):
            assert "o-1" == shipping.handler(each, LambdaContext())["order_id"]

        assert 1 == len(items("shipments"))

    def test_another_order_under_a_known_id_is_an_error(self, shipping):
        """
        The shipment that is there stays.
        """
        shipping.handler(placed(), LambdaContext())
        other = placed(items=[{"sku": "B2", "quantity": 1}])

        with pytest.raises(ValueError, match="another order has this order_id"):
            shipping.handler(other, LambdaContext())

        assert "A1" == items("shipments")[0]["items"][0]["sku"]

    @pytest.mark.parametrize(
        ("detail", "message"),
        [
            ({"order_id": ""}, "string_pattern_mismatch at 'order_id'"),
            ({"order_id": 7}, "string_type at 'order_id'"),
            ({"items": []}, "too_short at 'items'"),
            (
                {"items": [{"sku": "A1", "quantity": 0}]},
                "greater_than_equal at 'items.0.quantity'",
            ),
            (
                {"items": [{"sku": "A1", "quantity": "2"}]},
                "int_type at 'items.0.quantity'",
            ),
        ],
    )
    def test_fails_if_it_is_no_order(self, shipping, detail, message):
        """
        The first fault is named, and nothing quoted.
        """
        with pytest.raises(ValueError, match=message):
            shipping.handler(placed(**detail), LambdaContext())

        assert [] == items("shipments")

    def test_fails_if_the_table_does(self, shipping):
        """
        Lambda tries again, and keeps what it gives up.
        """
        boto3.client("dynamodb").delete_table(TableName="shipments")

        with pytest.raises(ClientError):
            shipping.handler(placed(), LambdaContext())


class TestLoyalty:
    @pytest.mark.parametrize(
        ("total", "points"), [(50, 5), (129.9, 12), ("59.99", 5), (1_000_000, 100_000)]
    )
    def test_each_ten_give_a_point(self, loyalty, total, points):
        """
        Of what was paid, rounded down.
        """
        loyalty.handler(placed(total=total), LambdaContext())

        assert [points] == [each["points"] for each in items("points")]

    def test_an_order_that_comes_again_earns_nothing_more(self, loyalty):
        """
        A sum would have risen.
        """
        loyalty.handler(placed(), LambdaContext())
        loyalty.handler(placed(), LambdaContext())

        assert [12] == [each["points"] for each in items("points")]

    def test_each_order_of_a_customer_counts(self, loyalty):
        """
        One item each.
        """
        loyalty.handler(placed(), LambdaContext())
        loyalty.handler(placed(order_id="o-2"), LambdaContext())

        assert {"o-1", "o-2"} == {each["order_id"] for each in items("points")}

    @pytest.mark.parametrize(
        ("detail", "message"),
        [
            ({"total": -1}, "greater_than_equal at 'total'"),
            ({"total": "NaN"}, "finite_number at 'total'"),
            ({"total": 1_000_001}, "less_than_equal at 'total'"),
            ({"customer_id": None}, "string_type at 'customer_id'"),
        ],
    )
    def test_fails_if_it_is_no_order(self, loyalty, detail, message):
        """
        The first fault is named, and nothing quoted.
        """
        with pytest.raises(ValueError, match=message):
            loyalty.handler(placed(**detail), LambdaContext())

        assert [] == items("points")
