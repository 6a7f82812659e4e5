"""Amazon Cognito: a user pool invokes at a step of sign-up or sign-in, and waits."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import cast

from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_

from lambda_constructs import limits
from lambda_constructs._known import account_of, node_of, path_of, resource_of, stack_of
from lambda_constructs.errors import (
    ConfigurationError,
    check_fields,
    check_type,
    nearest,
    seconds,
)
from lambda_constructs.event_sources._cognito_triggers import (
    SENDERS,
    TRIGGERS,
    VERSIONED,
    set_sender_key,
    set_trigger,
)
from lambda_constructs.event_sources._mapping import path_as_id
from lambda_constructs.event_sources._push import allow_invoke, keep_failures
from lambda_constructs.event_sources._relations import check_stack, check_tenants
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice

__all__ = ["CognitoEventSource"]

V1 = cognito.LambdaVersion.V1_0


@dataclass(frozen=True)
class CognitoEventSource:
    """Take part in what a user pool does: one function for each of its operations.

    Cognito waits 5 seconds for the function, asks up to three times where that may
    help, and fails whoever signs up or in if none answers. The function returns the
    event, with `response` filled in. The two custom senders are told asynchronously,
    by codes and passwords under a key of yours: what they fail is kept.

    A function may act on the pool that it serves, as in
    `worker.allow("cognito-idp:AdminAddUserToGroup", on=pool)`: the pool waits for the
    function, and only the function's policy for the pool. Each event names the pool,
    so that the function's environment, which could not, need not.

    https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html

    Attributes:
        user_pool: The pool, defined in the function's stack.
        operation: When to invoke. CDK has no name for one of them, which is
            `UserPoolOperation.of("inboundFederation")`.
        custom_sender_kms_key: The key under which custom senders get codes and
            passwords, and by which the function may decrypt: symmetric, and one for
            the whole pool, in place of one that the pool was made with. Whoever deploys
            needs `kms:CreateGrant` on it.
        lambda_version: Which event, of those that pre token generation has: the
            second may change access tokens too, the third those of machines; both
            need the feature plan Essentials or Plus.

    Raises:
        ConfigurationError: A value is of another type, or does not go with the
            operation.
    """

    user_pool: cognito.UserPool | cognito.IUserPool
    _: KW_ONLY
    operation: cognito.UserPoolOperation
    custom_sender_kms_key: kms.Key | kms.IKey | None = None
    lambda_version: cognito.LambdaVersion = V1

    def __post_init__(self) -> None:
        check_fields(self)
        self._check_types()
        trigger = self._trigger
        if trigger not in VERSIONED and self.lambda_version != V1:
            raise ConfigurationError(
                f"lambda_version of {self.operation.operation_name} must be V1_0, got "
                f"{self.lambda_version.value}; pre token generation alone has others"
            )
        if trigger in SENDERS and self.custom_sender_kms_key is None:
            raise ConfigurationError(
                f"{self.operation.operation_name} needs a custom_sender_kms_key, got "
                "none; pass the key that codes and passwords are to be encrypted with"
            )
        if trigger not in SENDERS and self.custom_sender_kms_key is not None:
            raise ConfigurationError(
                "custom_sender_kms_key is for custom senders, got "
                f"{self.operation.operation_name}; leave it out"
            )

    def bind(self, function: LambdaFunction, /) -> lambda_.CfnPermission:
        """Make *function* a trigger of the pool; give the permission it invokes by.

        Raises:
            ConfigurationError: The pool is imported, in another stack, has a function
                for the operation, or lacks the feature plan.
        """
        pool, trigger = self._defined(function), self._trigger
        check_stack(function, pool, "define both in one")
        self._check_plan(function, pool)
        if trigger not in SENDERS:
            check_tenants(function)
            self._check_timeout(function)
        set_trigger(function, pool, self.operation, self.lambda_version)
        key = self.custom_sender_kms_key
        if key is not None:
            keep_failures(function)
            set_sender_key(function, pool, key)
            # The codes come in a message of the AWS Encryption SDK, which calls KMS
            # itself, so that no service is in between.
            function.allow("kms:Decrypt", on=key)
        return self._allow(function)

    @property
    def _trigger(self) -> str:
        """Its name in CloudFormation, by any of the names that CDK has for it."""
        return TRIGGERS[self.operation.operation_name]

    def _check_types(self) -> None:
        if not hasattr(self.user_pool, "user_pool_arn"):
            raise ConfigurationError(
                f"user_pool must be a Cognito user pool, got {self.user_pool!r}; pass "
                "the UserPool itself"
            )
        for name, kind, wanted in (
            ("operation", cognito.UserPoolOperation, "a UserPoolOperation"),
            ("lambda_version", cognito.LambdaVersion, "a LambdaVersion of aws_cognito"),
        ):
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise ConfigurationError(f"{name} must be {wanted}, got {value!r}")
        name = self.operation.operation_name
        if name not in TRIGGERS:
            hint = nearest(name, TRIGGERS).replace("; did", ", or did")
            raise ConfigurationError(
                f"operation {name!r} is none of a user pool's; pass a constant of "
                f"UserPoolOperation{hint}"
            )
        key = self.custom_sender_kms_key
        held = hasattr(key, "key_arn")
        check_type("custom_sender_kms_key", key, "a KMS key", holds=held)

    def _defined(self, function: LambdaFunction) -> cognito.UserPool:
        if resource_of(self.user_pool) is not None:
            return cast("cognito.UserPool", self.user_pool)
        raise ConfigurationError(
            f"{path_of(self.user_pool)} must be defined in the app, got an imported "
            "user pool, to which CloudFormation adds no trigger; add it where the pool "
            "is defined, or by 'aws cognito-idp update-user-pool'",
            scope=function,
        )

    def _check_plan(self, function: LambdaFunction, pool: cognito.UserPool) -> None:
        resource = cast("cognito.CfnUserPool", resource_of(pool))
        if self.lambda_version != V1 and resource.user_pool_tier == "LITE":
            raise ConfigurationError(
                f"lambda_version {self.lambda_version.value} needs the feature plan "
                f"Essentials or Plus, got Lite of {path_of(self.user_pool)}; pass "
                "feature_plan=FeaturePlan.ESSENTIALS to the pool, or V1_0 here",
                scope=function,
            )

    def _check_timeout(self, function: LambdaFunction) -> None:
        timeout, most = seconds(function.timeout), limits.COGNITO_ANSWER_SECONDS
        if timeout is not None and timeout > most:
            Practice.COGNITO_TIMEOUT.warn(
                function,
                f"Cognito waits {most} s for an answer and then asks again, beside the "
                f"function that may take {timeout:g} s; lower its timeout to {most} s",
            )

    def _allow(self, function: LambdaFunction) -> lambda_.CfnPermission:
        # One for all operations of the pool that the function serves.
        id = f"Cognito-{path_as_id(function, self.user_pool)}"
        given = node_of(function).try_find_child(id)
        if given is not None:
            return cast("lambda_.CfnPermission", given)
        return allow_invoke(
            function,
            id,
            principal="cognito-idp.amazonaws.com",
            source_arn=self.user_pool.user_pool_arn,
            source_account=account_of(stack_of(function)),
        )
