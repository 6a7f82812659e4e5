"""Calls that AWS makes to KMS, and S3, in the caller's name."""

from __future__ import annotations

from lambda_constructs.testing._calls.model import Need, Request


def uses_key(
    request: Request,
    service: str,
    key: str | None,
    actions: tuple[str, ...],
    encryption_context: dict[str, str],
) -> tuple[Need, ...]:
    """KMS permissions for a resource that a customer's key encrypts.

    Keys that AWS manages allow every principal of the account, through the service;
    for those a role needs nothing, and `key` is `None`.
    """
    if key is None:
        return ()
    suffix = "amazonaws.com.cn" if request.partition == "aws-cn" else "amazonaws.com"
    context: dict[str, str | tuple[str, ...]] = {
        "kms:ViaService": f"{service}.{request.region}.{suffix}",
        "kms:CallerAccount": request.account,
        **in_context(encryption_context),
    }
    return tuple(request.need(f"kms:{action}", key, context) for action in actions)


def in_context(
    encryption_context: dict[str, str],
) -> dict[str, str | tuple[str, ...]]:
    """The condition keys of an encryption context."""
    if not encryption_context:
        return {}
    return {
        "kms:EncryptionContextKeys": tuple(encryption_context),
        **{
            f"kms:EncryptionContext:{name}": value
            for name, value in encryption_context.items()
        },
    }


def resource_key(
    request: Request, service: str, resource: str, label: str, *actions: str
) -> tuple[Need, ...]:
    """KMS permissions for a resource whose ARN is the encryption context."""
    key = request.lookup.encryption_key(resource)
    return uses_key(request, service, key, actions, {label: resource})


def reads_object(request: Request, where: object) -> tuple[Need, ...]:
    """Permission to read an object that a service reads as the caller."""
    if not isinstance(where, dict):
        return ()
    bucket, key = where.get("Bucket"), where.get("Name")
    if not isinstance(bucket, str) or not isinstance(key, str):
        return ()
    version = where.get("Version")
    action = "s3:GetObjectVersion" if version else "s3:GetObject"
    resource = f"arn:{request.partition}:s3:::{bucket}/{key}"
    encrypted = request.lookup.object_key(bucket, key, version)
    return (
        request.need(action, resource),
        *uses_key(request, "s3", encrypted, ("Decrypt",), {"aws:s3:arn": resource}),
    )
