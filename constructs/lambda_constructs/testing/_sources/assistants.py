"""Lex and Alexa, which wait for the function that answers for them.

https://docs.aws.amazon.com/lexv2/latest/dg/lambda.html
https://developer.amazon.com/docs/custom-skills/host-a-custom-skill-as-an-aws-lambda-function.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._push import push
from lambda_constructs.testing._runtime import Outcome
from lambda_constructs.testing.errors import AccountError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

LEX = "lexv2.amazonaws.com"
CUSTOM_SKILL = "alexa-appkit.amazon.com"
SMART_HOME = "alexa-connectedhome.amazon.com"


@dataclass(frozen=True)
class Bot:
    """A bot, as its alias makes it known."""

    id: str
    name: str
    alias: str
    alias_name: str
    version: str
    functions: Mapping[str, str]


@dataclass(frozen=True)
class BotAlias:
    """An alias of a bot, as those who talk to it make it call its functions."""

    account: LocalAccount
    bot: Bot
    path: str

    @property
    def arn(self) -> str:
        """Its ARN."""
        place = f"{self.account.region}:{self.account.id}"
        return f"arn:aws:lex:{place}:bot-alias/{self.bot.id}/{self.bot.alias}"

    def call_hook(
        self,
        intent: str,
        slots: Mapping[str, Any] | None = None,
        *,
        text: str = "",
        source: str = "FulfillmentCodeHook",
        locale: str | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Have the function of a locale called for an intent, and give its outcome.

        Args:
            intent: The intent's name.
            slots: What was understood of it, as Lex has it: each slot's `value`.
            text: What the user said.
            source: `DialogCodeHook` or `FulfillmentCodeHook`.
            locale: Needed if the alias has several.
            attributes: The attributes of the session.

        Raises:
            AccountError: There is no function for it, or its resource policy does not
                allow this alias to invoke it.
        """
        chosen, target = self._function(locale)
        state = {
            "name": intent,
            "slots": dict(slots or {}),
            "confirmationState": "None",
        }
        state["state"] = "ReadyForFulfillment" if source[0] == "F" else "InProgress"
        event = {
            "messageVersion": "1.0",
            "invocationSource": source,
            "inputMode": "Text",
            "responseContentType": "text/plain; charset=utf-8",
            "sessionId": f"{self.account.random.getrandbits(60):015d}",
            "inputTranscript": text,
            "bot": {
                "id": self.bot.id,
                "name": self.bot.name,
                "aliasId": self.bot.alias,
                "aliasName": self.bot.alias_name,
                "localeId": chosen,
                "version": self.bot.version,
            },
            "interpretations": [
                {"intent": state, "nluConfidence": 1.0, "interpretationSource": "Lex"}
            ],
            "requestAttributes": None,
            "sessionState": {
                "intent": state,
                "sessionAttributes": dict(attributes or {}),
                "originatingRequestId": str(_uuid(self.account)),
            },
            "transcriptions": [],
        }
        self.account.note(self.path, "calls", f"{source} of {intent}")
        context = {"aws:SourceArn": self.arn, "aws:SourceAccount": self.account.id}
        return _wait(self.account, LEX, target, event, context)

    def _function(self, locale: str | None) -> tuple[str, str]:
        known = self.bot.functions
        if locale is None and len(known) == 1:
            (locale,) = known
        if locale is None or locale not in known:
            raise AccountError(
                f"{self.path} has no function for the locale {locale!r}"
                + f"; it has {', '.join(sorted(known)) or 'none'}"
            )
        return locale, known[locale]


@dataclass(frozen=True)
class Skill:
    """A skill of Alexa, as a device makes it call its function.

    Attributes:
        function: The function's ARN, as it is entered in the developer console.
        id: The skill's id, which Lambda sees as the event source token.
    """

    account: LocalAccount
    function: str
    id: str

    def ask(self, request: Mapping[str, Any], **session: Any) -> Outcome:
        """Send a request of a custom skill and give the function's outcome.

        *request* has at least its `type`, as `IntentRequest`, and an `intent` if it is
        one; *session* is what the session has beside its ids.

        Raises:
            AccountError: The function's resource policy does not allow this skill.
        """
        now = datetime.fromtimestamp(self.account.clock.now(), UTC)
        application = {"applicationId": self.id}
        user = {"userId": "amzn1.ask.account.TESTING"}
        event = {
            "version": "1.0",
            "session": {
                "new": True,
                "sessionId": f"amzn1.echo-api.session.{_uuid(self.account)}",
                "application": application,
                "attributes": {},
                "user": user,
                **session,
            },
            "context": {
                "System": {
                    "application": application,
                    "user": user,
                    "device": {"deviceId": "amzn1.ask.device.TESTING"},
                    "apiEndpoint": "https://api.eu.amazonalexa.com",
                }
            },
            "request": {
                "requestId": f"amzn1.echo-api.request.{_uuid(self.account)}",
                "timestamp": f"{now:%Y-%m-%dT%H:%M:%SZ}",
                "locale": "en-GB",
                **request,
            },
        }
        return self._call(CUSTOM_SKILL, event)

    def direct(
        self,
        namespace: str,
        name: str,
        *,
        endpoint: Mapping[str, Any] | None = None,
        payload: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """Send a directive of a smart home skill and give the function's outcome.

        Raises:
            AccountError: The function's resource policy does not allow this skill.
        """
        directive: dict[str, Any] = {
            "header": {
                "namespace": namespace,
                "name": name,
                "payloadVersion": "3",
                "messageId": str(_uuid(self.account)),
            },
            "payload": dict(payload or {}),
        }
        if endpoint is not None:
            directive["header"]["correlationToken"] = str(_uuid(self.account))
            directive["endpoint"] = dict(endpoint)
        return self._call(SMART_HOME, {"directive": directive})

    def _call(self, principal: str, event: Mapping[str, Any]) -> Outcome:
        context = {"lambda:EventSourceToken": self.id}
        return _wait(self.account, principal, self.function, event, context)


def _wait(
    account: LocalAccount,
    principal: str,
    target: str,
    event: Mapping[str, Any],
    context: Mapping[str, str],
) -> Outcome:
    outcome = push(account, principal, target, event, wait=True, context=context)
    assert outcome is not None  # noqa: S101
    account.clock.move_to(account.clock.now() + outcome.duration)
    return outcome


def _uuid(account: LocalAccount) -> uuid.UUID:
    return uuid.UUID(int=account.random.getrandbits(128), version=4)
