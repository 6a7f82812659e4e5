"""An account made of plain facts, and the question put to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lambda_constructs.testing._calls import Need, needs

ACCOUNT = "111122223333"
REGION = "eu-west-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k-1"


@dataclass
class Facts:
    """A `Lookup` that knows what a test tells it."""

    keys: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    tables: dict[tuple[str, str | None], str] = field(default_factory=dict)
    streams: dict[str, str] = field(default_factory=dict)
    known_secrets: dict[str, str] = field(default_factory=dict)
    known_parameters: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    identities: dict[str, str] = field(default_factory=dict)
    deployments: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    resource_tags: dict[str, Mapping[str, str]] = field(default_factory=dict)
    tagged: frozenset[str] = frozenset()
    bucket_keys: frozenset[str] = frozenset()

    def encryption_key(self, resource: str) -> str | None:
        return self.keys.get(resource)

    def object_key(self, bucket: str, key: str, version: str | None) -> str | None:
        return self.keys.get(f"{bucket}/{key}")

    def object_is_tagged(self, bucket: str, key: str, version: str | None) -> bool:
        return f"{bucket}/{key}" in self.tagged

    def bucket_owner(self, bucket: str) -> str | None:
        return self.owners.get(bucket)

    def bucket_has_key(self, bucket: str) -> bool:
        return bucket in self.bucket_keys

    def key_arn(self, key: str, region: str) -> str | None:
        return self.aliases.get(key)

    def customer_key(self, key: str, region: str) -> str | None:
        return None if key.startswith("alias/aws/") else self.aliases.get(key)

    def ciphertext_key(self, blob: bytes, region: str) -> str | None:
        return self.aliases.get(blob.decode())

    def partition_key(self, table: str, index: str | None) -> str | None:
        return self.tables.get((table.rpartition("/")[2], index))

    def stream_of(self, iterator: str, region: str) -> str | None:
        return self.streams.get(iterator)

    def secret_arn(self, secret: str, region: str) -> str | None:
        return self.known_secrets.get(secret)

    def secrets(self, filters: object, region: str) -> tuple[str, ...]:
        return tuple(self.known_secrets.values())

    def parameters(self, path: str, recursive: bool, region: str) -> tuple[str, ...]:
        return self.known_parameters

    def redrive_sources(self, queue: str) -> tuple[str, ...]:
        return self.sources

    def email_identity(self, address: str, region: str) -> str:
        return self.identities.get(address, address)

    def deployment_group(self, deployment: str, region: str) -> str | None:
        return self.deployments.get(deployment)

    def tags(self, resource: str) -> Mapping[str, str]:
        return self.resource_tags.get(resource, {})


def asked(
    service: str,
    operation: str,
    params: Mapping[str, object],
    facts: Facts | None = None,
    *,
    partition: str = "aws",
    secure: bool = True,
    endpoint: str = "",
) -> tuple[Need, ...]:
    """The needs of a call in the account of these tests."""
    return needs(
        service,
        operation,
        params,
        partition=partition,
        region=REGION,
        account=ACCOUNT,
        secure=secure,
        lookup=facts or Facts(),
        endpoint=endpoint,
    )


def pairs(found: tuple[Need, ...]) -> list[tuple[str, str]]:
    """Actions and resources only."""
    return [(need.action, need.resource) for need in found]


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"
