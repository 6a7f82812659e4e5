"""The rows of a stack: seeded once, and CloudFormation is always answered."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import boto3
import pytest

from tests.conftest import ColdStart
from tests.handlers.conftest import LambdaContext
from tests.handlers.events import event

ONE = {"zone": "domestic", "days": "1"}
TWO = {"zone": "europe", "days": "3"}


@dataclass
class Seed:
    """The handler, its table, and what CloudFormation was told."""

    module: ModuleType
    table: Any
    answers: list[dict[str, Any]]

    def ask(
        self,
        kind: str = "Create",
        rows: object = (),
        old: object = None,
        *,
        timeout: int = 60_000,
        **fields: Any,
    ) -> dict[str, Any]:
        """Send a request; give the answer to it."""
        request = event("cloudformation") | {"RequestType": kind} | fields
        request["ResourceProperties"]["Rows"] = (
            list(rows) if isinstance(rows, tuple) else rows
        )
        if old is not None:
            request["OldResourceProperties"] = {"Rows": old}
        self.module.handler(request, LambdaContext(timeout_in_millis=timeout))
        return self.answers[-1]

    @property
    def zones(self) -> dict[str, str]:
        """The days by zone, whoever put them."""
        return {each["zone"]: each["days"] for each in self.table.scan()["Items"]}


@pytest.fixture
def seed(
    cold_start: ColdStart, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Seed]]:
    """Start the handler; `rows` is imported anew, as in a new environment."""

    def start(table: str | None = "zones") -> Seed:
        made = boto3.resource("dynamodb").create_table(
            TableName="zones",
            KeySchema=[{"AttributeName": "zone", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "zone", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        variables = {} if table is None else {"TABLE": table}
        module = cold_start("seed_data", **variables)
        answers: list[dict[str, Any]] = []

        class Closable:
            def close(self) -> None: ...

        def put(request: Any, timeout: float) -> Closable:
            assert ("PUT", True) == (request.method, timeout <= 5)
            assert event("cloudformation")["ResponseURL"] == request.full_url
            assert 4_096 >= len(request.data)
            answers.append(json.loads(request.data))
            return Closable()

        monkeypatch.setattr(module.urllib.request, "urlopen", put)
        return Seed(module, made, answers)

    sys.modules.pop("rows", None)
    yield start
    sys.modules.pop("rows", None)


def test_rows_are_put_and_counted(seed):
    """
    The answer repeats the request's ids.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
    """
    made = seed()

    answer = made.ask(rows=(ONE, TWO))

    request = event("cloudformation")
    assert {
        "Status": "SUCCESS",
        "Data": {"Rows": 2},
        "PhysicalResourceId": answer["PhysicalResourceId"],
        "StackId": request["StackId"],
        "RequestId": request["RequestId"],
        "LogicalResourceId": "Rows",
    } == answer
    assert {"domestic": "1", "europe": "3"} == made.zones


def test_a_duplicate_does_nothing_more(seed):
    """
    Lambda may deliver an event twice; the id is the same.
    """
    made = seed()

    answers = [made.ask(rows=(ONE,)), made.ask(rows=(ONE,))]

    assert answers[0] == answers[1]
    assert {"domestic": "1"} == made.zones


def test_an_update_changes_adds_and_removes(seed):
    """
    In place: a new id would have the old one deleted.
    """
    made = seed()
    first = made.ask(rows=(ONE, TWO))

    second = made.ask("Update", (ONE | {"days": "2"},), old=[ONE, TWO])

    assert first["PhysicalResourceId"] == second["PhysicalResourceId"]
    assert {"domestic": "2"} == made.zones


def test_deleting_removes_only_what_was_seeded(seed):
    """
    A row that someone else put, or put anew, stays.
    """
    made = seed()
    made.ask(rows=(ONE, TWO))
    made.table.put_item(Item={"zone": "moon", "days": "99"})
    made.table.put_item(Item={"zone": "europe", "days": "4"})

    answer = made.ask("Delete", (ONE, TWO), PhysicalResourceId="whatever")

    assert "SUCCESS" == answer["Status"]
    assert {"moon": "99", "europe": "4"} == made.zones


def test_deleting_what_never_was_succeeds(seed):
    """
    CloudFormation deletes what failed to be created, under an id of its own.
    """
    answer = seed().ask("Delete", (ONE,), PhysicalResourceId="Shop-Rows-1A2B3C")

    assert "SUCCESS" == answer["Status"]


def test_fails_if_a_row_is_someone_elses(seed):
    """
    It is not overwritten.
    """
    made = seed()
    made.table.put_item(Item={"zone": "domestic", "days": "4"})

    answer = made.ask(rows=(ONE,))

    assert "FAILED" == answer["Status"]
    assert "ValueError: zone 'domestic' is not from this stack" == answer["Reason"]
    assert {"domestic": "4"} == made.zones


@pytest.mark.parametrize(
    "rows", ["x", [1], [{"days": "1"}], [ONE | {"seeded_by": "x"}], [ONE | {"n": [1]}]]
)
def test_malformed_rows_are_refused_and_can_be_deleted(seed, rows):
    """
    Or the stack could not be rolled back.
    """
    made = seed()

    created = made.ask(rows=rows)
    deleted = made.ask("Delete", rows)
    restored = made.ask("Update", (TWO,), old=rows)

    assert ["FAILED", "SUCCESS", "SUCCESS"] == [
        each["Status"] for each in (created, deleted, restored)
    ]
    assert {"europe": "3"} == made.zones


def test_fails_in_time_if_time_runs_out(seed):
    """
    Lambda would end the process without an answer.
    """
    answer = seed().ask(rows=(ONE,), timeout=9_000)

    assert "FAILED" == answer["Status"]
    assert answer["Reason"].startswith("TimeoutError: too little time is left")


@pytest.mark.parametrize("kind", ["Create", "Delete"])
def test_a_package_that_cannot_be_imported_is_answered_for(seed, kind):
    """
    Its environment lacks the table.
    """
    answer = seed(table=None).ask(kind, rows=(ONE,))

    assert ("FAILED", "KeyError: 'TABLE'") == (answer["Status"], answer["Reason"])


def test_a_long_reason_fits_into_the_answer(seed):
    """
    4,096 bytes, of which a character may take twelve.
    """
    made = seed()
    row = {"zone": "\N{PARTY POPPER}" * 400, "days": "1"}
    made.table.put_item(Item=row)

    answer = made.ask(rows=(row,))

    assert "FAILED" == answer["Status"]
    assert 250 == len(answer["Reason"])


def test_an_answer_that_cannot_be_put_is_left_to_the_retry(seed, monkeypatch):
    """
    Lambda asks again, and the rows are put as they are.
    """
    made = seed()

    def refuse(*_: object, **__: object) -> None:
        raise OSError("unreachable")

    with monkeypatch.context() as broken:
        broken.setattr(made.module.urllib.request, "urlopen", refuse)
        with pytest.raises(OSError, match="unreachable"):
            made.ask(rows=(ONE,))

    assert "SUCCESS" == made.ask(rows=(ONE,))["Status"]


def test_the_signed_url_is_not_logged(seed, caplog):
    """
    Whoever has it can answer in the function's stead.
    """
    with caplog.at_level(logging.DEBUG, logger=""):
        seed().ask(rows="x")

    assert "rows are not settled" in caplog.text
    assert "X-Amz-Signature" not in caplog.text
