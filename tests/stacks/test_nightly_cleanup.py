"""What the nightly cleanup promises."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stacks.nightly_cleanup import NightlyCleanupStack
from tests.contracts.nightly_cleanup import (
    InEarnest,
    address,
    addresses,
    contract,
    instances,
    states,
    volume,
    volumes,
)
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")

A_DAY = timedelta(days=1)


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["nightly_cleanup"]


def test_it_runs_at_three_by_the_clocks_of_berlin(stack):
    """
    Summer and winter.
    """
    (schedule,) = stack.properties("AWS::Scheduler::Schedule")

    assert "cron(0 3 * * ? *)" == schedule["ScheduleExpression"]
    assert "Europe/Berlin" == schedule["ScheduleExpressionTimezone"]


def test_it_begins_as_a_dry_run(stack):
    """
    A reference that is deployed to be looked at deletes nothing.
    """
    (function,) = stack.properties("AWS::Lambda::Function")

    assert "true" == function["Environment"]["Variables"]["DRY_RUN"]


def test_policy_lets_it_touch_only_what_has_no_owner(stack):
    """
    Whatever the handler does.
    """
    statements = {
        statement["Action"]: statement
        for policy in stack.properties("AWS::IAM::ManagedPolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if isinstance(statement["Action"], str)
    }
    kinds = {
        "ec2:DeleteVolume": ":volume/*",
        "ec2:ReleaseAddress": ":elastic-ip/*",
        "ec2:StopInstances": ":instance/*",
    }

    for action, kind in kinds.items():
        assert kind == statements[action]["Resource"]["Fn::Join"][1][-1]
        assert {"Null": {"aws:ResourceTag/Owner": "true"}} == (
            statements[action]["Condition"]
        )


class TestDriven:
    """The stack at work, under its own role and Scheduler's own rules."""

    @pytest.fixture(autouse=True)
    def no_images(self, monkeypatch):
        """Spare moto its catalogue of images, which costs seconds."""
        monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")

    @pytest.fixture
    def shop(self, account):
        return account.deploy(InEarnest)

    def test_what_has_no_owner_is_gone_in_the_morning(self, account, shop):
        """
        And what has one is as it was.
        """
        mine, nobodys = instances("Mine"), instances(None)
        kept, lost = address("Mine"), address(None)
        volume()
        account.advance(timedelta(days=31))

        assert {"running"} == states(mine)
        assert {"stopped"} == states(nobodys)
        assert [kept] == addresses()
        assert lost not in addresses()
        assert [] == volumes()
        assert [] == shop.queue("Cleaner/Failures").bodies()

    def test_it_runs_once_a_night(self, account, shop):
        """
        The account's clock begins at midnight of the new year, in winter.
        """
        account.advance(3 * A_DAY)

        hour = 3600
        assert [2 * hour, 26 * hour, 50 * hour] == [
            each.at for each in shop.function("Cleaner").invocations
        ]

    def test_a_dry_run_changes_nothing_and_says_what_it_would(self, account):
        """
        EC2 itself tells whether the role might.
        """
        shop = account.deploy(NightlyCleanupStack)
        nobodys = instances(None)

        account.advance(A_DAY)

        (invocation,) = shop.function("Cleaner").invocations
        assert {"running"} == states(nobodys)
        assert nobodys == invocation.outcome.payload["stopped"]

    def test_one_failure_keeps_none_of_the_rest_and_is_tried_again(self, account, shop):
        """
        The second try finds what the first one left.
        """
        nobodys = instances(None, count=3)
        address(None)
        account.fail_calls("ec2", "StopInstances", "InternalError")

        account.advance(A_DAY)

        assert {"stopped"} == states(nobodys)
        assert [] == addresses()
        assert ["error", "ok"] == [
            each.outcome.kind for each in shop.function("Cleaner").invocations
        ]

    def test_what_always_fails_is_reported(self, account, shop):
        """
        After three tries, by name.
        """
        (nobodys,) = instances(None)
        account.fail_calls("ec2", "StopInstances", "InternalError", times=3)

        account.advance(A_DAY)

        (record,) = shop.queue("Cleaner/Failures").bodies()
        assert nobodys in record["responsePayload"]["errorMessage"]

    def test_a_run_that_cannot_start_is_kept(self, account, shop):
        """
        For two hours it is tried, then it is day.
        """
        shop.schedule("Cleaner/Schedule").fail(times=200)

        account.advance(A_DAY)

        assert [] == shop.function("Cleaner").invocations
        assert 1 == len(shop.queue("Cleaner/ScheduleUndelivered"))

    def test_every_grant_is_needed_and_none_is_missing(self, account, shop):
        """
        All three kinds, and the failure path.
        """
        contract(shop)

        account.assert_least_privilege()
