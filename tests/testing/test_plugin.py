"""pytest has the fixture `account` wherever the library is installed."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

TEST = """
    from aws_cdk import Stack
    from aws_cdk import aws_sqs as sqs

    class ShopStack(Stack):
        def __init__(self, scope, id):
            super().__init__(scope, id)
            sqs.Queue(self, "Queue")

    def test_shop(account):
        account.deploy(ShopStack).queue("Queue").send("x")
        assert {assertion}
"""


@pytest.mark.slow
def test_the_fixture_comes_with_the_library(pytester: pytest.Pytester):
    """
    Nothing is imported or configured.
    """
    pytester.makepyfile(TEST.format(assertion="True"))

    pytester.runpytest_subprocess("-q").assert_outcomes(passed=1)


@pytest.mark.slow
def test_a_test_that_fails_shows_the_timeline_and_the_seed(pytester: pytest.Pytester):
    """
    What is needed to see why, and to run it again.
    """
    pytester.makepyfile(TEST.format(assertion="False"))

    result = pytester.runpytest_subprocess("-q", "--account-seed=7")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*account timeline*", "--account-seed=7", "*0.000 s  Queue  sent  1 message"]
    )


def test_the_account_gives_back_what_it_took(account):
    """
    Time, variables and clients are the process's own again.
    """
    import os
    import time
    from datetime import UTC, datetime

    import boto3

    from lambda_constructs.testing import LocalAccount

    outer = dict(os.environ)
    with LocalAccount() as inner:
        inner.advance(3600)
        boto3.client("sqs").create_queue(QueueName="inner")
        assert 2026 == datetime.now(UTC).year

    assert outer == dict(os.environ)
    assert account.clock.now() == time.time()


def test_two_runs_with_one_seed_are_the_same(pytester):
    """
    Request ids, environments and weights included.
    """
    from aws_cdk import App, Stack

    from lambda_constructs.testing import LocalAccount

    from .conftest import CONTEXT, make_function

    def run(seed: int) -> list[str]:
        stack = Stack(App(context=CONTEXT), "Shop")
        make_function(stack, "def handler(event, context): ...")
        with LocalAccount(seed=seed) as account:
            worker = account.deploy(stack).function("Worker")
            for _ in range(3):
                worker.invoke({})
            return [each.request_id for each in worker.invocations]

    assert run(1) == run(1)
    assert run(1) != run(2)
