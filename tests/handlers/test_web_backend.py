"""The catalogue: what a load balancer passes on, and what it gets for it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from contextlib import redirect_stdout
from types import ModuleType
from typing import Any

import boto3
import pytest

from tests.conftest import ColdStart
from tests.handlers.conftest import LambdaContext
from tests.handlers.events import event

Answer = dict[str, Any]
Ask = Callable[..., Answer]


@pytest.fixture
def said() -> io.StringIO:
    """What the handler logs: Powertools keeps the stdout of the import."""
    return io.StringIO()


@pytest.fixture
def catalogue(aws: None, cold_start: ColdStart, said: io.StringIO) -> ModuleType:
    texts = ("item_id", "category")
    boto3.client("dynamodb").create_table(
        TableName="items",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in texts
        ],
        KeySchema=[{"AttributeName": "item_id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "ByCategory",
                "KeySchema": [
                    {"AttributeName": "category", "KeyType": "HASH"},
                    {"AttributeName": "item_id", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    boto3.client("s3").create_bucket(
        Bucket="images",
        CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
    )
    for number in range(3):
        boto3.client("dynamodb").put_item(
            TableName="items",
            Item={
                "item_id": {"S": f"b-{number}"},
                "category": {"S": "books"},
                "price": {"N": "9.95"},
            },
        )
    with redirect_stdout(said):
        return cold_start(
            "web_backend",
            IMAGES_BUCKET="images",
            ITEMS_INDEX="ByCategory",
            ITEMS_TABLE="items",
        )


@pytest.fixture
def ask(catalogue: ModuleType) -> Ask:
    def send(
        path: str,
        method: str = "GET",
        query: dict[str, list[str]] | None = None,
        context: LambdaContext | None = None,
        **headers: str,
    ) -> Answer:
        asked = event("alb")
        asked |= {"httpMethod": method, "path": path}
        asked["multiValueQueryStringParameters"] = query or {}
        for name, value in headers.items():
            asked["multiValueHeaders"][name.replace("_", "-")] = [value]
        return dict(catalogue.handler(asked, context or LambdaContext()))

    return send


def body(answer: Answer) -> Any:
    return json.loads(answer["body"])


def test_the_answer_has_exactly_what_a_load_balancer_reads(ask: Ask) -> None:
    """
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html#respond-to-load-balancer.
    """
    answer = ask("/items", query={"category": ["books"]})

    assert {"statusCode", "multiValueHeaders", "body", "isBase64Encoded"} == set(answer)
    assert 200 == answer["statusCode"]
    assert all(
        isinstance(values, list) and all(isinstance(each, str) for each in values)
        for values in answer["multiValueHeaders"].values()
    )


def test_a_price_stays_exact(ask: Ask) -> None:
    """
    As text: JSON's numbers are floats to most clients.
    """
    assert "9.95" == body(ask("/items/b-0"))["price"]


def test_a_query_is_decoded(ask: Ask) -> None:
    """
    It comes as it was sent, and %62ooks are books.
    """
    found = body(ask("/items", query={"category": ["%62ooks"], "limit": ["2"]}))

    assert ["b-0", "b-1"] == [each["item_id"] for each in found["items"]]
    assert "/items?category=books&limit=2&after=b-1" == found["next"]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"category": ["books", "toys"]},
        {"category": ["<b>"]},
        {"category": ["books"], "limit": ["0"]},
        {"category": ["books"], "limit": ["many"]},
        {"category": ["books"], "after": ["b 1"]},
        {"category": ["books"], "sort": ["price"]},
    ],
)
def test_a_query_that_makes_no_sense_is_422(
    ask: Ask, query: dict[str, list[str]]
) -> None:
    """
    The first fault is named, and nothing that was sent is quoted.
    """
    answer = ask("/items", query=query)

    assert 422 == answer["statusCode"]
    assert "<b>" not in answer["body"]
    assert "many" not in answer["body"]


def test_an_image_is_base64(ask: Ask) -> None:
    """
    A kind that no browser should run is bytes to it.
    """
    client = boto3.client("s3")
    for name, kind in (("b-0", "image/webp"), ("b-1", "text/html")):
        client.put_object(
            Bucket="images", Key=f"images/{name}", Body=b"\xff", ContentType=kind
        )

    good, bad = ask("/items/b-0/image"), ask("/items/b-1/image")

    assert good["isBase64Encoded"] is True
    assert b"\xff" == base64.b64decode(good["body"])
    assert ["image/webp"] == good["multiValueHeaders"]["Content-Type"]
    assert ["application/octet-stream"] == bad["multiValueHeaders"]["Content-Type"]


def test_what_the_client_has_is_not_sent_again(ask: Ask) -> None:
    """
    Weak tags are good enough for that.
    """
    (tag,) = ask("/items/b-0")["multiValueHeaders"]["ETag"]

    assert 304 == ask("/items/b-0", if_none_match=f'"a", W/{tag}')["statusCode"]
    assert 200 == ask("/items/b-1", if_none_match=tag)["statusCode"]


def test_cookies_remember_five_items_and_nothing_odd(ask: Ask) -> None:
    """
    What comes in a cookie is a stranger's word.
    """
    sent = "other=1; viewed=a|b|c d|<x>|b-0|e|f|g"
    (viewed, _) = ask("/items/b-0", cookie=sent)["multiValueHeaders"]["Set-Cookie"]

    assert "viewed=b-0|a|b|e|f" == viewed.partition(";")[0]


def test_an_id_is_in_the_answer_and_in_the_logs(ask: Ask, said: io.StringIO) -> None:
    """
    With what failed, which the answer does not tell.
    """
    context = LambdaContext()
    boto3.client("dynamodb").delete_table(TableName="items")

    answer = ask("/items/b-0", context=context)

    assert 500 == answer["statusCode"]
    assert context.aws_request_id == body(answer)["request_id"]
    assert [context.aws_request_id] == answer["multiValueHeaders"]["X-Request-Id"]
    assert "Traceback" not in answer["body"]
    logged = [json.loads(line) for line in said.getvalue().splitlines()]
    (fault,) = [each for each in logged if "exception" in each]
    assert context.aws_request_id == fault["function_request_id"]
    assert "ResourceNotFoundException" in fault["exception"]


def test_nothing_is_logged_of_cookies_queries_and_addresses(
    ask: Ask, said: io.StringIO
) -> None:
    """
    The path, the method and the status are enough.
    """
    ask("/items", query={"category": ["secret"]}, cookie="secret=1")

    assert "request is answered" in said.getvalue()
    assert "secret" not in said.getvalue()
    assert "203.0.113.10" not in said.getvalue()


def test_head_has_the_headers_alone(ask: Ask) -> None:
    """
    An image, too.
    """
    answer = ask("/items/b-0", "HEAD")

    assert (200, "", False) == (
        answer["statusCode"],
        answer["body"],
        answer["isBase64Encoded"],
    )
    assert answer["multiValueHeaders"]["ETag"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/items", 405),
        ("PUT", "/items/b-0", 405),
        ("OPTIONS", "/items/b-0/image", 405),
        ("GET", "/items/b-0/reviews", 404),
        ("PUT", "/items/b-0/reviews", 404),
        ("GET", "/items/b-0/image/large", 404),
        ("GET", "/", 404),
    ],
)
def test_a_method_and_a_path_are_told_apart(
    ask: Ask, method: str, path: str, status: int
) -> None:
    """
    405 says what is allowed.
    """
    answer = ask(path, method)

    assert status == answer["statusCode"]
    assert (status == 405) == ("Allow" in answer["multiValueHeaders"])
