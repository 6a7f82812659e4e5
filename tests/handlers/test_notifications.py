"""Mails, reviews and the archive: each takes its own notifications, and each once."""

from __future__ import annotations

import hmac
import io
import json
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import time_machine
from aws_lambda_powertools.utilities.parameters import GetParameterError

from tests.conftest import ColdStart
from tests.handlers.conftest import LambdaContext
from tests.handlers.events import event


def notification(**fields: Any) -> dict[str, Any]:
    return {
        "notification_id": "n-1",
        "order_id": "o-1",
        "customer_id": "c-1",
        "kind": "confirmed",
        "total": 19.9,
        **fields,
    }


def sns_event(message: object, **fields: Any) -> dict[str, Any]:
    """An event as Lambda gets it, with one message."""
    made = event("sns")
    text = message if isinstance(message, str) else json.dumps(message)
    made["Records"][0]["Sns"] |= {"Message": text, **fields}
    return made


class Handler:
    """A handler after a cold start, and what it logged."""

    def __init__(self, cold_start: ColdStart, module: str, **environment: str) -> None:
        self.stdout = io.StringIO()
        with redirect_stdout(self.stdout):
            self.module = cold_start("notifications", module, **environment)

    def __call__(self, given: dict[str, Any]) -> None:
        self.module.handler(given, LambdaContext())

    @property
    def logs(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stdout.getvalue().splitlines()]


NOT_NOTIFICATIONS = {
    "not JSON": "poison",
    "empty": "",
    "not an object": "[]",
    "null": "null",
    "no order": {"notification_id": "n-1", "kind": "confirmed"},
    "number as id": notification(notification_id=1),
    "blank in an id": notification(notification_id="n 1"),
    "long id": notification(order_id="o" * 65),
}


SIGNING_KEY = "a key that signs"


def signed(customer_id: str, key: str = SIGNING_KEY) -> str:
    return hmac.new(key.encode(), customer_id.encode(), "sha256").hexdigest()


class TestMailer:
    @pytest.fixture
    def mailer(self, aws: None, cold_start: ColdStart) -> Handler:
        boto3.client("dynamodb").create_table(
            TableName="outbox",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "notification_id", "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": "notification_id", "AttributeType": "S"}
            ],
        )
        arn = boto3.client("secretsmanager").create_secret(
            Name="signing", SecretString=SIGNING_KEY
        )["ARN"]
        return Handler(cold_start, "mailer", OUTBOX_TABLE="outbox", SIGNING_KEY_ARN=arn)

    def outbox(self) -> list[dict[str, Any]]:
        return boto3.resource("dynamodb").Table("outbox").scan()["Items"]

    def test_puts_a_mail_into_the_outbox(self, mailer: Handler) -> None:
        """
        With the fields that a mail needs, and no others.
        """
        mailer(sns_event(notification()))

        assert [
            {
                "notification_id": "n-1",
                "order_id": "o-1",
                "customer_id": "c-1",
                "kind": "confirmed",
                "unsubscribe": f"c-1.{signed('c-1')}",
            }
        ] == self.outbox()

    def test_the_key_is_read_once_in_five_minutes_and_never_logged(
        self, mailer: Handler
    ) -> None:
        """
        A key that was replaced is used from then on.
        """
        mailer(sns_event(notification()))
        boto3.client("secretsmanager").put_secret_value(
            SecretId=mailer.module.SIGNING_KEY_ARN, SecretString="replaced"
        )
        mailer(sns_event(notification(notification_id="n-2")))
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=301)):
            mailer(sns_event(notification(notification_id="n-3")))

        tokens = {
            each["notification_id"]: each["unsubscribe"] for each in self.outbox()
        }
        assert {
            "n-1": f"c-1.{signed('c-1')}",
            "n-2": f"c-1.{signed('c-1')}",
            "n-3": f"c-1.{signed('c-1', 'replaced')}",
        } == tokens
        assert SIGNING_KEY not in mailer.stdout.getvalue()
        assert signed("c-1") not in mailer.stdout.getvalue()

    def test_fails_if_the_key_cannot_be_read(self, mailer: Handler) -> None:
        """
        So that Lambda tries again; no mail goes out without its link.
        """
        boto3.client("secretsmanager").delete_secret(
            SecretId=mailer.module.SIGNING_KEY_ARN, ForceDeleteWithoutRecovery=True
        )

        with pytest.raises(GetParameterError):
            mailer(sns_event(notification()))

        assert [] == self.outbox()

    def test_a_repetition_changes_nothing(self, mailer: Handler) -> None:
        """
        Even one that comes in a new message, from a publisher that tried again.
        """
        mailer(sns_event(notification()))
        mailer(sns_event(notification(customer_id="c-2"), MessageId="another"))

        (mail,) = self.outbox()
        assert "c-1" == mail["customer_id"]
        assert "mail is there already" == mailer.logs[-1]["message"]

    @pytest.mark.parametrize(
        "message",
        [*NOT_NOTIFICATIONS.values(), notification(kind="refunded")],
        ids=[*NOT_NOTIFICATIONS, "kind of another subscriber"],
    )
    def test_fails_if_it_is_no_mail(self, mailer: Handler, message: object) -> None:
        """
        So that Lambda keeps it; what the customer sent is not quoted.
        """
        with pytest.raises(ValueError, match=r"^not a mail: [a-z_]+ at '[a-z_]*'$"):
            mailer(sns_event(message))

        assert [] == self.outbox()


