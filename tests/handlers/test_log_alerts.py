"""The watcher of logs: what it tells, what it tells once, and what it never says."""

from __future__ import annotations

import base64
import gzip
import json
import logging
import time
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.conftest import ColdStart
from tests.handlers.conftest import LambdaContext
from tests.handlers.events import event

GROUP = "/shop/application"


def packed(data: object) -> dict[str, Any]:
    text = gzip.compress(json.dumps(data).encode(), mtime=0)
    return {"awslogs": {"data": base64.b64encode(text).decode()}}


def batch(*messages: str, **fields: Any) -> dict[str, Any]:
    """Lines as CloudWatch Logs sends them."""
    data = json.loads(
        gzip.decompress(base64.b64decode(event("logs")["awslogs"]["data"]))
    )
    data["logEvents"] = [
        {"id": f"{time.perf_counter_ns()}", "timestamp": 0, "message": each}
        for each in messages
    ]
    return packed(data | fields)


class Watcher:
    """The handler after a cold start, and what subscribers of the topic got."""

    def __init__(self, cold_start: ColdStart) -> None:
        topic = boto3.client("sns").create_topic(Name="alerts")["TopicArn"]
        self.queue = boto3.client("sqs").create_queue(QueueName="subscriber")[
            "QueueUrl"
        ]
        boto3.client("sns").subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint="arn:aws:sqs:eu-west-1:123456789012:subscriber",
        )
        boto3.client("dynamodb").create_table(
            TableName="told",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "fingerprint", "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": "fingerprint", "AttributeType": "S"}
            ],
        )
        self.module: ModuleType = cold_start(
            "log_alerts", ALERTS_TOPIC_ARN=topic, TOLD_TABLE="told"
        )

    def __call__(self, given: dict[str, Any]) -> dict[str, int]:
        return self.module.handler(given, LambdaContext())

    def alerts(self) -> list[tuple[str, str]]:
        """Subject and text of each alert since the last look."""
        answer = boto3.client("sqs").receive_message(
            QueueUrl=self.queue, MaxNumberOfMessages=10
        )
        bodies = [json.loads(each["Body"]) for each in answer.get("Messages", [])]
        return [(each["Subject"], each["Message"]) for each in bodies]

    def told(self) -> list[dict[str, Any]]:
        return boto3.resource("dynamodb").Table("told").scan()["Items"]


@pytest.fixture
def watcher(aws: None, cold_start: ColdStart, caplog: pytest.LogCaptureFixture):
    level = logging.getLogger().level
    yield Watcher(cold_start)
    logging.getLogger().setLevel(level)


class TestSummary:
    def test_a_batch_makes_one_alert(self, watcher: Watcher) -> None:
        """
        Errors of a kind are counted, the most frequent first.
        """
        given = batch(
            "ERROR payment 17 is refused",
            "ERROR order o-1 is not stored",
            "ERROR order o-2 is not stored",
        )

        assert {"kinds": 2, "told": 2} == watcher(given)
        assert [
            (
                f"3 errors in {GROUP}",
                "2 x ERROR order o-1 is not stored\n1 x ERROR payment 17 is refused",
            )
        ] == watcher.alerts()

    def test_reads_json_lines_by_their_level(self, watcher: Watcher) -> None:
        """
        The word alone, in a line of another level, is no error.
        """
        lines = [
            {"level": "ERROR", "message": "disk full"},
            {"level": "CRITICAL", "message": "power lost"},
            {"level": "INFO", "message": "ERROR was handled"},
            {"level": "ERROR"},
            ["ERROR"],
            "ERROR",
            7,
        ]

        watcher(batch(*map(json.dumps, lines)))

        ((_, text),) = watcher.alerts()
        assert {"1 x disk full", "1 x power lost", "1 x "} == set(text.split("\n"))

    @pytest.mark.parametrize("line", ["all is well", "ERRORS", "error", ""])
    def test_what_is_no_error_makes_no_alert(self, watcher: Watcher, line: str) -> None:
        """
        The filter of the subscription knows words, and no more.
        """
        assert {"kinds": 0, "told": 0} == watcher(batch(line))
        assert [] == watcher.alerts()

    def test_a_flood_makes_a_short_alert(self, watcher: Watcher) -> None:
        """
        SNS takes 256 KB, and nobody reads them.
        """
        words = ["".join(chr(103 + int(n)) for n in f"{n:04}") for n in range(30)]
        given = batch(*(f"ERROR {word} {'x ' * 5_000}" for word in words))

        assert {"kinds": 30, "told": 30} == watcher(given)
        ((_, text),) = watcher.alerts()
        assert text.endswith("\nand 10 more kinds")
        assert len(text) < 11_000


