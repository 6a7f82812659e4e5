"""What the table with rows of the stack's own promises."""

from __future__ import annotations

import pytest

from lambda_constructs.testing import AccountError
from stacks.seed_data import ZONES, SeedDataStack
from tests.contracts.seed_data import contract, zones
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["seed_data"]


def test_rows_are_asked_of_the_live_alias_with_the_rows(stack):
    """
    A change of the rows is an update; a change of the handler is none.
    """
    (rows,) = stack.properties("Custom::SeedRows")

    assert "SeedLive" in rows["ServiceToken"]["Ref"]
    assert ZONES == rows["Rows"]


def test_rows_come_when_the_function_may_put_them(stack):
    """
    And go before it may no more.
    """
    (rows,) = stack.of_type("Custom::SeedRows").values()

    assert [True] == [each.startswith("SeedPolicy") for each in rows["DependsOn"]]


def test_cloudformation_gives_up_when_lambda_has(stack):
    """
    Three attempts of a minute with their pauses, and a minute; not an hour.
    """
    (rows,) = stack.properties("Custom::SeedRows")

    assert "420" == rows["ServiceTimeout"]


def test_the_table_is_kept_and_can_be_restored(stack):
    """
    It survives the stack, with the rows of everyone else.
    """
    (zones,) = stack.of_type("AWS::DynamoDB::GlobalTable").values()
    (replica,) = zones["Properties"]["Replicas"]

    assert "Retain" == zones["DeletionPolicy"]
    assert replica["DeletionProtectionEnabled"] is True
    assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]


class TestDriven:
    """The stack at work, under its own role and Lambda's own rules."""

    @pytest.fixture
    def shop(self, account):
        return account.deploy(SeedDataStack)

    @pytest.fixture
    def rows(self, shop):
        return shop.custom_resource("Seed/Rows")

    def test_the_rows_are_there_when_the_stack_is(self, shop):
        """
        Whatever comes after the custom resource finds them.
        """
        assert sorted(each["zone"] for each in ZONES) == zones(shop)

    def test_an_update_removes_what_the_stack_no_longer_says(self, shop, rows):
        """
        In place, and without a second delete.
        """
        before = rows.physical_id

        rows.update(Rows=[*ZONES[:1], {"zone": "moon", "days": "99"}])

        assert ["domestic", "moon"] == zones(shop)
        assert before == rows.physical_id

    def test_a_duplicate_changes_nothing(self, shop, rows):
        """
        Lambda may deliver an event twice.
        """
        shop.function("Seed").deliver_twice()

        rows.update(Rows=ZONES[:1])

        assert ["domestic"] == zones(shop)

    def test_deleting_the_stack_leaves_the_rows_of_others(self, shop):
        """
        The table stays, too.
        """
        shop.table("Zones").put({"zone": "moon", "days": "99"})

        shop.delete()

        assert ["moon"] == zones(shop)

    def test_a_row_of_someone_else_fails_the_update_and_rolls_it_back(self, shop, rows):
        """
        Within a second, not after the service timeout.
        """
        shop.table("Zones").put({"zone": "moon", "days": "99"})

        with pytest.raises(AccountError, match="'moon' is not from this stack"):
            rows.update(Rows=[*ZONES[:1], {"zone": "moon", "days": "1"}])

        assert sorted([*(each["zone"] for each in ZONES), "moon"]) == zones(shop)

    def test_an_attempt_that_is_killed_is_made_up_for(self, account, shop, rows):
        """
        Lambda's retry answers before CloudFormation gives up.
        """
        shop.function("Seed").time_out()

        rows.update(Rows=ZONES[:1])

        assert ["domestic"] == zones(shop)

    def test_every_grant_is_needed_and_none_is_missing(self, account, shop, rows):
        """
        An event that no attempt could answer ends in the function's failures.
        """
        contract(shop)

        account.assert_least_privilege()
