"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.implied import in_context
from lambda_constructs.testing._calls.model import Need, Request, Rule
from lambda_constructs.testing._calls.rules import anywhere, same_name


def on_key(request: Request) -> tuple[Need, ...]:
    """An action on the key of an id, an ARN or an alias."""
    return _need(request, f"kms:{request.operation}", "KeyId", "EncryptionContext")


def decrypt(request: Request) -> tuple[Need, ...]:
    """A symmetric ciphertext names its key itself."""
    return _need(request, "kms:Decrypt", "KeyId", "EncryptionContext", "CiphertextBlob")


def re_encrypt(request: Request) -> tuple[Need, ...]:
    """Two actions, on two keys, under two encryption contexts."""
    return (
        *_need(
            request,
            "kms:ReEncryptFrom",
            "SourceKeyId",
            "SourceEncryptionContext",
            "CiphertextBlob",
        ),
        *_need(
            request,
            "kms:ReEncryptTo",
            "DestinationKeyId",
            "DestinationEncryptionContext",
        ),
    )


def _need(
    request: Request, action: str, key: str, encryption_context: str, blob: str = ""
) -> tuple[Need, ...]:
    name = request.text(key)
    resource = _key(request, name, request.params.get(blob) if blob else None)
    if resource is None:
        return ()  # KMS answers NotFoundException before it authorises
    context: dict[str, str | tuple[str, ...]] = {
        "kms:CallerAccount": request.account,
        **in_context(
            {k: str(v) for k, v in request.mapping(encryption_context).items()}
        ),
    }
    if "alias/" in name:
        context["kms:RequestAlias"] = "alias/" + name.partition("alias/")[2]
    if algorithm := request.text("EncryptionAlgorithm"):
        context["kms:EncryptionAlgorithm"] = algorithm
    return (request.need(action, resource, context),)


def _key(request: Request, name: str, blob: object) -> str | None:
    if not name:
        raw = blob if isinstance(blob, bytes) else b""
        return request.lookup.ciphertext_key(raw, request.region)
    if "alias/" in name:
        return request.lookup.key_arn(name, request.region)
    return name if name.startswith("arn:") else request.arn("kms", f"key/{name}")


OPERATIONS: dict[str, Rule] = {
    "Decrypt": decrypt,
    "ReEncrypt": re_encrypt,
    **dict.fromkeys(
        (
            "CreateGrant",
            "DescribeKey",
            "DisableKey",
            "EnableKey",
            "Encrypt",
            "GenerateDataKey",
            "GenerateDataKeyPair",
            "GenerateDataKeyPairWithoutPlaintext",
            "GenerateDataKeyWithoutPlaintext",
            "GenerateMac",
            "GetKeyPolicy",
            "GetKeyRotationStatus",
            "GetPublicKey",
            "ListGrants",
            "ListResourceTags",
            "PutKeyPolicy",
            "RevokeGrant",
            "ScheduleKeyDeletion",
            "Sign",
            "TagResource",
            "UntagResource",
            "Verify",
            "VerifyMac",
        ),
        on_key,
    ),
    **same_name("kms", anywhere, "CreateKey", "GenerateRandom", "ListAliases"),
    **same_name("kms", anywhere, "ListKeys"),
}
