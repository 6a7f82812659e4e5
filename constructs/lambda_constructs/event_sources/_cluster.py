"""What sources have in common that Lambda reaches in a network, with a secret."""

from __future__ import annotations

from aws_cdk import aws_secretsmanager as secretsmanager

from lambda_constructs._known import function_arn_of
from lambda_constructs.errors import check_type
from lambda_constructs.function import LambdaFunction
from lambda_constructs.permissions import denied_to_code, key_statement, statement

Secret = secretsmanager.Secret | secretsmanager.ISecret

NETWORK_ACTIONS = (
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)
"""https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html.

CDK's sources allow none of them.
"""


def allow_network(function: LambdaFunction) -> None:
    """Let Lambda's pollers reach the cluster's VPC, under the role of *function*.

    On every resource: EC2 describes all or none, and an interface has no ARN before it
    is made. The pollers are no code of the function, so that is denied the same.
    """
    function.policy.add_statements(
        statement(NETWORK_ACTIONS, "*"),
        denied_to_code(NETWORK_ACTIONS, function_arn_of(function.function)),
    )


def allow_secret(function: LambdaFunction, secret: Secret) -> str:
    """Let Lambda read *secret*, and give its ARN."""
    function.allow("secretsmanager:GetSecretValue", on=secret)
    if secret.encryption_key is not None:
        function.policy.add_statements(
            key_statement(
                function, secret.encryption_key, "secretsmanager", "kms:Decrypt"
            )
        )
    return secret.secret_full_arn or secret.secret_arn


def check_secret(name: str, secret: object) -> None:
    """Check that *secret* is one, or unset.

    Raises:
        ConfigurationError: It is something else.
    """
    held = hasattr(secret, "secret_arn")
    check_type(name, secret, "a Secret of aws_secretsmanager", holds=held)
