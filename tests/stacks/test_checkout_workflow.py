"""What the checkout promises: all of it, or none."""

from __future__ import annotations

import json

import pytest

from stacks.checkout_workflow import CheckoutWorkflowStack
from tests.contracts.checkout_workflow import FULL, ORDER, available, contract, fill
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["checkout_workflow"]


def states(stack) -> dict:
    (machine,) = stack.properties("AWS::StepFunctions::StateMachine")
    parts = machine["DefinitionString"]["Fn::Join"][1]
    text = "".join(each if isinstance(each, str) else "<ref>" for each in parts)
    return json.loads(text)["States"]


def test_each_step_after_the_first_failure_gives_back(stack):
    """
    Money first, then the courier, then the stock.
    """
    found = states(stack)
    order = []
    name = found["Pay and book"]["Catch"][0]["Next"]
    while "Next" in found[name]:
        order.append(name)
        name = found[name]["Next"]

    assert ["Refund account", "Cancel courier", "Release stock"] == order
    assert "OrderCancelled" == found[name]["Error"]


def test_giving_back_is_tried_for_long(stack):
    """
    A compensation that fails would leave the customer without order or money.
    """
    for name in ("Refund account", "Cancel courier", "Release stock"):
        retry = states(stack)[name]["Retry"][-1]
        assert ["States.ALL"] == retry["ErrorEquals"]
        assert 20 == retry["MaxAttempts"]


def test_the_state_machine_logs_and_traces_and_ends(stack):
    """
    Every step is logged, without the order's data.
    """
    (machine,) = stack.properties("AWS::StepFunctions::StateMachine")
    definition = json.dumps(machine["DefinitionString"])

    assert "ALL" == machine["LoggingConfiguration"]["Level"]
    assert machine["LoggingConfiguration"].get("IncludeExecutionData") is not True
    assert machine["TracingConfiguration"]["Enabled"] is True
    assert '\\"TimeoutSeconds\\":3600' in definition


class TestDriven:
    """The checkout at work, under each function's own role."""

    @pytest.fixture
    def shop(self, account):
        shop = account.deploy(CheckoutWorkflowStack)
        fill(shop)
        return shop

    def test_an_order_is_placed_once_though_it_is_started_twice(self, shop):
        """
        The second run finds all of it done.
        """
        for _ in range(2):
            ended = shop.state_machine("Checkout").run({"order": ORDER})
            assert "SUCCEEDED" == ended.status

        assert {"sku#A1": 3, "customer#c-1": 5, "day#2026-11-26": 0} == (
            available(shop)
        )

    def test_an_order_for_what_is_not_there_is_rejected(self, shop):
        """
        Nothing was taken, so nothing is given back.
        """
        order = {**ORDER, "items": {"A1": 6}}

        ended = shop.state_machine("Checkout").run({"order": order})

        assert ("FAILED", "OrderRejected") == (ended.status, ended.error)
        assert available(shop) == FULL

    def test_an_order_that_cannot_be_paid_is_undone(self, account, shop):
        """
        The courier's place and the stock are there for the next.
        """
        ended = shop.state_machine("Checkout").run({"order": {**ORDER, "cents": 2_000}})

        assert ("FAILED", "OrderCancelled") == (ended.status, ended.error)
        assert available(shop) == FULL

    def test_a_throttled_function_delays_the_order(self, shop):
        """
        Throttles are retried, which CDK's own task leaves out.
        """
        shop.function("Stock").throttle()

        ended = shop.state_machine("Checkout").run({"order": ORDER})

        assert "SUCCEEDED" == ended.status

    def test_what_fails_without_a_word_is_undone_too(self, shop):
        """
        A step that timed out may or may not have taken.
        """
        shop.function("Courier").time_out()

        ended = shop.state_machine("Checkout").run({"order": ORDER})

        assert ("FAILED", "OrderCancelled") == (ended.status, ended.error)
        assert available(shop) == FULL

    def test_every_grant_is_needed_and_none_is_missing(self, account, shop):
        """
        Taking and giving back need all three.
        """
        contract(shop)

        account.assert_least_privilege()
