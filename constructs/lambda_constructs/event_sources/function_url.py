"""Function URLs: a request to an address of the function's own invokes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from lambda_constructs._rollback import Watched, alias_of, server_errors
from lambda_constructs._rollback_alarms import LAMBDA
from lambda_constructs._signals import of_function, sustained
from lambda_constructs.errors import (
    ConfigurationError,
    check_fields,
    check_type,
    literal,
)
from lambda_constructs.event_sources._function_url_cors import check_cors
from lambda_constructs.event_sources._push import source_id
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice
from lambda_constructs.signals import Signal

__all__ = ["FunctionUrlEventSource"]

ID = "Url"


@dataclass(frozen=True)
class FunctionUrlEventSource:
    """Answer requests to an address of the function's own.

    Nobody may ask but *allow_callers*, who sign their requests, and whoever is granted
    it later: `url.grant_invoke_url(role)`. Lambda asks for two permissions,
    `lambda:InvokeFunctionUrl` and `lambda:InvokeFunction`, the latter for requests by
    the URL alone.

    A function that fails, or is late, is a 502. There is no throttling and no log of
    requests; a distribution of CloudFront in front has both, and asks by
    `FunctionUrlOrigin.with_origin_access_control(url)`, with IAM.

    https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html

    Attributes:
        allow_callers: Who may ask, with IAM: roles, users, functions, or principals of
            other accounts.
        auth_type: `AWS_IAM`, or `NONE` for anybody in the world, which warns.
        cors: Which pages of other origins may ask, and how, by
            `FunctionUrlCorsOptions(...)` of aws_lambda.
        invoke_mode: `BUFFERED`, up to 6 MB, or `RESPONSE_STREAM`, which a handler in
            Python does not do by itself.

    Raises:
        ConfigurationError: Lambda or a browser would refuse a value.
    """

    _: KW_ONLY
    allow_callers: Sequence[iam.IGrantable] = ()
    auth_type: lambda_.FunctionUrlAuthType = lambda_.FunctionUrlAuthType.AWS_IAM
    cors: lambda_.FunctionUrlCorsOptions | None = None
    invoke_mode: lambda_.InvokeMode = lambda_.InvokeMode.BUFFERED

    def __post_init__(self) -> None:
        check_fields(self)
        self._check_types()
        public = self.auth_type is lambda_.FunctionUrlAuthType.NONE
        if public and self.allow_callers:
            raise ConfigurationError(
                "allow_callers need auth_type AWS_IAM, got NONE, by which everybody is "
                "one; leave either out"
            )
        for each in self.allow_callers:
            if "*" in _names(each):
                raise ConfigurationError(
                    "allow_callers must be named, got '*', which is everybody with an "
                    "account of AWS; pass roles or accounts, or auth_type NONE, which "
                    "says so"
                )
        if self.cors is not None:
            check_cors(self.cors)

    def bind(self, function: LambdaFunction, /) -> lambda_.FunctionUrl:
        """Give the live alias of *function* a URL.

        Raises:
            ConfigurationError: It has one, or it tells tenants apart.
        """
        id = self._id(function)
        self._warn(function)
        url = lambda_.FunctionUrl(
            function,
            id,
            function=function.live,
            auth_type=self.auth_type,
            cors=self.cors,
            invoke_mode=self.invoke_mode,
        )
        for each in self.allow_callers:
            url.grant_invoke_url(each)
        return url

    def rollback_metrics(self, function: LambdaFunction, /) -> Iterable[Watched]:
        """https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html."""
        return [server_errors(LAMBDA, "Url5xxCount", alias_of(function))]

    def signals(
        self, function: LambdaFunction, _bound: lambda_.FunctionUrl, /
    ) -> list[Signal]:
        """Tell of answers that are errors of the function.

        https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html
        """
        failing = "Clients get errors again and again: the function fails or is late."
        return [
            of_function(function, "UrlRequestCount", "Requests to the URL."),
            of_function(function, "Url5xxCount", failing, sustained(1)),
            of_function(
                function,
                "UrlRequestLatency",
                "How long a client waits.",
                statistic="p99",
                unit="ms",
            ),
        ]

    def _check_types(self) -> None:
        callers = self.allow_callers
        held = isinstance(callers, Sequence) and all(
            hasattr(each, "grant_principal") for each in callers
        )
        check_type("allow_callers", callers, "a list of roles or the like", holds=held)
        for name, kind in (
            ("auth_type", lambda_.FunctionUrlAuthType),
            ("cors", lambda_.FunctionUrlCorsOptions),
            ("invoke_mode", lambda_.InvokeMode),
        ):
            wanted = f"of {kind.__name__} of aws_lambda"
            given = getattr(self, name)
            check_type(name, given, wanted, holds=isinstance(given, kind))

    def _id(self, function: LambdaFunction) -> str:
        if function.tenancy_config is not None:
            # https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
            raise ConfigurationError(
                "a function with tenancy_config has no URL; leave tenancy_config out, "
                "or use RestApiEventSource",
                scope=function,
            )
        if any(
            isinstance(each, FunctionUrlEventSource) for each in function.event_sources
        ):
            raise ConfigurationError(
                "a function has one URL; bind it once", scope=function
            )
        return source_id(function, ID)

    def _warn(self, function: LambdaFunction) -> None:
        if self.auth_type is lambda_.FunctionUrlAuthType.NONE:
            Practice.FUNCTION_URL_PUBLIC.warn(
                function,
                "auth_type NONE lets anybody in the world invoke it, as often as they "
                "like; leave auth_type out, or acknowledge this with what the handler "
                "checks",
            )
        if self.invoke_mode is lambda_.InvokeMode.RESPONSE_STREAM:
            Practice.RESPONSE_STREAM.warn(
                function,
                "the Python runtime does not stream answers by itself; leave "
                "invoke_mode out, or bring Lambda Web Adapter along",
            )


def _names(caller: iam.IGrantable) -> list[str]:
    """Give whom the permission will name, as far as it is known."""
    named = caller.grant_principal.policy_fragment.principal_json
    return [each for names in named.values() for each in names if literal(each)]
