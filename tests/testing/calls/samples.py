"""A complete, valid set of parameters for every operation that is mapped."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import botocore.session
from botocore.model import OperationModel, ServiceModel, Shape

from lambda_constructs.testing import _calls
from lambda_constructs.testing._calls import operations
from tests.testing.calls.facts import REGION, Facts, arn

# Not services, but what they are made of.
_PARTS = {
    *("model", "rules", "registry", "implied", "denial", "hook", "watch"),
    *(
        "lookup",
        "lookup_facts",
        "lookup_keys",
        "lookup_kms",
        "dynamodb_keys",
        "partiql",
    ),
    *("s3_buckets", "s3_objects", "__init__"),
}
ENDPOINT = f"https://a1.execute-api.{REGION}.amazonaws.com/prod/@connections/Id"
_TABLE_STREAM = arn("dynamodb", "table/Orders/stream/2026")
FACTS = Facts(
    deployments={"Name": "Application/Group"}, streams={"Iterator": _TABLE_STREAM}
)
_DELETE = {"Objects": [{"Key": "Key"}]}
_ITEM = {"TableName": "Orders", "Key": {"id": {"S": "1"}}}
_PUT = {"TableName": "Orders", "Item": {"id": {"S": "1"}}}
_CHECK = {**_ITEM, "ConditionExpression": "attribute_exists(id)"}
_SELECT = "SELECT * FROM \"Orders\" WHERE id = 'a'"
_SPECIAL: dict[tuple[str, str], dict[str, Any]] = {
    ("dynamodb", "BatchExecuteStatement"): {"Statements": [{"Statement": _SELECT}]},
    ("dynamodb", "BatchGetItem"): {
        "RequestItems": {"Orders": {"Keys": [_ITEM["Key"]]}}
    },
    ("dynamodb", "BatchWriteItem"): {
        "RequestItems": {"Orders": [{"PutRequest": {"Item": _PUT["Item"]}}]}
    },
    ("dynamodb", "ExecuteStatement"): {"Statement": _SELECT},
    ("dynamodb", "ExecuteTransaction"): {
        "TransactStatements": [{"Statement": _SELECT}]
    },
    ("dynamodb", "TransactGetItems"): {"TransactItems": [{"Get": _ITEM}]},
    ("dynamodb", "TransactWriteItems"): {
        "TransactItems": [{"Put": _PUT}, {"Delete": _ITEM}, {"ConditionCheck": _CHECK}]
    },
    ("dynamodbstreams", "GetRecords"): {"ShardIterator": "Iterator"},
    ("s3", "DeleteObjects"): {"Bucket": "Name", "Delete": _DELETE},
    ("sqs", "CancelMessageMoveTask"): {
        # base64 of JSON that names the queue as sourceArn
        "TaskHandle": "eyJzb3VyY2VBcm4iOiJhcm46YXdzOnNxczpldS13ZXN0LTE6MTEx"
        "MTIyMjIzMzMzOkRlYWQifQ=="
    },
}
_VALUES = {
    "CopySource": "Other/Key",
    "QueueUrl": f"https://sqs.{REGION}.amazonaws.com/111122223333/Orders",
    "SecretId": "Secret",
    "ShardIterator": "Iterator",
    "Source": "a@example.com",
    "FromEmailAddress": "a@example.com",
    "logGroupName": "/aws/lambda/Worker",
    "logGroupIdentifier": "/aws/lambda/Worker",
    "Resources": "i-1",
}
_WHOLE = ("resource", "resourcearn")
_RESOURCES = {
    "dynamodb": arn("dynamodb", "table/Orders"),
    "events": arn("events", "rule/Nightly"),
    "kinesis": arn("kinesis", "stream/Clicks"),
    "lambda": arn("lambda", "function:Worker"),
    "logs": arn("logs", "log-group:/aws/lambda/Worker"),
    "scheduler": arn("scheduler", "schedule-group/Nightly"),
    "stepfunctions": arn("states", "stateMachine:M"),
    "sns": arn("sns", "Name"),
}
# One way to name a thing excludes another.
_EXCLUDED = {
    "kinesis": ("StreamId", "NextToken"),
    "logs": ("logGroupIdentifier", "logGroupIdentifiers", "logGroupNames"),
    "sns": ("TargetArn", "PhoneNumber"),
    "sqs": ("DestinationArn", "QueueOwnerAWSAccountId"),
    "stepfunctions": ("mapRunArn",),
    "s3": ("VersionId",),
    "ses": ("SourceArn", "ReturnPathArn", "FromArn"),
    "sesv2": ("FromEmailAddressIdentityArn",),
}
_NOT_EXCLUDED = {"StartLiveTail", "DescribeMapRun", "UpdateMapRun"}


@cache
def services() -> tuple[str, ...]:
    """botocore's names of the services that have a module."""
    known = botocore.session.get_session().get_available_services()
    modules = {
        path.name.removesuffix(".py")
        for path in files(_calls).iterdir()
        if path.name.endswith(".py")
    } - _PARTS
    names = {"lambda_": "lambda", **{name.replace("-", "_"): name for name in known}}
    return tuple(sorted(names[module] for module in modules))


