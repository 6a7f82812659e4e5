"""The nouns: what a call needs, what is known of it, and what it has to look up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

Context: TypeAlias = Mapping[str, "str | tuple[str, ...]"]


@dataclass(frozen=True, slots=True)
class Need:
    """One IAM request that has to be allowed for a call to go through.

    Attributes:
        action: As a policy names it, `dynamodb:PutItem`.
        resource: The ARN, or `*` where the action has no resource-level permission.
        context: The condition keys that the call itself determines.
    """

    action: str
    resource: str
    context: Context


class UnmappedOperationError(Exception):
    """A call whose permissions the kit does not know, and therefore refuses."""

    def __init__(self, service: str, operation: str, because: str = "") -> None:
        self.service = service
        self.operation = operation
        super().__init__(
            f"{service}.{operation}: the test kit does not know which IAM actions "
            f"this call needs{because and f' ({because})'}, so it is refused; patch "
            f"the client in this test, or add {operation} to OPERATIONS of "
            f"lambda_constructs/testing/_calls/{module_name(service)}.py"
        )


class Lookup(Protocol):
    """The facts about an account that decide what a call needs."""

    def encryption_key(self, resource: str) -> str | None:
        """ARN of the customer's key that encrypts this resource, by its ARN."""

    def object_key(self, bucket: str, key: str, version: str | None) -> str | None:
        """ARN of the customer's key that encrypts this S3 object."""

    def object_is_tagged(self, bucket: str, key: str, version: str | None) -> bool:
        """Whether copying this S3 object copies tags, too."""

    def bucket_owner(self, bucket: str) -> str | None:
        """The account that a bucket belongs to."""

    def bucket_has_key(self, bucket: str) -> bool:
        """Whether an S3 Bucket Key stands in for the objects' own data keys."""

    def key_arn(self, key: str, region: str) -> str | None:
        """ARN of the KMS key with this id, alias or alias ARN."""

    def customer_key(self, key: str, region: str) -> str | None:
        """The same, but nothing for a key that AWS manages."""

    def ciphertext_key(self, blob: bytes, region: str) -> str | None:
        """ARN of the KMS key that made this ciphertext."""

    def partition_key(self, table: str, index: str | None) -> str | None:
        """Name of the partition key of a DynamoDB table or of one of its indexes."""

    def stream_of(self, iterator: str, region: str) -> str | None:
        """ARN of the Kinesis or DynamoDB stream that a shard iterator reads."""

    def secret_arn(self, secret: str, region: str) -> str | None:
        """Full ARN of the secret with this name or partial ARN."""

    def secrets(self, filters: object, region: str) -> tuple[str, ...]:
        """ARNs of the secrets that filters of BatchGetSecretValue select."""

    def parameters(self, path: str, recursive: bool, region: str) -> tuple[str, ...]:
        """Names of the SSM parameters under a path."""

    def redrive_sources(self, queue: str) -> tuple[str, ...]:
        """ARNs of the queues whose dead-letter queue this is."""

    def email_identity(self, address: str, region: str) -> str:
        """The verified identity that sends for this address: itself or its domain."""

    def deployment_group(self, deployment: str, region: str) -> str | None:
        """Application and group of a deployment of CodeDeploy, with a slash between."""

    def tags(self, resource: str) -> Mapping[str, str]:
        """The tags of a resource, by its ARN."""


@dataclass(frozen=True, slots=True)
class Request:
    """One API call, as a service module sees it."""

    service: str
    operation: str
    params: Mapping[str, object]
    partition: str
    region: str
    account: str
    secure: bool
    lookup: Lookup
    endpoint: str = ""

    def text(self, name: str) -> str:
        """A string parameter; empty when it was not given."""
        value = self.params.get(name)
        return value if isinstance(value, str) else ""

    def items(self, name: str) -> list[Mapping[str, object]]:
        """A list of structures; empty when it was not given."""
        value = self.params.get(name)
        return value if isinstance(value, list) else []

    def mapping(self, name: str) -> Mapping[str, object]:
        """A structure; empty when it was not given."""
        value = self.params.get(name)
        return value if isinstance(value, Mapping) else {}

    def arn(self, service: str, resource: str) -> str:
        """An ARN in the account and region of the call."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def need(self, action: str, resource: str, context: Context | None = None) -> Need:
        """A need of this call, with the condition keys that every request has."""
        full: dict[str, str | tuple[str, ...]] = {
            "aws:SecureTransport": "true" if self.secure else "false",
            "aws:RequestedRegion": self.region,
        }
        if resource.startswith("arn:"):
            owner = resource.split(":", 5)[4]
            if owner:
                full["aws:ResourceAccount"] = owner
        if context:
            full.update(context)
        return Need(action, resource, full)

    def unmapped(self, because: str) -> UnmappedOperationError:
        """The error for a form of the operation that the kit cannot translate."""
        return UnmappedOperationError(self.service, self.operation, because)


Rule: TypeAlias = Callable[[Request], tuple[Need, ...]]
Operations: TypeAlias = Mapping[str, Rule]


def module_name(service: str) -> str:
    """The module here that holds a service, by botocore's name of the service."""
    return "lambda_" if service == "lambda" else service.replace("-", "_")
