"""DynamoDB: tables, indexes, batches, transactions, PartiQL and their conditions.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
"""

from __future__ import annotations

import pytest

from lambda_constructs.testing._calls import UnmappedOperationError
from tests.testing.calls.facts import KEY, Facts, arn, asked, pairs

ORDERS = arn("dynamodb", "table/Orders")
FACTS = Facts(
    tables={("Orders", None): "tenant", ("Orders", "ByDate"): "day"},
)


def context(operation, params):
    return asked("dynamodb", operation, {"TableName": "Orders", **params}, FACTS)[
        0
    ].context


def test_a_query_on_an_index_is_a_request_on_the_index_alone():
    """
    A grant on the table does not cover its indexes.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-specific-table-indexes.html
    """
    needs = asked("dynamodb", "Query", {"TableName": "Orders", "IndexName": "ByDate"})

    assert [("dynamodb:Query", f"{ORDERS}/index/ByDate")] == pairs(needs)


def test_a_table_may_be_named_by_its_arn():
    """
    Another account's table is only named so.
    """
    other = "arn:aws:dynamodb:us-east-1:444455556666:table/Orders"

    [need] = asked("dynamodb", "GetItem", {"TableName": other, "Key": {}})

    assert other == need.resource
    assert "444455556666" == need.context["aws:ResourceAccount"]


def test_a_batch_is_one_request_per_table():
    """
    Puts and deletes in a batch are both `dynamodb:BatchWriteItem`.
    """
    params = {
        "RequestItems": {
            "Orders": [
                {"PutRequest": {"Item": {"tenant": {"S": "a"}, "x": {"S": "1"}}}},
                {"DeleteRequest": {"Key": {"tenant": {"S": "b"}}}},
            ],
            "Audit": [{"PutRequest": {"Item": {"id": {"S": "1"}}}}],
        }
    }

    needs = asked("dynamodb", "BatchWriteItem", params, FACTS)

    assert [
        ("dynamodb:BatchWriteItem", ORDERS),
        ("dynamodb:BatchWriteItem", arn("dynamodb", "table/Audit")),
    ] == pairs(needs)
    assert ("a", "b") == needs[0].context["dynamodb:LeadingKeys"]
    assert ("tenant", "x") == needs[0].context["dynamodb:Attributes"]


def test_a_transaction_is_authorised_item_by_item():
    """
    There is no action `TransactWriteItems`.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
    """
    key = {"TableName": "Orders", "Key": {"tenant": {"S": "a"}}}
    params = {
        "TransactItems": [
            {"Put": {"TableName": "Audit", "Item": {"id": {"S": "1"}}}},
            {"Update": key},
            {"Delete": key},
            {"ConditionCheck": key},
        ]
    }

    needs = asked("dynamodb", "TransactWriteItems", params, FACTS)

    assert [
        ("dynamodb:PutItem", arn("dynamodb", "table/Audit")),
        ("dynamodb:UpdateItem", ORDERS),
        ("dynamodb:DeleteItem", ORDERS),
        ("dynamodb:ConditionCheckItem", ORDERS),
    ] == pairs(needs)
    assert {"TransactWriteItems"} == {
        need.context["dynamodb:EnclosingOperation"] for need in needs
    }


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("GetItem", {"Key": {"tenant": {"S": "a"}, "sort": {"N": "1"}}}),
        ("PutItem", {"Item": {"other": {"S": "z"}, "tenant": {"S": "a"}}}),
        (
            "Query",
            {
                "KeyConditionExpression": "#t = :t AND begins_with(sort, :s)",
                "ExpressionAttributeNames": {"#t": "tenant"},
                "ExpressionAttributeValues": {":t": {"S": "a"}, ":s": {"S": "x"}},
            },
        ),
        (
            "Query",
            {
                "KeyConditions": {
                    "tenant": {
                        "AttributeValueList": [{"S": "a"}],
                        "ComparisonOperator": "EQ",
                    }
                }
            },
        ),
    ],
)
def test_the_partition_key_is_the_leading_key(operation, params):
    """
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
    """
    assert ("a",) == context(operation, params)["dynamodb:LeadingKeys"]


