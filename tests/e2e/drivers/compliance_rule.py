"""Have every bucket of the account judged, as the clock does once a day."""

from __future__ import annotations

from collections.abc import Iterator

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation, wait_until


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Start the rule, and expect that it has invoked the judge."""
    config, rule = deployed.session.client("config"), rule_of(deployed)
    before = runs(deployed)
    config.start_config_rules_evaluation(ConfigRuleNames=[rule])
    after = wait_until(
        lambda: runs(deployed), lambda found: found != before, timeout=120
    )
    yield Expectation(
        "an evaluation of all",
        "Judge invoked",
        "Judge invoked" if after != before else "Judge not invoked",
        after != before,
    )


def rule_of(deployed: Deployed) -> str:
    """Give the rule's name."""
    return deployed.physical_id("Judge/ConfigRule")


def runs(deployed: Deployed) -> str:
    """Read when the rule last invoked its function."""
    config = deployed.session.client("config")
    (status,) = config.describe_config_rule_evaluation_status(
        ConfigRuleNames=[rule_of(deployed)]
    )["ConfigRulesEvaluationStatus"]
    return str(status.get("LastSuccessfulInvocationTime", "never"))


def look(deployed: Deployed) -> Iterator[str]:
    """Show the verdicts."""
    yield (
        "aws configservice get-compliance-details-by-config-rule --config-rule-name "
        f"{rule_of(deployed)} --max-items 3"
    )


DRIVER = Driver(
    stack="ComplianceRule",
    drive=drive,
    look=look,
    not_emulated="the emulator refuses AWS::Config::ConfigRule",
)
