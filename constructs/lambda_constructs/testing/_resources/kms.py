"""AWS KMS."""

from __future__ import annotations

from lambda_constructs.testing._iam import parse
from lambda_constructs.testing._resources._create import (
    Create,
    Created,
    Request,
    document,
)
from lambda_constructs.testing.errors import AccountError


def create_key(request: Request) -> Created:
    """Create a key with its policy, which has to let somebody change it.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    policy = parse(request.properties["KeyPolicy"], name="KeyPolicy", role="resource")
    bypass = request.properties.get("BypassPolicyLockoutSafetyCheck", False)
    if not bypass and not any(
        each.actions.cover("kms:putkeypolicy") for each in policy.allows
    ):
        raise AccountError(
            f"{request.path}: The new key policy will not allow you to update the key "
            "policy in the future; allow kms:* to the account"
        )
    key = request.account.client("kms").create_key(
        Policy=document(request.properties["KeyPolicy"])
    )["KeyMetadata"]
    return Created(key["KeyId"], {"Arn": key["Arn"], "KeyId": key["KeyId"]})


def create_alias(request: Request) -> Created:
    """Give a key another name."""
    name = request.properties["AliasName"]
    request.account.client("kms").create_alias(
        AliasName=name, TargetKeyId=request.properties["TargetKeyId"]
    )
    return Created(name)


CREATE: dict[str, Create] = {
    "AWS::KMS::Alias": create_alias,
    "AWS::KMS::Key": create_key,
}
