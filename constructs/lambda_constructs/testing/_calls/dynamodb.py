"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lambda_constructs.testing._calls import partiql
from lambda_constructs.testing._calls.dynamodb_keys import conditions
from lambda_constructs.testing._calls.implied import uses_key
from lambda_constructs.testing._calls.model import Need, Request, Rule
from lambda_constructs.testing._calls.rules import anywhere, arn, at, same_name

table = at("dynamodb", "table/{}", "TableName")


def item(request: Request) -> tuple[Need, ...]:
    """A call on one table, or on one of its indexes."""
    action = f"dynamodb:{request.operation}"
    return tuple(_on_table(request, action, request.params))


def batch(request: Request) -> tuple[Need, ...]:
    """A batch is one request per table, under its own action."""
    action = f"dynamodb:{request.operation}"
    capacity = request.params.get("ReturnConsumedCapacity")
    found: list[Need] = []
    for name, part in request.mapping("RequestItems").items():
        body = part if isinstance(part, Mapping) else {"Keys": _written(part)}
        shared = {**body, "TableName": name, "ReturnConsumedCapacity": capacity}
        found.extend(_on_table(request, action, shared))
    return tuple(found)


def transaction(request: Request) -> tuple[Need, ...]:
    """A transaction is authorised item by item, as if each were called alone."""
    found: list[Need] = []
    for entry in request.items("TransactItems"):
        for kind, part in entry.items():
            action = _TRANSACTED[kind]
            enclosing = {"dynamodb:EnclosingOperation": request.operation}
            if isinstance(part, Mapping):
                found.extend(_on_table(request, action, part, enclosing))
    return _without_repeats(found)


def statements(request: Request) -> tuple[Need, ...]:
    """PartiQL has actions of its own, by the statement's verb."""
    listed = request.items("Statements") or request.items("TransactStatements")
    single = "Statement" in request.params
    found: list[Need] = []
    for part in [request.params] if single else listed:
        for statement in partiql.parse(request, part):
            resource = arn(request, "dynamodb", "table/{}", statement.table)
            key = request.lookup.partition_key(resource, statement.index)
            context = statement.conditions(key)
            if request.operation == "ExecuteTransaction":
                context["dynamodb:EnclosingOperation"] = request.operation
            where = f"{resource}/index/{statement.index}"
            found.append(
                request.need(
                    f"dynamodb:PartiQL{statement.verb}",
                    where if statement.index else resource,
                    context,
                )
            )
            found.extend(table_key(request, resource))
    return _without_repeats(found)


def _on_table(
    request: Request,
    action: str,
    part: Mapping[str, object],
    extra: Mapping[str, str] | None = None,
) -> Iterator[Need]:
    resource = arn(request, "dynamodb", "table/{}", str(part["TableName"]))
    index = part.get("IndexName")
    key = request.lookup.partition_key(resource, str(index) if index else None)
    context = {**conditions(part, key), **(extra or {})}
    yield request.need(
        action, f"{resource}/index/{index}" if index else resource, context
    )
    yield from table_key(request, resource)


def table_key(request: Request, resource: str) -> tuple[Need, ...]:
    """What the key of a table needs, where it is a customer's."""
    return uses_key(
        request,
        "dynamodb",
        request.lookup.encryption_key(resource),
        ("Decrypt",),
        {
            "aws:dynamodb:tableName": resource.rpartition("/")[2],
            "aws:dynamodb:subscriberId": resource.split(":", 5)[4],
        },
    )


def _written(requests: object) -> list[object]:
    """The items and keys of a batch write."""
    if not isinstance(requests, list):
        return []
    return [
        holder
        for entry in requests
        for body in entry.values()
        for holder in body.values()
    ]


def _without_repeats(found: list[Need]) -> tuple[Need, ...]:
    """KMS is asked once per table, not once per item."""
    seen: set[tuple[str, str]] = set()
    kept: list[Need] = []
    for need in found:
        place = (need.action, need.resource)
        if not need.action.startswith("kms:") or place not in seen:
            kept.append(need)
        seen.add(place)
    return tuple(kept)


_TRANSACTED = {
    "Get": "dynamodb:GetItem",
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}

OPERATIONS: dict[str, Rule] = {
    **dict.fromkeys(
        ("DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"), item
    ),
    **dict.fromkeys(("BatchGetItem", "BatchWriteItem"), batch),
    **dict.fromkeys(("TransactGetItems", "TransactWriteItems"), transaction),
    **dict.fromkeys(
        ("BatchExecuteStatement", "ExecuteStatement", "ExecuteTransaction"), statements
    ),
    **same_name(
        "dynamodb",
        table,
        "CreateBackup",
        "CreateTable",
        "DeleteTable",
        "DescribeContinuousBackups",
        "DescribeTable",
        "DescribeTimeToLive",
        "UpdateContinuousBackups",
        "UpdateTable",
        "UpdateTimeToLive",
    ),
    **same_name(
        "dynamodb",
        at("dynamodb", "table/{}", "TableArn"),
        "ExportTableToPointInTime",
    ),
    **same_name(
        "dynamodb",
        at("dynamodb", "{}", "ResourceArn"),
        "ListTagsOfResource",
        "TagResource",
        "UntagResource",
    ),
    **same_name(
        "dynamodb", anywhere, "DescribeEndpoints", "DescribeLimits", "ListTables"
    ),
}
