"""Rules on a template as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterator

from lambda_constructs import limits
from lambda_constructs.rules._rule import Finding, Rule
from lambda_constructs.rules._template import Template

QUOTAS = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
    "cloudformation-limits.html"
)


def template_size(template: Template) -> Iterator[Finding]:
    """Find templates that CloudFormation does not take, by their largest resource."""
    if template.size > limits.TEMPLATE_BYTES:
        lengths = {
            name: len(json.dumps(resource))
            for name, resource in template.resources.items()
        }
        largest = max(lengths, key=lambda name: lengths[name])
        what = (
            f"{template.size:,} bytes, {limits.TEMPLATE_BYTES:,} are allowed; "
            f"{largest} alone has {lengths[largest]:,}"
        )
        yield Finding(largest, what)


RULES = (
    Rule(
        "template-size",
        "a template is no longer than CloudFormation takes it",
        "put some of the functions into another Stack, and code and documents into "
        "assets",
        QUOTAS,
        template_size,
        "fatal",
    ),
)
