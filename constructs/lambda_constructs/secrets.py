"""Secrets: their names in the environment, their values in a store, and never else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lambda_constructs._known import stack_of
from lambda_constructs.errors import ConfigurationError, check_type, is_token
from lambda_constructs.permissions import key_statement

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_secretsmanager as secretsmanager
    from aws_cdk import aws_ssm as ssm
    from constructs import IConstruct

    from lambda_constructs.function import LambdaFunction

__all__ = ["NotSecret"]

METADATA = "lambda-constructs:not-secret"
"""Where the template says of which variables somebody said so, and why."""

REMEDY = (
    "keep it in Secrets Manager or Parameter Store and pass its name, by add_secret() "
    "or add_parameter(), or say why it is none: NotSecret(value, reason=...)"
)

SECRET_NAME = re.compile(
    r"(?:PASSWORD|PASSWD|PASSPHRASE|_PWD|SECRET|TOKEN|CREDENTIALS?|API_?KEY"
    r"|(?:ACCESS|CLIENT|ENCRYPTION|MASTER|PRIVATE|SIGNING)_?KEY)_?\d*$",
    re.IGNORECASE,
)
"""By its end: DB_PASSWORD holds one, PASSWORD_LENGTH and TOKEN_TABLE hold none."""

NO_SECRET = re.compile(r"|true|false|arn:[^\s]+|/[\w./-]+", re.IGNORECASE)
"""What even such a variable may hold: nothing, a switch, where the secret is."""

SHAPES = {
    "an access key of AWS": r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b",
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "a JSON Web Token": r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*",
    "a token of GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,})",
    "a token of GitLab": r"\bglpat-[\w-]{20,}",
    "a token of Slack": r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    "a webhook of Slack": r"hooks\.slack\.com/(?:services|workflows)/\w+/\w+",
    "a key of Stripe": r"\b[rs]k_live_[A-Za-z0-9]{16,}",
    "a key of Google": r"\bAIza[\w-]{35}",
    "a token of npm": r"\bnpm_[A-Za-z0-9]{36}",
    "a token of PyPI": r"\bpypi-AgE[\w-]{16,}",
    "a URL with a password": r"\b[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s:@]+@",
}
"""Values that are secrets whatever their variable is called."""

RESOLVED = re.compile(r"\{\{resolve:(secretsmanager|ssm-secure)\b")


class NotSecret(str):
    """The value of a variable that only looks like a secret.

    `environment={"PUBLIC_TOKEN": NotSecret("pk_live_1", reason="browsers have it")}`.
    The reason is kept in the template's metadata of the function.

    Attributes:
        reason: Why it is none.
    """

    __slots__ = ("reason",)
    reason: str

    def __new__(cls, value: str, *, reason: str) -> NotSecret:
        """Make it.

        Raises:
            ConfigurationError: The reason is empty.
        """
        if not (isinstance(reason, str) and reason.strip()):
            raise ConfigurationError(
                f"NotSecret needs a reason, got {reason!r}; say why the value may be "
                "read by everybody who may read the function's configuration"
            )
        made = super().__new__(cls, value)
        made.reason = reason
        return made


def check_no_secrets(environment: Mapping[str, str], scope: IConstruct) -> None:
    """Refuse what whoever may look at the function could read.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html advises
    against secrets in variables; those that CloudFormation resolves are no better.

    Raises:
        ConfigurationError: A variable looks like a secret. The value is not quoted.
    """
    asked = {
        name: value
        for name, value in environment.items()
        if not isinstance(value, NotSecret)
    }
    fault = next(
        (
            f"environment[{name!r}] must not hold a secret, got {what}"
            for name, value in asked.items()
            if not is_token(value) and (what := secret_in(name, value))
        ),
        None,
    ) or _resolved({n: v for n, v in asked.items() if is_token(v)}, scope)
    if fault:
        raise ConfigurationError(f"{fault}; {REMEDY}", scope=scope)


def secret_in(name: str, value: str) -> str | None:
    """Say what secret a variable seems to hold, if it does."""
    for what, shape in SHAPES.items():
        if re.search(shape, value):
            return what
    if reference := RESOLVED.search(value):
        return f"a dynamic reference to {reference[1]}"
    if SECRET_NAME.search(name) and not NO_SECRET.fullmatch(value):
        return "a literal by a name that says so"
    return None


def _resolved(tokens: Mapping[str, str], scope: IConstruct) -> str | None:
    if not tokens:
        return None
    try:
        values = stack_of(scope).resolve(dict(tokens))
    except RuntimeError:
        return None  # a lazy value that nobody can know yet
    for name, value in values.items():
        if reference := RESOLVED.search(str(value)):
            return (
                f"environment[{name!r}] must not hold a secret, got a dynamic "
                f"reference to {reference[1]}, which everybody can read who may look "
                "at the function"
            )
    return None


def reasons(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the variables that somebody said hold no secret, each with the reason."""
    return {
        name: value.reason
        for name, value in environment.items()
        if isinstance(value, NotSecret)
    }


def use_secret(
    function: LambdaFunction,
    secret: secretsmanager.Secret | secretsmanager.ISecret,
) -> str:
    """Let *function* read *secret*, and give the name by which it asks for it.

    Raises:
        ConfigurationError: It is no secret of Secrets Manager.
    """
    held = hasattr(secret, "secret_arn")
    check_type("secret", secret or "", "a Secret", holds=held, scope=function)
    function.allow("secretsmanager:GetSecretValue", on=secret)
    if secret.encryption_key is not None:
        function.policy.add_statements(
            key_statement(
                function, secret.encryption_key, "secretsmanager", "kms:Decrypt"
            )
        )
    # One that was imported by name has no full ARN; Secrets Manager takes the name.
    return secret.secret_full_arn or secret.secret_name


def use_parameter(
    function: LambdaFunction,
    parameter: ssm.StringParameter | ssm.IParameter,
    encryption_key: kms.Key | kms.IKey | None,
) -> str:
    """Let *function* read *parameter*, and give its name.

    Raises:
        ConfigurationError: It is no parameter of Parameter Store.
    """
    held = hasattr(parameter, "parameter_arn")
    check_type("parameter", parameter or "", "a parameter", holds=held, scope=function)
    check_type(
        "encryption_key",
        encryption_key,
        "a Key of aws_cdk.aws_kms",
        holds=hasattr(encryption_key, "key_arn"),
        scope=function,
    )
    function.allow("ssm:GetParameter", on=parameter)
    if encryption_key is not None:
        function.policy.add_statements(
            key_statement(function, encryption_key, "ssm", "kms:Decrypt")
        )
    return parameter.parameter_name
