"""The facts about an account, asked of its services with privileged credentials."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

from lambda_constructs.testing._calls.lookup_facts import Facts
from lambda_constructs.testing._calls.lookup_keys import (
    KEYS,
    Client,
    bucket_rules,
    schemas,
)
from lambda_constructs.testing._calls.lookup_kms import has_keys, is_customers, key_of

_MOTO_KEY_ID = 36  # moto's ciphertexts begin with the id of their key


class AccountLookup:
    """Reads the state of an account; remembers what seldom changes.

    Args:
        session: Credentials that are not themselves authorised.
        account: The account id.
        partition: Of its ARNs.
    """

    def __init__(
        self, session: boto3.Session, account: str, partition: str = "aws"
    ) -> None:
        self._region = str(session.region_name)
        self._account = account
        self._partition = partition
        self._facts = Facts(session)

    def forget(self) -> None:
        """Drop what is remembered."""
        self._facts.forget()

    def changed(self, service: str, operation: str) -> None:
        """Drop what this call, anybody's, may make untrue."""
        self._facts.changed(service, operation)

    def encryption_key(self, resource: str) -> str | None:
        """See `Lookup`."""

        def ask() -> str:
            _, _, service, region, _, _ = resource.split(":", 5)
            where = region or self._region
            read = KEYS.get(service)
            key = read(self._facts.client(service, where), resource) if read else ""
            return self.customer_key(key, where) or "" if key else ""

        return self._facts.remember(("key", resource), ask) or None

    def object_key(self, bucket: str, key: str, version: str | None) -> str | None:
        """See `Lookup`."""
        region = self._region
        if not self._facts.remember(
            ("keys", region), lambda: has_keys(self._facts, region)
        ):
            return None
        head = self._object("head_object", bucket, key, version)
        name = head.get("SSEKMSKeyId", "")
        return self.customer_key(name, region) if name else None

    def object_is_tagged(self, bucket: str, key: str, version: str | None) -> bool:
        """See `Lookup`."""
        return bool(
            self._object("get_object_tagging", bucket, key, version).get("TagSet")
        )

    def bucket_owner(self, bucket: str) -> str | None:
        """See `Lookup`."""
        if bucket.startswith("arn:"):
            return bucket.split(":", 5)[4]
        mine = self._facts.remember(
            ("bucket", bucket),
            lambda: self._s3().head_bucket(Bucket=bucket) and self._account,
        )
        return str(mine) if mine else None

    def bucket_has_key(self, bucket: str) -> bool:
        """See `Lookup`."""

        def ask() -> str:
            rules = bucket_rules(self._s3(), bucket)
            return "yes" if any(rule.get("BucketKeyEnabled") for rule in rules) else ""

        return bool(self._facts.remember(("bucket key", bucket), ask))

    def key_arn(self, key: str, region: str) -> str | None:
        """See `Lookup`."""
        return key_of(self._facts, key, region).get("Arn")

    def customer_key(self, key: str, region: str) -> str | None:
        """See `Lookup`."""
        found = key_of(self._facts, key, region)
        return found["Arn"] if found and is_customers(self._facts, found) else None

    def ciphertext_key(self, blob: bytes, region: str) -> str | None:
        """See `Lookup`."""
        try:
            return self.key_arn(blob[:_MOTO_KEY_ID].decode("ascii"), region)
        except UnicodeDecodeError:
            return None

    def partition_key(self, table: str, index: str | None) -> str | None:
        """See `Lookup`."""
        keys = self._facts.remember(
            ("table", table),
            lambda: schemas(self._facts.client("dynamodb", table.split(":")[3]), table),
        )
        return keys.get(index or "") if keys else None

    def stream_of(self, iterator: str, region: str) -> str | None:
        """See `Lookup`."""
        if iterator.startswith("arn:"):  # DynamoDB: <table>/stream/<label>|...
            return iterator.partition("|")[0]
        try:
            name = base64.b64decode(iterator).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return None
        if name.startswith("arn"):
            return None
        place = f"{region}:{self._account}:stream/{name}"
        return f"arn:{self._partition}:kinesis:{place}"

    def secret_arn(self, secret: str, region: str) -> str | None:
        """See `Lookup`."""
        client = self._facts.client("secretsmanager", region)
        found: str | None = self._facts.remember(
            ("secret", secret, region),
            lambda: client.describe_secret(SecretId=secret)["ARN"],
        )
        return found

    def secrets(self, filters: object, region: str) -> tuple[str, ...]:
        """See `Lookup`."""
        pages = self._facts.client("secretsmanager", region).get_paginator(
            "list_secrets"
        )
        return tuple(
            secret["ARN"]
            for page in pages.paginate(Filters=filters)
            for secret in page["SecretList"]
        )

    def parameters(self, path: str, recursive: bool, region: str) -> tuple[str, ...]:
        """See `Lookup`."""
        pages = self._facts.client("ssm", region).get_paginator(
            "get_parameters_by_path"
        )
        return tuple(
            parameter["Name"]
            for page in pages.paginate(Path=path, Recursive=recursive)
            for parameter in page["Parameters"]
        )

    def redrive_sources(self, queue: str) -> tuple[str, ...]:
        """See `Lookup`."""
        *_, region, owner, name = queue.split(":")
        client = self._facts.client("sqs", region)
        url = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=owner)
        found = client.list_dead_letter_source_queues(QueueUrl=url["QueueUrl"])
        prefix = queue.rpartition(":")[0]
        return tuple(
            f"{prefix}:{each.rpartition('/')[2]}" for each in found["queueUrls"]
        )

    def email_identity(self, address: str, region: str) -> str:
        """See `Lookup`."""
        client = self._facts.client("ses", region)
        domain = address.rpartition("@")[2]
        found = self._facts.remember(
            ("identity", address, region),
            lambda: client.get_identity_verification_attributes(
                Identities=[address, domain]
            )["VerificationAttributes"],
        )
        known = found or {}
        return domain if domain in known and address not in known else address

    def deployment_group(self, deployment: str, region: str) -> str | None:
        """See `Lookup`."""
        client = self._facts.client("codedeploy", region)
        try:
            found = client.get_deployment(deploymentId=deployment)["deploymentInfo"]
        except ClientError:
            return None
        return f"{found['applicationName']}/{found['deploymentGroupName']}"

    def tags(self, resource: str) -> Mapping[str, str]:
        """See `Lookup`; EC2 only."""
        region, name = resource.split(":", 5)[3], resource.rpartition("/")[2]
        answer = self._facts.client("ec2", region).describe_tags(
            Filters=[{"Name": "resource-id", "Values": [name]}]
        )
        return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}

    def _object(
        self, method: str, bucket: str, key: str, version: str | None
    ) -> Mapping[str, Any]:
        which = {"VersionId": version} if version else {}
        try:
            found: Mapping[str, Any] = getattr(self._s3(), method)(
                Bucket=bucket, Key=key, **which
            )
        except ClientError:
            return {}  # the service will say that it does not exist
        return found

    def _s3(self) -> Client:
        return self._facts.client("s3", self._region)
