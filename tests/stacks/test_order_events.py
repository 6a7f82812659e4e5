"""What those promise who listen for placed orders."""

from __future__ import annotations

import json

import pytest

from stacks.order_events import OrderEventsStack
from tests.contracts.order_events import contract, order, place
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")

RULE = "AWS::Events::Rule"


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["order_events"]


def test_shipping_hears_of_each_order_and_loyalty_of_large_ones(stack):
    """
    Each by a rule of its own on the shop's bus, so that either can go.
    """
    shipping = stack.named(RULE, "ShippingRule")
    loyalty = stack.named(RULE, "LoyaltyRule")
    placed = {"source": ["shop.orders"], "detail-type": ["OrderPlaced"]}
    (bus,) = stack.of_type("AWS::Events::EventBus")

    assert placed == shipping["EventPattern"]
    assert (
        placed | {"detail": {"total": [{"numeric": [">=", 50]}]}}
        == (loyalty["EventPattern"])
    )
    assert {"Ref": bus} == shipping["EventBusName"] == loyalty["EventBusName"]


def test_each_listener_keeps_what_failed_and_what_was_not_delivered(stack):
    """
    Two stores: Lambda's own tries end in one, EventBridge's in the other.
    """
    for name in ("Shipping", "Loyalty"):
        (target,) = stack.named(RULE, f"{name}Rule")["Targets"]
        config = stack.named("AWS::Lambda::EventInvokeConfig", f"{name}AsyncInvoke")
        failures = config["DestinationConfig"]["OnFailure"]["Destination"]

        assert f"{name}RuleUndelivered" in json.dumps(target["DeadLetterConfig"])
        assert f"{name}Failures" in json.dumps(failures)


def test_record_of_each_shipment_goes_to_shipped(stack):
    """
    Lambda sends it, not the handler.
    """
    config = stack.named("AWS::Lambda::EventInvokeConfig", "ShippingAsyncInvoke")

    assert "Shipped" in json.dumps(config["DestinationConfig"]["OnSuccess"])


def test_shipments_and_points_are_kept_and_can_be_restored(stack):
    """
    The tables survive the stack, and yesterday can be had back.
    """
    for table in stack.of_type("AWS::DynamoDB::GlobalTable").values():
        (replica,) = table["Properties"]["Replicas"]
        recovery = replica["PointInTimeRecoverySpecification"]

        assert "Retain" == table["DeletionPolicy"]
        assert replica["DeletionProtectionEnabled"] is True
        assert recovery["PointInTimeRecoveryEnabled"] is True


class TestDriven:
    """The stack at work, under its own roles and Lambda's own rules."""

    @pytest.fixture
    def shop(self, account):
        return account.deploy(OrderEventsStack)

    def test_a_placed_order_is_shipped_once_though_its_event_comes_twice(
        self, account, shop
    ):
        """
        EventBridge delivers at least once.
        """
        shop.function("Shipping").deliver_twice()
        place(shop, order(1))
        account.settle()

        (shipment,) = shop.table("Shipments").items()
        assert "o-1" == shipment["order_id"]
        assert ["ok", "ok"] == [
            each.outcome.kind for each in shop.function("Shipping").invocations
        ]
        assert {"order_id": "o-1", "parcels": 1} == (
            shop.queue("Shipped").bodies()[0]["responsePayload"]
        )

    def test_a_large_order_earns_points_once_and_a_small_one_none(self, account, shop):
        """
        The rule tells them apart, not the handler.
        """
        place(shop, order(1, total=129.9), order(1, total=129.9), order(2, total=49.99))
        account.settle()

        (given,) = shop.table("Points").items()
        assert ("o-1", 12) == (given["order_id"], given["points"])
        assert 2 == len(shop.function("Loyalty").invocations)
        assert 2 == len(shop.table("Shipments").items())

    def test_others_events_are_none_of_theirs(self, account, shop):
        """
        By source and by type.
        """
        bus = shop.bus("Bus")
        bus.put("OrderPaid", {"order_id": "o-1"}, source="shop.orders")
        bus.put("OrderPlaced", {"order_id": "o-1"}, source="shop.stock")
        account.settle()

        assert [] == shop.function("Shipping").invocations

    def test_an_order_that_cannot_be_is_kept_with_its_error(self, account, shop):
        """
        After three tries; it names the fault and quotes nothing.
        """
        place(shop, {"order_id": "o-1", "items": "poison", "total": 60})
        account.settle()

        (record,) = shop.queue("Shipping/Failures").bodies()
        assert "o-1" == record["requestPayload"]["detail"]["order_id"]
        assert (
            "not an order: list_type at 'items'"
            == (record["responsePayload"]["errorMessage"])
        )
        assert 3 == len(shop.function("Shipping").invocations)

    def test_an_event_that_does_not_reach_lambda_is_tried_for_a_day_and_kept(
        self, account, shop
    ):
        """
        The rule's own store; the other listener is not in the way.
        """
        shop.rule("Shipping/Rule").fail(times=200)
        place(shop, order(1, total=60))
        account.settle()

        (event,) = shop.queue("Shipping/RuleUndelivered").bodies()
        assert "o-1" == event["detail"]["order_id"]
        assert [] == shop.function("Shipping").invocations
        assert 1 == len(shop.table("Points").items())

    def test_every_grant_is_needed_and_none_is_missing(self, account, shop):
        """
        Success, and failure of both.
        """
        contract(shop)

        account.assert_least_privilege()
