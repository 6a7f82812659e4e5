"""AWS KMS."""

from __future__ import annotations

from lambda_constructs.testing._resources._create import (
    Create,
    Created,
    Request,
    document,
)


def create_key(request: Request) -> Created:
    """Create a key with its policy."""
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
