"""The customer's own keys."""

from typing import cast

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct


def customer_key(scope: Construct, id: str) -> kms.IKey:
    """Make a key that turns once a year, and that services alone give grants on.

    A grant lets its grantee use a key whatever the policies say:
    https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
    """
    # The casts: CDK's stubs disagree on the names of parameters.
    key = kms.Key(scope, id, enable_key_rotation=True)
    key.add_to_resource_policy(
        iam.PolicyStatement(
            effect=iam.Effect.DENY,
            actions=["kms:CreateGrant"],
            principals=[cast("iam.IPrincipal", iam.AnyPrincipal())],
            resources=["*"],
            conditions={
                "BoolIfExists": {
                    "aws:PrincipalIsAWSService": "false",
                    "kms:GrantIsForAWSResource": "false",
                }
            },
        )
    )
    return cast("kms.IKey", key)
