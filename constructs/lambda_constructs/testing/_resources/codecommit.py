"""AWS CodeCommit."""

from __future__ import annotations

from lambda_constructs.testing._resources._create import Create, Created, Request
from lambda_constructs.testing._sources.repositories import Trigger


def create_repository(request: Request) -> Created:
    """Create a repository with its triggers; it holds no code."""
    name = str(request.properties["RepositoryName"])
    arn = request.arn("codecommit", name)
    triggers = tuple(
        Trigger.of(each) for each in request.properties.get("Triggers", [])
    )
    request.account.sources.repositories.triggers[name] = triggers
    request.account.paths[arn] = request.path
    return Created(name, {"Arn": arn, "Name": name})


CREATE: dict[str, Create] = {"AWS::CodeCommit::Repository": create_repository}
