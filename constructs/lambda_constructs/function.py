"""The function: its role, its logs, its versions and its live alias."""

from __future__ import annotations

from types import EllipsisType
from typing import TYPE_CHECKING, Protocol, TypeVar, Unpack, cast

import jsii
from aws_cdk import Duration, IResource
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from lambda_constructs import _build
from lambda_constructs._arguments import (
    check_arguments,
    check_releases,
    check_source,
)
from lambda_constructs._checks import (
    check_environment,
    check_function,
    check_variable,
)
from lambda_constructs._defaults import FunctionDefaults
from lambda_constructs._encryption import settled_key
from lambda_constructs._known import put_below, resource_of, stack_of
from lambda_constructs._network import Network, settle_network
from lambda_constructs._options import FunctionOptions, check_options
from lambda_constructs._policy_order import wait_for_policy
from lambda_constructs._principal import RolePrincipal
from lambda_constructs._stack_size import count
from lambda_constructs._watch import watch
from lambda_constructs.errors import jsii_errors
from lambda_constructs.permissions import statements_for
from lambda_constructs.rules import Rules
from lambda_constructs.secrets import use_parameter, use_secret

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_secretsmanager as secretsmanager
    from aws_cdk import aws_sqs as sqs
    from aws_cdk import aws_ssm as ssm

    from lambda_constructs._release import Release
    from lambda_constructs.code import PythonCode
    from lambda_constructs.concurrency import ProvisionedConcurrency
    from lambda_constructs.deployment import Deployment
    from lambda_constructs.failure import AsyncInvoke
    from lambda_constructs.monitoring import Monitoring

__all__ = ["EventSource", "FunctionDefaults", "FunctionOptions", "LambdaFunction"]

Bound_co = TypeVar("Bound_co", covariant=True)


class EventSource(Protocol[Bound_co]):
    """Anything that can invoke a function: one class with one method.

    One that can tell how it is doing has a second, `signals(function, bound)`, which
    gives a list of `monitoring.Signal`; *bound* is what `bind` gave.
    """

    def bind(self, function: LambdaFunction, /) -> Bound_co:
        """Wire this source to *function* and give what the other side needs."""


