"""What is no option of a function, but a thing of another kind."""

from __future__ import annotations

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from lambda_constructs.errors import ConfigurationError, check_type


def check_arguments(
    scope: Construct,
    code: object,
    handler: object,
    runtime: object,
    async_invoke: object,
) -> None:
    """Check the types of a function's own arguments.

    Raises:
        ConfigurationError: One is of another type.
    """
    packaged = isinstance(code, lambda_.Code) or callable(
        getattr(code, "for_function", None)
    )
    if not packaged:
        raise ConfigurationError(
            "code must be PythonCode or aws_lambda.Code, got "
            f"{code!r} ({type(code).__name__}); pass PythonCode.from_folder(...)",
            scope=scope,
        )
    if not isinstance(handler, str):
        raise ConfigurationError(
            f"handler must be text, got {handler!r}; pass module.function", scope=scope
        )
    known = isinstance(runtime, lambda_.Runtime)
    wanted = "a Runtime, as Runtime.PYTHON_3_14"
    check_type("runtime", runtime, wanted, holds=known, scope=scope)
    bound = type(async_invoke).__name__ == "AsyncInvoke"
    wanted = "AsyncInvoke(...)"
    check_type("async_invoke", async_invoke, wanted, holds=bound, scope=scope)


def check_releases(
    scope: Construct, deployment: object, provisioned_concurrency: object
) -> None:
    """Check the types of what is about versions, and that both go together.

    Raises:
        ConfigurationError: One is of another type, or they exclude each other.
    """
    for name, value, kind in (
        ("deployment", deployment, "Deployment"),
        ("provisioned_concurrency", provisioned_concurrency, "ProvisionedConcurrency"),
    ):
        held = type(value).__name__ == kind
        wanted = f"{kind}.canary()" if name == "deployment" else f"{kind}(...)"
        check_type(name, value, wanted, holds=held, scope=scope)
    if provisioned_concurrency is not None and getattr(
        deployment, "divides_traffic", False
    ):
        # https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
        raise ConfigurationError(
            "provisioned_concurrency cannot be managed while the alias divides its "
            "traffic, got Deployment.manual(); pass percentage=0 or 100 to it, or "
            "let CodeDeploy move the traffic",
            scope=scope,
        )


def check_source(scope: Construct, source: object) -> None:
    """Check that *source* is an event source, and none of CDK's own.

    Raises:
        ConfigurationError: It is something else.
    """
    if isinstance(source, type) or not callable(getattr(source, "bind", None)):
        raise ConfigurationError(
            f"add_event_source() takes an event source, got {source!r}; pass a value "
            "of lambda_constructs.event_sources",
            scope=scope,
        )
    if hasattr(type(source), "__jsii_type__"):
        raise ConfigurationError(
            f"add_event_source() takes this library's sources, got CDK's "
            f"{type(source).__name__}; call live.add_event_source() with it",
            scope=scope,
        )
