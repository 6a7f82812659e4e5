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

    def evaluate(self, item: Mapping[str, Any] | None = None) -> None:
        """Have a changed resource evaluated, or all of them as on schedule.

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
            invoking |= {
                "configurationItem": {
                    "awsAccountId": account.id,
                    "awsRegion": account.region,
                    "configurationItemStatus": "OK",
                    "configurationItemCaptureTime": timestamp,
                    **item,
                },
                "messageType": "ConfigurationItemChangeNotification",
            }
        token = f"{account.random.getrandbits(128):032x}"
        self.tokens.add(token)
        role = "aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
        event = {
            "version": "1.0",
            "invokingEvent": json.dumps(invoking),
            "ruleParameters": json.dumps(self.parameters),
            "resultToken": token,
            "eventLeftScope": False,
            "executionRoleArn": f"arn:aws:iam::{account.id}:role/{role}",
            "configRuleArn": self.arn,
            "configRuleName": self.name,
            "configRuleId": self.arn.rpartition("/")[2],
            "accountId": account.id,
        }
        context = {"aws:SourceArn": self.arn, "aws:SourceAccount": account.id}
        push(account, PRINCIPAL, self.target, event, wait=False, context=context)


def put_evaluations(
    account: LocalAccount, params: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Keep what a function found; moto knows no tokens."""
    token = params["ResultToken"]
    for rule in account.sources.config_rules.values():
        if token in rule.tokens and not params.get("TestMode"):
            rule.evaluations.extend(dict(each) for each in params["Evaluations"])
            return {"FailedEvaluations": []}
    if params.get("TestMode"):
        return {"FailedEvaluations": []}
    raise ApiError("InvalidResultTokenException", "The result token is not valid.")
