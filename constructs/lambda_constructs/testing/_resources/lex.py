"""Amazon Lex V2."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from lambda_constructs.testing._resources._create import Create, Created, Request
from lambda_constructs.testing._sources.assistants import Bot


def create_bot(request: Request) -> Created:
    """Create a bot."""
    id = _id(request)
    request.account.sources.bots[id] = str(request.properties["Name"])
    return Created(id, {"Arn": request.arn("lex", f"bot/{id}"), "Id": id})


def create_version(request: Request) -> Created:
    """Publish a version."""
    bot = str(request.properties["BotId"])
    return Created(f"{bot}|1", {"BotVersion": "1"})


def create_alias(request: Request) -> Created:
    """Name a version, and the function of each of its locales."""
    properties, sources = request.properties, request.account.sources
    bot, id = str(properties["BotId"]), _id(request)
    made = f"{id}|{bot}"
    sources.bot_aliases[made] = Bot(
        bot,
        sources.bots.get(bot, bot),
        id,
        str(properties["BotAliasName"]),
        str(properties.get("BotVersion", "DRAFT")),
        dict(_functions(properties)),
    )
    arn = request.arn("lex", f"bot-alias/{bot}/{id}")
    attributes = {"Arn": arn, "BotAliasId": id, "BotAliasStatus": "Available"}
    return Created(made, attributes)


def _functions(properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for each in properties.get("BotAliasLocaleSettings", []):
        setting = each["BotAliasLocaleSetting"]
        hook = setting.get("CodeHookSpecification", {}).get("LambdaCodeHook", {})
        if setting.get("Enabled") and hook:
            yield str(each["LocaleId"]), str(hook["LambdaArn"])


def _id(request: Request) -> str:
    name = f"{request.stack}/{request.logical_id}"
    return hashlib.sha256(name.encode()).hexdigest()[:10].upper()


CREATE: dict[str, Create] = {
    "AWS::Lex::Bot": create_bot,
    "AWS::Lex::BotAlias": create_alias,
    "AWS::Lex::BotVersion": create_version,
}
