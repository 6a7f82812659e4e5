"""Templates of one function, without CDK: quick to make and to deploy."""

from __future__ import annotations

import json
from typing import Any

LOGS = {"Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}


def template(
    code: str = "def handler(event, context): ...",
    *allowed: dict[str, Any],
    denied: tuple[dict[str, Any], ...] = (),
    more: dict[str, Any] | None = None,
    **properties: Any,
) -> dict[str, Any]:
    """A function `Worker` with its alias `live`, its log group and its role."""
    statements = [
        *({"Effect": "Allow", **each} for each in (LOGS, *allowed)),
        *({"Effect": "Deny", **each} for each in denied),
    ]
    return {
        "Resources": {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": trusting("lambda.amazonaws.com"),
                    "Policies": [
                        {
                            "PolicyName": "Own",
                            "PolicyDocument": {
                                "Version": "2012-10-17",
                                "Statement": statements,
                            },
                        }
                    ],
                },
            },
            "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {}},
            "Worker": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Code": {"ZipFile": code},
                    "FunctionName": "worker",
                    "Handler": "index.handler",
                    "LoggingConfig": {"LogGroup": {"Ref": "Logs"}},
                    "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                    "Runtime": "python3.13",
                    "Timeout": 10,
                    **properties,
                },
            },
            "Version": {
                "Type": "AWS::Lambda::Version",
                "Properties": {"FunctionName": {"Ref": "Worker"}},
            },
            "Alias": {
                "Type": "AWS::Lambda::Alias",
                "Properties": {
                    "FunctionName": {"Ref": "Worker"},
                    "FunctionVersion": {"Fn::GetAtt": ["Version", "Version"]},
                    "Name": "live",
                },
            },
            **(more or {}),
        }
    }


def trusting(service: str) -> dict[str, Any]:
    """The trust policy of a role of a service."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": "sts:AssumeRole",
            }
        ],
    }


def allow(action: str | list[str], resource: Any = "*") -> dict[str, Any]:
    """What a statement says of an action."""
    return {"Action": action, "Resource": resource}


def arn_of(logical_id: str) -> dict[str, Any]:
    """The ARN of a resource."""
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def deny(account, function, *actions: str) -> None:
    """Take actions from a function's role, after it was deployed."""
    account.client("iam").put_role_policy(
        RoleName=function.state.role_arn.rpartition("/")[2],
        PolicyName="Denied",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Deny", "Action": list(actions), "Resource": "*"}
                ],
            }
        ),
    )
