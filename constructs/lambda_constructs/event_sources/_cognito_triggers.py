"""The triggers of a user pool, which are one property of it."""

from __future__ import annotations

from functools import partial
from typing import cast

from aws_cdk import Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_kms as kms
from constructs import Construct

from lambda_constructs._validation import validate_at_the_end
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
    pool: cognito.UserPool | cognito.IUserPool,
    resource: cognito.CfnUserPool,
    trigger: str,
    version: cognito.LambdaVersion,
) -> None:
    """Set one trigger of a pool; what it has beside that remains.

    Raises:
        ConfigurationError: It has a function for that already.
    """
    id = f"{trigger}Trigger"
    taken = taken_by_cdk(resource, trigger)
    if pool.node.try_find_child(id) is not None or taken:
        raise ConfigurationError(_taken(pool, trigger), scope=function)
    arn = function.live.function_arn
    # An override, since CDK's L2 keeps its own triggers to itself: it has no inbound
    # federation, and its permission lacks the account.
    value: object = arn
    if trigger in WITH_VERSION:
        value = {"LambdaArn": arn, "LambdaVersion": version.value}
    resource.add_property_override(f"LambdaConfig.{trigger}", value)
    mark = Construct(cast("Construct", pool), id)
    validate_at_the_end(mark, partial(_taken_later, pool, resource, trigger))


def set_sender_key(
    function: LambdaFunction,
    pool: cognito.UserPool | cognito.IUserPool,
    resource: cognito.CfnUserPool,
    key: kms.Key | kms.IKey,
) -> None:
    """Set the key of the custom senders of a pool.

    Raises:
        ConfigurationError: It has another one.
    """
    resolve = Stack.of(resource).resolve
    given = resolve(resource.lambda_config) or {}
    mark = pool.node.try_find_child(KEY)
    held = mark.node.get_context("arn") if mark else given.get("kmsKeyId")
    if held is not None and resolve(held) != resolve(key.key_arn):
        raise ConfigurationError(
            f"{pool.node.path} has another custom_sender_kms_key than "
            f"{key.node.path}, and may have one only; pass the same to each",
            scope=function,
        )
    resource.add_property_override("LambdaConfig.KMSKeyID", key.key_arn)
    if mark is None:
        Construct(cast("Construct", pool), KEY).node.set_context("arn", key.key_arn)


def taken_by_cdk(resource: cognito.CfnUserPool, trigger: str) -> bool:
    """Tell whether CDK's own `add_trigger` or `lambda_triggers` have set a trigger."""
    given = Stack.of(resource).resolve(resource.lambda_config) or {}
    return trigger in {TRIGGERS.get(name) for name in given}


def _taken_later(
    pool: cognito.UserPool | cognito.IUserPool,
    resource: cognito.CfnUserPool,
    trigger: str,
) -> list[str]:
    return [_taken(pool, trigger)] if taken_by_cdk(resource, trigger) else []


def _taken(pool: cognito.UserPool | cognito.IUserPool, trigger: str) -> str:
    return (
        f"{pool.node.path} has a function for {trigger} already, and may have one "
        "only; let that one do both"
    )
