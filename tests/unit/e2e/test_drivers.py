from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver, discover, sqs_worker

ROOT = Path(__file__).resolve().parents[3]
DRIVERS = dict(discover())


def test_every_reference_stack_has_a_driver_of_the_same_stem():
    """
    Adding a stack means adding its module and its driver, nothing central.
    """
    stacks = {
        path.stem
        for path in (ROOT / "stacks").glob("*.py")
        if not path.stem.startswith("_")
    }

    assert set(DRIVERS) == stacks


@pytest.mark.parametrize(("stem", "driver"), DRIVERS.items(), ids=DRIVERS)
def test_a_driver_names_a_stack_of_the_app(stem, driver):
    """
    The name is the id that app.py gives the stack of that module.
    """
    app = ast.parse((ROOT / "app.py").read_text())
    ids = {
        node.args[1].value
        for node in ast.walk(app)
        if isinstance(node, ast.Call)
        and len(node.args) == 2
        and isinstance(node.args[1], ast.Constant)
    }

    assert isinstance(driver, Driver)
    assert driver.stack in ids


class TestSqsWorker:
    def test_no_two_runs_send_the_same_order(self):
        """
        A real account remembers the orders of the run before.
        """
        first, second = sqs_worker.orders_of("a"), sqs_worker.orders_of("b")

        assert len(first) == len(second) == sqs_worker.ORDERS
        assert not first.keys() & second.keys()

    def test_restores_the_visibility_timeout(self, queue):
        """
        The account is left as it was deployed, whatever happens in between.
        """
        deployed, url, read = queue

        def fail_while_it_is_short():
            with sqs_worker.visibility_timeout(deployed, url) as note:
                assert f"the visibility timeout of Queue was {read()} s inst" in note
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail_while_it_is_short()

        assert read() == "60"

    def test_leaves_the_poison_where_it_is(self, queue):
        """
        The user can look at it afterwards.
        """
        deployed, url, _ = queue
        sqs_worker.send(deployed, url, ["poison"])

        for _ in range(2):
            assert sqs_worker.dead_letters(deployed) == {"poison"}

    @pytest.fixture
    def queue(self, aws):
        deployed = Deployed("SqsWorker", "SqsWorker", emulated=True)
        deployed.physical_id = lambda _: url
        sqs = deployed.session.client("sqs")
        url = sqs.create_queue(
            QueueName="orders", Attributes={"VisibilityTimeout": "60"}
        )["QueueUrl"]

        def read():
            return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])[
                "Attributes"
            ]["VisibilityTimeout"]

        return deployed, url, read
