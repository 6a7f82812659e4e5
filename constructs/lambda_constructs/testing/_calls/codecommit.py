"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodecommit.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.model import Rule
from lambda_constructs.testing._calls.rules import anywhere, at, same_name

OPERATIONS: dict[str, Rule] = {
    **same_name(
        "codecommit",
        at("codecommit", "{}", "repositoryName"),
        "CreateBranch",
        "CreateCommit",
        "DeleteBranch",
        "DeleteFile",
        "GetBlob",
        "GetBranch",
        "GetCommentsForComparedCommit",
        "GetCommit",
        "GetDifferences",
        "GetFile",
        "GetFolder",
        "GetMergeCommit",
        "GetRepository",
        "GetRepositoryTriggers",
        "ListBranches",
        "PostCommentForComparedCommit",
        "PutFile",
    ),
    **same_name("codecommit", anywhere, "ListRepositories"),
}
