"""Lex and Alexa invoke a function if its resource policy names them.

https://docs.aws.amazon.com/lexv2/latest/dg/lambda-attach.html
"""

from __future__ import annotations

import pytest

from lambda_constructs.testing import AccountError

from ._templates import template

ECHO = "import time\ndef handler(event, context):\n    time.sleep(2)\n    return event"
SKILL = "amzn1.ask.skill.11111111-2222-3333-4444-555555555555"


def permission(principal: str, **properties: object) -> dict[str, object]:
    return {
        "Permission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Ref": "Alias"},
                "Principal": principal,
                **properties,
            },
        }
    }


def locale(id: str, **setting: object) -> dict[str, object]:
    hook = {"CodeHookInterfaceVersion": "1.0", "LambdaArn": {"Ref": "Alias"}}
    return {
        "LocaleId": id,
        "BotAliasLocaleSetting": {
            "Enabled": True,
            "CodeHookSpecification": {"LambdaCodeHook": hook},
            **setting,
        },
    }


def bot(*locales: dict[str, object]) -> dict[str, object]:
    return {
        "Bot": {"Type": "AWS::Lex::Bot", "Properties": {"Name": "Barista"}},
        "BotVersion": {
            "Type": "AWS::Lex::BotVersion",
            "Properties": {"BotId": {"Ref": "Bot"}},
        },
        "Live": {
            "Type": "AWS::Lex::BotAlias",
            "Properties": {
                "BotId": {"Ref": "Bot"},
                "BotAliasName": "live",
                "BotVersion": {"Fn::GetAtt": ["BotVersion", "BotVersion"]},
                "BotAliasLocaleSettings": list(locales),
            },
        },
    }


OF_BOT = permission(
    "lexv2.amazonaws.com",
    SourceAccount={"Ref": "AWS::AccountId"},
    SourceArn={"Fn::GetAtt": ["Live", "Arn"]},
)


def test_a_bot_s_hook_gets_lex_s_event(account):
    """
    https://docs.aws.amazon.com/lexv2/latest/dg/lambda-input-format.html
    """
    shop = account.deploy(template(ECHO, more={**bot(locale("en_GB")), **OF_BOT}))
    coffee = {"value": {"interpretedValue": "latte"}}

    outcome = shop.bot_alias("Live").call_hook(
        "Order", {"Coffee": coffee}, text="a latte", attributes={"table": "4"}
    )

    event = outcome.payload
    assert "FulfillmentCodeHook" == event["invocationSource"]
    assert "a latte" == event["inputTranscript"]
    assert ("Barista", "live", "1", "en_GB") == tuple(
        event["bot"][key] for key in ("name", "aliasName", "version", "localeId")
    )
    state = event["sessionState"]
    assert {"table": "4"} == state["sessionAttributes"]
    assert ("Order", {"Coffee": coffee}, "ReadyForFulfillment") == tuple(
        state["intent"][key] for key in ("name", "slots", "state")
    )
    assert state["intent"] == event["interpretations"][0]["intent"]
    assert "live" == shop.function("Worker").invocations[0].qualifier
    assert 2 == account.elapsed()


def test_a_dialog_hook_is_asked_while_slots_are_missing(account):
    """
    https://docs.aws.amazon.com/lexv2/latest/dg/lambda-input-format.html
    """
    shop = account.deploy(template(ECHO, more={**bot(locale("en_GB")), **OF_BOT}))

    outcome = shop.bot_alias("Live").call_hook(
        "Order", {"Coffee": None}, source="DialogCodeHook"
    )

    assert "InProgress" == outcome.payload["sessionState"]["intent"]["state"]


