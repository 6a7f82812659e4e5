"""Look for secrets and large files in what was pushed, and tell of each commit once."""

import json
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import boto3
from botocore.config import Config

COMMITS = os.environ["COMMITS_TABLE"]
FINDINGS = os.environ["FINDINGS_TOPIC"]
MOST_BYTES = int(os.environ["MOST_BYTES"])
MOST_COMMITS = 200
MOST_FINDINGS = 50
TIME_FOR_A_COMMIT_MS = 15_000

SECRETS = {
    "AWS access key": re.compile(rb"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    "AWS secret key": re.compile(rb"(?i)aws_secret_access_key\W{1,8}[\w/+=]{40}\b"),
    "private key": re.compile(rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
}
SUBMODULE = "160000"
ARN = re.compile(r"arn:[^:]+:codecommit:[^:]+:[^:]+:(?P<name>[\w.-]{1,100})")

logger = logging.getLogger()
logger.setLevel(logging.INFO)
config = Config(
    connect_timeout=1,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 2},
)
codecommit = boto3.client("codecommit", config=config)
dynamodb = boto3.client("dynamodb", config=config)
sns = boto3.client("sns", config=config)


class Context(Protocol):
    """What is used of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """Give the time until Lambda ends the process."""


def handler(event: Mapping[str, Any], context: Context) -> None:
    """Check the commits of each reference that was created or moved."""
    for record in event["Records"]:
        arn = ARN.fullmatch(record["eventSourceARN"])
        if arn is None:
            raise ValueError("not an event of a repository")
        for reference in record["codecommit"]["references"]:
            if not reference.get("deleted"):
                check_push(arn["name"], reference, context.get_remaining_time_in_millis)


def check_push(
    repository: str, reference: Mapping[str, Any], remaining_ms: Callable[[], int]
) -> None:
    """Check what is new, the oldest first, so that a retry goes on where this ended."""
    for commit, parent in reversed(list(unchecked(repository, reference["commit"]))):
        if remaining_ms() < TIME_FOR_A_COMMIT_MS:
            raise TimeoutError("too little time is left for this commit")
        found = [
            finding
            for change in differences(repository, parent, commit)
            for finding in check_file(repository, change)
        ]
        about = {
            "correlation_id": reference["commit"],
            "commit": commit,
            "ref": reference["ref"],
            "findings": len(found),
        }
        logger.info("commit is checked", extra=about)
        if found:
            tell(repository, reference["ref"], commit, found)
        remember(commit, found)


def unchecked(repository: str, commit: str) -> Iterator[tuple[str, str | None]]:
    """Walk back to what was checked before; give each commit and its first parent."""
    waiting, seen = [commit], set[str]()
    while waiting and len(seen) < MOST_COMMITS:
        id = waiting.pop(0)
        if id in seen or is_checked(id):
            continue
        seen.add(id)
        found = codecommit.get_commit(repositoryName=repository, commitId=id)["commit"]
        parents = found.get("parents", [])
        waiting.extend(parents)
        yield id, next(iter(parents), None)
    if waiting and len(seen) == MOST_COMMITS:
        logger.warning("older commits are not checked", extra={"commit": commit})


def is_checked(commit: str) -> bool:
    """Tell whether an earlier push, or an earlier attempt, brought this commit."""
    key: Any = {"commit": {"S": commit}}
    return "Item" in dynamodb.get_item(TableName=COMMITS, Key=key, ConsistentRead=True)


def differences(
    repository: str, before: str | None, after: str
) -> Iterator[Mapping[str, Any]]:
    """Give what a commit changed; the first commit of all has added everything."""
    given: Any = {"repositoryName": repository, "afterCommitSpecifier": after}
    if before is not None:
        given["beforeCommitSpecifier"] = before
    pages: Any = codecommit.get_paginator("get_differences").paginate(**given)
    for page in pages:
        yield from page["differences"]


def check_file(repository: str, change: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Say what is wrong with a file, and where, without quoting it."""
    blob = change.get("afterBlob")
    if blob is None or blob["mode"] == SUBMODULE:
        return
    path = blob["path"][:500]
    try:
        content = codecommit.get_blob(repositoryName=repository, blobId=blob["blobId"])[
            "content"
        ]
    except codecommit.exceptions.FileTooLargeException:
        yield {"path": path, "rule": "large file"}
        return
    if len(content) > MOST_BYTES:
        yield {"path": path, "rule": "large file"}
    for rule, pattern in SECRETS.items():
        for match in pattern.finditer(content):
            line = content.count(b"\n", 0, match.start()) + 1
            yield {"path": path, "rule": rule, "line": line}


def tell(repository: str, ref: str, commit: str, found: list[dict[str, Any]]) -> None:
    """Publish the findings; a retry may do so again, but never not at all."""
    told = {"repository": repository, "ref": ref, "commit": commit}
    shown = {"findings": found[:MOST_FINDINGS], "total": len(found)}
    sns.publish(TopicArn=FINDINGS, Message=json.dumps({**told, **shown}))


def remember(commit: str, found: list[dict[str, Any]]) -> None:
    """Keep that the commit is done, which no one undoes."""
    dynamodb.put_item(
        TableName=COMMITS,
        Item={
            "commit": {"S": commit},
            "findings": {"S": json.dumps(found[:MOST_FINDINGS])},
        },
    )
