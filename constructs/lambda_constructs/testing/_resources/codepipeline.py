"""AWS CodePipeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lambda_constructs.testing._resources._create import Create, Created, Request
from lambda_constructs.testing._sources.codepipeline import Action
from lambda_constructs.testing._sources.pipelines import Pipeline


def create_pipeline(request: Request) -> Created:
    """Create a pipeline and its actions."""
    account, properties = request.account, request.properties
    name = request.name(properties.get("Name"), most=100)
    arn = request.arn("codepipeline", name)
    account.paths[arn] = request.path
    invokes = list(_invokes(request, arn, properties))
    account.sources.actions[name] = invokes
    store = properties.get("ArtifactStore") or {}
    account.sources.pipelines[name] = Pipeline(
        account,
        request.path,
        arn,
        str(properties["RoleArn"]),
        str(store.get("Location", "")),
        list(_actions(properties)),
        {each.name: each for each in invokes},
    )
    return Created(name, {"Version": "1"})


def _actions(properties: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give the actions in the order in which they run."""
    for stage in properties["Stages"]:
        yield from sorted(stage["Actions"], key=lambda each: each.get("RunOrder", 1))


def _invokes(
    request: Request, arn: str, properties: Mapping[str, Any]
) -> Iterator[Action]:
    others = set()
    for each in _actions(properties):
        provider = str(each["ActionTypeId"]["Provider"])
        if provider != "Lambda":
            others |= {provider} - {"S3"}
            continue
        yield Action(
            request.account,
            arn,
            str(properties["RoleArn"]),
            str(each["Name"]),
            each.get("RoleArn"),
            each["Configuration"],
            tuple(one["Name"] for one in each.get("InputArtifacts", [])),
            tuple(one["Name"] for one in each.get("OutputArtifacts", [])),
        )
    if others:
        what = ", ".join(sorted(others))
        request.account.note_unmodelled(request, f"pipeline actions of {what}")


CREATE: dict[str, Create] = {"AWS::CodePipeline::Pipeline": create_pipeline}
