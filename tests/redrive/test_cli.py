"""The command `lambda-constructs`, as it is typed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from lambda_constructs.cli._app import app
from lambda_constructs.cli._output import plain, span
from lambda_constructs.redrive import Aws
from lambda_constructs.testing._served import ApiError, Served

TEMPLATE = {
    "Resources": {
        "Orders": {"Metadata": {"aws:cdk:path": "Shop/Orders/Resource"}},
        "Dead": {"Metadata": {"aws:cdk:path": "Shop/Orders/DeadLetters/Resource"}},
    }
}
ONE_BY_ONE = ("--one-by-one", "--yes")  # moto does not move messages by itself


class Shop:
    """A stack with a dead-letter queue, and the command."""

    def __init__(self, folder: Path) -> None:
        self.sqs = boto3.client("sqs")
        self.journal = str(folder)
        self.dead = self.sqs.create_queue(QueueName="dead")["QueueUrl"]
        arn = "arn:aws:sqs:eu-west-1:123456789012:dead"
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
        self.orders = self.sqs.create_queue(
            QueueName="orders", Attributes={"RedrivePolicy": policy}
        )["QueueUrl"]
        self.ids = [
            self.sqs.send_message(
                QueueUrl=self.dead, MessageBody=json.dumps({"order": number})
            )["MessageId"]
            for number in range(3)
        ]

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run the command, and give what it says on both streams."""
        options = ["--journal", self.journal] if arguments[0] == "redrive" else []
        result = CliRunner().invoke(app, [*arguments, *options])
        assert code == result.exit_code, result.output
        return result.output

    def served(self) -> AbstractContextManager[None]:
        """Answer CloudFormation, which moto does not without API Gateway's needs."""
        served = Served()
        served.add("cloudformation", "ListStackResources", self._resources)
        served.add(
            "cloudformation", "GetTemplate", lambda _: {"TemplateBody": TEMPLATE}
        )
        stacks = [{"StackName": "Shop", "StackStatus": "CREATE_COMPLETE"}]
        served.add("cloudformation", "ListStacks", lambda _: {"StackSummaries": stacks})
        return served.watching()

    def _resources(self, params: Mapping[str, Any]) -> dict[str, Any]:
        if params["StackName"] != "Shop":
            text = f"Stack with id {params['StackName']} does not exist"
            raise ApiError("ValidationError", text)
        queues = {"Orders": self.orders, "Dead": self.dead}
        return {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": name,
                    "PhysicalResourceId": url,
                    "ResourceType": "AWS::SQS::Queue",
                    "ResourceStatus": "CREATE_COMPLETE",
                }
                for name, url in queues.items()
            ]
        }

    def orders_sent(self) -> list[int]:
        """Give the orders in the queue."""
        told = self.sqs.receive_message(
            QueueUrl=self.orders, MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        return sorted(json.loads(m["Body"])["order"] for m in told.get("Messages", []))


@pytest.fixture
def shop(aws, tmp_path, monkeypatch) -> Iterator[Shop]:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setitem(Aws.__init__.__kwdefaults__, "patience", 0)
    shop = Shop(tmp_path)
    with shop.served():
        yield shop


def test_a_queue_is_listed_shown_and_sent_back(shop):
    """
    Three orders; the dry run comes first and sends nothing.
    """
    listed = shop.run("failures", "Shop")
    shown = shop.run("show", "Shop", "DeadLetters")
    planned = shop.run("redrive", "Shop")
    before = shop.orders_sent()
    sent = shop.run("redrive", "Shop", *ONE_BY_ONE)
    empty = shop.run("failures", "Shop")

    (row,) = [line for line in listed.splitlines() if "Orders/DeadLetters" in line[:30]]
    assert ["Orders/DeadLetters", "3"] == row.split()[:2]
    assert "messages of a queue" in row
    assert "3 messages in 1 store." in listed
    assert all(id in shown for id in shop.ids)
    assert '"order": 2' in shown
    assert "Nothing was sent. To send 3 messages, add --yes." in planned
    assert [] == before
    assert "sent" in sent
    assert [0, 1, 2] == shop.orders_sent()
    assert "Nothing failed that is still kept." in empty


def test_a_message_is_selected_by_the_beginning_of_its_id(shop):
    """
    The others stay.
    """
    shop.run("redrive", "Shop", "--id", shop.ids[1][:13], *ONE_BY_ONE)

    assert [1] == shop.orders_sent()


def test_machines_get_json(shop):
    """
    And nothing else on stdout.
    """
    (store,) = json.loads(shop.run("failures", "Shop", "--json"))
    shown = json.loads(shop.run("show", "Shop", "Orders/DeadLetters", "--json"))
    planned = json.loads(shop.run("redrive", "Shop", "--json"))
    done = json.loads(shop.run("redrive", "Shop", "--json", *ONE_BY_ONE))

    arn = "arn:aws:sqs:eu-west-1:123456789012:orders"
    assert ("Orders/DeadLetters", 3) == (store["store"], store["count"])
    assert [{"kind": "queue", "name": "Orders", "arn": arn, "to": arn}] == store["from"]
    assert set(shop.ids) == {each["id"] for each in shown["messages"]}
    assert {arn} == {each["goes_to"] for each in planned["stores"][0]["messages"]}
    assert (True, False) == (planned["dry_run"], done["dry_run"])
    assert ["sent"] * 3 == [each["status"] for each in done["outcomes"]]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("failures", "Shap"),
            "there is no stack 'Shap' in eu-west-1; did you mean Shop?",
        ),
        (
            ("show", "Shop", "DeadLetter"),
            "there is no failure store 'DeadLetter'; did you mean Orders/DeadLetters?",
        ),
        (
            ("redrive", "Shop", "--rate", "501"),
            "rate must be above 0 and at most 500 a second, got 501",
        ),
        (
            ("redrive", "Shop", "--id", "a"),
            "--id must be at least 8 characters of an id, got 'a'; "
            "`lambda-constructs show` gives them",
        ),
        (
            ("failures", "Shop", "--profile", "nobody"),
            "The config profile (nobody) could not be found; "
            "`aws configure list-profiles` names yours",
        ),
    ],
)
def test_fails_if_something_is_not_there_and_says_what_is(shop, arguments, told):
    """
    In one line, without a traceback.
    """
    assert f"error: {told}\n" == shop.run(*arguments, code=1)