class TestOnce:
    def test_a_kind_is_told_once_an_hour(self, watcher: Watcher) -> None:
        """
        Whatever ids and numbers are in it.
        """
        watcher(batch("ERROR order 1 at 0xc0ffee"))

        assert {"kinds": 1, "told": 0} == watcher(batch("ERROR order 23 at 0xf00"))
        assert 1 == len(watcher.alerts())

    def test_what_is_new_is_told_alone(self, watcher: Watcher) -> None:
        """
        What is known stays silent.
        """
        watcher(batch("ERROR one"))
        watcher(batch("ERROR one", "ERROR two"))

        assert ["1 x ERROR one", "1 x ERROR two"] == sorted(
            text for _, text in watcher.alerts()
        )

    def test_the_same_error_of_another_group_is_another(self, watcher: Watcher) -> None:
        """
        Two applications may fail in one way.
        """
        watcher(batch("ERROR one"))
        watcher(batch("ERROR one", logGroup="/shop/other"))

        assert 2 == len(watcher.alerts())

    def test_it_is_told_again_after_the_hour(
        self, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        Though DynamoDB has not deleted the item yet.
        """
        watcher(batch("ERROR one"))
        (item,) = watcher.told()
        monkeypatch.setattr(time, "time", lambda: int(item["expires_at"]))

        assert {"kinds": 1, "told": 1} == watcher(batch("ERROR one"))

    def test_a_retry_tells_what_was_claimed_and_not_published(
        self, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        Lambda sends the same batch again.
        """
        given = batch("ERROR one")
        publish = watcher.module.sns.publish
        refused = ClientError({"Error": {"Code": "Throttled"}}, "Publish")

        def refuse(**_: object) -> None:
            raise refused

        monkeypatch.setattr(watcher.module.sns, "publish", refuse)
        with pytest.raises(ClientError):
            watcher(given)
        monkeypatch.setattr(watcher.module.sns, "publish", publish)

        assert {"kinds": 1, "told": 1} == watcher(given)
        assert 1 == len(watcher.alerts())

    def test_a_batch_that_comes_twice_is_told_once(self, watcher: Watcher) -> None:
        """
        Lambda may deliver an event twice.
        """
        given = batch("ERROR one", "ERROR two")

        assert {"kinds": 2, "told": 2} == watcher(given)
        assert {"kinds": 2, "told": 0} == watcher(given)
        assert 1 == len(watcher.alerts())

    def test_what_is_remembered_is_no_text(self, watcher: Watcher) -> None:
        """
        A line may hold what the table should not.
        """
        watcher(batch("ERROR password hunter"))

        assert "hunter" not in str(watcher.told())


class TestInput:
    def test_a_control_message_is_ignored(self, watcher: Watcher) -> None:
        """
        CloudWatch Logs sends one to see whether the function is there.
        """
        text = "CWL CONTROL MESSAGE: Checking health of destination ERROR"
        given = batch(text, messageType="CONTROL_MESSAGE", logGroup="")

        assert {"kinds": 0, "told": 0} == watcher(given)
        assert [] == watcher.alerts()

    @pytest.mark.parametrize(
        "given",
        [
            {},
            {"awslogs": {}},
            {"awslogs": None},
            {"awslogs": {"data": "not base64"}},
            {"awslogs": {"data": "ä"}},
            {"awslogs": {"data": base64.b64encode(b"not gzip").decode()}},
            {"awslogs": {"data": event("logs")["awslogs"]["data"][:40]}},
            {"awslogs": {"data": base64.b64encode(gzip.compress(b"{")).decode()}},
            {"awslogs": {"data": base64.b64encode(gzip.compress(b"\xff")).decode()}},
            packed([]),
            packed({"messageType": "DATA_MESSAGE"}),
            packed({"messageType": "DATA_MESSAGE", "logEvents": [1], "logGroup": ""}),
        ],
        ids=[
            "empty",
            "no data",
            "null",
            "not base64",
            "not ASCII",
            "not gzip",
            "cut short",
            "not JSON",
            "not UTF-8",
            "a list",
            "no lines",
            "lines without text",
        ],
    )
    def test_fails_if_it_is_no_batch(
        self, watcher: Watcher, given: dict[str, Any]
    ) -> None:
        """
        In one line that quotes nothing; Lambda then keeps the event.
        """
        with pytest.raises(ValueError, match=r"^not a batch of log lines: \w+$"):
            watcher(given)

    def test_fails_if_it_would_fill_the_memory(self, watcher: Watcher) -> None:
        """
        Some 32 KB unpack to more than 32 MB.
        """
        bomb = gzip.compress(b" " * (32 * 1024 * 1024 + 1))
        given = {"awslogs": {"data": base64.b64encode(bomb).decode()}}

        with pytest.raises(ValueError, match="not a batch of log lines: ValueError"):
            watcher(given)

    @pytest.mark.parametrize("variable", ["ALERTS_TOPIC_ARN", "TOLD_TABLE"])
    def test_fails_if_a_variable_is_missing(
        self, cold_start: ColdStart, variable: str
    ) -> None:
        """
        A deployment that forgets a variable fails at once, not at the first line.
        """
        names = {"ALERTS_TOPIC_ARN", "TOLD_TABLE"} - {variable}

        with pytest.raises(KeyError, match=variable):
            cold_start("log_alerts", **dict.fromkeys(names, "x"))

    def test_nothing_that_is_read_is_logged(
        self,
        watcher: Watcher,
        caplog: pytest.LogCaptureFixture,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """
        Or errors would make errors, wherever this function's own logs are watched.
        """
        caplog.set_level(logging.INFO)

        watcher(batch("ERROR hunter"))

        said = [str(record.__dict__) for record in caplog.records]
        assert "batch is read" in str(said)
        assert not [each for each in said if "hunter" in each or "ERROR" in each]
        assert "" == capsys.readouterr().out
