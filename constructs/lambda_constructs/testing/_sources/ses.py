"""Mail that Amazon SES receives.

https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-lambda.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._push import InvokeRefusedError, push
from lambda_constructs.testing._sources.letters import (
    Letter,
    ReceiptRule,
    event_of,
)
from lambda_constructs.testing._sources.senders import (
    DeliveryError,
    Sender,
    call,
    send,
)
from lambda_constructs.testing.errors import AccountError, UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

PRINCIPAL = "ses.amazonaws.com"


class Mail:
    """Takes mail through the rules of a set, in their order."""

    def __init__(self, account: LocalAccount) -> None:
        self.account = account
        self.sets: dict[str, list[ReceiptRule]] = {}

    def add(self, rule_set: str, rule: ReceiptRule, after: str | None) -> None:
        """Put a rule behind another, or at the beginning."""
        rules = self.sets.setdefault(rule_set, [])
        names = [each.name for each in rules]
        rules.insert(names.index(after) + 1 if after in names else 0, rule)
        self.account.paths[rule.arn] = rule.path

    def receive(self, rule_set: str, letter: Letter) -> None:
        """Take a mail, as if this were the active rule set."""
        for rule in self.sets.get(rule_set, []):
            recipients = rule.for_(letter.recipients)
            if not rule.enabled or not recipients:
                continue
            self.account.note(rule.path, "matched", ", ".join(recipients))
            for action in rule.actions:
                disposition = self._act(rule, action, letter, recipients)
                if disposition == "STOP_RULE_SET":
                    return
                if disposition == "STOP_RULE":
                    break

    def _act(
        self,
        rule: ReceiptRule,
        action: Mapping[str, Any],
        letter: Letter,
        recipients: list[str],
    ) -> str:
        ((kind, settings),) = action.items()
        act = {
            "LambdaAction": self._invoke,
            "S3Action": self._store,
            "SNSAction": self._notify,
            "StopAction": self._stop,
        }.get(kind)
        if act is None:
            raise UnmodelledError(f"{rule.path}: the action {kind} is not modelled")
        try:
            return act(rule, settings, letter, recipients)
        except (DeliveryError, InvokeRefusedError) as error:
            self.account.note(rule.path, "lost", str(error))
            return "CONTINUE"

    def _invoke(
        self,
        rule: ReceiptRule,
        settings: Mapping[str, Any],
        letter: Letter,
        recipients: list[str],
    ) -> str:
        """Only a synchronous function can say that mail stops here."""
        kind = settings.get("InvocationType", "Event")
        action = {
            "type": "Lambda",
            "functionArn": settings["FunctionArn"],
            "invocationType": kind,
        }
        outcome = push(
            self.account,
            PRINCIPAL,
            str(settings["FunctionArn"]),
            event_of(self.account.clock.now(), letter, recipients, action),
            wait=kind == "RequestResponse",
            context={"aws:SourceArn": rule.arn, "aws:SourceAccount": self.account.id},
        )
        if outcome is None or outcome.failed:
            return "CONTINUE"
        payload = outcome.payload
        given = payload.get("disposition") if isinstance(payload, dict) else None
        return str(given or "CONTINUE").upper()

    def _store(
        self,
        rule: ReceiptRule,
        settings: Mapping[str, Any],
        letter: Letter,
        _: list[str],
    ) -> str:
        key = settings.get("ObjectKeyPrefix", "") + letter.id
        params = {
            "Bucket": settings["BucketName"],
            "Key": key,
            "Body": letter.message.as_bytes(),
        }
        sender = Sender(PRINCIPAL, rule.arn, settings.get("IamRoleArn"))
        call(self.account, sender, "s3", "PutObject", params)
        return "CONTINUE"

    def _notify(
        self,
        rule: ReceiptRule,
        settings: Mapping[str, Any],
        letter: Letter,
        recipients: list[str],
    ) -> str:
        action = {"type": "SNS", "topicArn": settings["TopicArn"]}
        event = event_of(self.account.clock.now(), letter, recipients, action)[
            "Records"
        ][0]["ses"]
        told = {
            "notificationType": "Received",
            **event,
            "content": letter.message.as_string(),
        }
        topic = str(settings["TopicArn"])
        send(self.account, Sender(PRINCIPAL, rule.arn), topic, json.dumps(told))
        return "CONTINUE"

    def _stop(
        self,
        _rule: ReceiptRule,
        _settings: Mapping[str, Any],
        _letter: Letter,
        _recipients: list[str],
    ) -> str:
        return "STOP_RULE_SET"

    def only_set(self) -> str:
        """Give the one rule set of the account.

        Raises:
            AccountError: There is none, or more than one.
        """
        if len(self.sets) != 1:
            raise AccountError(
                f"there are {len(self.sets)} receipt rule sets with rules; name one"
            )
        return next(iter(self.sets))