def test_fails_if_a_selected_message_is_not_there(shop):
    """
    Named, and by the exit status.
    """
    told = shop.run("redrive", "Shop", "--id", "12345678", *ONE_BY_ONE, code=1)

    assert "there is no message 12345678" in told


def test_fails_if_there_are_no_credentials(monkeypatch, tmp_path):
    """
    With what to do.
    """
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)

    result = CliRunner().invoke(app, ["failures", "Shop", "--region", "eu-west-1"])

    assert 1 == result.exit_code
    assert result.output.startswith("error: there are no AWS credentials; name a ")


@pytest.mark.parametrize("missing", ["boto3", "rich", "typer"])
def test_fails_if_the_extra_is_not_installed(missing):
    """
    With the command that installs it.
    """
    code = (
        f"import sys; sys.modules[{missing!r}] = None; "
        "from lambda_constructs.cli import main; main()"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert 1 == told.returncode
    assert (
        f"error: this command needs {missing}, which is not installed; "
        'run: pip install "lambda-constructs[cli]"\n'
    ) == told.stderr


def test_packages_are_made_by_the_same_command(tmp_path, monkeypatch):
    """
    Its options go through, and its exit status comes back.
    """
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(app, ["package", "--no-import-time"])

    assert 1 == result.exit_code
    assert "error: packages need an app" in result.output


def test_the_library_does_not_load_the_command():
    """
    Nor what it is made of.
    """
    code = (
        "import sys, lambda_constructs; "
        "print({'boto3', 'rich', 'typer'} & {*sys.modules})"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert "set()\n" == told.stdout


def test_what_failed_cannot_command_the_terminal():
    """
    A payload is anybody's.
    """
    assert "a\\x1b[31m\\x07\n" == plain("a\x1b[31m\x07\n")


def test_ages_have_two_units():
    """
    The largest ones.
    """
    from datetime import timedelta

    assert ["3 d 4 h", "5 min 1 s", "0 s"] == [
        span(timedelta(days=3, hours=4, minutes=9)),
        span(timedelta(seconds=301)),
        span(timedelta(0)),
    ]
