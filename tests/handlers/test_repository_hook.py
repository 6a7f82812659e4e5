"""The hook behind a repository: each commit is searched once, and findings are told.

moto's CodeCommit holds no commits, so botocore's Stubber answers for it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends

from tests.conftest import ColdStart
from tests.handlers.conftest import LambdaContext
from tests.handlers.events import event

KEY_ID = "AKIA" + "IOSFODNN7EXAMPLE"
FIRST, SECOND, THIRD = ("1" * 40, "2" * 40, "3" * 40)


@dataclass
class Hook:
    """The handler, its repository, and what it told."""

    module: ModuleType
    table: Any
    stub: Stubber
    topic: str
    blobs: dict[str, bytes] = field(default_factory=dict)

    def will_walk(self, commit: str, *parents: str) -> None:
        """Expect that a commit is asked for its parents."""
        told = {"commit": {"commitId": commit, "parents": list(parents)}}
        asked = {"repositoryName": "code", "commitId": commit}
        self.stub.add_response("get_commit", told, asked)

    def will_check(
        self,
        commit: str,
        parent: str | None,
        files: Mapping[str, bytes | None],
        *,
        too_large: str = "",
    ) -> None:
        """Expect that a commit is compared with its parent, and its files are read."""
        asked = {"repositoryName": "code", "afterCommitSpecifier": commit}
        if parent is not None:
            asked["beforeCommitSpecifier"] = parent
        changes = [
            {"beforeBlob": blob(path), "changeType": "D"}
            if content is None
            else {"afterBlob": blob(path), "changeType": "A"}
            for path, content in files.items()
        ]
        self.stub.add_response("get_differences", {"differences": changes}, asked)
        for path, content in files.items():
            if path == too_large:
                self.stub.add_client_error("get_blob", "FileTooLargeException")
            elif content is not None:
                self.stub.add_response("get_blob", {"content": content})

    def push(self, commit: str, *, timeout: int = 300_000, **fields: Any) -> None:
        """Deliver the event of a push."""
        told = event("codecommit")
        reference = told["Records"][0]["codecommit"]["references"][0]
        reference.update({"commit": commit}, **fields)
        self.module.handler(told, LambdaContext(timeout_in_millis=timeout))
        self.stub.assert_no_pending_responses()

    @property
    def told(self) -> list[dict[str, Any]]:
        """What was published."""
        backend = sns_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"]
        sent = backend.topics[self.topic].sent_notifications
        return [json.loads(message) for _, message, *_ in sent]

    @property
    def checked(self) -> dict[str, int]:
        """How many findings each commit had."""
        return {
            item["commit"]: len(json.loads(item["findings"]))
            for item in self.table.scan()["Items"]
        }


def blob(path: str) -> dict[str, str]:
    return {"blobId": path, "path": path, "mode": "100644"}


@pytest.fixture
def hook(cold_start: ColdStart) -> Hook:
    table = boto3.resource("dynamodb").create_table(
        TableName="commits",
        KeySchema=[{"AttributeName": "commit", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "commit", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    topic = boto3.client("sns").create_topic(Name="findings")["TopicArn"]
    module = cold_start(
        "repository_hook",
        COMMITS_TABLE="commits",
        FINDINGS_TOPIC=topic,
        MOST_BYTES="1000",
    )
    stub = Stubber(module.codecommit)
    stub.activate()
    return Hook(module, table, stub, topic)


def test_a_clean_commit_is_remembered_and_not_told(hook):
    """
    Nobody is bothered.
    """
    hook.will_walk(FIRST)
    hook.will_check(FIRST, None, {"README.md": b"# Code\n"})

    hook.push(FIRST)

    assert {FIRST: 0} == hook.checked
    assert [] == hook.told


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (f"key = '{KEY_ID}'".encode(), "AWS access key"),
        (b"AWS_SECRET_ACCESS_KEY = '" + b"a" * 40 + b"'", "AWS secret key"),
        (b"-----BEGIN RSA PRIVATE KEY-----", "private key"),
        (b"-----BEGIN PRIVATE KEY-----", "private key"),
    ],
)
def test_a_secret_is_told_of_by_its_place(hook, content, rule):
    """
    Not by its words, which would spread it.
    """
    hook.will_walk(FIRST)
    hook.will_check(FIRST, None, {"config.py": b"one\n" + content + b"\n"})

    hook.push(FIRST)

    assert [
        {
            "repository": "code",
            "ref": "refs/heads/main",
            "commit": FIRST,
            "findings": [{"path": "config.py", "rule": rule, "line": 2}],
            "total": 1,
        }
    ] == hook.told
    assert {FIRST: 1} == hook.checked


def test_a_large_file_is_told_of(hook):
    """
    One that CodeCommit does not even give, too.

    https://docs.aws.amazon.com/codecommit/latest/APIReference/API_GetBlob.html
    """
    hook.will_walk(FIRST)
    files = {"a.bin": b"x" * 1_001, "b.bin": b"x" * 1_000, "c.bin": b""}
    hook.will_check(FIRST, None, files, too_large="c.bin")

    hook.push(FIRST)

    assert ["a.bin", "c.bin"] == [each["path"] for each in hook.told[0]["findings"]]


def test_every_commit_of_a_push_is_checked(hook):
    """
    A secret that a later one has removed is still in the history.
    """
    hook.table.put_item(Item={"commit": FIRST, "findings": "[]"})
    hook.will_walk(THIRD, SECOND)
    hook.will_walk(SECOND, FIRST)
    hook.will_check(SECOND, FIRST, {"key.pem": b"-----BEGIN PRIVATE KEY-----"})
    hook.will_check(THIRD, SECOND, {"key.pem": None})

    hook.push(THIRD)

    assert [SECOND] == [each["commit"] for each in hook.told]
    assert {FIRST: 0, SECOND: 1, THIRD: 0} == hook.checked


def test_a_merge_walks_to_both_parents(hook):
    """
    And compares with the first.
    """
    hook.will_walk(THIRD, FIRST, SECOND)
    hook.will_walk(FIRST)
    hook.will_walk(SECOND, FIRST)
    hook.will_check(SECOND, FIRST, {})
    hook.will_check(FIRST, None, {})
    hook.will_check(THIRD, FIRST, {})

    hook.push(THIRD)

    assert {FIRST, SECOND, THIRD} == hook.checked.keys()


def test_a_duplicate_does_nothing(hook):
    """
    Lambda may deliver an event twice, and a branch may be pushed under two names.
    """
    hook.will_walk(FIRST)
    hook.will_check(FIRST, None, {"key": KEY_ID.encode()})

    hook.push(FIRST)
    hook.push(FIRST)
    hook.push(FIRST, ref="refs/tags/v1", created=True)

    assert 1 == len(hook.told)


def test_a_deleted_branch_is_no_push(hook):
    """
    There is nothing to look at.
    """
    hook.push("0" * 40, deleted=True)

    assert {} == hook.checked


def test_a_submodule_has_no_content_here(hook):
    """
    Its commit is another repository's.
    """
    hook.will_walk(FIRST)
    change = {"afterBlob": blob("lib") | {"mode": "160000"}, "changeType": "A"}
    hook.stub.add_response("get_differences", {"differences": [change]})

    hook.push(FIRST)

    assert {FIRST: 0} == hook.checked


def test_a_retry_goes_on_where_the_first_attempt_ended(hook):
    """
    The oldest commit comes first, so that nothing between is forgotten.
    """
    hook.will_walk(SECOND, FIRST)
    hook.will_walk(FIRST)
    hook.will_check(FIRST, None, {})
    hook.stub.add_client_error("get_differences", "EncryptionKeyUnavailableException")
    with pytest.raises(ClientError):
        hook.push(SECOND)
    assert {FIRST: 0} == hook.checked

    hook.will_walk(SECOND, FIRST)
    hook.will_check(SECOND, FIRST, {})
    hook.push(SECOND)

    assert {FIRST: 0, SECOND: 0} == hook.checked


def test_a_commit_is_not_begun_without_time_for_it(hook):
    """
    Lambda would end it in the middle; the retry has time anew.
    """
    hook.will_walk(FIRST)

    with pytest.raises(TimeoutError):
        hook.push(FIRST, timeout=14_000)

    assert {} == hook.checked


def test_an_imported_history_is_checked_as_far_as_it_goes(hook, caplog):
    """
    And that the rest is not, is said.
    """
    commits = [f"{number:040}" for number in range(201)]
    pairs = list(pairwise(commits))
    for commit, parent in pairs:
        hook.will_walk(commit, parent)
    for commit, parent in reversed(pairs):
        hook.will_check(commit, parent, {})

    with caplog.at_level(logging.WARNING, logger="root"):
        hook.push(commits[0])

    assert 200 == len(hook.checked)
    assert "older commits are not checked" in caplog.text


def test_fails_if_the_event_is_of_something_else(hook):
    """
    Nothing of it is used.
    """
    other = event("codecommit")
    other["Records"][0]["eventSourceARN"] = "arn:aws:s3:::code"

    with pytest.raises(ValueError, match="not an event of a repository"):
        hook.module.handler(other, LambdaContext())


def test_no_secret_is_logged(hook, caplog):
    """
    Logs are read by more people than the repository.
    """
    hook.will_walk(FIRST)
    hook.will_check(FIRST, None, {"key": KEY_ID.encode()})

    with caplog.at_level(logging.DEBUG, logger="root"):
        hook.push(FIRST)

    ours = [each.getMessage() for each in caplog.records if each.name == "root"]
    assert ["commit is checked"] == ours
    assert KEY_ID not in " ".join(ours)
