"""A deployed stack, as its driver sees it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3

from tests.e2e.errors import nearest


@dataclass
class Deployed:
    """A deployed stack and clients for its account.

    Attributes:
        path: The stack's construct path.
        name: Its name in CloudFormation.
        emulated: Whether the account is the emulated one.
        run: Fresh for each run, for ids that no earlier run can have used.
        session: Makes clients of the account: `deployed.session.client("sqs")`.
    """

    path: str
    name: str
    emulated: bool
    run: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    session: boto3.Session = field(default_factory=boto3.Session)

    def physical_id(self, construct: str) -> str:
        """Give the physical id of a construct by its path within the stack."""
        return physical_id(construct, self._physical_ids)

    @cached_property
    def _physical_ids(self) -> Mapping[str, str]:
        cloudformation = self.session.client("cloudformation")
        body: Any = cloudformation.get_template(StackName=self.name)["TemplateBody"]
        template = json.loads(body) if isinstance(body, str) else body
        pages = cloudformation.get_paginator("list_stack_resources")
        physical_ids = {
            resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "")
            for page in pages.paginate(StackName=self.name)
            for resource in page["StackResourceSummaries"]
        }
        return by_construct_path(self.path, template, physical_ids)


def by_construct_path(
    stack: str, template: Mapping[str, Any], physical_ids: Mapping[str, str]
) -> dict[str, str]:
    """Name the physical ids of a template's resources by their construct paths."""
    paths = {
        logical_id: resource.get("Metadata", {}).get("aws:cdk:path", logical_id)
        for logical_id, resource in template["Resources"].items()
    }
    return {
        path.removeprefix(f"{stack}/").removesuffix("/Resource"): physical_ids[logical]
        for logical, path in paths.items()
        if logical in physical_ids
    }


def physical_id(construct: str, physical_ids: Mapping[str, str]) -> str:
    """Look up a construct path.

    Raises:
        LookupError: The stack has no resource there.
    """
    if construct in physical_ids:
        return physical_ids[construct]
    raise LookupError(f"no resource at {construct}; {nearest(construct, physical_ids)}")
