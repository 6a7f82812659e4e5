"""Custom rules of AWS Config.

https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_lambda-functions.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._push import push
from lambda_constructs.testing._served import ApiError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

PRINCIPAL = "config.amazonaws.com"

EVALUATIONS = 100
"""https://docs.aws.amazon.com/config/latest/APIReference/API_PutEvaluations.html."""


@dataclass
class ConfigRule:
    """A rule whose verdicts a function gives.

    Attributes:
        evaluations: What the function put, by resource id.
    """

    account: LocalAccount
    name: str
    arn: str
    target: str
    parameters: Mapping[str, Any]
    evaluations: list[dict[str, Any]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)

    def evaluate(
        self,
        item: Mapping[str, Any] | None = None,
        *,
        oversized: bool = False,
        left_scope: bool = False,
    ) -> None:
        """Have a changed resource evaluated, or all of them as on schedule.

        Args:
            item: The configuration item of the resource that changed.
            oversized: Whether it is too large for an event, which has a summary then.
            left_scope: Whether the rule is no longer for the resource.

        Raises:
            InvokeRefusedError: The function's policy does not allow it.
        """
        account = self.account
        now = datetime.fromtimestamp(account.clock.now(), UTC)
        timestamp = f"{now:%Y-%m-%dT%H:%M:%S}.000Z"
        invoking: dict[str, Any] = {
            "awsAccountId": account.id,
            "notificationCreationTime": timestamp,
            "messageType": "ScheduledNotification",
            "recordVersion": "1.0",
        }
        if item is not None:
            whole = {
                "awsAccountId": account.id,
                "awsRegion": account.region,
                "configurationItemStatus": "OK",
                "configurationItemCaptureTime": timestamp,
                **item,
            }
            invoking |= _oversized(whole) if oversized else _changed(whole)
        token = f"{account.random.getrandbits(128):032x}"
        self.tokens.add(token)
        role = "aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
        event = {
            "version": "1.0",
            "invokingEvent": json.dumps(invoking),
            "ruleParameters": json.dumps(self.parameters),
            "resultToken": token,
            "eventLeftScope": left_scope,
            "executionRoleArn": f"arn:aws:iam::{account.id}:role/{role}",
            "configRuleArn": self.arn,
            "configRuleName": self.name,
            "configRuleId": self.arn.rpartition("/")[2],
            "accountId": account.id,
        }
        context = {"aws:SourceArn": self.arn, "aws:SourceAccount": account.id}
        push(account, PRINCIPAL, self.target, event, wait=False, context=context)


def _changed(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "configurationItem": item,
        "messageType": "ConfigurationItemChangeNotification",
    }


def _oversized(item: Mapping[str, Any]) -> dict[str, Any]:
    """Give a summary, which lacks what makes an item large."""
    large = {"configuration", "relationships", "supplementaryConfiguration", "tags"}
    summary = {name: each for name, each in item.items() if name not in large}
    return {
        "configurationItemSummary": {"changeType": "UPDATE", **summary},
        "messageType": "OversizedConfigurationItemChangeNotification",
    }


def put_evaluations(
    account: LocalAccount, params: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Keep what a function found; moto knows no tokens."""
    token = params["ResultToken"]
    if len(params.get("Evaluations", [])) > EVALUATIONS:
        raise ApiError(
            "ValidationException",
            "Value at 'evaluations' failed to satisfy constraint: Member must have "
            f"length less than or equal to {EVALUATIONS}",
        )
    for rule in account.sources.config_rules.values():
        if token in rule.tokens and not params.get("TestMode"):
            rule.evaluations.extend(dict(each) for each in params["Evaluations"])
            return {"FailedEvaluations": []}
    if params.get("TestMode"):
        return {"FailedEvaluations": []}
    raise ApiError("InvalidResultTokenException", "The result token is not valid.")
