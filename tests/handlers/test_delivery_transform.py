"""The transformer: each record once, what is an event, and how large it all is."""

from __future__ import annotations

import base64
import io
import json
from contextlib import redirect_stdout
from types import ModuleType
from typing import Any

import pytest

from tests.conftest import ColdStart
from tests.handlers.conftest import LambdaContext
from tests.handlers.events import event

LIMIT = 6 * 1024 * 1024
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""


@pytest.fixture
def said() -> io.StringIO:
    """What the handler logs: Powertools keeps the stdout of the import."""
    return io.StringIO()


@pytest.fixture
def index(cold_start: ColdStart, said: io.StringIO) -> ModuleType:
    with redirect_stdout(said):
        return cold_start("delivery_transform")


def placed(**fields: Any) -> dict[str, Any]:
    known = {"type": "order_placed", "id": "e-1", "at": "2026-11-29T09:00:00Z"}
    return known | fields


def batch(*contents: object) -> dict[str, Any]:
    """Records as Firehose sends them; text is sent as it is."""
    made = event("firehose")
    (record,) = made["records"]
    texts = [each if isinstance(each, str) else json.dumps(each) for each in contents]
    made["records"] = [
        {
            **record,
            "recordId": f"{number:056}",
            "data": base64.b64encode(text.encode()).decode(),
        }
        for number, text in enumerate(texts)
    ]
    return made


def sent(index: ModuleType, *contents: object) -> list[dict[str, Any]]:
    return list(index.handler(batch(*contents), LambdaContext())["records"])


def results(index: ModuleType, *contents: object) -> list[str]:
    return [each["result"] for each in sent(index, *contents)]


class TestEvents:
    def test_is_a_line_with_its_type_and_day(self, index):
        """
        Firehose joins what it delivers, so that each brings its own end of line.

        https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html
        """
        (record,) = index.handler(event("firehose"), LambdaContext())["records"]
        line = base64.b64decode(record["data"]).decode()

        assert "Ok" == record["result"]
        assert {"partitionKeys": {"type": "order_placed", "day": "2026-11-29"}} == (
            record["metadata"]
        )
        assert line.endswith("\n")
        assert 1 == line.count("\n")
        assert {
            "type": "order_placed",
            "id": "e-1",
            "at": "2026-11-29T09:00:00Z",
            "detail": {"total": "9.95"},
        } == json.loads(line)

    def test_has_its_day_in_utc(self, index):
        """
        Wherever it was sent.
        """
        (record,) = sent(index, placed(at="2026-11-29T00:30:00+02:00"))

        assert "2026-11-28" == record["metadata"]["partitionKeys"]["day"]

    def test_spread_over_lines_is_one_line(self, index):
        """
        White space is the producer's own.
        """
        (record,) = sent(index, json.dumps(placed(), indent=2))

        assert 1 == base64.b64decode(record["data"]).count(b"\n")

    def test_that_comes_twice_is_there_twice(self, index):
        """
        Firehose delivers at least once: readers tell by the id.
        """
        first, second = sent(index, placed(), placed())

        assert first["data"] == second["data"]
        assert first["recordId"] != second["recordId"]


class TestOthers:
    def test_a_heartbeat_is_dropped(self, index):
        """
        That is no failure.
        """
        assert ["Dropped"] == results(index, {"type": "heartbeat", "host": "a"})

    @pytest.mark.parametrize(
        "content",
        [
            "",
            "not JSON",
            "[]",
            "null",
            '{"type": "order_placed"',
            {"type": "order_eaten"},
            placed(id="../../e"),
            placed(id=""),
            placed(at="yesterday"),
            placed(at="2026-11-29T09:00:00"),
            placed(at="1970-01-01T00:00:00Z"),
            placed(at="2026-11-29T10:00:01Z"),
            placed(detail=[]),
            placed(secret="x"),
            {"id": "e-1"},
            "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
        ],
    )
    def test_what_is_no_event_fails_alone(self, index, content):
        """
        Firehose keeps it as it came, below `failed/`.

        https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html
        """
        assert ["Ok", "ProcessingFailed", "Ok"] == (
            results(index, placed(), content, placed())
        )

    def test_bytes_that_are_no_text_fail_alone(self, index):
        """
        Nor do they take the batch along.
        """
        made = batch("x", placed())
        made["records"][0]["data"] = base64.b64encode(b"\xff\xfe").decode()

        found = index.handler(made, LambdaContext())["records"]

        assert ["ProcessingFailed", "Ok"] == [each["result"] for each in found]

    def test_the_log_says_why_and_quotes_nothing(self, index, said):
        """
        What a customer sent is not for the log.
        """
        sent(index, placed(id="secret!"))

        assert "string_pattern_mismatch at 'order_placed.id'" in said.getvalue()
        assert "secret" not in said.getvalue()


class TestSize:
    def test_each_record_is_returned_once_and_in_order(self, index):
        """
        One that is missing would be a failure.
        """
        found = sent(index, *[placed(), "none", {"type": "heartbeat"}] * 5)

        assert [f"{number:056}" for number in range(15)] == [
            each["recordId"] for each in found
        ]

    def test_a_large_batch_stays_below_six_megabytes(self, index, said):
        """
        The tail fails, in place of the batch.
        """
        big = placed(detail={"text": "x" * 900_000})

        response = index.handler(batch(*[big] * 7, placed()), LambdaContext())

        found = [each["result"] for each in response["records"]]
        assert LIMIT > len(json.dumps(response))
        assert ["Ok"] * 4 + ["ProcessingFailed"] * 3 + ["Ok"] == found
        assert 3 == said.getvalue().count("no room left")

    def test_many_small_records_stay_below_six_megabytes(self, index):
        """
        What surrounds a record counts as well.
        """
        response = index.handler(batch(*[placed()] * 25_000), LambdaContext())

        found = [each["result"] for each in response["records"]]
        assert LIMIT > len(json.dumps(response))
        assert {"Ok", "ProcessingFailed"} == set(found)
        assert 25_000 == len(found)
