"""For whom a service may be made to act: the keys that it then brings.

https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lambda_constructs.testing._proof.contexts import (
    LOG_GROUP,
    SOURCE_ACCOUNT,
    SOURCE_ARN,
    TOKEN,
    value_of,
)

STRANGER = "999999999999"
"""The account of who attacks."""

BOUND_BY_ACCOUNT = {
    "config.amazonaws.com",
    "logdelivery.elasticloadbalancing.amazonaws.com",
}
"""Services whose statements can name an account, and no source in it: they ask before
the source has an ARN.

https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_nodejs.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
"""


def contexts_of(
    meant: Mapping[str, Any], principal: str, account: str
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Give the keys that a service brings when it acts for somebody else."""
    token = value_of(meant, TOKEN)
    if token is not None:
        yield "foreign token", {TOKEN: f"{token[:-1]}{'1' if token[-1] == '0' else 0}"}
        yield "no token", {}
        return
    group = value_of(meant, LOG_GROUP)
    if group is not None:
        # CloudWatch Logs says for whom it acts by what it encrypts, and no source.
        # docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        parts = group.split(":", 5)
        theirs = ":".join([*parts[:4], STRANGER, *parts[5:]])
        yield "foreign account", {LOG_GROUP: theirs, SOURCE_ACCOUNT: STRANGER}
        yield "no source", {}
        return
    parts = (value_of(meant, SOURCE_ARN) or "").split(":", 5)
    if len(parts) < 6:
        parts = ["arn", "aws", "any", "eu-west-1", account, "any"]
    theirs = ":".join([*parts[:4], STRANGER if parts[4] else "", foreign(parts)])
    yield "foreign account", {SOURCE_ARN: theirs, SOURCE_ACCOUNT: STRANGER}
    if parts[4]:
        same = ":".join([*parts[:4], STRANGER, concrete(parts[5])])
        yield "foreign account", {SOURCE_ARN: same, SOURCE_ACCOUNT: STRANGER}
    else:
        again = ":".join([*parts[:5], concrete(parts[5])])
        yield "re-created ARN", {SOURCE_ARN: again, SOURCE_ACCOUNT: STRANGER}
    if principal not in BOUND_BY_ACCOUNT:
        other = ":".join([*parts[:5], foreign(parts)])
        yield "foreign source", {SOURCE_ARN: other, SOURCE_ACCOUNT: account}
        yield "no source", {}


def foreign(parts: list[str]) -> str:
    """Give the resource part of an ARN for another resource of the kind."""
    tokens = re.split(r"([:/])", parts[5])
    at = 0 if parts[2] == "execute-api" or len(tokens) == 1 else 2
    tokens[at] = "foreign"
    return concrete("".join(tokens))


def concrete(text: str) -> str:
    """Give a text that a pattern matches."""
    return text.replace("*", "x").replace("?", "x")
