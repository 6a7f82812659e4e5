"""What the support bot promises."""

from __future__ import annotations

import json

import pytest

from stacks.support_bot import SupportBotStack
from tests.contracts.support_bot import action, contract, fill, said
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["support_bot"]


def intents(stack: Synthesized) -> dict[str, dict]:
    (bot,) = stack.properties("AWS::Lex::Bot")
    (locale,) = bot["BotLocales"]
    return {each["Name"]: each for each in locale["Intents"]}


def test_the_function_serves_the_alias_that_customers_talk_to(stack):
    """
    And none but that alias may invoke it.
    """
    ((name, alias),) = stack.of_type("AWS::Lex::BotAlias").items()
    (locale,) = alias["Properties"]["BotAliasLocaleSettings"]
    (permission,) = stack.properties("AWS::Lambda::Permission")

    setting = locale["BotAliasLocaleSetting"]
    hook = setting["CodeHookSpecification"]["LambdaCodeHook"]
    assert ("en_GB", True) == (locale["LocaleId"], setting["Enabled"])
    assert "AnswersLive" in hook["LambdaArn"]["Ref"]
    assert {"Fn::GetAtt": [name, "Arn"]} == permission["SourceArn"]
    assert {"Ref": "AWS::AccountId"} == permission["SourceAccount"]


def test_every_intent_is_fulfilled_by_the_function(stack):
    """
    What the bot did not understand as well.
    """
    found = intents(stack)

    assert {"FallbackIntent", "OrderStatus", "TalkToPerson"} == found.keys()
    for intent in found.values():
        assert intent["FulfillmentCodeHook"]["Enabled"] is True
    assert found["OrderStatus"]["DialogCodeHook"]["Enabled"] is True


def test_what_tells_who_somebody_is_shows_in_no_log(stack):
    """
    https://docs.aws.amazon.com/lexv2/latest/dg/monitoring-obfuscate.html
    """
    slots = intents(stack)["OrderStatus"]["Slots"]

    assert {"OrderId", "Postcode"} == {each["Name"] for each in slots}
    for slot in slots:
        setting = slot["ObfuscationSetting"]["ObfuscationSettingType"]
        assert "DefaultObfuscation" == setting


def test_the_bot_itself_may_do_nothing(stack):
    """
    Its role has no policy; only Lex in this account may have it.
    """
    (role,) = [
        each
        for each in stack.properties("AWS::IAM::Role")
        if "lexv2" in json.dumps(each["AssumeRolePolicyDocument"])
    ]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]

    assert {"AssumeRolePolicyDocument"} == role.keys()
    account = {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert {"StringEquals": account} == statement["Condition"]


class TestDriven:
    """The stack at work, under its own role and Lambda's own rules."""

    @pytest.fixture
    def shop(self, account):
        shop = account.deploy(SupportBotStack)
        fill(shop)
        return shop

    def test_every_grant_is_needed_and_none_is_missing(self, account, shop):
        """
        A customer hears of an order or gets a person, once for each session.
        """
        contract(shop)

        account.assert_least_privilege()

    def test_who_guesses_gets_a_person(self, shop):
        """
        After three tries.
        """
        alias, attributes = shop.bot_alias("Customers"), {}
        order = {"OrderId": said("AB123456"), "Postcode": said("E1 1AA")}
        outcomes = []
        for _ in range(3):
            outcome = alias.call_hook("OrderStatus", order, attributes=attributes)
            attributes = outcome.payload["sessionState"]["sessionAttributes"]
            outcomes.append(action(outcome))

        assert ["ElicitSlot", "ElicitSlot", "Close"] == outcomes
        assert 1 == len(shop.queue("Handovers").bodies())

    def test_a_table_that_fails_is_an_error_of_the_bot(self, account, shop):
        """
        Which says so; nobody is told that there is no such order.
        """
        account.fail_calls("dynamodb", "GetItem", "ThrottlingException")
        order = {"OrderId": said("AB123456"), "Postcode": said("N1 7AA")}

        outcome = shop.bot_alias("Customers").call_hook("OrderStatus", order)

        assert "error" == outcome.kind
        assert [] == shop.queue("Handovers").bodies()