@jsii.implements(iam.IGrantable)
class LambdaFunction(Construct):
    """A Lambda function with a role, a log group, versions and a live alias of its own.

    Attributes:
        async_config: What becomes of events whose sender does not wait, if it is told.
        bound: Each of its sources, with what binding it gave.
        encryption_key: The customer's key of all that belongs to it, if it has one.
        event_sources: What has been bound to it, in that order.
        failure_queues: The queues that the library made for what the function, or a
            delivery to it, gave up; `Monitoring` has an alarm on each.
        function: The underlying L2; an escape hatch, not what to invoke.
        live: The alias that every caller invokes.
        log_group: Where the function writes.
        network: Its way to the services that it calls, if it is in isolated subnets.
        permissions: Who may invoke the alias, by its resource policy.
        policy: What the function may do; the one policy of its role.
        release: What its deployment is made of: CodeDeploy's group, role and alarms.
        reserved_concurrent_executions: Concurrency set aside for it, and its ceiling.
        role: The execution role, which no other function uses.
        tenancy_config: Whether its tenants are kept apart.
        timeout: After how long Lambda stops an invocation.
    """

    async_config: lambda_.CfnEventInvokeConfig | None
    bound: list[tuple[EventSource[object], object]]
    encryption_key: kms.Key | kms.IKey | None
    event_sources: list[EventSource[object]]
    failure_queues: list[sqs.Queue]
    function: lambda_.Function
    live: lambda_.Alias
    log_group: logs.LogGroup | logs.ILogGroup
    network: Network | None
    permissions: list[lambda_.CfnPermission]
    policy: iam.ManagedPolicy
    release: Release | None
    reserved_concurrent_executions: int | None
    role: iam.Role
    tenancy_config: lambda_.TenancyConfig | None
    timeout: Duration

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        code: lambda_.Code | PythonCode,
        timeout: Duration,
        handler: str = "index.handler",
        runtime: lambda_.Runtime | None = None,
        async_invoke: AsyncInvoke | None = None,
        deployment: Deployment | None = None,
        provisioned_concurrency: ProvisionedConcurrency | None = None,
        encryption_key: kms.Key | kms.IKey | None = None,
        monitoring: Monitoring | EllipsisType | None = ...,
        **options: Unpack[FunctionOptions],
    ) -> None:
        """Define the function and all that belongs to it.

        Args:
            scope: The construct that it belongs to.
            id: Its name there.
            code: A deployment package.
            timeout: 1 second to 15 minutes; Lambda's own 3 seconds are never right.
            handler: Module and function, as in `index.handler`.
            runtime: Left out, the newest Python that Lambda and CDK support.
            async_invoke: What becomes of events whose sender does not wait.
            deployment: How a new version takes over. Left out, at once and for good.
            provisioned_concurrency: Environments of the alias that are always ready.
            encryption_key: A customer's key for its environment, its log group and the
                queues that the library makes for its failures; what these are given
                themselves wins.
            monitoring: Who is told when it is unwell. Left out, whom the nearest scope
                names by `Monitoring.apply_to()`, and a warning where none does; None
                for nobody.
            options: Any other option of `aws_lambda.Function`; what is given here
                wins over every default.

        Raises:
            ConfigurationError: Lambda would refuse the function.
        """
        with jsii_errors(scope):
            super().__init__(scope, id)
            put_below(scope, self)
            Rules.apply_to(stack_of(self))
        given = cast(
            "FunctionOptions",
            {name: each for name, each in options.items() if each is not None},
        )
        check_options(given, self)
        check_arguments(self, code, handler, runtime, async_invoke)
        check_releases(self, deployment, provisioned_concurrency)
        defaults = FunctionDefaults.of(self)
        # The library's own defaults, which fill in every field, name one.
        runtime = runtime or cast("lambda_.Runtime", defaults.runtime)
        with jsii_errors(self):
            key = settled_key(self, encryption_key or defaults.encryption_key)
            self.encryption_key = key
            settings = _build.settled(given, defaults, key)
            settle_network(self, settings)
            check_function(self, handler, runtime, timeout, settings)
        self.tenancy_config = settings.get("tenancy_config")
        self.async_config = None
        self.bound = []
        self.event_sources = []
        self._environment = dict(settings["environment"])
        self.failure_queues = []
        self.permissions = []
        self.reserved_concurrent_executions = settings.get(
            "reserved_concurrent_executions"
        )
        self.timeout = timeout
        with jsii_errors(self):
            if "log_group" not in settings:
                settings["log_group"] = _build.log_group(self, defaults)
            self.log_group = settings["log_group"]
            self.role = _build.role(self, settings)
            self.network = Network.of(self, settings)
            self.policy = _build.policy(self, settings)
            self._principal = RolePrincipal(self.role, self.policy, self.network)
            self.function = _build.function(self, code, handler, runtime, settings)
            self.live = lambda_.Alias(
                self, "Live", alias_name="live", version=self.function.current_version
            )
            if "snap_start" in settings:
                version = resource_of(self.function.current_version)
                wait_for_policy(version, self)
            if self.network is not None:
                self.network.begin(given.get("initial_policy", ()))
        self.release = None
        with jsii_errors(self):
            if async_invoke is not None:
                async_invoke.bind(self)
            if provisioned_concurrency is not None:
                provisioned_concurrency.bind(self)
            if deployment is not None:
                self.release = deployment.bind(self)
        watch(self, monitoring)
        count(self)

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """Lets every `grant_*` method of CDK take this construct."""
        return self._principal

    def add_event_source(self, source: EventSource[Bound_co]) -> Bound_co:
        """Let *source* invoke the live alias, and give what it makes for that.

        Raises:
            ConfigurationError: The source and this function do not fit together.
        """
        check_source(self, source)
        with jsii_errors(self):
            bound = source.bind(self)
        self.event_sources.append(source)
        if self.release is not None:
            self.release.follow(source)
        self.bound.append((source, bound))
        return bound

    def add_secret(
        self,
        secret: secretsmanager.Secret | secretsmanager.ISecret,
        *,
        variable: str,
    ) -> None:
        """Let the function read *secret*, and tell it which by a variable.

        The variable holds the ARN, or the name of one that was imported by name, which
        Powertools takes: `parameters.get_secret(os.environ[variable], max_age=300)`.

        https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieving-secrets_lambda.html

        Raises:
            ConfigurationError: It is no secret, or the variable is taken or malformed.
        """
        with jsii_errors(self):
            self._add_variable(variable, use_secret(self, secret))

    def add_parameter(
        self,
        parameter: ssm.StringParameter | ssm.IParameter,
        *,
        variable: str,
        encryption_key: kms.Key | kms.IKey | None = None,
    ) -> None:
        """Let the function read *parameter*, and tell it which by a variable.

        The variable holds the name, which Powertools takes: `get_parameter(name)`, with
        `decrypt=True` for a SecureString. One of a customer's key needs
        *encryption_key*, which CDK does not tell of a parameter.

        https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-integration-lambda-extensions.html

        Raises:
            ConfigurationError: It is no parameter, or the variable is taken or
                malformed.
        """
        with jsii_errors(self):
            self._add_variable(variable, use_parameter(self, parameter, encryption_key))

    def _add_variable(self, name: str, value: str) -> None:
        check_variable(self, name, self._environment)
        self._environment[name] = value
        check_environment(self, self._environment)
        self.function.add_environment(name, value)

    def allow(
        self,
        *actions: str,
        on: IResource | LambdaFunction | str,
        at: str | None = None,
        via: str | None = None,
    ) -> None:
        """Allow exactly *actions* on exactly *on*.

        S3's object actions are allowed on the objects of the bucket, another
        function's on its live alias, those of executions on all of the state machine.

        Args:
            actions: Whole names, as AWS lists them: `dynamodb:PutItem`.
            on: A resource or an ARN; `*` for actions that can name none.
            at: The part of it, after a slash: `index/by-day`, `images/*`.
            via: The service that uses a key on the handler's behalf, as `sns`.

        Raises:
            ConfigurationError: There is no such action, or it cannot apply to *on*.

        https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
        """
        target = on.live if isinstance(on, LambdaFunction) else on
        self.policy.add_statements(
            *statements_for(actions, target, self, at=at, via=via)
        )
        if self.network is not None:
            with jsii_errors(self):
                self.network.reach(actions)
