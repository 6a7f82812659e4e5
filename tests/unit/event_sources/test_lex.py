"""The code hook of a bot: whose, in which language, and what cannot work."""

from __future__ import annotations

import pytest
from aws_cdk import App, Duration, Environment, Stack, Token
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lex as lex
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import ConfigurationError, Practice
from lambda_constructs.event_sources import LexEventSource
from tests.unit.conftest import is_warned, make_function, only, resources, statements

ALIAS = "AWS::Lex::BotAlias"
PERMISSION = "AWS::Lambda::Permission"
ARN = "arn:aws:lex:eu-west-1:111122223333:bot-alias/ABCDEFGHIJ/TSTALIASID"
Item = lex.CfnBotAlias.BotAliasLocaleSettingsItemProperty
Setting = lex.CfnBotAlias.BotAliasLocaleSettingsProperty


def make_alias(stack: Stack, id: str = "Alias", **options) -> lex.CfnBotAlias:
    return lex.CfnBotAlias(
        stack, id, bot_alias_name="live", bot_id="ABCDEFGHIJ", **options
    )


def hooks(stack: Stack) -> dict[str, str]:
    """The function of each locale that has one."""
    return {
        each["LocaleId"]: each["BotAliasLocaleSetting"]["CodeHookSpecification"][
            "LambdaCodeHook"
        ]["LambdaArn"]["Ref"][:-8]
        for each in only(stack, ALIAS)["BotAliasLocaleSettings"]
        if "CodeHookSpecification" in each["BotAliasLocaleSetting"]
    }


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        source = LexEventSource(make_alias(stack), locale_id="en_GB")
        make_function(stack).add_event_source(source)
        return stack

    def test_the_locale_has_the_live_alias_as_its_code_hook(self, stack):
        """
        https://docs.aws.amazon.com/lexv2/latest/dg/lambda-attach-api.html
        """
        (item,) = only(stack, ALIAS)["BotAliasLocaleSettings"]
        hook = item["BotAliasLocaleSetting"]["CodeHookSpecification"]["LambdaCodeHook"]

        assert "en_GB" == item["LocaleId"]
        assert item["BotAliasLocaleSetting"]["Enabled"] is True
        assert "1.0" == hook["CodeHookInterfaceVersion"]
        assert "WorkerLive" in hook["LambdaArn"]["Ref"]

    def test_the_alias_of_the_bot_alone_may_invoke(self, stack):
        """
        https://docs.aws.amazon.com/lexv2/latest/dg/lambda-attach.html
        """
        permission = only(stack, PERMISSION)

        assert "WorkerLive" in permission.pop("FunctionName")["Ref"]
        assert {
            "Action": "lambda:InvokeFunction",
            "Principal": "lexv2.amazonaws.com",
            "SourceAccount": {"Ref": "AWS::AccountId"},
            "SourceArn": {"Fn::GetAtt": ["Alias", "Arn"]},
        } == permission

    def test_the_function_may_do_nothing_more(self, stack):
        """
        Logs and traces.
        """
        assert 2 == len(statements(stack))

    def test_a_failure_is_nothing_to_keep(self, stack):
        """
        The bot waits, and says so.
        """
        assert {} == resources(stack, "AWS::SQS::Queue")

    def test_nothing_is_warned_of(self, stack):
        """
        The short way is the right way.
        """
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


def test_each_language_may_have_a_function_of_its_own(stack):
    """
    What the alias has beside that remains.
    """
    french = Item(locale_id="fr_FR", bot_alias_locale_setting=Setting(enabled=False))
    alias = make_alias(stack, bot_alias_locale_settings=[french])
    for id, locale_id in (("English", "en_GB"), ("German", "de_DE")):
        function = make_function(stack, id)
        function.add_event_source(LexEventSource(alias, locale_id=locale_id))

    assert {"en_GB": "EnglishLive", "de_DE": "GermanLive"} == hooks(stack)
    first = only(stack, ALIAS)["BotAliasLocaleSettings"][0]
    assert {"Enabled": False} == first["BotAliasLocaleSetting"]


def test_a_language_that_is_off_remains_off(stack, worker):
    """
    The hook is added, and nothing else changed.
    """
    off = Item(locale_id="en_GB", bot_alias_locale_setting=Setting(enabled=False))
    alias = make_alias(stack, bot_alias_locale_settings=[off])

    worker.add_event_source(LexEventSource(alias, locale_id="en_GB"))

    (item,) = only(stack, ALIAS)["BotAliasLocaleSettings"]
    assert item["BotAliasLocaleSetting"]["Enabled"] is False
    assert {"en_GB": "WorkerLive"} == hooks(stack)


def test_one_function_may_serve_two_languages(stack, worker):
    """
    By one permission, which names the alias of the bot.
    """
    alias = make_alias(stack)

    for locale_id in ("en_GB", "es_419"):
        worker.add_event_source(LexEventSource(alias, locale_id=locale_id))

    assert {"en_GB": "WorkerLive", "es_419": "WorkerLive"} == hooks(stack)
    assert 1 == len(resources(stack, PERMISSION))


