"""What the watcher of an application's logs promises."""

from __future__ import annotations

import pytest

from stacks.log_alerts import LogAlertsStack
from tests.contracts.log_alerts import FAILURES, contract
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["log_alerts"]


def test_errors_alone_invoke(stack):
    """
    Each line that matches may cost an invocation.
    """
    (subscription,) = stack.properties("AWS::Logs::SubscriptionFilter")

    assert '?"ERROR" ?"CRITICAL"' == subscription["FilterPattern"]
    assert "Application" == subscription["LogGroupName"]["Ref"][:-8]


def test_the_watcher_logs_elsewhere(stack):
    """
    Or it would watch itself.
    """
    (function,) = stack.properties("AWS::Lambda::Function")

    assert "WatcherLogs" == function["LoggingConfig"]["LogGroup"]["Ref"][:-8]


def test_what_was_told_is_forgotten(stack):
    """
    Claims go by themselves.
    """
    table = stack.named("AWS::DynamoDB::GlobalTable", "Told")

    assert {"AttributeName": "expires_at", "Enabled": True} == (
        table["TimeToLiveSpecification"]
    )


def test_alerts_have_a_key_that_can_be_opened_to_publishers(stack):
    """
    The watcher may use it, and so could alarms, which cannot use alias/aws/sns.
    """
    topic = stack.named("AWS::SNS::Topic", "Alerts")

    assert "Key" == topic["KmsMasterKeyId"]["Fn::GetAtt"][0][:-8]


class TestDriven:
    """The stack at work, under its own role and Lambda's own rules."""

    @pytest.fixture
    def shop(self, account):
        return account.deploy(LogAlertsStack)

    def test_a_burst_makes_one_alert(self, account, shop):
        """
        With how often each kind of error came.
        """
        shop.log_group("Application").write(
            "INFO order 1 is stored",
            *(f"ERROR order {number} is not stored" for number in range(3)),
            {"level": "CRITICAL", "message": "disk full"},
        )
        account.settle()

        assert ["3 x ERROR order 0 is not stored\n1 x disk full"] == alerts(shop)

    def test_a_kind_is_told_again_after_an_hour(self, account, shop):
        """
        And not before.
        """
        for minutes in (0, 30, 31):
            account.advance(minutes * 60)
            shop.log_group("Application").write(f"ERROR order {minutes}")
            account.settle()

        assert ["1 x ERROR order 0", "1 x ERROR order 31"] == alerts(shop)

    def test_a_batch_that_is_delivered_twice_is_told_once(self, account, shop):
        """
        Lambda delivers at least once.
        """
        shop.function("Watcher").deliver_twice()

        shop.log_group("Application").write("ERROR order 1")
        account.settle()

        assert 2 == len(shop.function("Watcher").invocations)
        assert ["1 x ERROR order 1"] == alerts(shop)

    def test_an_alert_survives_a_throttled_topic(self, account, shop):
        """
        The claim of the first attempt does not silence the second.
        """
        account.fail_calls("sns", "Publish", "ThrottledException")

        shop.log_group("Application").write("ERROR order 1")
        account.settle()

        assert 2 == len(shop.function("Watcher").invocations)
        assert ["1 x ERROR order 1"] == alerts(shop)

    def test_what_is_no_batch_ends_with_its_error(self, account, shop):
        """
        After three attempts, and quotes nothing.
        """
        shop.function("Watcher").invoke_async(
            {"awslogs": {"data": "secret"}}, qualifier="live"
        )
        account.settle()

        (record,) = shop.queue(FAILURES).bodies()
        assert (
            "not a batch of log lines: Error"
            == (record["responsePayload"]["errorMessage"])
        )

    def test_the_watcher_repeats_nothing_of_what_it_reads(self, account, shop):
        """
        Its own logs have counts, and no errors to watch.
        """
        shop.log_group("Application").write("ERROR hunter")
        account.settle()

        said = str(shop.function("Watcher").logs)
        assert "batch is read" in said
        assert "hunter" not in said
        assert "ERROR" not in said

    def test_every_grant_is_needed_and_none_is_missing(self, account, shop):
        """
        The failure path needs one of its own.
        """
        contract(shop)

        account.assert_least_privilege()


def alerts(shop) -> list[str]:
    return shop.topic("Alerts").messages()
