"""The mail intake: each mail is described once, and what SES distrusts is not read."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stdout
from email.message import EmailMessage
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.conftest import ColdStart
from tests.handlers.conftest import LambdaContext
from tests.handlers.events import event

ID = event("ses")["Records"][0]["ses"]["mail"]["messageId"]


@pytest.fixture
def s3(aws: None) -> Any:
    client = boto3.client("s3")
    place = {"LocationConstraint": "eu-west-1"}
    client.create_bucket(Bucket="mails", CreateBucketConfiguration=place)
    return client


@pytest.fixture
def table(aws: None) -> Any:
    return boto3.resource("dynamodb").create_table(
        TableName="messages",
        KeySchema=[{"AttributeName": "message_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "message_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.fixture
def said() -> io.StringIO:
    """What the handler logs: Powertools keeps the stdout of the import."""
    return io.StringIO()


@pytest.fixture
def index(s3: Any, table: Any, cold_start: ColdStart, said: io.StringIO) -> ModuleType:
    with redirect_stdout(said):
        return cold_start(
            "mail_intake", MAILS_BUCKET="mails", MESSAGES_TABLE="messages"
        )


@pytest.fixture
def receive(index: ModuleType, s3: Any, table: Any) -> Callable[..., dict[str, Any]]:
    """Store a mail, tell the handler, and give what the table has of it."""

    def arrive(raw: bytes | None, **verdicts: str) -> dict[str, Any]:
        if raw is not None:
            s3.put_object(Bucket="mails", Key=f"raw/{ID}", Body=raw)
        index.handler(told(**verdicts), LambdaContext())
        return dict(table.get_item(Key={"message_id": ID})["Item"])

    return arrive


def told(**verdicts: str) -> dict[str, Any]:
    made = event("ses")
    for name, status in verdicts.items():
        made["Records"][0]["ses"]["receipt"][f"{name}Verdict"]["status"] = status
    return made


def letter(subject: str = "Two chairs") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "Ann <ann@example.com>", "orders@example.org"
    message["Subject"], message["Date"] = subject, "Sat, 21 Nov 2026 09:00:00 +0000"
    message.set_content("As discussed.")
    return message


class TestDescription:
    def test_says_who_wrote_what_when_and_where_it_is(self, receive):
        """
        The mail itself stays in the bucket.
        """
        assert {
            "message_id": ID,
            "status": "accepted",
            "received_at": "2026-11-21T09:00:00.000Z",
            "recipients": ["orders@example.org"],
            "key": f"raw/{ID}",
            "sender": "ann@example.com",
            "subject": "Two chairs",
            "sent_at": "Sat, 21 Nov 2026 09:00:00 +0000",
            "attachments": [],
            "attachment_count": 0,
        } == receive(letter().as_bytes())

    def test_lists_the_attachments(self, receive):
        """
        With their names decoded, and without their contents.
        """
        message = letter()
        message.add_attachment(
            b"%PDF-1.7", maintype="application", subtype="pdf", filename="Angebot ü.pdf"
        )
        message.add_attachment("a,b", filename="../../etc/passwd")

        found = receive(message.as_bytes())

        assert [
            ("Angebot ü.pdf", "application/pdf", 8),
            ("../../etc/passwd", "text/plain", 4),
        ] == [
            (each["name"], each["content_type"], each["bytes"])
            for each in found["attachments"]
        ]
        assert 2 == found["attachment_count"]

    def test_decodes_headers_onto_one_line(self, receive):
        """
        They come in ASCII, and may be folded.
        """
        raw = letter().as_bytes()
        coded = b"Subject: =?utf-8?b?w5xiZXI=?=\r\n =?utf-8?q?_uns?="

        found = receive(raw.replace(b"Subject: Two chairs", coded))

        assert "Über uns" == found["subject"]


HEAD = b"From: a@example.com\r\n"
MALFORMED = {
    "nothing": (b"", ""),
    "no-headers": (b"hello", ""),
    "bytes": (HEAD + b"Subject: \xff\xfe\r\n\r\n\x00\x01", "a@example.com"),
    "sender": (b"From: <<<@,;:\r\nSubject: x\r\n\r\n", None),
    "empty-address": (b"From: =?utf-8?q?=?=\r\n\r\n", None),
    "charset": (HEAD + b"Content-Type: text/plain; charset=nope\r\n\r\nx", None),
    "boundary": (HEAD + b"Content-Type: multipart/mixed\r\n\r\n--x\r\n", None),
    "base64": (
        HEAD + b"Content-Disposition: attachment; filename=a\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!",
        None,
    ),
    "file-name": (
        HEAD + b"Content-Disposition: attachment; filename*=nope'x'%FF%\r\n\r\nx",
        None,
    ),
}


class TestMalformedMail:
    @pytest.mark.parametrize("kind", MALFORMED)
    def test_is_described_as_far_as_it_can_be(self, receive, kind):
        """
        Anybody can write to us, anything: no mail may make the function fail.
        """
        raw, sender = MALFORMED[kind]

        found = receive(raw)

        assert "accepted" == found["status"]
        assert sender in (None, found["sender"])

    def test_fits_into_an_item(self, receive):
        """
        DynamoDB takes 400 KB.
        """
        message = letter()
        for number in range(300):
            message.add_attachment(
                b"x", maintype="a", subtype="b", filename=str(number)
            )

        raw = message.as_bytes().replace(b"Two chairs", b"x" * 1_000_000)

        found = receive(raw)

        assert (1_000, 100, 300) == (
            len(found["subject"]),
            len(found["attachments"]),
            found["attachment_count"],
        )

    def test_that_is_nested_without_end_is_put_aside(self, receive):
        """
        Python's parser would give up, and a retry would not help.
        """
        deep = b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
            for n in range(2_000)
        )

        found = receive(HEAD + deep)

        assert ("quarantined", "nested too deeply") == (
            found["status"],
            found["reason"],
        )


class TestVerdicts:
    @pytest.mark.parametrize(
        ("verdict", "status"),
        [
            ("virus", "FAIL"),
            ("virus", "GRAY"),
            ("virus", "PROCESSING_FAILED"),
            ("virus", "DISABLED"),
            ("spam", "FAIL"),
            ("spam", "PROCESSING_FAILED"),
        ],
    )
    def test_of_danger_keep_it_closed(self, receive, verdict, status):
        """
        It is not read, so it need not even be there.
        """
        found = receive(None, **{verdict: status})

        assert ("quarantined", f"{verdict} verdict {status}") == (
            found["status"],
            found["reason"],
        )
        assert "subject" not in found
        assert f"raw/{ID}" == found["key"]

    @pytest.mark.parametrize(
        "verdicts", [{"spam": "GRAY"}, {"spf": "FAIL", "dkim": "GRAY"}]
    )
    def test_that_are_unclear_let_it_pass(self, receive, verdicts):
        """
        Forwarded mail fails SPF, and some good mail looks like spam.
        """
        assert "accepted" == receive(letter().as_bytes(), **verdicts)["status"]


class TestAgain:
    def test_an_event_that_comes_twice_changes_nothing(self, receive, index, table):
        """
        Somebody may have changed the item meanwhile.
        """
        receive(letter().as_bytes())
        table.update_item(
            Key={"message_id": ID},
            UpdateExpression="SET answered = :yes",
            ExpressionAttributeValues={":yes": True},
        )

        index.handler(told(), LambdaContext())

        assert table.get_item(Key={"message_id": ID})["Item"]["answered"] is True
        assert 1 == table.scan()["Count"]


class TestFailures:
    def test_a_mail_that_is_not_there_is_an_error(self, receive):
        """
        Lambda tries again, and keeps the event when it gives up.
        """
        with pytest.raises(ClientError, match="NoSuchKey"):
            receive(None)

    def test_a_message_id_that_is_none_is_an_error(self, index, table):
        """
        It becomes a part of a key.
        """
        made = told()
        made["Records"][0]["ses"]["mail"]["messageId"] = "../other"

        with pytest.raises(ValueError, match="a message id that is none"):
            index.handler(made, LambdaContext())

        assert 0 == table.scan()["Count"]

    def test_neither_subject_nor_address_is_logged(self, receive, said):
        """
        Logs are read by others than mail.
        """
        receive(letter("secret").as_bytes())
        receive(None, virus="FAIL")

        assert ID in said.getvalue()
        assert "secret" not in said.getvalue()
        assert "example.com" not in said.getvalue()
