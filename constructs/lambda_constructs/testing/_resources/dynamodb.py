"""Amazon DynamoDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_constructs.testing._resources._create import Create, Created, Request

SHARED = (
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "ProvisionedThroughput",
    "StreamSpecification",
)


def create_table(request: Request) -> Created:
    """Create a table, with the stream and the expiry that it has."""
    properties = request.properties
    name = request.name(properties.get("TableName"), most=255)
    given = {key: properties[key] for key in SHARED if key in properties}
    given.setdefault("BillingMode", "PROVISIONED")
    if "StreamSpecification" in given:
        given["StreamSpecification"] = {
            "StreamEnabled": True,
            **given["StreamSpecification"],
        }
    if given["BillingMode"] == "PROVISIONED":
        given.setdefault(
            "ProvisionedThroughput", {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
        )
    given.update(_encryption(properties))
    table = _create(request, name, given)
    expiry = properties.get("TimeToLiveSpecification")
    if expiry:
        request.account.client("dynamodb").update_time_to_live(
            TableName=name, TimeToLiveSpecification=expiry
        )
    attributes = {"Arn": table["TableArn"], "TableId": table.get("TableId", name)}
    if "LatestStreamArn" in table:
        attributes["StreamArn"] = table["LatestStreamArn"]
    return Created(name, attributes)


def _encryption(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Give the key of a table; a global table has one for each of its Regions."""
    given = properties.get("SSESpecification", {})
    replicas = properties.get("Replicas", [{}])
    own = replicas[0].get("SSESpecification", {})
    key = given.get("KMSMasterKeyId") or own.get("KMSMasterKeyId")
    if key is None:
        return {}
    return {
        "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    }


def _create(request: Request, name: str, given: dict[str, Any]) -> dict[str, Any]:
    client = request.account.client("dynamodb")
    described: dict[str, Any] = client.create_table(TableName=name, **given)
    return dict(described["TableDescription"])


CREATE: dict[str, Create] = {
    "AWS::DynamoDB::GlobalTable": create_table,
    "AWS::DynamoDB::Table": create_table,
}
