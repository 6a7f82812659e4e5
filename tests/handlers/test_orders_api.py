"""The orders' API: what it takes, what it refuses, and what it never says."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from types import ModuleType
from typing import Any

import boto3
import pytest

from tests.conftest import ColdStart
from tests.handlers.conftest import LambdaContext
from tests.handlers.events import event

ORDER = {"items": [{"sku": "A1", "quantity": 2, "unit_price": "9.95"}]}


@pytest.fixture
def stdout() -> Iterator[io.StringIO]:
    """What is logged; Powertools keeps the stdout that it finds at a cold start."""
    with redirect_stdout(io.StringIO()) as found:
        yield found


@pytest.fixture
def module(stdout: io.StringIO, cold_start: ColdStart) -> ModuleType:
    names = ("customer_id", "order_id")
    boto3.client("dynamodb").create_table(
        TableName="orders",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": name, "KeyType": type}
            for name, type in zip(names, ("HASH", "RANGE"), strict=True)
        ],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in names
        ],
    )
    return cold_start("orders_api", ORDERS_TABLE="orders")


Ask = Callable[..., tuple[int, Any]]


@pytest.fixture(params=["http", "rest"])
def ask(request: pytest.FixtureRequest, module: ModuleType) -> Ask:
    """Ask one of the handlers; give status and content of what it answers."""

    def ask(method: str = "POST", path: str = "", **fields: Any) -> tuple[int, Any]:
        given = event(f"{request.param}_api")
        query = fields.pop("query", None)
        headers = fields.pop("headers", {})
        whole = f"/customers/c-1/orders{path}"
        given["headers"] = {
            name: headers.get(name.lower(), value)
            for name, value in given["headers"].items()
        }
        if request.param == "http":
            given |= {"rawPath": whole, "queryStringParameters": query}
            http = given["requestContext"]["http"]
            given["requestContext"]["http"] = http | {"method": method, "path": whole}
        else:
            given |= {
                "path": whole,
                "httpMethod": method,
                "queryStringParameters": query,
                "multiValueQueryStringParameters": query
                and {name: [value] for name, value in query.items()},
            }
        handler = getattr(module, f"{request.param}_handler")
        answer = handler(given | fields, LambdaContext())
        return answer["statusCode"], json.loads(answer["body"])

    return ask


def test_an_order_is_taken_and_its_total_is_exact(ask):
    """
    In cents, as text.
    """
    status, order = ask()

    assert 201 == status
    assert "19.90" == order["total"]
    assert ORDER["items"] == order["items"]
    assert (200, order) == ask("GET", f"/{order['order_id']}")


def test_prices_that_are_equal_make_one_order(ask):
    """
    9.9 is 9.90, so that a client may write either.
    """
    sent = [
        ask(body=json.dumps({"items": [ORDER["items"][0] | {"unit_price": price}]}))
        for price in ("9.9", "9.90")
    ]

    assert [201, 200] == [status for status, _ in sent]


def test_a_body_in_base64_is_read(ask):
    """
    As API Gateway sends what it takes for binary.
    """
    body = base64.b64encode(json.dumps(ORDER).encode()).decode()

    assert 201 == ask(body=body, isBase64Encoded=True)[0]


@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        ({"body": None}, 400, "the body is not JSON"),
        ({"body": "{"}, 400, "the body is not JSON"),
        ({"body": "/w==", "isBase64Encoded": True}, 400, "the body is not text"),
        ({"body": "[]"}, 422, "not an order: model_type at ''"),
        (
            {"body": json.dumps(ORDER | {"card": "4111"})},
            422,
            "not an order: extra_forbidden at 'card'",
        ),
        (
            {"body": json.dumps({"items": [{"sku": "secret sku"}]})},
            422,
            "not an order: string_pattern_mismatch at 'items.0.sku'",
        ),
        (
            {"headers": {"idempotency-key": "no key!!"}},
            400,
            "Idempotency-Key is missing or malformed",
        ),
    ],
)
def test_what_is_no_order_is_refused(stdout, ask, fields, status, told):
    """
    In one line, which neither quotes what was sent nor shows any code.
    """
    assert (status, {"message": told}) == ask(**fields)

    logged = stdout.getvalue()
    assert "request is refused" in logged
    assert "secret sku" not in logged
    assert "Traceback" not in logged


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"limit": "0"}, "limit is missing or malformed"),
        ({"limit": "101"}, "limit is missing or malformed"),
        ({"limit": "many"}, "limit is missing or malformed"),
        ({"next": "***"}, "next is missing or malformed"),
        ({"next": "/w=="}, "next is missing or malformed"),
    ],
)
def test_what_is_no_page_is_refused(ask, query, told):
    """
    A token is checked like anything else that comes from outside.
    """
    assert (400, {"message": told}) == ask("GET", query=query)


def test_the_log_names_the_request_and_no_credentials(stdout, ask):
    """
    By the id that the answer has.
    """
    ask()

    lines = [json.loads(line) for line in stdout.getvalue().splitlines()]
    (line,) = [each for each in lines if each["message"] == "order is taken"]
    assert line["correlation_id"]
    assert "AKIAEXAMPLE" not in json.dumps(lines)
