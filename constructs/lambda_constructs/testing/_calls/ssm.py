"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html."""

from __future__ import annotations

from lambda_constructs.testing._calls import secretsmanager
from lambda_constructs.testing._calls.implied import uses_key
from lambda_constructs.testing._calls.model import Need, Request, Rule
from lambda_constructs.testing._calls.rules import anywhere, same_name

_REFERENCE = "/aws/reference/secretsmanager/"


def parameter(request: Request) -> str:
    """The parameter that the call names."""
    return _arn(request, request.text("Name"))


def get(request: Request) -> tuple[Need, ...]:
    """One or several by name; a name may ask for a version or a label."""
    listed = request.params.get("Names")
    names = listed if isinstance(listed, list) else [request.text("Name")]
    needs: list[Need] = []
    for name in names:
        needs.append(request.need(f"ssm:{request.operation}", _arn(request, name)))
        if name.startswith(_REFERENCE):
            needs.extend(_secret(request, name.removeprefix(_REFERENCE)))
        elif request.params.get("WithDecryption"):
            needs.extend(_decrypts(request, name))
    return tuple(needs)


def by_path(request: Request) -> tuple[Need, ...]:
    """The path is the resource; whatever lies under it is decrypted."""
    path = request.text("Path")
    recursive = bool(request.params.get("Recursive"))
    context = {"ssm:Recursive": str(recursive).lower()}
    names = (
        request.lookup.parameters(path, recursive, request.region)
        if request.params.get("WithDecryption")
        else ()
    )
    return (
        request.need("ssm:GetParametersByPath", _arn(request, path), context),
        *(need for name in names for need in _decrypts(request, name)),
    )


def put(request: Request) -> tuple[Need, ...]:
    """A SecureString is encrypted as the caller."""
    resource = parameter(request)
    overwrite = bool(request.params.get("Overwrite"))
    given = request.text("KeyId")
    secure = request.text("Type") == "SecureString"
    key = (
        request.lookup.customer_key(given, request.region) if secure and given else None
    )
    action = "GenerateDataKey" if request.text("Tier") == "Advanced" else "Encrypt"
    tags = request.params.get("Tags")
    return (
        request.need(
            "ssm:PutParameter", resource, {"ssm:Overwrite": str(overwrite).lower()}
        ),
        *((request.need("ssm:AddTagsToResource", resource),) if tags else ()),
        *uses_key(request, "ssm", key, (action,), {"PARAMETER_ARN": resource}),
    )


def delete_many(request: Request) -> tuple[Need, ...]:
    """Each parameter is authorised."""
    names = request.params.get("Names")
    return tuple(
        request.need("ssm:DeleteParameters", _arn(request, name))
        for name in (names if isinstance(names, list) else [])
    )


def _decrypts(request: Request, name: str) -> tuple[Need, ...]:
    resource = _arn(request, name)
    key = request.lookup.encryption_key(resource)
    return uses_key(request, "ssm", key, ("Decrypt",), {"PARAMETER_ARN": resource})


def _secret(request: Request, name: str) -> tuple[Need, ...]:
    reading = Request(
        "secretsmanager",
        "GetSecretValue",
        {"SecretId": name},
        request.partition,
        request.region,
        request.account,
        request.secure,
        request.lookup,
    )
    return secretsmanager.OPERATIONS["GetSecretValue"](reading)


def _arn(request: Request, name: str) -> str:
    if name.startswith("arn:"):
        head, _, rest = name.partition(":parameter/")
        return f"{head}:parameter/{rest.partition(':')[0]}"
    return request.arn("ssm", "parameter/" + name.partition(":")[0].removeprefix("/"))


OPERATIONS: dict[str, Rule] = {
    "GetParameter": get,
    "GetParameters": get,
    "GetParameterHistory": get,
    "GetParametersByPath": by_path,
    "PutParameter": put,
    "DeleteParameters": delete_many,
    **same_name(
        "ssm",
        parameter,
        "DeleteParameter",
        "LabelParameterVersion",
        "UnlabelParameterVersion",
    ),
    **same_name("ssm", anywhere, "DescribeParameters"),
}
