"""What was pushed, looked through for secrets: by boto3 alone."""

import json
import logging
import os
import re
from collections.abc import Iterator
from typing import Any

import boto3

logger = logging.getLogger()
logger.setLevel(logging.INFO)
codecommit = boto3.client("codecommit")
dynamodb = boto3.client("dynamodb")
sns = boto3.client("sns")
SECRETS = {
    "AWS access key": re.compile(rb"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    "AWS secret key": re.compile(rb"(?i)aws_secret_access_key\W{1,8}[\w/+=]{40}\b"),
    "private key": re.compile(rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
}
SUBMODULE = "160000"


def handler(event: dict[str, Any], context: Any) -> None:
    """Check the commits of each reference that was created or moved."""
    for record in event["Records"]:
        repository = record["eventSourceARN"].rpartition(":")[2]
        for reference in record["codecommit"]["references"]:
            if not reference.get("deleted"):
                check_push(repository, reference, context)


def check_push(repository: str, reference: dict[str, Any], context: Any) -> None:
    """Check what is new, the oldest first."""
    commits = unchecked(repository, reference["commit"])
    for commit, parent in reversed(commits):
        if context.get_remaining_time_in_millis() < 15_000:
            raise TimeoutError("too little time is left")
        found = list(faults(repository, parent, commit))
        ref = reference["ref"]
        about = {"commit": commit, "ref": ref, "findings": len(found)}
        logger.info("commit is checked", extra=about)
        shown = json.dumps(found[:50])
        if found:
            told = {"repository": repository, "ref": ref, "commit": commit}
            told |= {"findings": found[:50], "total": len(found)}
            sns.publish(TopicArn=os.environ["FINDINGS_TOPIC"], Message=json.dumps(told))
        dynamodb.put_item(
            TableName=os.environ["COMMITS_TABLE"],
            Item={"commit": {"S": commit}, "findings": {"S": shown}},
        )


def unchecked(repository: str, commit: str) -> list[tuple[str, str | None]]:
    """Walk back to what was checked before."""
    waiting = [commit]
    found: dict[str, str | None] = {}
    while waiting and len(found) < 200:
        name = waiting.pop(0)
        if name in found:
            continue
        known = dynamodb.get_item(
            TableName=os.environ["COMMITS_TABLE"],
            Key={"commit": {"S": name}},
            ConsistentRead=True,
        )
        if "Item" in known:
            continue
        about = codecommit.get_commit(repositoryName=repository, commitId=name)
        parents = about["commit"].get("parents", [])
        waiting.extend(parents)
        found[name] = parents[0] if parents else None
    return list(found.items())


def faults(repository: str, before: str | None, after: str) -> Iterator[dict[str, Any]]:
    """Say what is wrong with the files that a commit has changed."""
    given: Any = {"repositoryName": repository, "afterCommitSpecifier": after}
    if before is not None:
        given["beforeCommitSpecifier"] = before
    pages = codecommit.get_paginator("get_differences").paginate(**given)
    for page in pages:
        for change in page["differences"]:
            blob = change.get("afterBlob")
            if blob and blob["mode"] != SUBMODULE:
                yield from faults_of(repository, blob["blobId"], blob["path"][:500])


def faults_of(repository: str, blob: str, path: str) -> Iterator[dict[str, Any]]:
    """Say what is wrong with a file."""
    try:
        found = codecommit.get_blob(repositoryName=repository, blobId=blob)
    except codecommit.exceptions.FileTooLargeException:
        yield {"path": path, "rule": "large file"}
        return
    content = found["content"]
    if len(content) > int(os.environ["MOST_BYTES"]):
        yield {"path": path, "rule": "large file"}
    for rule, pattern in SECRETS.items():
        for match in pattern.finditer(content):
            line = content.count(b"\n", 0, match.start()) + 1
            yield {"path": path, "rule": rule, "line": line}
