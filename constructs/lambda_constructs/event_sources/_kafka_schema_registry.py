"""The registry by which Lambda validates the records of a Kafka topic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Literal

from aws_cdk import Fn
from aws_cdk import aws_lambda as lambda_

from lambda_constructs.errors import ConfigurationError
from lambda_constructs.event_sources._cluster import Secret, allow_secret, check_secret
from lambda_constructs.function import LambdaFunction
from lambda_constructs.permissions import statement

if TYPE_CHECKING:
    from aws_cdk import aws_glue as glue

__all__ = ["KafkaSchemaRegistry"]

Config = lambda_.CfnEventSourceMapping.SchemaRegistryConfigProperty
Access = lambda_.CfnEventSourceMapping.SchemaRegistryAccessConfigProperty
Validation = lambda_.CfnEventSourceMapping.SchemaValidationConfigProperty

SECRETS = (
    "BASIC_AUTH",
    "CLIENT_CERTIFICATE_TLS_AUTH",
    "OAUTHBEARER_AUTH",
    "SERVER_ROOT_CA_CERTIFICATE",
)
"""https://docs.aws.amazon.com/lambda/latest/api/API_KafkaSchemaRegistryAccessConfig.html."""


@dataclass(frozen=True)
class KafkaSchemaRegistry:
    """Have Lambda validate records, and decode them, before it filters and invokes.

    Attributes:
        registry: A registry of Glue, or the URL of a Confluent one.
        access: Secrets by what they are for, Confluent's only: `BASIC_AUTH`,
            `CLIENT_CERTIFICATE_TLS_AUTH`, `OAUTHBEARER_AUTH`, and
            `SERVER_ROOT_CA_CERTIFICATE`; two at most.
        event_record_format: What the handler gets: `JSON`, or the `SOURCE` as it is.
        validate: What to validate: `KEY`, `VALUE` or both.

    Raises:
        ConfigurationError: Lambda would refuse it.
    """

    registry: glue.CfnRegistry | str
    _: KW_ONLY
    access: Sequence[tuple[str, Secret]] = ()
    event_record_format: Literal["JSON", "SOURCE"] = "JSON"
    validate: Sequence[Literal["KEY", "VALUE"]] = ("VALUE",)

    def __post_init__(self) -> None:
        if not (isinstance(self.registry, str) or hasattr(self.registry, "attr_arn")):
            raise ConfigurationError(
                "registry must be a CfnRegistry of aws_glue or a URL, got "
                f"{self.registry!r}; pass the registry itself"
            )
        if self.event_record_format not in ("JSON", "SOURCE"):
            raise ConfigurationError(
                "event_record_format must be JSON or SOURCE, got "
                f"{self.event_record_format!r}; JSON is decoded, SOURCE is not"
            )
        if not self.validate or not set(self.validate) <= {"KEY", "VALUE"}:
            raise ConfigurationError(
                f"validate must be KEY, VALUE or both, got {self.validate!r}; pass "
                "validate=['VALUE']"
            )
        self._check_access()

    def _check_access(self) -> None:
        if self.access and not isinstance(self.registry, str):
            raise ConfigurationError(
                "access must not be given for a registry of Glue, which the role's "
                "own permissions open; leave it out"
            )
        if len(self.access) > 2:
            raise ConfigurationError(
                f"access must be two secrets at most, got {len(self.access)}; pass "
                "credentials and, where it needs one, SERVER_ROOT_CA_CERTIFICATE"
            )
        for kind, secret in self.access:
            if kind not in SECRETS:
                raise ConfigurationError(
                    f"access must name {', '.join(SECRETS)}, got {kind!r}; say what "
                    "each secret is for"
                )
            check_secret(f"access of {kind}", secret)

    def bind(self, function: LambdaFunction, /) -> Config:
        """Let *function* use the registry, and give the configuration."""
        if isinstance(self.registry, str):
            uri = self.registry
        else:
            uri = self.registry.attr_arn
            self._allow_glue(function, uri)
        access = [
            Access(type=kind, uri=allow_secret(function, secret))
            for kind, secret in self.access
        ]
        return Config(
            access_configs=access or None,
            event_record_format=self.event_record_format,
            schema_registry_uri=uri,
            schema_validation_configs=[
                Validation(attribute=each) for each in self.validate
            ],
        )

    def _allow_glue(self, function: LambdaFunction, arn: str) -> None:
        # A schema's ARN is arn:aws:glue:<region>:<account>:schema/<registry>/<name>.
        parts = Fn.split(":registry/", arn)
        schemas = f"{Fn.select(0, parts)}:schema/{Fn.select(1, parts)}/*"
        function.policy.add_statements(
            statement(["glue:GetRegistry", "glue:GetSchemaVersion"], arn),
            statement(["glue:GetSchemaVersion"], schemas),
        )