class TestReviewer:
    @pytest.fixture
    def reviewer(self, aws: None, cold_start: ColdStart) -> Handler:
        made = boto3.client("sqs").create_queue(
            QueueName="reviews.fifo", Attributes={"FifoQueue": "true"}
        )
        self.url = made["QueueUrl"]
        return Handler(cold_start, "reviewer", REVIEWS_QUEUE_URL=self.url)

    def reviews(self) -> list[dict[str, Any]]:
        answer = boto3.client("sqs").receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10
        )
        return [json.loads(each["Body"]) for each in answer.get("Messages", [])]

    def test_sends_a_refund_to_review(self, reviewer: Handler) -> None:
        """
        The total is exact.
        """
        reviewer(sns_event(notification(kind="refunded", total=512.1)))

        assert [
            {"notification_id": "n-1", "order_id": "o-1", "total": "512.1"}
        ] == self.reviews()

    def test_a_repetition_is_dropped_by_the_queue(self, reviewer: Handler) -> None:
        """
        Within five minutes, which covers Lambda's retries.
        """
        for _ in range(2):
            reviewer(sns_event(notification(kind="refunded", total=512)))

        assert 1 == len(self.reviews())

    @pytest.mark.parametrize(
        "message",
        [
            *NOT_NOTIFICATIONS.values(),
            notification(total=0),
            notification(total="NaN"),
            notification(total=0.001),
        ],
        ids=[*NOT_NOTIFICATIONS, "nothing refunded", "NaN", "fraction of a cent"],
    )
    def test_fails_if_it_is_no_refund(self, reviewer: Handler, message: object) -> None:
        """
        So that Lambda keeps it; what was sent is not quoted.
        """
        with pytest.raises(ValueError, match=r"^not a refund: [a-z_]+ at '[a-z_]*'$"):
            reviewer(sns_event(message))

        assert [] == self.reviews()


class TestArchivist:
    @pytest.fixture
    def archivist(self, aws: None, cold_start: ColdStart) -> Handler:
        boto3.client("s3").create_bucket(
            Bucket="archive",
            CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
        )
        return Handler(cold_start, "archivist", ARCHIVE_BUCKET="archive")

    def archive(self) -> dict[str, Any]:
        s3 = boto3.client("s3")
        keys = [
            each["Key"]
            for each in s3.list_objects_v2(Bucket="archive").get("Contents", [])
        ]
        return {
            key: json.load(s3.get_object(Bucket="archive", Key=key)["Body"])
            for key in keys
        }

    def test_keeps_a_notification_under_its_day(self, archivist: Handler) -> None:
        """
        As it came, but for the signature and what would let a reader unsubscribe.
        """
        archivist(sns_event("hi", Subject="News", MessageId="m-1"))

        assert {
            "2026/11/21/m-1.json": {
                "MessageId": "m-1",
                "Timestamp": "2026-11-21T12:45:07.000Z",
                "Subject": "News",
                "Message": "hi",
                "MessageAttributes": {"kind": {"Type": "String", "Value": "confirmed"}},
            }
        } == self.archive()

    def test_a_repetition_adds_nothing(self, archivist: Handler) -> None:
        """
        Lambda may deliver an event twice.
        """
        for _ in range(2):
            archivist(sns_event("hi"))

        assert 1 == len(self.archive())

    @pytest.mark.parametrize("message", ["", "poison", "{" * 1_000], ids=len)
    def test_keeps_whatever_it_is(self, archivist: Handler, message: str) -> None:
        """
        What no other subscriber understands is what one looks for here.
        """
        archivist(sns_event(message))

        (kept,) = self.archive().values()
        assert message == kept["Message"]

    @pytest.mark.parametrize("timestamp", ["", "../x", "2026-11-21"])
    def test_fails_if_the_day_is_unknown(
        self, archivist: Handler, timestamp: str
    ) -> None:
        """
        A key is made of nothing unchecked.
        """
        with pytest.raises(ValueError, match="its timestamp has no date"):
            archivist(sns_event("hi", Timestamp=timestamp))

        assert {} == self.archive()


@pytest.mark.parametrize(
    ("module", "variable"),
    [
        ("mailer", "OUTBOX_TABLE"),
        ("reviewer", "REVIEWS_QUEUE_URL"),
        ("archivist", "ARCHIVE_BUCKET"),
    ],
)
def test_fails_if_a_variable_is_missing(
    cold_start: ColdStart, module: str, variable: str
) -> None:
    """
    A deployment that forgets a variable fails at once, not at the first message.
    """
    with pytest.raises(KeyError, match=variable):
        cold_start("notifications", module)
