"""What CodeDeploy needs to move the traffic of a function's alias."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from aws_cdk import (
    ArnFormat,
    CfnCodeDeployLambdaAliasUpdate,
    CfnUpdatePolicy,
    Duration,
)
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from lambda_constructs._known import (
    account_of,
    function_arn_of,
    node_of,
    path_of,
    resource_of,
    stack_of,
)
from lambda_constructs._policy_order import wait_for_policy
from lambda_constructs._rollback import RollbackAlarms
from lambda_constructs.errors import ConfigurationError, jsii_errors
from lambda_constructs.permissions import statement

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch

    from lambda_constructs._shift import AllAtOnce, TimeBased
    from lambda_constructs.function import LambdaFunction

__all__: list[str] = []

NEW_VERSION = "NEW_VERSION"
"""The variable by which a hook knows the ARN of the version that it tests."""

FAILURES = (
    "DEPLOYMENT_FAILURE",
    "DEPLOYMENT_STOP_ON_ALARM",
    "DEPLOYMENT_STOP_ON_REQUEST",
)
"""https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_AutoRollbackConfiguration.html."""


@dataclass(frozen=True)
class Hooks:
    """The functions that look at a new version."""

    before: LambdaFunction | None = None
    after: LambdaFunction | None = None

    def each(self) -> Sequence[LambdaFunction]:
        """Give them, and one that is both once."""
        both = [each for each in (self.before, self.after) if each is not None]
        return both[:1] if self.before is self.after else both


@dataclass(frozen=True)
class RollbackRules:
    """What makes a release go back."""

    alarms: Sequence[cloudwatch.IAlarm] = ()
    max_errors: int = 0
    max_latency: Duration | None = None
    derived: bool = True


class Release(Construct):
    """CodeDeploy's side of a function: the child `Deployment`.

    Attributes:
        application: CodeDeploy's application, with the one group.
        group: The deployment group.
        policy: What CodeDeploy may do.
        role: What CodeDeploy acts as, for this group alone.
    """

    def __init__(
        self,
        function: LambdaFunction,
        shift: AllAtOnce | TimeBased,
        hooks: Hooks,
        rules: RollbackRules,
    ) -> None:
        # Here, since few functions have one, and it is another service's.
        from aws_cdk import aws_codedeploy as codedeploy

        super().__init__(function, "Deployment")
        _check_hooks(function, hooks)
        self.application = codedeploy.CfnApplication(
            self, "Application", compute_platform="Lambda"
        )
        self.role = self._make_role()
        self.group = codedeploy.CfnDeploymentGroup(
            self,
            "Group",
            application_name=self.application.ref,
            service_role_arn=self.role.role_arn,
            deployment_config_name=shift.configuration(function),
            deployment_style={
                "deploymentType": "BLUE_GREEN",
                "deploymentOption": "WITH_TRAFFIC_CONTROL",
            },
            auto_rollback_configuration={"enabled": True, "events": [*FAILURES]},
        )
        self.policy = self._make_policy(function, hooks)
        self._rollback = RollbackAlarms(self, function, rules)
        self._update(function, hooks)

    @property
    def alarms(self) -> Sequence[cloudwatch.CfnAlarm]:
        """What rolls back, as far as it follows from what is bound by now."""
        return tuple(self._rollback.alarms)

    def follow(self, source: object) -> None:
        """Roll back on what *source*, which has been bound, is about."""
        with jsii_errors(self):
            self._rollback.follow(source)

    def _make_role(self) -> iam.Role:
        """https://docs.aws.amazon.com/codedeploy/latest/userguide/security_confused_deputy.html."""
        stack = stack_of(self)
        return iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "codedeploy.amazonaws.com",
                conditions={
                    "StringEquals": {"aws:SourceAccount": account_of(stack)},
                    # The group's own name would be a cycle; it is the application's
                    # only one.
                    "ArnLike": {
                        "aws:SourceArn": self._arn(f"{self.application.ref}/*")
                    },
                },
            ),
        )

    def _arn(self, name: str) -> str:
        return stack_of(self).format_arn(
            service="codedeploy",
            resource="deploymentgroup",
            resource_name=name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def _make_policy(self, function: LambdaFunction, hooks: Hooks) -> iam.ManagedPolicy:
        """Allow what AWSCodeDeployRoleForLambda does for everything, for these alone.

        https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForLambdaLimited.html
        """
        own = function_arn_of(function.function)
        statements = [
            statement(["lambda:GetAlias", "lambda:UpdateAlias"], own),
            statement(["lambda:GetProvisionedConcurrencyConfig"], f"{own}:*"),
            *(
                statement(["lambda:InvokeFunction"], function_arn_of(each.function))
                for each in hooks.each()
            ),
        ]
        return iam.ManagedPolicy(
            self, "Policy", roles=[self.role], statements=statements
        )

    def _update(self, function: LambdaFunction, hooks: Hooks) -> None:
        alias = cast("lambda_.CfnAlias", resource_of(function.live))
        name = {
            each: hook.function.function_name
            for each, hook in (("before", hooks.before), ("after", hooks.after))
            if hook is not None
        }
        alias.cfn_options.update_policy = CfnUpdatePolicy(
            code_deploy_lambda_alias_update=CfnCodeDeployLambdaAliasUpdate(
                application_name=self.application.ref,
                deployment_group_name=self.group.ref,
                before_allow_traffic_hook=name.get("before"),
                after_allow_traffic_hook=name.get("after"),
            )
        )
        # An update policy is no property: whether CloudFormation waits for what it
        # refers to is said nowhere, and for the policies it would not. By the policies
        # alone, since cfn-lint calls the rest redundant (W3005).
        wait_for_policy(alias, function)
        node_of(self.policy).add_dependency(self.group)
        node_of(function.live).add_dependency(self.policy)
        for hook in hooks.each():
            allowed = self._allow_hook(function, hook)
            node_of(allowed).add_dependency(hook.function)
            node_of(function.live).add_dependency(allowed)

    def _allow_hook(
        self, function: LambdaFunction, hook: LambdaFunction
    ) -> iam.ManagedPolicy:
        """Let *hook* try the new version, and tell what came of it.

        Of the version any number is allowed: another one in each release would be
        allowed seconds before the hook begins, and IAM takes longer than that. It is a
        policy of its own since the alias waits for it, and what else the hook may do
        can name the alias.
        """
        hook.function.add_environment(
            NEW_VERSION, function_arn_of(function.function.current_version)
        )
        return iam.ManagedPolicy(
            hook,
            "HookPolicy",
            roles=[hook.role],
            statements=[
                statement(
                    ["codedeploy:PutLifecycleEventHookExecutionStatus"],
                    self._arn(f"{self.application.ref}/{self.group.ref}"),
                ),
                statement(
                    ["lambda:InvokeFunction"], f"{function_arn_of(function.function)}:*"
                ),
            ],
        )


def _check_hooks(function: LambdaFunction, hooks: Hooks) -> None:
    for hook in hooks.each():
        path = path_of(hook)
        if hook is function:
            raise ConfigurationError(
                "a function must not be its own hook; pass another one, which tests it",
                scope=function,
            )
        if stack_of(hook) is not stack_of(function):
            raise ConfigurationError(
                f"a hook must be in the function's stack, got {path}: each has to know "
                "the other; define it there",
                scope=function,
            )
        if node_of(hook).try_find_child("HookPolicy") is not None:
            raise ConfigurationError(
                f"{path} is the hook of another function already, and has one "
                f"{NEW_VERSION}; define one for each, of the same code",
                scope=function,
            )
