"""Push commits to the repository: a clean one, one with a secret, both told again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation, wait_until

BRANCH = "main"
KEY_ID = "AKIA" + "IOSFODNN7EXAMPLE"


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Commit a clean file, then a secret."""
    clean = commit(deployed, {f"{deployed.run}.md": "nothing to see"})
    secret = commit(deployed, {f"{deployed.run}.py": f"KEY = '{KEY_ID}'"})
    found = wait_until(
        lambda: findings(deployed, clean, secret), lambda it: len(it) == 2, timeout=60
    )
    yield Expectation(
        "2 commits, one with a secret",
        "0 and 1 findings in Commits",
        f"{found.get(clean)} and {found.get(secret)} findings",
        found == {clean: 0, secret: 1},
    )


def look(deployed: Deployed) -> Iterator[str]:
    """Show what was found."""
    table = deployed.physical_id("Commits")
    yield f"aws dynamodb scan --table-name {table} --max-items 3"


def commit(deployed: Deployed, files: dict[str, str]) -> str:
    """Commit to the branch; give the commit."""
    client = deployed.session.client("codecommit")
    name = deployed.physical_id("Code")
    repository = client.get_repository(repositoryName=name)["repositoryMetadata"]
    given: Any = {}
    if repository.get("defaultBranch"):
        head = client.get_branch(repositoryName=name, branchName=BRANCH)["branch"]
        given["parentCommitId"] = head["commitId"]
    made = client.create_commit(
        repositoryName=name,
        branchName=BRANCH,
        putFiles=[
            {"filePath": path, "fileContent": text.encode()}
            for path, text in files.items()
        ],
        **given,
    )
    return made["commitId"]


def findings(deployed: Deployed, *commits: str) -> dict[str, int]:
    """Read how much was found in each commit that has been checked."""
    client, table = deployed.session.client("dynamodb"), deployed.physical_id("Commits")
    items = {
        each: client.get_item(TableName=table, Key={"commit": {"S": each}}).get("Item")
        for each in commits
    }
    return {
        each: len(json.loads(item["findings"]["S"]))
        for each, item in items.items()
        if item is not None
    }


DRIVER = Driver(
    stack="RepositoryHook",
    drive=drive,
    look=look,
    not_emulated="the emulator refuses AWS::CodeCommit::Repository",
)
