"""AWS CodePipeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lambda_constructs.testing._resources._create import Create, Created, Request
from lambda_constructs.testing._sources.codepipeline import Action


def create_pipeline(request: Request) -> Created:
    """Create the actions of a pipeline that invoke a function."""
    account, properties = request.account, request.properties
    name = request.name(properties.get("Name"), most=100)
    arn = request.arn("codepipeline", name)
    account.paths[arn] = request.path
    account.sources.actions[name] = list(_actions(request, arn, properties))
    return Created(name, {"Version": "1"})


def _actions(
    request: Request, arn: str, properties: Mapping[str, Any]
) -> Iterator[Action]:
    others = set()
    for stage in properties["Stages"]:
        for each in stage["Actions"]:
            kind = each["ActionTypeId"]
            if kind["Provider"] != "Lambda":
                others.add(str(kind["Provider"]))
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