def test_one_function_may_serve_two_bots(stack, worker):
    """
    By a permission for each.
    """
    for id in ("One", "Other"):
        worker.add_event_source(
            LexEventSource(make_alias(stack, id), locale_id="en_GB")
        )

    assert {"One", "Other"} == {
        each["Properties"]["SourceArn"]["Fn::GetAtt"][0]
        for each in resources(stack, PERMISSION).values()
    }


@pytest.mark.parametrize(
    "arn", [ARN, Token.as_string({"Ref": "BotAlias"})], ids=["literal", "token"]
)
def test_an_alias_of_elsewhere_may_invoke(stack, worker, arn):
    """
    By its ARN; it has to be told of the function where it is defined.
    """
    worker.add_event_source(LexEventSource(arn, locale_id="en_GB"))

    permission = only(stack, PERMISSION)
    assert stack.resolve(arn) == permission["SourceArn"]
    assert "lexv2.amazonaws.com" == permission["Principal"]


def test_fails_if_the_language_has_a_function(stack, worker):
    """
    https://docs.aws.amazon.com/lexv2/latest/dg/lambda-attach.html
    """
    alias = make_alias(stack)
    worker.add_event_source(LexEventSource(alias, locale_id="en_GB"))

    with pytest.raises(ConfigurationError) as error:
        make_function(stack, "Other").add_event_source(
            LexEventSource(alias, locale_id="en_GB")
        )

    assert (
        "Shop/Other: Shop/Alias has a code hook for en_GB already, and may have one "
        "only; let that function serve all intents"
    ) == str(error.value)


@pytest.mark.parametrize(
    "settings",
    [
        lambda: Token.as_any({"Ref": "Settings"}),
        lambda: [Token.as_any({"Ref": "Setting"})],
        lambda: [
            Item(
                locale_id="en_GB",
                bot_alias_locale_setting=Token.as_any({"Ref": "Setting"}),
            )
        ],
    ],
)
def test_fails_if_nothing_can_be_added(stack, worker, settings):
    """
    To a token.
    """
    alias = make_alias(stack, bot_alias_locale_settings=settings())

    with pytest.raises(ConfigurationError, match="is a token, to which nothing can"):
        worker.add_event_source(LexEventSource(alias, locale_id="en_GB"))


def test_fails_if_the_alias_is_in_another_stack(stack, worker):
    """
    Each stack would have to be deployed before the other.
    """
    alias = make_alias(Stack(worker.node.root, "Bots"))

    with pytest.raises(ConfigurationError) as error:
        worker.add_event_source(LexEventSource(alias, locale_id="en_GB"))

    assert (
        "Shop/Worker: Bots/Alias must be in the function's stack 'Shop', since each "
        "names the other, got 'Bots'; define both in one"
    ) == str(error.value)


@pytest.mark.parametrize(
    ("account", "region", "message"),
    [
        ("111122223333", "eu-west-2", "function's Region eu-west-2, got eu-west-1"),
        ("999922223333", "eu-west-1", "account 999922223333, got 111122223333"),
    ],
)
def test_fails_if_the_alias_is_elsewhere(account, region, message):
    """
    https://docs.aws.amazon.com/lexv2/latest/dg/lambda-attach.html
    """
    stack = Stack(App(), "Shop", env=Environment(account=account, region=region))

    with pytest.raises(ConfigurationError, match=message):
        make_function(stack).add_event_source(LexEventSource(ARN, locale_id="en_GB"))


def test_fails_if_the_function_keeps_tenants_apart(stack):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
    """
    apart = lambda_.TenancyConfig.PER_TENANT
    function = make_function(stack, "Apart", tenancy_config=apart)

    with pytest.raises(ConfigurationError, match="takes no events"):
        function.add_event_source(LexEventSource(ARN, locale_id="en_GB"))


@pytest.mark.parametrize(("timeout", "expected"), [(30, False), (31, True)])
def test_warns_if_the_function_may_take_longer_than_the_bot_waits(
    stack, timeout, expected
):
    """
    https://docs.aws.amazon.com/lexv2/latest/dg/context-mgmt-session-attribs.html
    """
    function = make_function(stack, timeout=Duration.seconds(timeout))

    function.add_event_source(LexEventSource(ARN, locale_id="en_GB"))

    assert expected == is_warned(stack, Practice.LEX_TIMEOUT)


@pytest.mark.parametrize(
    ("alias", "locale_id", "message"),
    [
        (
            7,
            "en_GB",
            "bot_alias must be a CfnBotAlias or an ARN, got 7; pass the alias itself",
        ),
        (
            "Support",
            "en_GB",
            "bot_alias must be the ARN of an alias of Lex V2, got 'Support'; pass "
            "'arn:aws:lex:REGION:ACCOUNT:bot-alias/BOT/ALIAS'",
        ),
        (
            ARN,
            "en-GB",
            "locale_id must be a language and a country, got 'en-GB'; pass 'en_GB'",
        ),
        (ARN, 7, "locale_id must be text, got 7 (int)"),
    ],
)
def test_fails_if_an_option_cannot_be(alias, locale_id, message):
    """
    Before anything is bound.
    """
    with pytest.raises(ConfigurationError) as error:
        LexEventSource(alias, locale_id=locale_id)

    assert message == str(error.value)
