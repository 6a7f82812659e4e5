"""What KMS says about a key."""

from __future__ import annotations

from collections.abc import Mapping

from lambda_constructs.testing._calls.lookup_facts import Facts


def key_of(facts: Facts, key: str, region: str) -> Mapping[str, str]:
    """The metadata of the key with this id, alias or ARN; empty if there is none."""
    where = key.split(":")[3] if key.startswith("arn:") else region
    client = facts.client("kms", where)
    found: Mapping[str, str] | None = facts.remember(
        ("kms", key, where), lambda: client.describe_key(KeyId=key)["KeyMetadata"]
    )
    return found or {}


def is_customers(facts: Facts, key: Mapping[str, str]) -> bool:
    """Whether AWS does not manage this key.

    moto says that customers manage AWS's own keys, too; their alias tells.
    """
    if key.get("KeyManager") != "CUSTOMER":
        return False
    arn = key["Arn"]
    client = facts.client("kms", arn.split(":")[3])
    aliases: list[dict[str, str]] | None = facts.remember(
        ("aliases", arn), lambda: client.list_aliases(KeyId=arn)["Aliases"]
    )
    return not any(
        alias["AliasName"].startswith("alias/aws/") for alias in aliases or []
    )


def has_keys(facts: Facts, region: str) -> bool:
    """Whether there is any key at all."""
    return bool(facts.client("kms", region).list_keys()["Keys"])
