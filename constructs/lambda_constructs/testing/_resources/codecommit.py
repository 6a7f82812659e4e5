"""AWS CodeCommit."""

from __future__ import annotations

from lambda_constructs.testing._resources._create import Create, Created, Request
from lambda_constructs.testing._sources.commits import History
from lambda_constructs.testing._sources.repositories import Trigger


def create_repository(request: Request) -> Created:
    """Create a repository with its triggers; what is in it is pushed by tests."""
    name = str(request.properties["RepositoryName"])
    arn = request.arn("codecommit", name)
    triggers = tuple(
        Trigger.of(each) for each in request.properties.get("Triggers", [])
    )
    repositories = request.account.sources.repositories
    repositories.triggers[name] = triggers
    repositories.histories[name] = History()
    request.account.paths[arn] = request.path
    return Created(name, {"Arn": arn, "Name": name})


CREATE: dict[str, Create] = {"AWS::CodeCommit::Repository": create_repository}
