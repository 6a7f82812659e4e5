"""Values that CloudFormation reads from Parameter Store and Secrets Manager.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambda_constructs.testing.errors import AccountError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

REFERENCE = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^}]+)\}\}")
PARAMETER_TYPE = "AWS::SSM::Parameter::Value<"


def read_references(account: LocalAccount, value: Any) -> Any:
    """Replace every dynamic reference in *value* by what it names.

    Raises:
        AccountError: There is no such parameter or secret.
    """
    if isinstance(value, list):
        return [read_references(account, each) for each in value]
    if isinstance(value, Mapping):
        return {key: read_references(account, value[key]) for key in value}
    if not isinstance(value, str) or "{{resolve:" not in value:
        return value

    def read(match: re.Match[str]) -> str:
        service, key = match.groups()
        if service == "secretsmanager":
            return _secret(account, key)
        return read_parameter(account, key)

    return REFERENCE.sub(read, value)


def read_parameters(
    account: LocalAccount, declared: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Give the template's parameters; one of Parameter Store is read when it is used.

    CDK's own, the version of the bootstrap stack, is never used.
    """
    values = dict(given)
    for name, each in declared.items():
        key = given.get(name, each.get("Default"))
        if str(each.get("Type", "")).startswith(PARAMETER_TYPE) and key is not None:
            values[name] = partial(read_parameter, account, str(key))
    return values


def read_parameter(account: LocalAccount, name: str) -> str:
    """Give a parameter's value; a version may follow the name.

    Raises:
        AccountError: There is none.
    """
    try:
        found = account.client("ssm").get_parameter(Name=name, WithDecryption=True)
    except ClientError as error:
        raise AccountError(
            f"there is no parameter {name!r} to read ({error}); put it before deploying"
        ) from None
    return str(found["Parameter"]["Value"])


def _secret(account: LocalAccount, key: str) -> str:
    """Read `id:SecretString:json-key:stage:version`; an ARN is an id of seven parts."""
    parts = key.split(":")
    length = 7 if key.startswith("arn:") else 1
    name, rest = ":".join(parts[:length]), [*parts[length:], "", "", "", ""]
    wanted = {"VersionStage": rest[2], "VersionId": rest[3]}
    given = {option: each for option, each in wanted.items() if each}
    try:
        found = account.client("secretsmanager").get_secret_value(
            SecretId=name, **given
        )
    except ClientError as error:
        raise AccountError(
            f"there is no secret {name!r} to read ({error}); create it before deploying"
        ) from None
    text = str(found["SecretString"])
    return str(json.loads(text)[rest[1]]) if rest[1] else text
