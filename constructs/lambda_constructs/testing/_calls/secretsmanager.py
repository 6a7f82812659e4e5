"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.implied import uses_key
from lambda_constructs.testing._calls.model import Need, Request, Rule
from lambda_constructs.testing._calls.rules import anywhere, same_name

WRITE = ("GenerateDataKey", "Decrypt")
READ = ("Decrypt",)


def secret(request: Request) -> str:
    """The secret of a name, a partial or a full ARN."""
    return _arn(request, request.text("SecretId"))


def on_secret(action: str, *key_actions: str) -> Rule:
    """An action on the secret, and what its own key needs."""

    def rule(request: Request) -> tuple[Need, ...]:
        return _on(request, action, request.text("SecretId"), key_actions)

    return rule


def batch(request: Request) -> tuple[Need, ...]:
    """Reading many is an action of its own on top of reading each."""
    listed = request.params.get("SecretIdList")
    filters = request.params.get("Filters")
    ids = listed if isinstance(listed, list) else []
    found = request.lookup.secrets(filters, request.region) if filters else ids
    return (
        request.need("secretsmanager:BatchGetSecretValue", "*"),
        *((request.need("secretsmanager:ListSecrets", "*"),) if filters else ()),
        *(
            need
            for each in found
            for need in _on(request, "GetSecretValue", each, READ)
        ),
    )


def create(request: Request) -> tuple[Need, ...]:
    """The ARN of a new secret ends in six characters that AWS chooses."""
    resource = request.arn("secretsmanager", f"secret:{request.text('Name')}-??????")
    context = {"secretsmanager:Name": request.text("Name")}
    key = request.text("KmsKeyId")
    arn = request.lookup.customer_key(key, request.region) if key else None
    return (
        request.need("secretsmanager:CreateSecret", resource, context),
        *(
            (request.need("secretsmanager:TagResource", resource),)
            if request.params.get("Tags")
            else ()
        ),
        *uses_key(request, "secretsmanager", arn, WRITE, {"SecretARN": resource}),
    )


def _on(
    request: Request, action: str, secret_id: str, key_actions: tuple[str, ...]
) -> tuple[Need, ...]:
    resource = _arn(request, secret_id)
    context = {"secretsmanager:SecretId": resource}
    for name in ("VersionId", "VersionStage"):
        if given := request.text(name):
            context[f"secretsmanager:{name}"] = given
    key_arn = request.lookup.encryption_key(resource)
    return (
        request.need(f"secretsmanager:{action}", resource, context),
        *uses_key(
            request, "secretsmanager", key_arn, key_actions, {"SecretARN": resource}
        ),
    )


def _arn(request: Request, name: str) -> str:
    known = request.lookup.secret_arn(name, request.region)
    if known:
        return known
    if name.startswith("arn:"):
        return name
    return request.arn("secretsmanager", f"secret:{name}")


OPERATIONS: dict[str, Rule] = {
    "GetSecretValue": on_secret("GetSecretValue", *READ),
    "BatchGetSecretValue": batch,
    "CreateSecret": create,
    "PutSecretValue": on_secret("PutSecretValue", *WRITE),
    "UpdateSecret": on_secret("UpdateSecret", *WRITE),
    **same_name(
        "secretsmanager",
        secret,
        "CancelRotateSecret",
        "DeleteSecret",
        "DescribeSecret",
        "GetResourcePolicy",
        "ListSecretVersionIds",
        "PutResourcePolicy",
        "RestoreSecret",
        "RotateSecret",
        "TagResource",
        "UntagResource",
        "UpdateSecretVersionStage",
    ),
    **same_name("secretsmanager", anywhere, "GetRandomPassword", "ListSecrets"),
}
