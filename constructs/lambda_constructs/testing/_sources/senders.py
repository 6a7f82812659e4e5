"""What services send to other resources, each call allowed by a policy or a role."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import ClientError

from lambda_constructs.testing._calls import needs
from lambda_constructs.testing._iam import Policy, Principal, Request, evaluate
from lambda_constructs.testing._push import InvokeRefusedError, push
from lambda_constructs.testing._service_roles import trust
from lambda_constructs.testing.errors import UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount


class DeliveryError(Exception):
    """A target did not take what was sent.

    Attributes:
        code: EventBridge's word for it, `NO_PERMISSIONS`.
        retryable: Whether sending it again may help.
    """

    def __init__(self, code: str, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable


@dataclass(frozen=True)
class Sender:
    """A service that sends for a resource, for itself or under a role.

    Attributes:
        principal: The service, `sns.amazonaws.com`.
        source: The ARN of the resource that it sends for.
        role: The role that it assumes to send, where it has one.
        trusted_as: The ARN that a role's trust policy sees as the source.
        options: What a FIFO queue or a stream needs beside the body.
        via: The role that assumes the role, where the service does not do so itself.
    """

    principal: str
    source: str
    role: str | None = None
    trusted_as: str | None = None
    options: Mapping[str, str] = field(default_factory=dict, hash=False)
    via: str | None = None


def send(account: LocalAccount, sender: Sender, target: str, body: str) -> None:
    """Send *body* to a function, a queue, a topic or a stream.

    Raises:
        DeliveryError: The target does not take it.
        UnmodelledError: The kit does not know such a target.
    """
    service = target.split(":")[2] if target.startswith("arn:") else ""
    if service == "lambda":
        invoke(account, sender, target, body)
    elif service == "sqs":
        message = {"QueueUrl": queue_url(account, target), "MessageBody": body}
        call(account, sender, "sqs", "SendMessage", {**message, **sender.options})
    elif service == "sns":
        message = {"TopicArn": target, "Message": body}
        call(account, sender, "sns", "Publish", message)
    elif service == "kinesis" and sender.role is not None:
        key = sender.options.get("PartitionKey", "0")
        name = target.rpartition("/")[2]
        record = {"StreamName": name, "Data": body.encode(), "PartitionKey": key}
        call(account, sender, "kinesis", "PutRecord", record)
    else:
        raise UnmodelledError(f"{sender.source}: a target {target!r} is not modelled")


def invoke(account: LocalAccount, sender: Sender, target: str, body: str) -> None:
    """Have Lambda queue an event.

    Raises:
        DeliveryError: The sender may not invoke it, or the event is not JSON.
    """
    try:
        event = json.loads(body)
    except ValueError:
        raise DeliveryError("INVALID_JSON", f"the event is not JSON: {body}") from None
    if sender.role is not None:
        function, qualifier = account.function_and_qualifier(target)
        check(account, sender, "lambda:InvokeFunction", target, {})
        account.asynchronous.accept(function, qualifier, event)
        return
    try:
        push(
            account,
            sender.principal,
            target,
            event,
            wait=False,
            context=_context(account, sender),
        )
    except InvokeRefusedError as error:
        raise DeliveryError("NO_PERMISSIONS", str(error)) from None


def call(
    account: LocalAccount,
    sender: Sender,
    service: str,
    operation: str,
    params: Mapping[str, Any],
) -> None:
    """Make a call as the sender, with all that it implies, as KMS.

    Raises:
        DeliveryError: The sender may not, or the service refuses.
    """
    place = account.authority.place()
    for need in needs(service, operation, params, **place):
        check(account, sender, need.action, need.resource, need.context)
    try:
        getattr(account.client(service), xform_name(operation))(**params)
    except ClientError as error:
        raise DeliveryError("ERROR_FROM_TARGET", str(error)) from None


def check(
    account: LocalAccount,
    sender: Sender,
    action: str,
    resource: str,
    context: Mapping[str, Any],
) -> None:
    """Check one action of a sender.

    Raises:
        DeliveryError: The resource's policy or the sender's role does not allow it.
    """
    policies = account.authority.policies
    owner = str(context.get("aws:ResourceAccount", account.id))
    principal = Principal.service(sender.principal)
    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    if sender.role is not None:
        _assume(account, sender)
        session = sender.principal.partition(".")[0]
        principal = Principal.session(sender.role, session)
        role = policies.of_role(sender.role)
        identity, boundary = role.identity, role.boundary
    else:
        context = {**context, **_context(account, sender)}
    decision = evaluate(
        Request(principal, action, resource, owner, context),
        identity=identity,
        boundary=boundary,
        resource=policies.of_resource(resource),
    )
    if not decision.allowed:
        where = account.path_of(sender.source)
        account.note(where, "refused", f"{action} {resource}")
        raise DeliveryError(
            "NO_PERMISSIONS",
            f"{principal.arn} may not {action} on {resource} for {sender.source}, "
            + decision.reason,
        )


def _assume(account: LocalAccount, sender: Sender) -> None:
    """Check the role's trust in the service."""
    role, source = str(sender.role), sender.trusted_as or sender.source
    identity: tuple[Policy, ...] = ()
    principal = Principal.service(sender.principal)
    if sender.via is not None:
        principal = Principal.session(sender.via, sender.principal.partition(".")[0])
        identity = account.authority.policies.of_role(sender.via).identity
    decision = trust(account, role, principal, source_arn=source, identity=identity)
    if decision is None or not decision.allowed:
        why = "there is no such role" if decision is None else decision.reason
        account.note(
            account.path_of(sender.source), "refused", f"sts:AssumeRole {role}"
        )
        raise DeliveryError(
            "FAILED_TO_ASSUME_ROLE", f"{principal.arn} may not assume {role}, {why}"
        )


def _context(account: LocalAccount, sender: Sender) -> dict[str, str]:
    return {"aws:SourceArn": sender.source, "aws:SourceAccount": account.id}


def queue_url(account: LocalAccount, arn: str) -> str:
    """Give the URL of a queue.

    Raises:
        DeliveryError: There is no such queue.
    """
    try:
        return account.queue_url(arn.rsplit(":", 1)[1])
    except ClientError as error:
        raise DeliveryError("NO_RESOURCE", f"{arn}: {error}") from None