@pytest.mark.parametrize(
    "allowed",
    [
        {},
        permission("lex.amazonaws.com"),
        permission("lexv2.amazonaws.com", SourceAccount="999999999999"),
        permission(
            "lexv2.amazonaws.com",
            SourceArn="arn:aws:lex:eu-west-1:123456789012:bot-alias/OTHER/ALIAS",
        ),
    ],
)
def test_a_bot_is_refused_without_a_permission_for_it(account, allowed):
    """
    https://docs.aws.amazon.com/lexv2/latest/dg/lambda-attach.html
    """
    shop = account.deploy(template(ECHO, more={**bot(locale("en_GB")), **allowed}))

    with pytest.raises(AccountError, match=r"lexv2.amazonaws.com may not invoke live"):
        shop.bot_alias("Live").call_hook("Order")
    assert [] == shop.function("Worker").invocations


def test_one_locale_of_several_has_to_be_named(account):
    """
    https://docs.aws.amazon.com/lexv2/latest/dg/lambda-attach.html: each has a function
    of its own, if it is enabled.
    """
    locales = locale("en_GB"), locale("de_DE"), locale("fr_FR", Enabled=False)
    shop = account.deploy(template(ECHO, more={**bot(*locales), **OF_BOT}))
    alias = shop.bot_alias("Live")

    german = alias.call_hook("Order", locale="de_DE")

    assert "de_DE" == german.payload["bot"]["localeId"]
    with pytest.raises(AccountError, match="locale None; it has de_DE, en_GB"):
        alias.call_hook("Order")
    with pytest.raises(AccountError, match="'fr_FR'; it has de_DE, en_GB"):
        alias.call_hook("Order", locale="fr_FR")


def test_a_skill_gets_alexa_s_event(account):
    """
    https://developer.amazon.com/docs/custom-skills/request-and-response-json-reference.html
    """
    allowed = permission("alexa-appkit.amazon.com", EventSourceToken=SKILL)
    shop = account.deploy(template(ECHO, more=allowed))

    intent = {"name": "OrderIntent", "confirmationStatus": "NONE"}
    outcome = shop.skill("Worker", SKILL).ask(
        {"type": "IntentRequest", "intent": intent}, attributes={"count": 1}
    )

    event = outcome.payload
    assert SKILL == event["session"]["application"]["applicationId"]
    assert SKILL == event["context"]["System"]["application"]["applicationId"]
    assert {"count": 1} == event["session"]["attributes"]
    assert intent == event["request"]["intent"]
    assert "2026-01-01T00:00:00Z" == event["request"]["timestamp"]
    assert "live" == shop.function("Worker").invocations[0].qualifier


def test_a_smart_home_skill_gets_a_directive(account):
    """
    https://developer.amazon.com/docs/device-apis/message-guide.html
    """
    allowed = permission("alexa-connectedhome.amazon.com", EventSourceToken=SKILL)
    shop = account.deploy(template(ECHO, more=allowed))
    skill = shop.skill("Worker", SKILL)

    found = skill.direct("Alexa.Discovery", "Discover").payload["directive"]
    lamp = {"endpointId": "lamp"}
    on = skill.direct("Alexa.PowerController", "TurnOn", endpoint=lamp).payload

    assert ("Alexa.Discovery", "Discover", "3") == tuple(
        found["header"][key] for key in ("namespace", "name", "payloadVersion")
    )
    assert "endpoint" not in found
    assert lamp == on["directive"]["endpoint"]
    assert on["directive"]["header"]["correlationToken"]


@pytest.mark.parametrize(
    "allowed",
    [
        {},
        permission("alexa-connectedhome.amazon.com", EventSourceToken=SKILL),
        permission("alexa-appkit.amazon.com", EventSourceToken=f"{SKILL}-other"),
    ],
)
def test_a_skill_is_refused_without_a_permission_for_it(account, allowed):
    """
    https://developer.amazon.com/docs/custom-skills/host-a-custom-skill-as-an-aws-lambda-function.html:
    the event source token is the skill's id.
    """
    shop = account.deploy(template(ECHO, more=allowed))

    with pytest.raises(AccountError, match=r"alexa-appkit.amazon.com may not invoke"):
        shop.skill("Worker", SKILL).ask({"type": "LaunchRequest"})
    assert [] == shop.function("Worker").invocations
