"""AWS IAM."""

from __future__ import annotations

from lambda_constructs.testing._managed_policies import know_managed_policy
from lambda_constructs.testing._resources._create import (
    Create,
    Created,
    Request,
    document,
)


def create_role(request: Request) -> Created:
    """Create a role with its trust, its boundary and its policies."""
    properties = request.properties
    iam = request.account.client("iam")
    name = request.name(properties.get("RoleName"))
    given = {}
    if "PermissionsBoundary" in properties:
        given["PermissionsBoundary"] = properties["PermissionsBoundary"]
    role = iam.create_role(
        RoleName=name,
        Path=properties.get("Path", "/"),
        AssumeRolePolicyDocument=document(properties["AssumeRolePolicyDocument"]),
        **given,
    )["Role"]
    for arn in properties.get("ManagedPolicyArns", []):
        know_managed_policy(request.account, arn)
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    for policy in properties.get("Policies", []):
        iam.put_role_policy(
            RoleName=name,
            PolicyName=policy["PolicyName"],
            PolicyDocument=document(policy["PolicyDocument"]),
        )
    return Created(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})


def create_managed_policy(request: Request) -> Created:
    """Create a customer-managed policy and attach it."""
    properties = request.properties
    iam = request.account.client("iam")
    arn = iam.create_policy(
        PolicyName=request.name(properties.get("ManagedPolicyName"), most=128),
        Path=properties.get("Path", "/"),
        PolicyDocument=document(properties["PolicyDocument"]),
    )["Policy"]["Arn"]
    for role in properties.get("Roles", []):
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    return Created(arn, {"PolicyArn": arn})


def create_policy(request: Request) -> Created:
    """Put an inline policy into its roles."""
    properties = request.properties
    for role in properties.get("Roles", []):
        request.account.client("iam").put_role_policy(
            RoleName=role,
            PolicyName=properties["PolicyName"],
            PolicyDocument=document(properties["PolicyDocument"]),
        )
    return Created(properties["PolicyName"], {"Id": properties["PolicyName"]})


CREATE: dict[str, Create] = {
    "AWS::IAM::ManagedPolicy": create_managed_policy,
    "AWS::IAM::Policy": create_policy,
    "AWS::IAM::Role": create_role,
}
