"""One customer's key for all that belongs to a function, and who has to use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import ArnFormat
from aws_cdk import aws_iam as iam
from constructs import IConstruct

from lambda_constructs._known import path_of, region_of, stack_of
from lambda_constructs._resource_arns import key_itself
from lambda_constructs.errors import ConfigurationError, check_type, literal
from lambda_constructs.permissions import statement
from lambda_constructs.practices import Practice

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms

    from lambda_constructs.function import LambdaFunction

__all__: list[str] = []

LOGS_ACTIONS = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html,
whose wildcards these are, without those for pairs of keys."""


def settled_key(
    scope: IConstruct, key: kms.Key | kms.IKey | None
) -> kms.Key | kms.IKey | None:
    """Give the key itself, where an alias of it was given.

    Raises:
        ConfigurationError: It is no key, an imported alias, or in another Region.
    """
    if key is None:
        return None
    wanted = "a Key of aws_cdk.aws_kms"
    held = hasattr(key, "key_arn")
    check_type("encryption_key", key, wanted, holds=held, scope=scope)
    there, here = literal(region_of(key)), literal(region_of(stack_of(scope)))
    if there and here and there != here:
        raise ConfigurationError(
            f"encryption_key {path_of(key)} must be in the function's Region {here}, "
            f"got {there}; pass a key, or a replica of it, of that Region",
            scope=scope,
        )
    return key_itself(key, scope)


def let_logs_use(key: kms.Key | kms.IKey, scope: IConstruct) -> None:
    """Let CloudWatch Logs encrypt the groups of this account and Region with *key*.

    By the account, since the group's own ARN would be a cycle: the group names the key.
    """
    stack = stack_of(scope)
    groups = stack.format_arn(
        service="logs",
        resource="log-group",
        resource_name="*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    principal = f"logs.{region_of(stack)}.{stack.url_suffix}"
    use = iam.PolicyStatement(
        actions=list(LOGS_ACTIONS),
        principals=[iam.ServicePrincipal(principal)],
        resources=["*"],
        conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
    )
    if not key.add_to_resource_policy(use).statement_added:
        shown = literal(region_of(stack)) or "<region>"
        Practice.IMPORTED_KEY.warn(
            scope,
            f"encryption_key {path_of(key)} is imported, so that its policy cannot be "
            f"extended here, and the log group could not be made; let logs.{shown}."
            f"amazonaws.com use it where it is defined: {', '.join(LOGS_ACTIONS)}, by "
            "kms:EncryptionContext:aws:logs:arn",
        )


def let_decrypt_environment(
    function: LambdaFunction, key: kms.Key | kms.IKey, function_arn: str
) -> None:
    """Let the role decrypt the variables of *function*, and nothing else by *key*.

    Lambda does so at each start of an environment, with the role's own credentials. A
    KMS grant that it makes when the function is made allows as much, but is gone with
    the first role. By the encryption context, since no `kms:ViaService` comes with it.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
    """
    decrypt = statement(["kms:Decrypt"], key_itself(key, function).key_arn)
    context = "kms:EncryptionContext:aws:lambda:FunctionArn"
    decrypt.add_conditions({"StringEquals": {context: function_arn}})
    function.policy.add_statements(decrypt)
