"""The projector: the second table follows the first, each order in its own order."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from boto3.dynamodb.types import TypeSerializer

from tests.handlers.conftest import LambdaContext
from tests.handlers.events import event

TABLES = {
    "ORDERS_BY_CUSTOMER_TABLE": ("by-customer", ("customer_id", "order_id")),
    "PROJECTED_TABLE": ("projected", ("order_id",)),
}
NAMES = {variable: name for variable, (name, _) in TABLES.items()}


def order(customer_id: str = "c-1", order_id: str = "o-1", quantity: int = 2) -> dict:
    line = {"sku": "A1", "quantity": quantity, "unit_price": Decimal("9.95")}
    return {"order_id": order_id, "customer_id": customer_id, "items": [line]}


def change(
    before: dict[str, Any] | None, after: dict[str, Any] | None, sequence: int
) -> dict[str, Any]:
    """One record of the table's stream as Lambda reads it."""
    (given,) = event("dynamodb")["Records"]
    kinds = {(False, True): "INSERT", (True, False): "REMOVE", (True, True): "MODIFY"}
    order_id = str((before or after or {})["order_id"])
    told = {
        **given["dynamodb"],
        "Keys": {"order_id": {"S": order_id}},
        "SequenceNumber": str(sequence),
    }
    for name, image in (("OldImage", before), ("NewImage", after)):
        told.pop(name)
        if image is not None:
            told[name] = TypeSerializer().serialize(image)["M"]
    kind = kinds[before is not None, after is not None]
    return {**given, "eventName": kind, "dynamodb": told}


@pytest.fixture
def projector(cold_start):
    client = boto3.client("dynamodb")
    for name, keys in TABLES.values():
        client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": key, "KeyType": kind}
                for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            AttributeDefinitions=[
                {"AttributeName": key, "AttributeType": "S"} for key in keys
            ],
        )
    return cold_start("table_projector", **NAMES)


def deliver(projector, *records, context: LambdaContext | None = None) -> list[str]:
    answer = projector.handler({"Records": list(records)}, context or LambdaContext())
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def rows() -> list[tuple[str, str, Decimal]]:
    items = boto3.resource("dynamodb").Table("by-customer").scan()["Items"]
    return sorted(
        (each["customer_id"], each["order_id"], each["total"]) for each in items
    )


@pytest.mark.parametrize("variable", sorted(TABLES))
def test_fails_if_a_variable_is_missing(cold_start, variable):
    """
    A deployment that forgets a variable fails at once, not at the first change.
    """
    names = {name: value for name, value in NAMES.items() if name != variable}

    with pytest.raises(KeyError, match=variable):
        cold_start("table_projector", **names)


def test_a_new_order_is_found_by_its_customer(projector):
    """
    With a total that is exact.
    """
    assert [] == deliver(projector, change(None, order(), 1))

    assert [("c-1", "o-1", Decimal("19.90"))] == rows()


def test_a_changed_order_is_changed_there(projector):
    """
    The new image is what counts.
    """
    deliver(
        projector,
        change(None, order(), 1),
        change(order(), order(quantity=3), 2),
    )

    assert [("c-1", "o-1", Decimal("29.85"))] == rows()


def test_an_order_moves_to_its_new_customer(projector):
    """
    The old image says from where.
    """
    deliver(projector, change(None, order(), 1), change(order(), order("c-2"), 2))

    assert [("c-2", "o-1", Decimal("19.90"))] == rows()


def test_a_deleted_order_is_gone(projector):
    """
    By its old image.
    """
    deliver(projector, change(None, order(), 1), change(order(), None, 2))

    assert [] == rows()


def test_a_change_that_comes_again_changes_nothing(projector):
    """
    Not even after the order was deleted, which leaves no row to compare with.
    """
    created = change(None, order(), 9)

    deliver(projector, created, change(order(), None, 10))

    assert [] == deliver(projector, created)
    assert [] == rows()


def test_sequence_numbers_are_compared_as_numbers(projector):
    """
    10 comes after 9, as text it would not.
    """
    deliver(projector, change(None, order(), 9))
    deliver(projector, change(order(), order(quantity=5), 10))

    assert [("c-1", "o-1", Decimal("49.75"))] == rows()


BAD = {
    "no customer": {"order_id": "bad", "items": []},
    "no items": {"order_id": "bad", "customer_id": "c-1"},
    "items in words": {"order_id": "bad", "customer_id": "c-1", "items": "two"},
    "negative quantity": order(order_id="bad", quantity=-1),
}


@pytest.mark.parametrize("image", BAD.values(), ids=BAD)
def test_a_bad_order_fails_alone(projector, image):
    """
    Other orders of the batch go on.
    """
    failed = deliver(
        projector,
        change(None, order(order_id="before"), 1),
        change(None, image, 2),
        change(None, order(order_id="after"), 3),
    )

    assert ["2"] == failed
    assert ["after", "before"] == [order_id for _, order_id, _ in rows()]


def test_what_follows_a_failed_change_of_an_order_waits_for_it(projector):
    """
    Overtaken, the first would be taken for an old one when it comes again.
    """
    bad = BAD["no items"]
    good = order(order_id="bad")

    failed = deliver(
        projector,
        change(None, bad, 1),
        change(bad | {"items": []}, good, 2),
        change(None, order(), 3),
    )

    assert ["1", "2"] == failed
    assert ["o-1"] == [order_id for _, order_id, _ in rows()]


def test_fails_if_every_change_is_bad(projector):
    """
    A batch without a good change is an error of the function, so alarms see it.
    """
    with pytest.raises(BatchProcessingError, match="All records failed"):
        deliver(projector, change(None, BAD["no items"], 1))


def test_what_does_not_fit_into_the_time_comes_again(projector):
    """
    A function that times out would report nothing.
    """
    with pytest.raises(BatchProcessingError):
        deliver(
            projector,
            change(None, order(), 1),
            context=LambdaContext(timeout_in_millis=3_000),
        )

    assert [] == rows()


def test_what_is_remembered_expires(projector):
    """
    Later than the stream forgets.
    """
    began = time.time()

    deliver(projector, change(None, order(), 1))

    (item,) = boto3.resource("dynamodb").Table("projected").scan()["Items"]
    assert "1".zfill(40) == item["sequence"]
    assert item["expiration"] > began + 24 * 60 * 60
