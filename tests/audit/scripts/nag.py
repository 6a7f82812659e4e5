"""Run by the tools' Python: what cdk-nag says of templates, as JSON."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from aws_cdk import App, CfnResource, Stack
from aws_cdk.cloudformation_include import CfnInclude
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks

PACKS = (AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks)


def find(path: Path, stack: Stack) -> Iterator[dict[str, str]]:
    """Include the template into the stack, and give what each pack says of it."""
    for pack in PACKS:
        for violation in pack().validate_scope(stack).violations:
            for each in violation.violating_resources:
                logical_id = str(each.construct_path).rpartition("/")[2]
                yield {
                    "rule": violation.rule_name,
                    "resource": f"{stack.node.id}/{logical_id}",
                    "message": violation.description,
                }


def main() -> None:
    """Write the findings, and how many resources were looked at."""
    findings: list[dict[str, str]] = []
    resources = 0
    for path in map(Path, sys.argv[1:]):
        stack = Stack(App(), path.name.partition(".")[0])
        CfnInclude(stack, "Template", template_file=str(path))
        findings += find(path, stack)
        resources += sum(map(CfnResource.is_cfn_resource, stack.node.find_all()))
    json.dump({"findings": findings, "resources": resources}, sys.stdout)


main()
