"""Amazon Lex V2: a bot invokes to check what is said, and to do what is asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import cast

from aws_cdk import IResolvable
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lex as lex

from lambda_constructs import limits
from lambda_constructs._known import (
    account_of,
    function_arn_of,
    node_of,
    path_of,
    region_of,
    stack_of,
)
from lambda_constructs.errors import (
    ConfigurationError,
    check_fields,
    is_token,
    literal,
    seconds,
)
from lambda_constructs.event_sources._mapping import path_as_id
from lambda_constructs.event_sources._push import allow_invoke
from lambda_constructs.event_sources._relations import check_stack, check_tenants
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice

__all__ = ["LexEventSource"]

PRINCIPAL = "lexv2.amazonaws.com"
Alias = lex.CfnBotAlias
Item = lex.CfnBotAlias.BotAliasLocaleSettingsItemProperty
Setting = lex.CfnBotAlias.BotAliasLocaleSettingsProperty


@dataclass(frozen=True)
class LexEventSource:
    """Be the code hook of a bot: one function for each language of its alias.

    The function is asked by those intents alone that say so, by a dialog code hook or
    a fulfillment code hook: it gets the session, and returns what comes next in it.

    https://docs.aws.amazon.com/lexv2/latest/dg/lambda-attach.html

    Attributes:
        bot_alias: The alias of the bot. One that is not of this app by its ARN,
            `arn:aws:lex:eu-west-1:111122223333:bot-alias/BOT/ALIAS`: it then may
            invoke the function, and has to be told of it where it is defined.
        locale_id: The language, as `en_GB`.

    Raises:
        ConfigurationError: A value is malformed.
    """

    bot_alias: lex.CfnBotAlias | str
    _: KW_ONLY
    locale_id: str

    def __post_init__(self) -> None:
        check_fields(self)
        alias = self.bot_alias
        if not isinstance(alias, Alias | str):
            raise ConfigurationError(
                f"bot_alias must be a CfnBotAlias or an ARN, got {alias!r}; pass the "
                "alias itself"
            )
        arn = literal(alias) if isinstance(alias, str) else None
        if arn is not None and not limits.LEX_BOT_ALIAS_ARN.fullmatch(arn):
            raise ConfigurationError(
                f"bot_alias must be the ARN of an alias of Lex V2, got {arn!r}; pass "
                "'arn:aws:lex:REGION:ACCOUNT:bot-alias/BOT/ALIAS'"
            )
        name = literal(self.locale_id or "")
        if name is not None and not limits.LEX_LOCALE_ID.fullmatch(name):
            raise ConfigurationError(
                "locale_id must be a language and a country, got "
                f"{self.locale_id!r}; pass 'en_GB'"
            )

    def bind(self, function: LambdaFunction, /) -> lambda_.CfnPermission:
        """Make *function* the code hook; give the permission that it is invoked by.

        Raises:
            ConfigurationError: The language has a code hook already, or the alias and
                the function do not fit together.
        """
        check_tenants(function)
        alias = self.bot_alias
        if isinstance(alias, Alias):
            check_stack(function, alias, "define both in one")
            self._set_code_hook(function, alias)
            arn, name = alias.attr_arn, path_as_id(function, alias)
        else:
            self._check_place(function, alias)
            arn, name = alias, digest(function, alias)
        self._check_timeout(function)
        return allow_alias(function, f"Lex-{name}", arn)

    def _set_code_hook(self, function: LambdaFunction, alias: Alias) -> None:
        given = alias.bot_alias_locale_settings
        items = [] if given is None else given
        if not isinstance(items, Sequence):
            raise self._hidden(function, alias)
        kept = []
        enabled: bool | IResolvable = True
        for each in items:
            if not isinstance(each, Item):
                raise self._hidden(function, alias)
            if each.locale_id != self.locale_id:
                kept.append(each)
                continue
            setting = each.bot_alias_locale_setting
            if not isinstance(setting, Setting):
                raise self._hidden(function, alias)
            if setting.code_hook_specification is not None:
                raise ConfigurationError(
                    f"{path_of(alias)} has a code hook for {self.locale_id} already, "
                    "and may have one only; let that function serve all intents",
                    scope=function,
                )
            enabled = setting.enabled
        alias.bot_alias_locale_settings = [*kept, self._item(function, enabled)]

    def _item(self, function: LambdaFunction, enabled: bool | IResolvable) -> Item:
        hook = Alias.LambdaCodeHookProperty(
            code_hook_interface_version="1.0", lambda_arn=function_arn_of(function.live)
        )
        return Item(
            locale_id=self.locale_id,
            bot_alias_locale_setting=Setting(
                enabled=enabled,
                code_hook_specification=Alias.CodeHookSpecificationProperty(
                    lambda_code_hook=hook
                ),
            ),
        )

    def _hidden(self, function: LambdaFunction, alias: Alias) -> ConfigurationError:
        return ConfigurationError(
            f"bot_alias_locale_settings of {path_of(alias)} is a token, to which "
            "nothing can be added; set a list of BotAliasLocaleSettingsItemProperty",
            scope=function,
        )

    def _check_place(self, function: LambdaFunction, arn: str) -> None:
        if is_token(arn):
            return
        stack = stack_of(function)
        for name, there, here in (
            ("Region", arn.split(":")[3], literal(region_of(stack))),
            ("account", arn.split(":")[4], literal(account_of(stack))),
        ):
            if here and there != here:
                raise ConfigurationError(
                    f"bot_alias must be in the function's {name} {here}, got {there}; "
                    "define the function there",
                    scope=function,
                )

    def _check_timeout(self, function: LambdaFunction) -> None:
        timeout, most = seconds(function.timeout), limits.LEX_ANSWER_SECONDS
        if timeout is not None and timeout > most:
            Practice.LEX_TIMEOUT.warn(
                function,
                f"a bot waits {most} s for its code hook, and the function may take "
                f"{timeout:g} s; lower its timeout to {most} s, unless sessions have "
                "x-amz-lex:codehook-timeout-ms, or intents fulfillment updates",
            )


def digest(function: LambdaFunction, arn: str) -> str:
    """Give an id for *arn*, which may be a token."""
    written = json.dumps(stack_of(function).resolve(arn), sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()[:8]


def allow_alias(function: LambdaFunction, id: str, arn: str) -> lambda_.CfnPermission:
    """Let the alias of a bot invoke: one permission for all of its languages."""
    given = node_of(function).try_find_child(id)
    if given is not None:
        return cast("lambda_.CfnPermission", given)
    return allow_invoke(
        function,
        id,
        principal=PRINCIPAL,
        source_arn=arn,
        source_account=account_of(stack_of(function)),
    )
