"""The triggers of a user pool, which are one property of it."""

from __future__ import annotations

from typing import cast

from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from lambda_constructs._known import (
    function_arn_of,
    node_of,
    path_of,
    resource_of,
    stack_of,
)
from lambda_constructs.errors import ConfigurationError
from lambda_constructs.function import LambdaFunction

PRE_TOKEN_GENERATION = "PreTokenGenerationConfig"  # noqa: S105 - the name of a property

TRIGGERS = {
    "createAuthChallenge": "CreateAuthChallenge",
    "customEmailSender": "CustomEmailSender",
    "customMessage": "CustomMessage",
    "customSmsSender": "CustomSMSSender",
    "defineAuthChallenge": "DefineAuthChallenge",
    "inboundFederation": "InboundFederation",
    "postAuthentication": "PostAuthentication",
    "postConfirmation": "PostConfirmation",
    "preAuthentication": "PreAuthentication",
    "preSignUp": "PreSignUp",
    # Two properties for one trigger, of which this one knows all versions.
    "preTokenGeneration": PRE_TOKEN_GENERATION,
    "preTokenGenerationConfig": PRE_TOKEN_GENERATION,
    "userMigration": "UserMigration",
    "verifyAuthChallengeResponse": "VerifyAuthChallengeResponse",
}
"""What CDK calls each operation, and CloudFormation its property."""

SENDERS = {"CustomEmailSender", "CustomSMSSender"}
"""Those that Cognito does not wait for."""

VERSIONED = {PRE_TOKEN_GENERATION}
"""Those with more than one version of the event."""

WITH_VERSION = {"InboundFederation", *SENDERS, *VERSIONED}
"""Those whose property says which version."""

KEY = "CustomSenderKey"
"""The child of a pool that remembers which key its custom senders have."""


def set_trigger(
    function: LambdaFunction,
    pool: cognito.UserPool,
    operation: cognito.UserPoolOperation,
    version: cognito.LambdaVersion,
) -> None:
    """Set one trigger of a pool; what it has beside that remains.

    Raises:
        ConfigurationError: It has a function for that already.
    """
    trigger = TRIGGERS[operation.operation_name]
    id = f"{trigger}Function"
    if node_of(pool).try_find_child(id) is not None:
        raise ConfigurationError(
            f"{path_of(pool)} has a function for {trigger} already, and may have one "
            "only; let that one do both",
            scope=function,
        )
    arn = function_arn_of(function.live)
    # As one that CDK may not permit, since its permissions lack the account.
    known = lambda_.Function.from_function_attributes(
        pool, id, function_arn=arn, same_environment=False, skip_permissions=True
    )
    if trigger in VERSIONED:
        operation = cognito.UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG
        pool.add_trigger(operation, known, version)
    elif trigger not in SENDERS:  # for which CDK wants the key of the pool itself
        pool.add_trigger(operation, known)
    if trigger in WITH_VERSION:
        # CDK knows nothing of inbound federation, and would set a mere ARN.
        value = {"LambdaArn": arn, "LambdaVersion": version.value}
        resource = cast("cognito.CfnUserPool", resource_of(pool))
        resource.add_property_override(f"LambdaConfig.{trigger}", value)


def set_sender_key(
    function: LambdaFunction, pool: cognito.UserPool, key: kms.Key | kms.IKey
) -> None:
    """Set the key of the custom senders of a pool.

    Raises:
        ConfigurationError: It has another one.
    """
    resolve = stack_of(pool).resolve
    held = node_of(pool).try_find_child(KEY)
    if held is None:
        held = Construct(pool, KEY)
        node_of(held).set_context("arn", key.key_arn)
    if resolve(node_of(held).get_context("arn")) != resolve(key.key_arn):
        raise ConfigurationError(
            f"{path_of(pool)} has another custom_sender_kms_key than "
            f"{path_of(key)}, and may have one only; pass the same to each",
            scope=function,
        )
    _check_symmetric(function, key)
    resource = cast("cognito.CfnUserPool", resource_of(pool))
    resource.add_property_override("LambdaConfig.KMSKeyID", key.key_arn)


def _check_symmetric(function: LambdaFunction, key: kms.Key | kms.IKey) -> None:
    """https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-custom-sender-triggers.html."""
    made = resource_of(key)
    spec = made.key_spec if isinstance(made, kms.CfnKey) else None
    if spec not in (None, "SYMMETRIC_DEFAULT"):
        raise ConfigurationError(
            f"custom_sender_kms_key must be symmetric, got {path_of(key)} of {spec}; "
            "leave key_spec and key_usage out",
            scope=function,
        )