@cache
def model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


def mapped() -> list[tuple[str, str]]:
    """Every operation that the kit can translate."""
    return [(service, name) for service in services() for name in operations(service)]


def sample(service: str, operation: str) -> dict[str, Any]:
    """Parameters for an operation: special ones, or every member of its input."""
    if (special := _SPECIAL.get((service, operation))) is not None:
        return special
    found: OperationModel = model(service).operation_model(operation)
    if found.input_shape is None:
        return {}
    skipped = () if operation in _NOT_EXCLUDED else _EXCLUDED.get(service, ())
    value: dict[str, Any] = _value(found.input_shape, "", (), skipped)
    whole = _RESOURCES.get(service, "")
    return {k: whole if k.lower() in _WHOLE and whole else v for k, v in value.items()}


def _value(
    shape: Shape, name: str, above: tuple[str, ...], skipped: tuple[str, ...]
) -> Any:
    here = (*above, shape.name)
    if shape.type_name == "structure":
        members = {
            key: member
            for key, member in shape.members.items()  # type: ignore[attr-defined]
            if member.name not in here and key not in skipped
        }
        if getattr(shape, "is_tagged_union", False):
            members = dict(list(members.items())[:1])
        return {key: _value(m, key, here, skipped) for key, m in members.items()}
    if shape.type_name == "list":
        return [_value(shape.member, name, here, skipped)]  # type: ignore[attr-defined]
    if shape.type_name == "map":
        return {"Name": _value(shape.value, name, here, skipped)}  # type: ignore[attr-defined]
    return _scalar(shape, name)


def _scalar(shape: Shape, name: str) -> Any:
    if shape.type_name == "blob":
        return b"From: a@example.com\r\nTo: b@example.com\r\n\r\n"
    least = shape.metadata.get("min", 0)
    if shape.type_name in ("integer", "long"):
        return max(least, 1)
    if shape.type_name in ("float", "double"):
        return float(max(least, 1))
    if shape.type_name == "boolean":
        return True
    if shape.type_name == "timestamp":
        return "2026-01-01T00:00:00Z"
    if name in _VALUES:
        return _VALUES[name]
    if shape.metadata.get("enum"):
        return shape.metadata["enum"][0]
    return _named(name).ljust(least, "0")


def _named(name: str) -> str:
    lower = name.lower()
    if name == "StreamARN":
        return arn("kinesis", "stream/Clicks")
    if lower == "streamarn":
        return _TABLE_STREAM
    if "rolearn" in lower:
        return "arn:aws:iam::111122223333:role/Passed"
    if lower in ("topicarn", "sourcearn", "statemachinearn", "executionarn"):
        kind = {"topicarn": "sns", "sourcearn": "sqs"}.get(lower, "states")
        part = {"statemachinearn": "stateMachine:M", "executionarn": "execution:M:1"}
        return arn(kind, part.get(lower, "Name"))
    if lower in ("activityarn", "maprunarn", "consumerarn", "tablearn"):
        return {
            "activityarn": arn("states", "activity:A"),
            "maprunarn": arn("states", "mapRun:M/L:1"),
            "consumerarn": arn("kinesis", "stream/S/consumer/C:1"),
            "tablearn": arn("dynamodb", "table/Orders"),
        }[lower]
    if name == "ProjectVersion":
        return arn("rekognition", "project/P/version/V/1")
    if lower == "statemachinealiasarn":
        return arn("states", "stateMachine:M:live")
    return "Name"
