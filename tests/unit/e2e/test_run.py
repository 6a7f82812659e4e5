from __future__ import annotations

import io

import pytest
from rich.console import Console

from tests.e2e.cdk import Stack
from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.errors import CommandError, UsageError
from tests.e2e.expect import Expectation, wait_until
from tests.e2e.run import Account, drive, known_drivers, match, run

HOLDS = Expectation("a", "b", "b", holds=True)


def hold(_deployed: Deployed) -> list[Expectation]:
    return [HOLDS]


def look(_deployed: Deployed) -> list[str]:
    return ["aws s3 ls"]


SHOP = Driver("Shop", drive=hold, look=look)
EDGE = Driver("Edge", drive=hold, not_emulated="no Lambda@Edge")
STACKS = [Stack("Shop", "Shop"), Stack("Edge", "Edge")]


@pytest.fixture
def console():
    return Console(file=io.StringIO())


class FakeCdk:
    """The CLI, without one."""

    def __init__(self, state):
        self.state = state
        self.assembly = state / "cdk.out"
        self.bootstrapped = False
        self.deployed: list[str] = []

    def synth(self, _progress):
        return STACKS

    def bootstrap(self):
        self.bootstrapped = True

    def deploy(self, stacks, _progress):
        self.deployed += [stack.path for stack in stacks]
        return dict.fromkeys(self.deployed, 1.5)


@pytest.fixture
def cdk(tmp_path, aws):
    return FakeCdk(tmp_path)


def test_deploys_what_the_emulator_hosts_and_names_the_rest(cdk, console):
    """
    The other stack is in the outcome, with the reason.
    """
    account = Account(cdk, emulated=True)

    outcome = run(account, {"shop": SHOP, "edge": EDGE}, [], console)

    edge, shop = outcome.results
    assert (edge.stack, edge.skipped) == ("Edge", "no Lambda@Edge")
    assert (shop.stack, shop.expectations) == ("Shop", (HOLDS,))
    assert shop.deploy_seconds == 1.5
    assert cdk.deployed == ["Shop"]
    assert cdk.bootstrapped
    assert outcome.look == ["aws s3 ls"]


def test_deploys_everything_into_a_real_account(cdk, console):
    """
    What the emulator lacks is no reason there, and its owner bootstraps it.
    """
    account = Account(cdk, emulated=False)

    outcome = run(account, {"shop": SHOP, "edge": EDGE}, [], console)

    assert cdk.deployed == ["Shop", "Edge"]
    assert not cdk.bootstrapped
    assert [result.skipped for result in outcome.results] == [None, None]


def test_fails_if_a_stack_has_no_driver():
    """
    A stack that nobody drives is an error, not a success.
    """
    with pytest.raises(CommandError, match="no driver for the stack Edge"):
        list(match(STACKS, {"shop": SHOP}, ["Shop"]))


def test_fails_if_a_driver_has_no_stack():
    """
    A driver whose stack was renamed is named with the nearest stack.
    """
    with pytest.raises(CommandError, match=r"shop\.py drives Shop.*did you mean Shops"):
        list(match([Stack("Shops", "Shops")], {"shop": SHOP}, []))


def test_takes_the_stacks_that_were_named():
    """
    The names are those of app.py.
    """
    drivers = {"shop": SHOP, "edge": EDGE}

    chosen = [candidate.stack.path for candidate in match(STACKS, drivers, ["Edge"])]

    assert chosen == ["Edge"]


def test_fails_early_if_there_is_no_such_stack():
    """
    Nothing is started for a mistyped name.
    """
    with pytest.raises(UsageError, match="no stack sqsworker; did you mean SqsWorker"):
        known_drivers(["sqsworker"])


def test_a_driver_that_breaks_is_one_that_does_not_hold(tmp_path, console, aws):
    """
    What it had found so far stays, and the traceback is in a log.
    """

    def broken(deployed):
        yield HOLDS
        raise RuntimeError("the queue is gone")

    deployed = Deployed("Shop", "Shop", emulated=True)

    result = drive(Driver("Shop", drive=broken), deployed, tmp_path, console)

    first, second = result.expectations
    assert first is HOLDS
    assert second.arrived == "RuntimeError: the queue is gone"
    assert not result.holds
    assert "Traceback" in (tmp_path / "driver.log").read_text()


def test_waits_until_it_holds_or_time_is_up(monkeypatch):
    """
    The last reading is given either way, for the report.
    """
    monkeypatch.setattr("time.sleep", lambda _: None)
    readings = iter([1, 2, 3])

    assert wait_until(lambda: next(readings), lambda n: n == 2, timeout=60) == 2
    assert wait_until(lambda: 7, lambda n: n == 2, timeout=0) == 7
