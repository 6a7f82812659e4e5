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
from lambda_constructs._arguments import check_arguments, check_source
from lambda_constructs._checks import check_function
from lambda_constructs._defaults import FunctionDefaults
from lambda_constructs._options import FunctionOptions, check_options
from lambda_constructs._principal import RolePrincipal
from lambda_constructs._watch import watch
from lambda_constructs.errors import jsii_errors
from lambda_constructs.permissions import statements_for

if TYPE_CHECKING:
    from aws_cdk import aws_sqs as sqs

    from lambda_constructs.code import PythonCode
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
        bound: Each of its sources, with what binding it gave.
        event_sources: What has been bound to it, in that order.
        failure_queues: The queues that the library made for what the function, or a
            delivery to it, gave up; `Monitoring` has an alarm on each.
        function: The underlying L2; an escape hatch, not what to invoke.
        live: The alias that every caller invokes.
        log_group: Where the function writes.
        permissions: Who may invoke the alias, by its resource policy.
        policy: What the function may do; the one policy of its role.
        reserved_concurrent_executions: Concurrency set aside for it, and its ceiling.
        role: The execution role, which no other function uses.
        tenancy_config: Whether its tenants are kept apart.
        timeout: After how long Lambda stops an invocation.
    """

    bound: list[tuple[EventSource[object], object]]
    event_sources: list[EventSource[object]]
    failure_queues: list[sqs.Queue]
    function: lambda_.Function
    live: lambda_.Alias
    log_group: logs.LogGroup | logs.ILogGroup
    permissions: list[lambda_.CfnPermission]
    policy: iam.ManagedPolicy
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
        given = cast(
            "FunctionOptions",
            {name: each for name, each in options.items() if each is not None},
        )
        check_options(given, self)
        check_arguments(self, code, handler, runtime, async_invoke)
        defaults = FunctionDefaults.of(self)
        # The library's own defaults, which fill in every field, name one.
        runtime = runtime or cast("lambda_.Runtime", defaults.runtime)
        settings = _build.settled(given, defaults)
        with jsii_errors(self):
            check_function(self, handler, runtime, timeout, settings)
        self.tenancy_config = settings.get("tenancy_config")
        self.bound = []
        self.event_sources = []
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
            self.policy = _build.policy(self, settings)
            self._principal = RolePrincipal(self.role, self.policy)
            self.function = _build.function(self, code, handler, runtime, settings)
            self.live = lambda_.Alias(
                self, "Live", alias_name="live", version=self.function.current_version
            )
        if async_invoke is not None:
            with jsii_errors(self):
                async_invoke.bind(self)
        watch(self, monitoring)

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
        self.bound.append((source, bound))
        return bound

    def allow(self, *actions: str, on: IResource | LambdaFunction | str) -> None:
        """Allow exactly *actions* on exactly *on*: a resource, or an ARN.

        S3's object actions are allowed on the objects of the bucket, another
        function's on its live alias. A table's index and a customer's key are
        resources of their own: `allow("kms:Decrypt", on=key)`.

        Raises:
            ConfigurationError: An action has a wildcard, or is of another service
                than *on*.
        """
        target = on.live if isinstance(on, LambdaFunction) else on
        self.policy.add_statements(*statements_for(actions, target, self))
