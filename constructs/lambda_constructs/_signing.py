"""Code signing: what Lambda would refuse to deploy, since nobody has signed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from lambda_constructs._known import path_of, resource_of, stack_of
from lambda_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from lambda_constructs._options import FunctionOptions
    from lambda_constructs.code import PythonCode

__all__: list[str] = []


def check_signing(
    scope: Construct,
    code: lambda_.Code | PythonCode,
    runtime: lambda_.Runtime,
    options: FunctionOptions,
) -> None:
    """Check that code which has to be signed can be.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html

    Raises:
        ConfigurationError: It is an image, or made here, where nothing signs it.
    """
    config = options.get("code_signing_config")
    if config is None:
        return
    if runtime.name == lambda_.Runtime.FROM_IMAGE.name:
        raise ConfigurationError(
            "code_signing_config must not be given for a container image, whose code "
            "Lambda does not check; sign the image in its registry, or leave it out",
            scope=scope,
        )
    made_here = isinstance(code, lambda_.InlineCode) or not isinstance(
        code, lambda_.Code
    )
    if made_here and _is_enforced(config, scope):
        raise ConfigurationError(
            f"code_signing_config {path_of(config)} enforces signatures, and "
            f"{type(code).__name__} has none, so that Lambda would refuse it; sign the "
            "package with AWS Signer and pass it as Code.from_bucket() or, as a .zip, "
            "Code.from_asset(), or pass UntrustedArtifactOnDeployment.WARN",
            scope=scope,
        )


def _is_enforced(
    config: lambda_.CodeSigningConfig | lambda_.ICodeSigningConfig, scope: Construct
) -> bool:
    """Tell whether what is unsigned is refused; of an imported one, nobody knows."""
    if not isinstance(config, lambda_.CodeSigningConfig):
        return False
    resource = resource_of(config)
    if not isinstance(resource, lambda_.CfnCodeSigningConfig):
        return False
    policies = stack_of(scope).resolve(resource.code_signing_policies)
    return "Enforce" in str(policies)
