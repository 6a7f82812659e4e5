"""What releases of the quotes promise."""

from __future__ import annotations

import json

import pytest

from stacks.canary_release import CanaryReleaseStack
from tests.contracts.canary_release import REQUEST, contract
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")

WRONG = """
def handler(event, context):
    return {"statusCode": 200, "body": '{"price": "0.00"}'}
"""

RAISES_LATER = """
import json

def handler(event, context):
    if event["requestContext"]["requestId"] != "smoke-test":
        raise KeyError("price")
    parcel = event["queryStringParameters"]
    bad = parcel["zone"] == "moon" or parcel["kg"] == "-1"
    return {"statusCode": 400 if bad else 200, "body": json.dumps({"price": "1.00"})}
"""


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["canary_release"]


def test_a_tenth_of_the_requests_for_five_minutes(stack):
    """
    By a configuration that AWS has ready.
    """
    (group,) = stack.properties("AWS::CodeDeploy::DeploymentGroup")

    assert (
        "CodeDeployDefault.LambdaCanary10Percent5Minutes"
        == (group["DeploymentConfigName"])
    )


def test_a_release_goes_back_on_errors_throttles_5xx_and_latency(stack):
    """
    What follows from a URL; these alarms tell CodeDeploy and nobody else.
    """
    alarms = {
        name: alarm
        for name, alarm in stack.of_type("AWS::CloudWatch::Alarm").items()
        if "AlarmActions" not in alarm["Properties"]
    }
    (group,) = stack.properties("AWS::CodeDeploy::DeploymentGroup")

    assert {
        "QuotesDeploymentErrors",
        "QuotesDeploymentLatency",
        "QuotesDeploymentServerErrors",
        "QuotesDeploymentThrottles",
    } == {name[:-8] for name in alarms}
    assert alarms.keys() == {
        each["Name"]["Ref"] for each in group["AlarmConfiguration"]["Alarms"]
    }


def test_the_smoke_test_comes_before_any_request(stack):
    """
    The alias waits for all that it may and knows.
    """
    (alias,) = [
        each
        for name, each in stack.of_type("AWS::Lambda::Alias").items()
        if name.startswith("Quotes")
    ]
    update = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]

    assert update["BeforeAllowTrafficHook"]["Ref"].startswith("SmokeTestFunction")
    assert any(each.startswith("SmokeTestHookPolicy") for each in alias["DependsOn"])


class TestDriven:
    """The stack at work, under its own roles and by CodeDeploy's rules."""

    @pytest.fixture
    def shop(self, account):
        return account.deploy(CanaryReleaseStack)

    def test_a_fit_version_takes_over_by_and_by(self, account, shop):
        """
        A tenth at first, everything after five minutes; no permission is idle.
        """
        contract(shop)

        account.assert_least_privilege()

    def test_a_version_that_the_smoke_test_refuses_gets_no_request(self, account, shop):
        """
        The failure case: it answers 200, and its price is none.
        """
        release = shop.release("Quotes", files={"quotes.py": WRONG})
        account.settle()

        assert "Failed" == release.status
        assert "BeforeAllowTraffic failed" in release.reason
        assert {"1": 1.0} == release.traffic
        assert {"2"} == {each.version for each in shop.function("Quotes").invocations}
        answer = shop.function("Quotes").invoke(REQUEST).payload
        assert "4.50" == json.loads(answer["body"])["price"]

    def test_a_version_that_fails_customers_goes_back_within_minutes(
        self, account, shop
    ):
        """
        The smoke test has not seen it; the alarm on the new version's errors has.
        """
        release = shop.release("Quotes", files={"quotes.py": RAISES_LATER})
        account.advance(1)
        for _ in range(40):
            shop.function("Quotes").invoke(REQUEST)
        account.settle()

        failed = [
            each for each in shop.function("Quotes").invocations if each.outcome.failed
        ]
        assert {"2"} == {each.version for each in failed}
        assert 0 < len(failed) < 12
        assert "Stopped" == release.status
        assert "Quotes/Deployment/Errors is in alarm" == release.reason
        assert {"1": 1.0} == release.traffic

    def test_a_hook_that_is_silent_for_an_hour_fails_the_release(self, account, shop):
        """
        As one that cannot be imported is.
        """
        shop.function("SmokeTest").fail(times=3)

        release = shop.release("Quotes")
        account.advance(3_599)
        assert "InProgress" == release.status
        account.advance(1)

        assert "Failed" == release.status
        assert "no answer within an hour" in release.reason
