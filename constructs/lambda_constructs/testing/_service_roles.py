"""Roles that services hold: who may assume them, and calls made under them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-service.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from lambda_constructs.testing._iam import Principal, Request, evaluate, parse
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
    _check_trust(account, principal, role_arn, path, source_arn)
    key = account.authority.role_key(role_arn, principal.split(".")[0], path)
    session: Any = boto3.Session(key, "testing", region_name=account.region)
    config = Config(parameter_validation=False)
    return session.client(service, config=config)


def _check_trust(
    account: LocalAccount,
    principal: str,
    role_arn: str,
    path: str,
    source_arn: str | None,
) -> None:
    name = role_arn.rsplit("/", 1)[-1]
    try:
        role = account.client("iam").get_role(RoleName=name)["Role"]
    except ClientError:
        raise RoleRefusedError(
            f"{path} names a role that is not there: {role_arn}; deploy it"
        ) from None
    document = role["AssumeRolePolicyDocument"]
    context: Mapping[str, str] = {"aws:SourceAccount": account.id}
    if source_arn is not None:
        context = {**context, "aws:SourceArn": source_arn}
    request = Request(
        Principal.service(principal), "sts:AssumeRole", role_arn, account.id, context
    )
    trust = parse(document, name=f"trust of {name}", role="trust")
    decision = evaluate(request, resource=trust)
    if not decision.allowed:
        account.note(path, "refused", f"{principal} may not assume {role_arn}")
        raise RoleRefusedError(
            f"{path}: {principal} may not assume {role_arn}, {decision.reason}; "
            "let the role trust that service"
        )
