"""AWS's own managed policies, each known to moto once a role names it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, iam_backends

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

OWNER = "arn:aws:iam::aws:policy/"


def know_managed_policy(account: LocalAccount, arn: str) -> None:
    """Let moto know a policy of AWS's; it can only load all of them, slowly."""
    name = arn.rsplit("/", 1)[-1]
    known = iam_backends[account.id]["aws"].managed_policies
    if not arn.startswith(OWNER) or arn in known or name not in _data():
        return
    policy = AWSManagedPolicy.from_data(name, account.id, account.region, _data()[name])
    known[arn] = policy


def document_of(name: str) -> Mapping[str, Any] | None:
    """Give what a policy of AWS's says, by the last part of its ARN."""
    document: Mapping[str, Any] | None = _data().get(name, {}).get("Document")
    return document


@cache
def _data() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(aws_managed_policies_data)
    return loaded
