"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.model import Request, Rule
from lambda_constructs.testing._calls.rules import anywhere, at, on, same_name

_QUALIFIER = 7  # arn:aws:lambda:region:account:function:name:qualifier


def qualified(request: Request) -> str:
    """The version or alias that is called, when the call names one."""
    parts = _parts(request)
    if qualifier := request.text("Qualifier"):
        parts[_QUALIFIER:] = [qualifier]
    return ":".join(parts)


def function(request: Request) -> str:
    """The function, whatever version the call names."""
    return ":".join(_parts(request)[:_QUALIFIER])


def layer(request: Request) -> str:
    """A version of a layer."""
    name = request.text("LayerName")
    arn = name if name.startswith("arn:") else request.arn("lambda", f"layer:{name}")
    return f"{arn}:{request.params.get('VersionNumber')}"


def _parts(request: Request) -> list[str]:
    """Of a name, `name:alias`, `account:function:name` or ARN."""
    given = request.text("FunctionName")
    if given.startswith("arn:"):
        return given.split(":")
    if ":function:" in given:
        owner, _, name = given.partition(":function:")
    else:
        owner, name = request.account, given
    return [
        *("arn", request.partition, "lambda", request.region, owner, "function"),
        *name.split(":"),
    ]


mapping = at("lambda", "event-source-mapping:{}", "UUID")

OPERATIONS: dict[str, Rule] = {
    "Invoke": on("lambda:InvokeFunction", qualified),
    "InvokeWithResponseStream": on("lambda:InvokeFunction", qualified),
    **same_name(
        "lambda",
        function,
        "AddPermission",
        "CreateAlias",
        "DeleteAlias",
        "DeleteFunction",
        "DeleteFunctionConcurrency",
        "DeleteFunctionEventInvokeConfig",
        "GetAlias",
        "GetFunction",
        "GetFunctionConcurrency",
        "GetFunctionConfiguration",
        "GetFunctionEventInvokeConfig",
        "GetFunctionUrlConfig",
        "GetPolicy",
        "InvokeAsync",
        "ListAliases",
        "ListFunctionEventInvokeConfigs",
        "ListVersionsByFunction",
        "PublishVersion",
        "PutFunctionConcurrency",
        "PutFunctionEventInvokeConfig",
        "RemovePermission",
        "UpdateAlias",
        "UpdateFunctionCode",
        "UpdateFunctionConfiguration",
        "UpdateFunctionEventInvokeConfig",
    ),
    **same_name(
        "lambda",
        qualified,
        "DeleteProvisionedConcurrencyConfig",
        "GetProvisionedConcurrencyConfig",
        "PutProvisionedConcurrencyConfig",
    ),
    **same_name(
        "lambda",
        mapping,
        "DeleteEventSourceMapping",
        "GetEventSourceMapping",
        "UpdateEventSourceMapping",
    ),
    **same_name("lambda", layer, "GetLayerVersion"),
    **same_name(
        "lambda",
        at("lambda", "{}", "Resource"),
        "ListTags",
        "TagResource",
        "UntagResource",
    ),
    **same_name(
        "lambda",
        anywhere,
        "CreateEventSourceMapping",
        "GetAccountSettings",
        "ListEventSourceMappings",
        "ListFunctions",
        "ListLayerVersions",
        "ListLayers",
    ),
}
