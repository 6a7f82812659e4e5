"""Steps of a checkout against DynamoDB: taken once, given back once, in any order."""

from __future__ import annotations

import boto3
import pytest

from tests.handlers.conftest import LambdaContext

ORDER = {
    "order_id": "o-1",
    "customer_id": "c-1",
    "cents": 995,
    "day": "2026-11-26",
    "items": {"A1": 2, "B2": 1},
}


@pytest.fixture
def table(aws):
    table = boto3.resource("dynamodb").create_table(
        TableName="holdings",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for id, available in (
        ("sku#A1", 5),
        ("sku#B2", 1),
        ("customer#c-1", 1_000),
        ("day#2026-11-26", 1),
    ):
        table.put_item(Item={"id": id, "available": available})
    return table


@pytest.fixture
def steps(table, cold_start):
    return cold_start("checkout_workflow", TABLE="holdings")


def available(table, id: str) -> int:
    return int(table.get_item(Key={"id": id})["Item"]["available"])


def take(steps, name: str = "stock", **changes) -> dict:
    event = {"action": "take", "order": {**ORDER, **changes}}
    return getattr(steps, name)(event, LambdaContext())


def give_back(steps, name: str = "stock", **changes) -> dict:
    event = {"action": "give back", "order": {**ORDER, **changes}}
    return getattr(steps, name)(event, LambdaContext())


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("stock", {"sku#A1": 3, "sku#B2": 0}),
        ("payments", {"customer#c-1": 5}),
        ("courier", {"day#2026-11-26": 0}),
    ],
)
def test_a_step_takes_what_the_order_needs(table, steps, name, left):
    """
    Each of the three its own.
    """
    assert {"order_id": "o-1", "done": "take"} == take(steps, name)

    assert left == {id: available(table, id) for id in left}


def test_a_step_that_is_done_again_takes_nothing_more(table, steps):
    """
    The state machine may invoke twice.
    """
    take(steps)
    take(steps)

    assert 3 == available(table, "sku#A1")


def test_all_or_nothing_is_taken(table, steps):
    """
    What one line lacks, the other does not lose.
    """
    with pytest.raises(steps.NotAvailableError):
        take(steps, items={"A1": 2, "B2": 2})

    assert (5, 1) == (available(table, "sku#A1"), available(table, "sku#B2"))


def test_what_is_not_sold_at_all_is_not_available(steps):
    """
    An unknown sku is no amount to compare with.
    """
    with pytest.raises(steps.NotAvailableError):
        take(steps, items={"Z9": 1})


def test_what_was_taken_is_given_back_once(table, steps):
    """
    However often it is asked.
    """
    take(steps)

    give_back(steps)
    give_back(steps)

    assert (5, 1) == (available(table, "sku#A1"), available(table, "sku#B2"))


def test_a_late_step_finds_that_the_order_was_cancelled(table, steps):
    """
    The compensation came first, and must not be undone by what it compensates.
    """
    give_back(steps)

    with pytest.raises(steps.CancelledError):
        take(steps)
    assert 5 == available(table, "sku#A1")


def test_another_order_that_is_quicker_is_worth_another_try(steps, monkeypatch):
    """
    DynamoDB cancels one of two transactions on one item.
    """
    error = steps.dynamodb.exceptions.TransactionCanceledException

    def refuse(**_):
        reasons = [{"Code": "None"}, {"Code": "TransactionConflict"}]
        raise error({"CancellationReasons": reasons}, "TransactWriteItems")

    monkeypatch.setattr(steps.dynamodb, "transact_write_items", refuse)

    with pytest.raises(steps.ConflictError, match="TransactionConflict"):
        take(steps, "payments")
    with pytest.raises(steps.ConflictError, match="TransactionConflict"):
        give_back(steps, "payments")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"order_id": ""}, "order_id is 1 to 64 characters of text"),
        ({"order_id": 7}, "order_id is 1 to 64 characters of text"),
        ({"customer_id": "c" * 65}, "customer_id is 1 to 64 characters of text"),
        ({"items": {}}, "items are 1 to 50 numbers by their sku"),
        ({"items": ["A1"]}, "items are 1 to 50 numbers by their sku"),
        ({"items": {"A1": 0}}, "cents and quantities are whole"),
        ({"items": {"A1": True}}, "cents and quantities are whole"),
        ({"cents": 9.95}, "cents and quantities are whole"),
        ({"cents": -1}, "cents and quantities are whole"),
        ({"cents": None}, "cents and quantities are whole"),
    ],
)
def test_fails_if_it_is_no_order(table, steps, changes, fault):
    """
    The fault is named, and nothing is taken.
    """
    with pytest.raises(steps.InvalidOrderError, match=fault):
        take(steps, **changes)

    assert 5 == available(table, "sku#A1")


def test_fails_if_there_is_no_such_action(steps):
    """
    A misspelt state machine takes nothing.
    """
    with pytest.raises(ValueError, match="no such action"):
        steps.stock({"action": "tak", "order": ORDER}, LambdaContext())
