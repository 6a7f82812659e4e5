"""Roles that services hold: who may assume them, and calls made under them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-service.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from lambda_constructs.testing._iam import (
    Decision,
    Policy,
    Principal,
    Request,
    evaluate,
    parse,
)
from lambda_constructs.testing.errors import AccountError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount


class RoleRefusedError(AccountError):
    """A role's trust policy does not let the service assume it."""


def client_as(
    account: LocalAccount,
    principal: str,
    role_arn: str,
    service: str,
    *,
    path: str,
    source_arn: str | None = None,
) -> Any:
    """Give a client of *service* that calls as a service under a role does.

    Args:
        account: Where the role is.
        principal: Who assumes it, `states.amazonaws.com`.
        role_arn: The role.
        service: botocore's name of the service to call.
        path: What holds the role, for the timeline.
        source_arn: What holds the role, for the trust policy's conditions.

    Raises:
        RoleRefusedError: The role does not trust it.
    """
    decision = trust(
        account, role_arn, Principal.service(principal), source_arn=source_arn
    )
    if decision is None:
        raise RoleRefusedError(
            f"{path} names a role that is not there: {role_arn}; deploy it"
        )
    if not decision.allowed:
        account.note(path, "refused", f"{principal} may not assume {role_arn}")
        raise RoleRefusedError(
            f"{path}: {principal} may not assume {role_arn}, {decision.reason}; "
            "let the role trust that service"
        )
    key = account.authority.role_key(role_arn, principal.split(".")[0], path)
    session: Any = boto3.Session(key, "testing", region_name=account.region)
    config = Config(parameter_validation=False)
    return session.client(service, config=config)


def trust(
    account: LocalAccount,
    role_arn: str,
    principal: Principal,
    *,
    source_arn: str | None = None,
    identity: Sequence[Policy] = (),
) -> Decision | None:
    """Decide whether *principal* may assume a role; give nothing if there is none.

    *identity* is what itself allows a principal that is no service.
    """
    name = role_arn.rsplit("/", 1)[-1]
    try:
        role = account.client("iam").get_role(RoleName=name)["Role"]
    except ClientError:
        return None
    context: Mapping[str, str] = {"aws:SourceAccount": account.id}
    if source_arn is not None:
        context = {**context, "aws:SourceArn": source_arn}
    request = Request(principal, "sts:AssumeRole", role_arn, account.id, context)
    document = role["AssumeRolePolicyDocument"]
    policy = parse(document, name=f"trust of {name}", role="trust")
    return evaluate(request, identity=identity, resource=policy)
