"""The policies of the account: of roles, and of what they use."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambda_constructs.testing._iam import Policy, parse
from lambda_constructs.testing.errors import AccountError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

Document = Mapping[str, Any]

CHANGES = ("Add", "Attach", "Create", "Delete", "Detach", "Put", "Remove", "Set")
"""How operations begin that may change a policy."""

RESOURCE_WORDS = ("Policy", "Attributes", "Permission", "Create")
"""What is in the names of those that may change a resource's."""


@dataclass(frozen=True)
class RolePolicies:
    """What a role may do: its policies, and what limits them."""

    documents: Mapping[str, Document]
    identity: tuple[Policy, ...]
    boundary: Policy | None


class Policies:
    """Reads policies from the account once, until something changes them."""

    def __init__(self, account: LocalAccount) -> None:
        self.account = account
        self._roles: dict[str, RolePolicies] = {}
        self._resources: dict[str, Policy | None] = {}

    def changed(self, service: str, operation: str) -> None:
        """Forget what this call may have changed."""
        if not operation.startswith(CHANGES):
            return
        if service == "iam":
            self._roles.clear()
        elif any(word in operation for word in RESOURCE_WORDS):
            self._resources.clear()

    def of_role(self, role_arn: str) -> RolePolicies:
        """Give all that is attached to a role, and its boundary."""
        if role_arn not in self._roles:
            name = role_arn.rsplit("/", 1)[-1]
            documents = dict(self._inline(name) | self._attached(name))
            boundary = self._boundary(name)
            self._roles[role_arn] = RolePolicies(
                documents,
                tuple(parse(each, name=key) for key, each in documents.items()),
                None if boundary is None else parse(boundary, name="boundary"),
            )
        return self._roles[role_arn]

    def of_resource(self, arn: str) -> Policy | None:
        """Give the policy of a resource, if it has one."""
        service = arn.split(":", 3)[2] if arn.startswith("arn:") else ""
        if service not in READ:
            return None
        where = arn.partition("/")[0] if service == "s3" else arn
        if where not in self._resources:
            self._resources[where] = self._read(service, where)
        return self._resources[where]

    def _read(self, service: str, arn: str) -> Policy | None:
        try:
            text = READ[service](self.account, arn)
        except (ClientError, AccountError):
            return None
        return parse(text, name=f"policy of {arn}", role="resource") if text else None

    def _inline(self, role: str) -> dict[str, Document]:
        iam = self.account.client("iam")
        return {
            name: _document(
                iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            )
            for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
        }

    def _attached(self, role: str) -> dict[str, Document]:
        iam = self.account.client("iam")
        attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        return {
            each["PolicyName"]: self._managed(each["PolicyArn"]) for each in attached
        }

    def _boundary(self, role: str) -> Document | None:
        found = self.account.client("iam").get_role(RoleName=role)["Role"]
        boundary = found.get("PermissionsBoundary")
        if boundary is None:
            return None
        arn = boundary["PermissionsBoundaryArn"]
        try:
            return self._managed(arn)
        except ClientError:
            # Most are made by somebody else, for the stack to name.
            where = self.account.path_of(role)
            what = f"permissions boundary {arn}, which is not in this account"
            self.account.unmodelled[where] = what
            return None

    def _managed(self, arn: str) -> Document:
        iam = self.account.client("iam")
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        found = iam.get_policy_version(PolicyArn=arn, VersionId=version)
        return _document(found["PolicyVersion"]["Document"])


def _document(value: object) -> Document:
    loaded: Document = json.loads(value) if isinstance(value, str) else value  # type: ignore[assignment]
    return loaded


def _queue(account: LocalAccount, arn: str) -> str | None:
    url = account.queue_url(arn.rsplit(":", 1)[1])
    found = account.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["Policy"]
    )
    text: str | None = found.get("Attributes", {}).get("Policy")
    return text


def _topic(account: LocalAccount, arn: str) -> str | None:
    found = account.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
    text: str | None = found.get("Policy")
    return text


def _bucket(account: LocalAccount, arn: str) -> str | None:
    name = arn.rsplit(":", 1)[1]
    text: str = account.client("s3").get_bucket_policy(Bucket=name)["Policy"]
    return text


def _key(account: LocalAccount, arn: str) -> str | None:
    found = account.client("kms").get_key_policy(KeyId=arn, PolicyName="default")
    text: str = found["Policy"]
    return text


def _function(account: LocalAccount, arn: str) -> str | None:
    function, qualifier = account.function_and_qualifier(arn)
    statements = function.permissions.get(qualifier)
    document = {"Version": "2012-10-17", "Statement": statements}
    return json.dumps(document) if statements else None


def _secret(account: LocalAccount, arn: str) -> str | None:
    found = account.client("secretsmanager").get_resource_policy(SecretId=arn)
    text: str | None = found.get("ResourcePolicy")
    return text


def _bus(account: LocalAccount, arn: str) -> str | None:
    name = arn.rpartition("/")[2]
    text: str | None = (
        account.client("events").describe_event_bus(Name=name).get("Policy")
    )
    return text


READ: Mapping[str, Callable[[LocalAccount, str], str | None]] = {
    "events": _bus,
    "kms": _key,
    "lambda": _function,
    "s3": _bucket,
    "secretsmanager": _secret,
    "sns": _topic,
    "sqs": _queue,
}
