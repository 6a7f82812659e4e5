"""What nobody but the rightful caller may do, tried on each resource's policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lambda_constructs.testing._iam import Policy, Principal, Request, evaluate, parse
from lambda_constructs.testing._proof.contexts import (
    LOG_GROUP,
    SOURCE_ACCOUNT,
    SOURCE_ARN,
    TOKEN,
    context_for,
)
from lambda_constructs.testing._proof.deputies import STRANGER, concrete, contexts_of
from lambda_constructs.testing._proof.grants import listed

REPRESENTATIVES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "events": (("events:PutEvents", ""),),
    "kms": (("kms:Decrypt", ""),),
    "lambda": (("lambda:InvokeFunction", ""),),
    "s3": (
        ("s3:GetObject", "/key"),
        ("s3:PutObject", "/key"),
        ("s3:ListBucket", ""),
    ),
    "secretsmanager": (("secretsmanager:GetSecretValue", ""),),
    "sns": (("sns:Publish", ""),),
    "sqs": (("sqs:SendMessage", ""), ("sqs:ReceiveMessage", "")),
}
"""What an attacker would do with a resource of each service, and to what in it."""

PLAIN_HTTP = {"s3", "sns", "sqs"}
"""Which of them have endpoints without TLS: docs.aws.amazon.com/general/latest/gr/."""

TELL_THEIR_SOURCE = {
    "batchoperations.s3.amazonaws.com",
    "codepipeline.amazonaws.com",
    "events.amazonaws.com",
    "firehose.amazonaws.com",
    "iot.amazonaws.com",
    "lexv2.amazonaws.com",
    "scheduler.amazonaws.com",
    "states.amazonaws.com",
}
"""Services that say for whom they assume a role; Lambda and API Gateway do not."""

EVERYTHING = parse(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},
    },
    name="administrator",
)


@dataclass(frozen=True)
class Target:
    """A resource with the document of its policy, if it has one."""

    path: str
    arn: str
    document: Mapping[str, Any] | None

    @property
    def service(self) -> str:
        """The service that its ARN names."""
        return self.arn.split(":")[2]

    @property
    def policy(self) -> Policy | None:
        """Its policy, to be evaluated."""
        if self.document is None:
            return None
        return parse(self.document, name=f"policy of {self.path}", role="resource")


@dataclass(frozen=True)
class Attempt:
    """A request that has to be refused, or for the rightful caller, allowed."""

    name: str
    principal: Principal
    action: str
    resource: str
    context: Mapping[str, Any]
    own: bool = False

    def succeeds(self, policy: Policy | None, account: str) -> bool:
        """Decide on it, as the resource's owner would."""
        request = Request(
            self.principal, self.action, self.resource, account, self.context
        )
        session = self.principal.kind == "role-session"
        identity = (EVERYTHING,) if session else ()
        return evaluate(request, identity=identity, resource=policy).allowed


def attempts_on(target: Target, account: str) -> Iterator[Attempt]:
    """Give every attack on a resource."""
    secure = {"aws:SecureTransport": "true"}
    plain = {"aws:SecureTransport": "false"}
    stranger = Principal.session(f"arn:aws:iam::{STRANGER}:role/attacker", "attack")
    admin = Principal.session(f"arn:aws:iam::{account}:role/administrator", "attack")
    for action, below in REPRESENTATIVES[target.service]:
        resource = target.arn + below
        yield Attempt("foreign account", stranger, action, resource, secure)
        yield Attempt("nobody", Principal.anonymous(), action, resource, secure)
        if target.service in PLAIN_HTTP:
            yield Attempt("plain HTTP", admin, action, resource, plain)
    for statement in _by_services(target.document):
        yield from _deputies(statement, target, account)


def attempts_on_role(
    arn: str, document: Mapping[str, Any], account: str
) -> Iterator[Attempt]:
    """Give what has to be refused of a service that acts for another account."""
    for statement in _by_services(document):
        meant = context_for(statement.get("Condition", {}))
        for principal in _services(statement):
            if principal.arn not in TELL_THEIR_SOURCE:
                continue
            for name, context in contexts_of(meant, principal.arn, account):
                if name == "foreign account":
                    yield Attempt(name, principal, "sts:AssumeRole", arn, context)


def rightful(target: Target) -> Iterator[Attempt]:
    """Give for each service that a policy lets in the call that it is meant for."""
    for statement in _by_services(target.document):
        context = context_for(statement.get("Condition", {}))
        for principal in _services(statement):
            for action, resource in _reach(statement, target):
                name = "rightful caller"
                yield Attempt(name, principal, action, resource, context)


def _by_services(document: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    for statement in listed((document or {}).get("Statement", [])):
        if statement["Effect"] == "Allow" and list(_services(statement)):
            yield statement


def _services(statement: Mapping[str, Any]) -> Iterator[Principal]:
    named = statement.get("Principal", {})
    if isinstance(named, dict):
        for each in listed(named.get("Service", [])):
            yield Principal.service(each)


def _deputies(
    statement: Mapping[str, Any], target: Target, account: str
) -> Iterator[Attempt]:
    """Give what a service may be made to do for somebody else."""
    meant = context_for(statement.get("Condition", {}))
    rest = {
        key: meant[key]
        for key in meant
        if key.lower() not in {LOG_GROUP, SOURCE_ARN, SOURCE_ACCOUNT, TOKEN}
    }
    for principal in _services(statement):
        for name, context in contexts_of(meant, principal.arn, account):
            for action, resource in _reach(statement, target):
                yield Attempt(name, principal, action, resource, {**rest, **context})


def _reach(statement: Mapping[str, Any], target: Target) -> Iterator[tuple[str, str]]:
    """Give an action and a resource for each that a statement speaks of."""
    for action in listed(statement.get("Action", [])):
        for resource in listed(statement.get("Resource", target.arn)):
            where = target.arn if resource == "*" else concrete(resource)
            yield concrete(action), where
