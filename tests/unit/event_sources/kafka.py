"""What tests of Kafka sources share: a secret with a key, and what is warned of."""

from __future__ import annotations

import re

from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import Practice
from tests.unit.conftest import as_list, statements

MAPPING = "AWS::Lambda::EventSourceMapping"
FILTER = lambda_.FilterCriteria.filter({"value": {"kind": ["order"]}})
POLLERS = lambda_.ProvisionedPollerConfig(minimum_pollers=1, maximum_pollers=3)
NETWORK = {
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
}


def new_secret(stack: Stack, id: str = "Login") -> secretsmanager.Secret:
    """A secret with a key of its own."""
    return secretsmanager.Secret(stack, id, encryption_key=kms.Key(stack, f"{id}Key"))


def grants(stack: Stack) -> dict[str, set[str]]:
    """What the policy allows besides logs and traces, by resource."""
    found: dict[str, set[str]] = {}
    for statement in statements(stack):
        actions = set(as_list(statement["Action"]))
        if statement["Effect"] == "Allow" and not any(
            each.startswith(("logs:", "xray:")) for each in actions
        ):
            found.setdefault(named(statement["Resource"]), set()).update(actions)
    return found


def named(resource: object) -> str:
    """A resource in a policy, by its ARN or by its id in the template."""
    if isinstance(resource, str):
        return resource
    assert isinstance(resource, dict)
    ((function, value),) = resource.items()
    if function in ("Ref", "Fn::GetAtt"):
        id = value if function == "Ref" else value[0]
        return re.sub("[0-9A-F]{8}$", "", str(id))
    return "".join(map(named, value[1])) if function == "Fn::Join" else str(resource)


def denied_to_code(stack: Stack) -> set[str]:
    """What the function's own code may not do, though its role may."""
    (deny,) = [each for each in statements(stack) if each["Effect"] == "Deny"]
    assert "WorkerFunction" in str(
        deny["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"]
    )
    return set(deny["Action"])


def warned(stack: Stack, practice: Practice) -> None:
    Annotations.from_stack(stack).has_warning(
        "/Shop/Worker", Match.string_like_regexp(f"ack: {practice.value}\\]")
    )


def not_warned(stack: Stack) -> None:
    Annotations.from_stack(stack).has_no_warning("*", Match.any_value())
