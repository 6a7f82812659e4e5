"""The resources of a deployed stack, as CloudFormation tells them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from lambda_constructs.redrive._aws import Aws, explain
from lambda_constructs.redrive.errors import RedriveError, nearest

NESTED = "AWS::CloudFormation::Stack"
GONE = ("DELETE_COMPLETE", "DELETE_SKIPPED")


@dataclass(frozen=True)
class Resource:
    """A resource that exists.

    Attributes:
        type: `AWS::SQS::Queue`.
        id: What `Ref` gives.
        name: Its construct path below the stack; its logical id, where there is none.
    """

    type: str
    id: str
    name: str


def resources_of(aws: Aws, stack: str) -> list[Resource]:
    """Give every resource of a stack, and of the stacks nested in it.

    Raises:
        RedriveError: There is no such stack, or it may not be looked at.
    """
    try:
        return list(_resources(aws, stack, ""))
    except ClientError as error:
        if "does not exist" in str(error):
            raise RedriveError(
                f"there is no stack {stack!r} in {aws.reader('sqs').meta.region_name}"
                + nearest(stack, _stacks(aws))
            ) from None
        raise explain(error) from None


def _resources(aws: Aws, stack: str, above: str) -> Iterator[Resource]:
    paths = _paths(aws, stack)
    found = aws.pages(
        "cloudformation",
        "list_stack_resources",
        "StackResourceSummaries",
        StackName=stack,
    )
    for each in found:
        if each["ResourceStatus"] in GONE or not each.get("PhysicalResourceId"):
            continue
        logical = each["LogicalResourceId"]
        name = above + paths.get(logical, logical)
        kind, id = each["ResourceType"], each["PhysicalResourceId"]
        if kind == NESTED:
            yield from _resources(aws, id, f"{name}/")
        else:
            yield Resource(kind, id, name)


def _paths(aws: Aws, stack: str) -> dict[str, str]:
    """Give the construct path of each logical id that has one."""
    answer = aws.reader("cloudformation").get_template(
        StackName=stack, TemplateStage="Original"
    )
    template = answer["TemplateBody"]
    if isinstance(template, str):
        try:
            template = json.loads(template)
        except ValueError:  # YAML, which CDK does not write
            return {}
    resources: Mapping[str, Any] = template.get("Resources", {})
    told = {
        logical: str(each.get("Metadata", {}).get("aws:cdk:path", ""))
        for logical, each in resources.items()
    }
    return {
        logical: path.removesuffix("/Resource")
        .removesuffix("/Default")
        .split("/", 1)[1]
        for logical, path in told.items()
        if "/" in path
    }


def _stacks(aws: Aws) -> list[str]:
    try:
        found = aws.pages("cloudformation", "list_stacks", "StackSummaries")
        return [each["StackName"] for each in found if each["StackStatus"] not in GONE]
    except ClientError:  # who may look at one stack need not see all
        return []
