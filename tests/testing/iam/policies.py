"""Short ways to write the policies and requests of the tests."""

from __future__ import annotations

from typing import Any

from lambda_constructs.testing._iam import (
    Decision,
    Policy,
    Principal,
    Request,
    evaluate,
    parse,
)
from lambda_constructs.testing._iam.request import Values

HOME, OTHER = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{HOME}:role/worker"
SESSION = f"arn:aws:sts::{HOME}:assumed-role/worker/orders"
USER = f"arn:aws:iam::{HOME}:user/alice"
QUEUE = f"arn:aws:sqs:us-east-1:{HOME}:orders"
QUEUE_ELSEWHERE = f"arn:aws:sqs:us-east-1:{OTHER}:orders"
KEY = f"arn:aws:kms:us-east-1:{HOME}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SEND = "sqs:SendMessage"

WORKER = Principal.session(ROLE, "orders")


def statement(effect: str, **elements: Any) -> dict[str, Any]:
    """Give a statement; Action and Resource are * unless given or negated."""
    made: dict[str, Any] = {"Effect": effect}
    for name in ("Action", "Resource"):
        if f"Not{name}" not in elements:
            made[name] = "*"
    return {**made, **elements}


def allow(**elements: Any) -> dict[str, Any]:
    return statement("Allow", **elements)


def deny(**elements: Any) -> dict[str, Any]:
    return statement("Deny", **elements)


def policy(
    *statements: dict[str, Any], role: Any = "identity", version: str = "2012-10-17"
) -> Policy:
    document = {"Version": version, "Statement": list(statements)}
    return parse(document, name="policy", role=role)


def of_resource(*statements: dict[str, Any]) -> Policy:
    return policy(*statements, role="resource")


def trust(**elements: Any) -> Policy:
    body = {"Effect": "Allow", "Action": "sts:AssumeRole", **elements}
    return policy(body, role="trust")


def request(
    action: str = SEND,
    resource: str = QUEUE,
    *,
    principal: Principal = WORKER,
    account: str | None = HOME,
    context: dict[str, Values] | None = None,
) -> Request:
    return Request(principal, action, resource, account, context or {})


def decide(asked: Request | None = None, **policies: Any) -> Decision:
    """Evaluate; `identity` may be one policy."""
    identity = policies.pop("identity", ())
    if isinstance(identity, Policy):
        identity = (identity,)
    return evaluate(asked or request(), identity=identity, **policies)


def allows(body: dict[str, Any], asked: Request) -> bool:
    """Tell whether an identity's policy of this one statement allows."""
    return decide(asked, identity=policy(body)).allowed


def holds(condition: dict[str, Any], **context: Values) -> bool:
    """Tell whether a Condition holds; in *context* `__` is a colon, `_` a slash."""
    keys = {
        name.replace("__", ":").replace("_", "/"): value
        for name, value in context.items()
    }
    return allows(allow(Condition=condition), request(context=keys))
