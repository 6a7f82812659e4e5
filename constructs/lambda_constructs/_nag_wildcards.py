"""Wildcards in policies that cannot be narrower, by cdk-nag's ids of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

__all__: list[str] = []

WITHOUT_RESOURCES = {
    "codepipeline:PutJobFailureResult",
    "codepipeline:PutJobSuccessResult",
    "config:PutEvaluations",
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "ec2:UnassignPrivateIpAddresses",
    "kafka:GetBootstrapBrokers",
    "sts:GetWebIdentityToken",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
"""What the library grants on `*`, since the action or its subject has no name.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

OBJECTS = re.compile(r"(<\w+\.Arn>|arn:[^:*]+:s3:::[^/*]+)/[^*]*\*")
OWN_LOGS = re.compile(r"arn:[^:*]+(::\w+>)?:logs:\*:[^*]+:log-group:[^*]+:\*")
INSIGHTS_LOGS = re.compile(r"arn:[^*]+:log-group:/aws/lambda-insights:\*")
OWN_LOG_ACTIONS = {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}
OWN_EXECUTIONS = re.compile(r"<\w+\.Arn>:\*")
OWN_EXECUTION_ACTIONS = {
    "lambda:CheckpointDurableExecution",
    "lambda:GetDurableExecutionState",
}


GROUPS = re.compile(r"[^*]+group/[^*]*\*")
GROUP_ACTIONS = {"kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"}


def justified_wildcards(policy: iam.ManagedPolicy) -> dict[str, str]:
    """Give the ids of cdk-nag's findings in *policy* that are right, with reasons.

    An id is of a resource, not of a statement: if any of the statements on it is not
    justified, nobody is spared the finding.
    """
    document = Stack.of(policy).resolve(policy.document.to_json())
    reasons: dict[str, set[str | None]] = {}
    for actions, resource in _allowed(document):
        if "*" in resource:
            reasons.setdefault(resource, set()).add(_reason(actions, resource))
    return {
        f"AwsSolutions-IAM5[Resource::{resource}]": " and ".join(
            sorted(filter(None, why))
        )
        for resource, why in reasons.items()
        if None not in why
    }


def _allowed(document: dict[str, Any]) -> Iterator[tuple[set[str], str]]:
    for statement in document["Statement"]:
        if statement["Effect"] == "Allow":
            for resource in _as_list(statement["Resource"]):
                yield set(_as_list(statement["Action"])), flat(resource)


def _reason(actions: set[str], resource: str) -> str | None:
    if any("*" in action for action in actions):
        return None
    if resource == "*":
        named = actions <= WITHOUT_RESOURCES
        return "these actions have no resources that could be named" if named else None
    if OBJECTS.fullmatch(resource) and all(each.startswith("s3:") for each in actions):
        return "the objects of one bucket, whose keys nobody knows before"
    if OWN_LOGS.fullmatch(resource) and actions <= OWN_LOG_ACTIONS:
        return "the function's own log group, in each Region where it runs"
    if INSIGHTS_LOGS.fullmatch(resource) and actions <= OWN_LOG_ACTIONS:
        return "the streams of the log group that Lambda Insights has in a Region"
    if OWN_EXECUTIONS.fullmatch(resource) and actions <= OWN_EXECUTION_ACTIONS:
        return "each execution of the function's own versions"
    if GROUPS.fullmatch(resource) and actions <= GROUP_ACTIONS:
        return "Lambda makes up the consumer group's name; consumer_group_id= gives one"
    return None


def _as_list(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    return value if isinstance(value, list) else [value]


def flat(value: Any) -> str:  # noqa: ANN401 - any JSON
    """Write a value of CloudFormation as cdk-nag's ids do: `<Orders.Arn>/*`."""
    if isinstance(value, str):
        return value.replace("${", "<").replace("}", ">")
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return str(separator).join(map(flat, parts))
    if "Fn::Sub" in value:
        return flat(value["Fn::Sub"])
    if "Fn::GetAtt" in value:
        return f"<{'.'.join(map(flat, value['Fn::GetAtt']))}>"
    if "Fn::ImportValue" in value:
        return flat(value["Fn::ImportValue"])
    if "Ref" in value:
        return f"<{value['Ref']}>"
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
