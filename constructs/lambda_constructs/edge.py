"""The function at the edge: what CloudFront calls between a viewer and an origin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import jsii
from aws_cdk import (
    ArnFormat,
    CrossStackReferences,
    Duration,
    IResource,
    ReferenceStrength,
    RemovalPolicy,
)
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from lambda_constructs._arguments import check_arguments
from lambda_constructs._code_checks import check_inline_code
from lambda_constructs._defaults import FunctionDefaults
from lambda_constructs._dependencies import leave_out_role
from lambda_constructs._edge_checks import check_edge, check_event, packaged
from lambda_constructs._edge_stack import home_of
from lambda_constructs._known import resource_of, stack_of
from lambda_constructs._options import FunctionOptions, check_options
from lambda_constructs._principal import RolePrincipal
from lambda_constructs.errors import jsii_errors
from lambda_constructs.function import LambdaFunction
from lambda_constructs.permissions import statement, statements_for
from lambda_constructs.rules import Rules

if TYPE_CHECKING:
    from lambda_constructs.code import PythonCode

__all__ = ["EdgeFunction"]


@jsii.implements(iam.IGrantable)
class EdgeFunction(Construct):
    """A Lambda@Edge function: its role, its logs and its numbered version.

    It is made in us-east-1, as CloudFront demands: in its own stack if that is there,
    else in a stack `<stack>-edge` beside it, which is deployed before. The version is
    then referred to by `Fn::GetStackOutput`, which takes no custom resource.

    The edge knows no environment variables, layers, VPC, traces, dead letters,
    reserved concurrency, arm64 or container images, so there are no such options;
    those of `FunctionDefaults` do not apply. Runtime, log format, retention and
    removal of logs do.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-at-edge-function-restrictions.html

    Attributes:
        function: The underlying L2; an escape hatch, not what to associate.
        log_group: Where it logs in us-east-1; elsewhere, a group of the same name.
        memory_size: In MB.
        policy: What the function may do; the one policy of its role.
        role: The execution role, which no other function uses.
        timeout: After how long Lambda stops an invocation.
        version: What CloudFront invokes.
    """

    function: lambda_.Function
    log_group: logs.LogGroup
    memory_size: int
    policy: iam.ManagedPolicy
    role: iam.Role
    timeout: Duration
    version: lambda_.Version

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        code: lambda_.Code | PythonCode,
        timeout: Duration,
        handler: str = "index.handler",
        runtime: lambda_.Runtime | None = None,
        memory_size: int = 128,
        configuration: Mapping[str, object] | None = None,
        application_log_level_v2: lambda_.ApplicationLogLevel | None = None,
        description: str | None = None,
        system_log_level_v2: lambda_.SystemLogLevel | None = None,
    ) -> None:
        """Define the function and all that belongs to it.

        Args:
            scope: The construct that it belongs to, in a stack whose Region is known.
            id: Its name there.
            code: A deployment package.
            timeout: 1 to 30 seconds.
            handler: Module and function, as in `index.handler`.
            runtime: Node.js or Python; left out, the newest Python that Lambda and
                CDK support.
            memory_size: In MB.
            configuration: What the handler would read from its environment, which is
                none here: the package has it as `configuration.json`.
            application_log_level_v2: The least level of the handler's JSON logs.
            description: What it is for, in 256 characters.
            system_log_level_v2: The least level of Lambda's own JSON logs.

        Raises:
            ConfigurationError: Lambda or CloudFront would refuse the function.
        """
        with jsii_errors(scope):
            super().__init__(scope, id)
            Rules.apply_to(stack_of(self))
        check_arguments(self, code, handler, runtime, None)
        defaults = FunctionDefaults.of(self)
        # The library's own defaults, which fill in every field, name one.
        runtime = runtime or cast("lambda_.Runtime", defaults.runtime)
        given = {
            "application_log_level_v2": application_log_level_v2,
            "description": description,
            "logging_format": defaults.logging_format,
            "memory_size": memory_size,
            "system_log_level_v2": system_log_level_v2,
        }
        options = cast(
            "FunctionOptions",
            {name: each for name, each in given.items() if each is not None},
        )
        check_options(options, self)
        with jsii_errors(self):
            check_edge(self, handler, runtime, timeout, options)
        self.memory_size = memory_size
        self.timeout = timeout
        with jsii_errors(self):
            home = home_of(self)
            package = packaged(self, code, runtime, handler, configuration)
            self.log_group = logs.LogGroup(
                home,
                "Logs",
                retention=defaults.log_retention,
                removal_policy=defaults.log_removal_policy,
            )
            self.role = _role(home)
            self.policy = _policy(home, self.role, self.log_group)
            self._principal = RolePrincipal(self.role, self.policy)
            self.function = lambda_.Function(
                home,
                "Function",
                code=package,
                handler=handler,
                runtime=runtime,
                timeout=timeout,
                role=self.role,
                **_settings(options, self.log_group),
            )
            resource = cast("lambda_.CfnFunction", resource_of(self.function))
            check_inline_code(self, package, handler, resource)
            leave_out_role(home, resource, self.role)
            self.version = self.function.current_version
            # From another stack by Fn::GetStackOutput: the strong way across Regions
            # is a pair of custom resources.
            CrossStackReferences.of(self.version).produce(ReferenceStrength.WEAK)

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """Lets every `grant_*` method of CDK take this construct."""
        return self._principal

    def allow(
        self,
        *actions: str,
        on: IResource | LambdaFunction | str,
        at: str | None = None,
    ) -> None:
        """Allow exactly *actions* on exactly *on*, as `LambdaFunction.allow` does.

        Raises:
            ConfigurationError: There is no such action, or it cannot apply to *on*.
        """
        target = on.live if isinstance(on, LambdaFunction) else on
        self.policy.add_statements(*statements_for(actions, target, self, at=at))

    def on(
        self, event_type: cloudfront.LambdaEdgeEventType, *, include_body: bool = False
    ) -> cloudfront.EdgeLambda:
        """Give what a behavior of a distribution takes in `edge_lambdas`.

        Args:
            event_type: When CloudFront calls it.
            include_body: Whether a request event has the body: of at most 40 KB from
                the viewer, 1 MB to the origin.

        Raises:
            ConfigurationError: A response event is to have a body.
        """
        check_event(self, event_type, include_body=include_body)
        return cloudfront.EdgeLambda(
            event_type=event_type,
            function_version=self.version,
            include_body=include_body or None,
        )


def _settings(options: FunctionOptions, log_group: logs.LogGroup) -> FunctionOptions:
    return {
        **options,
        "architecture": lambda_.Architecture.X86_64,
        # A distribution refers to the old version until it has been updated.
        "current_version_options": lambda_.VersionOptions(
            removal_policy=RemovalPolicy.RETAIN
        ),
        "log_group": log_group,
    }


def _role(scope: Construct) -> iam.Role:
    services = ("lambda.amazonaws.com", "edgelambda.amazonaws.com")
    trusted = [iam.ServicePrincipal(each) for each in services]
    return iam.Role(scope, "Role", assumed_by=iam.CompositePrincipal(*trusted))


def _policy(
    scope: Construct, role: iam.Role, log_group: logs.LogGroup
) -> iam.ManagedPolicy:
    # A replica logs in its own Region, to a group of the name that the function has
    # here. Nobody but the replica can make it there, so it may create this one group.
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-functions-logs.html
    arn = log_group.stack.format_arn(
        service="logs",
        region="*",
        resource="log-group",
        resource_name=f"{log_group.log_group_name}:*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    actions = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    return iam.ManagedPolicy(
        scope, "Policy", roles=[role], statements=[statement(actions, arn)]
    )
