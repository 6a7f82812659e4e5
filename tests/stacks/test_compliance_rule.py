"""What the rule for buckets promises."""

from __future__ import annotations

import pytest

from stacks.compliance_rule import ComplianceRuleStack
from tests.contracts.compliance_rule import contract
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["compliance_rule"]


def test_buckets_are_judged_when_they_change_and_once_a_day(stack):
    """
    Whether or not the change fits into an event.
    """
    (rule,) = stack.properties("AWS::Config::ConfigRule")

    assert {"ComplianceResourceTypes": ["AWS::S3::Bucket"]} == rule["Scope"]
    assert {
        "ConfigurationItemChangeNotification": None,
        "OversizedConfigurationItemChangeNotification": None,
        "ScheduledNotification": "TwentyFour_Hours",
    } == {
        each["MessageType"]: each.get("MaximumExecutionFrequency")
        for each in rule["Source"]["SourceDetails"]
    }


def test_the_judge_reads_what_config_has_recorded_and_no_bucket(stack):
    """
    Nothing in the account but Config tells it anything.
    """
    policy = stack.named("AWS::IAM::ManagedPolicy", "JudgePolicy")
    services = {
        action.split(":")[0]
        for each in policy["PolicyDocument"]["Statement"]
        for action in (
            [each["Action"]] if isinstance(each["Action"], str) else each["Action"]
        )
    }

    assert {"config", "logs", "sqs", "xray"} == services


def test_rules_of_this_account_alone_may_invoke_the_judge(stack):
    """
    And the rule waits until they may.
    """
    (permission,) = stack.properties("AWS::Lambda::Permission")
    (rule,) = stack.of_type("AWS::Config::ConfigRule").values()

    assert {"Ref": "AWS::AccountId"} == permission["SourceAccount"]
    assert any("ConfigRulePermission" in each for each in rule["DependsOn"])


class TestDriven:
    """The stack at work, under its own role and Lambda's own rules."""

    @pytest.fixture
    def office(self, account):
        return account.deploy(ComplianceRuleStack)

    def test_every_grant_is_needed_and_none_is_missing(self, account, office):
        """
        A change, a large one, all of them, and an event that is given up.
        """
        contract(office)

        account.assert_least_privilege()

    def test_a_bucket_is_judged_once_more_if_config_does_not_answer(
        self, account, office
    ):
        """
        The second verdict says the same as the first would have.
        """
        account.fail_calls("config", "PutEvaluations", "ThrottlingException")
        rule = office.config_rule("Judge/ConfigRule")

        rule.evaluate(
            {
                "resourceType": "AWS::S3::Bucket",
                "resourceId": "invoices",
                "configurationItemStatus": "ResourceDeleted",
            }
        )
        account.settle()

        assert ["NOT_APPLICABLE"] == [
            each["ComplianceType"] for each in rule.evaluations
        ]
