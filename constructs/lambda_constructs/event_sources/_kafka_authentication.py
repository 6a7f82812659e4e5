"""How Lambda proves to a Kafka cluster who it is."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from lambda_constructs.errors import ConfigurationError
from lambda_constructs.event_sources._cluster import Secret, allow_secret, check_secret
from lambda_constructs.function import LambdaFunction

__all__ = ["KafkaAuthentication"]

IAM = "IAM_AUTH"
NONE = "none"
OF_MSK = {
    IAM,
    NONE,
    "CLIENT_CERTIFICATE_TLS_AUTH",
    "SASL_SCRAM_512_AUTH",
}
"""https://docs.aws.amazon.com/lambda/latest/dg/msk-cluster-auth.html."""

Access = lambda_.CfnEventSourceMapping.SourceAccessConfigurationProperty


@dataclass(frozen=True)
class KafkaAuthentication:
    """How Lambda authenticates with a cluster, and with which secret.

    The function may then read that secret, and decrypt it where it has a key.

    https://docs.aws.amazon.com/lambda/latest/api/API_SourceAccessConfiguration.html
    """

    _type: str
    _secret: Secret | None = None
    _values: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self._type not in {IAM, NONE, "IAM_OAUTHBEARER_AUTH"}:
            if self._secret is None:
                raise ConfigurationError(
                    f"secret of {self._type} must be given, got None; pass the secret "
                    "of Secrets Manager that holds the credentials"
                )
            check_secret("secret", self._secret)
        for name, value in self._values:
            if not isinstance(value, str) or not value:
                raise ConfigurationError(
                    f"{name.removeprefix('OAUTHBEARER_').lower()} must be text, got "
                    f"{value!r}; pass what the identity provider asks for"
                )

    @classmethod
    def none(cls) -> KafkaAuthentication:
        """Do not authenticate: whoever is in the network may read."""
        return cls(NONE)

    @classmethod
    def iam(cls) -> KafkaAuthentication:
        """Sign as the function's role; there is no secret.

        On MSK the role may then read the topic. What brokers elsewhere ask for is
        yours to allow, by `function.policy.add_statements(...)`.
        """
        return cls(IAM)

    @classmethod
    def sasl_scram_512(cls, secret: Secret) -> KafkaAuthentication:
        """Log in by SCRAM with SHA-512; the secret has `username` and `password`."""
        return cls("SASL_SCRAM_512_AUTH", secret)

    @classmethod
    def sasl_scram_256(cls, secret: Secret) -> KafkaAuthentication:
        """Log in by SCRAM with SHA-256; not on MSK."""
        return cls("SASL_SCRAM_256_AUTH", secret)

    @classmethod
    def basic(cls, secret: Secret) -> KafkaAuthentication:
        """Log in by SASL/PLAIN, over TLS; not on MSK."""
        return cls("BASIC_AUTH", secret)

    @classmethod
    def client_certificate(cls, secret: Secret) -> KafkaAuthentication:
        """Show a certificate; the secret has `certificate` and `privateKey`."""
        return cls("CLIENT_CERTIFICATE_TLS_AUTH", secret)

    @classmethod
    def oauth_bearer(
        cls,
        secret: Secret,
        *,
        audience: str | None = None,
        identity_pool: str | None = None,
        logical_cluster: str | None = None,
        scope: str | None = None,
    ) -> KafkaAuthentication:
        """Get a token with the credentials of *secret*; not on MSK.

        *identity_pool* and *logical_cluster* are Confluent Cloud's.
        """
        given = {
            "OAUTHBEARER_AUDIENCE": audience,
            "OAUTHBEARER_IDENTITY_POOL": identity_pool,
            "OAUTHBEARER_LOGICAL_CLUSTER": logical_cluster,
            "OAUTHBEARER_SCOPE": scope,
        }
        values = [(name, value) for name, value in given.items() if value is not None]
        return cls("OAUTHBEARER_AUTH", secret, tuple(values))

    @classmethod
    def iam_oauth_bearer(cls, audience: str) -> KafkaAuthentication:
        """Get a token for the function's role, for *audience* alone; not on MSK."""
        return cls("IAM_OAUTHBEARER_AUTH", None, (("OAUTHBEARER_AUDIENCE", audience),))

    @property
    def is_iam(self) -> bool:
        """Whether the role's permissions say what may be read."""
        return self._type == IAM

    @property
    def is_none(self) -> bool:
        """Whether the network alone keeps others out."""
        return self._type == NONE

    def check_for_msk(self) -> None:
        """Check that MSK has this way.

        Raises:
            ConfigurationError: It has not.
        """
        if self._type not in OF_MSK:
            raise ConfigurationError(
                "authentication with MSK must be iam, sasl_scram_512, "
                f"client_certificate or none, got {self._type}; MSK has no other"
            )

    def bind(self, function: LambdaFunction, /) -> list[Access]:
        """Grant *function* what authenticating takes, and give the configuration."""
        if self.is_none:
            return []
        if self._type == "IAM_OAUTHBEARER_AUTH":
            ((_, audience),) = self._values
            # STS has no resource for it; the audience is what can be told apart.
            function.policy.add_statements(
                iam.PolicyStatement(
                    actions=["sts:GetWebIdentityToken"],
                    resources=["*"],
                    conditions={
                        "ForAllValues:StringEquals": {
                            "sts:IdentityTokenAudience": audience
                        }
                    },
                )
            )
        uri = None if self._secret is None else allow_secret(function, self._secret)
        return [
            Access(type=self._type, uri=uri),
            *(Access(type=name, uri=value) for name, value in self._values),
        ]
