"""What is in a repository of AWS CodeCommit, and the calls that read it.

https://docs.aws.amazon.com/codecommit/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambda_constructs.testing._served import ApiError

BLOB_BYTES = 6 * 1024 * 1024
"""https://docs.aws.amazon.com/codecommit/latest/userguide/limits.html: by the API."""

MODE = "100644"
PAGE = 100


@dataclass(frozen=True)
class Commit:
    """A commit, with the blob of each file by path."""

    id: str
    parents: tuple[str, ...]
    tree: Mapping[str, str] = field(default_factory=dict)


class History:
    """The commits, branches and files of one repository."""

    def __init__(self) -> None:
        self.commits: dict[str, Commit] = {}
        self.heads: dict[str, str] = {}
        self.blobs: dict[str, bytes] = {}

    def add(
        self, id: str, branch: str, changed: Mapping[str, str | bytes | None]
    ) -> None:
        """Commit to a branch; a file that becomes None is deleted."""
        parent = self.heads.get(branch)
        tree = dict(self.commits[parent].tree) if parent else {}
        for path, content in changed.items():
            tree.pop(path, None)
            if content is not None:
                tree[path] = self._blob(content)
        self.commits[id] = Commit(id, (parent,) if parent else (), tree)
        self.heads[branch] = id

    def _blob(self, content: str | bytes) -> str:
        data = content.encode() if isinstance(content, str) else content
        header = f"blob {len(data)}\0".encode()
        id = hashlib.sha1(header + data, usedforsecurity=False).hexdigest()
        self.blobs[id] = data
        return id

    def commit(self, name: object) -> Commit:
        """Give a commit by its id or by a branch."""
        text = str(name).removeprefix("refs/heads/")
        found = self.commits.get(self.heads.get(text, text))
        if found is None:
            raise ApiError("CommitDoesNotExistException", f"there is no commit {name}")
        return found


def get_commit(history: History, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Answer GetCommit."""
    id = params["commitId"]
    if id not in history.commits:
        raise ApiError("CommitIdDoesNotExistException", f"there is no commit {id}")
    found = history.commits[id]
    told = {"commitId": id, "parents": list(found.parents), "message": "pushed"}
    return {"commit": told}


def get_blob(history: History, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Answer GetBlob."""
    id = params["blobId"]
    if id not in history.blobs:
        raise ApiError("BlobIdDoesNotExistException", f"there is no blob {id}")
    if len(history.blobs[id]) > BLOB_BYTES:
        raise ApiError("FileTooLargeException", f"blob {id} is above 6 MB")
    return {"content": history.blobs[id]}


def get_differences(history: History, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Answer GetDifferences, a page at a time; the tokens begin with a capital."""
    before_name = params.get("beforeCommitSpecifier")
    before = history.commit(before_name).tree if before_name else {}
    after = history.commit(params["afterCommitSpecifier"]).tree
    changed = [
        _difference(path, before.get(path), after.get(path))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]
    start = int(params.get("NextToken", 0))
    end = start + int(params.get("MaxResults", PAGE))
    page = {"differences": changed[start:end]}
    return {**page, "NextToken": str(end)} if end < len(changed) else page


def _difference(path: str, before: str | None, after: str | None) -> dict[str, Any]:
    kind = "M" if before and after else "A" if after else "D"
    sides = {"beforeBlob": before, "afterBlob": after}
    blobs = {
        side: {"blobId": id, "path": path, "mode": MODE}
        for side, id in sides.items()
        if id is not None
    }
    return {**blobs, "changeType": kind}


SERVED = {
    "GetBlob": get_blob,
    "GetCommit": get_commit,
    "GetDifferences": get_differences,
}