def test_an_index_has_a_leading_key_of_its_own():
    """
    A query on an index is limited by the index's partition key.
    """
    found = context(
        "Query",
        {
            "IndexName": "ByDate",
            "KeyConditionExpression": "tenant = :t and day = :d",
            "ExpressionAttributeValues": {":t": {"S": "a"}, ":d": {"S": "monday"}},
        },
    )

    assert ("monday",) == found["dynamodb:LeadingKeys"]


def test_attributes_are_those_of_key_and_expressions():
    """
    Functions, values and nested names are none; aliases are resolved.
    """
    found = context(
        "UpdateItem",
        {
            "Key": {"tenant": {"S": "a"}},
            "UpdateExpression": "SET #s = if_not_exists(total, :zero), items[0].n = :n",
            "ConditionExpression": "attribute_exists(tenant) AND size(notes) < :max",
            "ExpressionAttributeNames": {"#s": "state"},
            "ReturnValues": "ALL_NEW",
        },
    )

    assert {"tenant", "state", "total", "items", "notes"} == set(
        found["dynamodb:Attributes"]
    )
    assert "ALL_NEW" == found["dynamodb:ReturnValues"]


@pytest.mark.parametrize(
    ("statement", "action", "place"),
    [
        ('SELECT * FROM "Orders" WHERE tenant = ?', "Select", ""),
        ("select a, b from Orders", "Select", ""),
        ('SELECT * FROM "Orders"."ByDate" WHERE day = ?', "Select", "/index/ByDate"),
        ("INSERT INTO \"Orders\" VALUE {'tenant': ?}", "Insert", ""),
        ('UPDATE "Orders" SET x = 1 WHERE tenant = ?', "Update", ""),
        ('DELETE FROM "Orders" WHERE tenant = ?', "Delete", ""),
        ('EXISTS(SELECT * FROM "Orders" WHERE tenant = ?)', "Select", ""),
    ],
)
def test_partiql_has_actions_of_its_own(statement, action, place):
    """
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
    """
    needs = asked("dynamodb", "ExecuteStatement", {"Statement": statement})

    assert [(f"dynamodb:PartiQL{action}", ORDERS + place)] == pairs(needs)


@pytest.mark.parametrize(
    ("where", "parameters", "keys"),
    [
        ("WHERE tenant = 'o''k'", [], ("o'k",)),
        ('WHERE x = ? AND "tenant" = ?', [{"S": "no"}, {"S": "a"}], ("a",)),
        ("WHERE tenant IN [?, 'b']", [{"S": "a"}], ("a", "b")),
        ("WHERE tenant > 'a'", [], None),
        ("", [], None),
    ],
)
def test_partiql_without_the_key_is_a_full_scan(where, parameters, keys):
    """
    Policies deny scans by `dynamodb:FullTableScan`.
    """
    statement = {"Statement": f'SELECT * FROM "Orders" {where}'.strip()}  # noqa: S608

    [need] = asked(
        "dynamodb", "ExecuteStatement", {**statement, "Parameters": parameters}, FACTS
    )

    assert ("false" if keys else "true") == need.context["dynamodb:FullTableScan"]
    assert keys == need.context.get("dynamodb:LeadingKeys")


def test_fails_if_a_statement_cannot_be_read():
    """
    What cannot be judged is refused.
    """
    with pytest.raises(UnmappedOperationError, match="cannot read the statement"):
        asked("dynamodb", "ExecuteStatement", {"Statement": "DROP TABLE Orders"})


def test_a_customers_key_is_used_as_the_caller():
    """
    Once per table, through DynamoDB, under the table's encryption context.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    """
    item = {"Put": {"TableName": "Orders", "Item": {"id": {"S": "1"}}}}
    params = {"TransactItems": [item, item]}

    needs = asked("dynamodb", "TransactWriteItems", params, Facts(keys={ORDERS: KEY}))

    [decrypt] = [need for need in needs if need.action == "kms:Decrypt"]
    assert KEY == decrypt.resource
    assert "dynamodb.eu-west-1.amazonaws.com" == decrypt.context["kms:ViaService"]
    assert "Orders" == decrypt.context["kms:EncryptionContext:aws:dynamodb:tableName"]
