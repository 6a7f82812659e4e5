"""Secrets: the store has them, the environment names them, and nothing shows them."""

from __future__ import annotations

import pytest
from aws_cdk import App, SecretValue, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm
from aws_cdk.assertions import Template

from lambda_constructs import (
    ConfigurationError,
    FunctionDefaults,
    NotSecret,
)
from tests.unit.conftest import make_function, only, resources, statements

FUNCTION = "AWS::Lambda::Function"
SECRET = "AWS::SecretsManager::Secret"


def variables(stack: Stack) -> dict:
    return only(stack, FUNCTION)["Environment"]["Variables"]


class TestSecret:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        key = kms.Key(stack, "Key")
        worker = make_function(stack, environment={"STAGE": "test"})
        worker.add_secret(
            secretsmanager.Secret(stack, "Signing", encryption_key=key),
            variable="SIGNING_KEY_ARN",
        )
        worker.add_secret(
            secretsmanager.Secret.from_secret_name_v2(stack, "Named", "shop/mail"),
            variable="MAIL_SECRET_NAME",
        )
        return stack

    def test_the_variable_names_the_secret_and_holds_no_value(self, stack):
        """
        By its ARN, or by the name that it was imported by.
        """
        (signing,) = resources(stack, SECRET)

        assert {
            "STAGE": "test",
            "SIGNING_KEY_ARN": {"Ref": signing},
            "MAIL_SECRET_NAME": "shop/mail",
        } == variables(stack)
        assert "{{resolve" not in str(Template.from_stack(stack).to_json())

    def test_reading_it_is_all_that_is_allowed(self, stack):
        """
        Neither DescribeSecret nor any other action; the six characters of Secrets
        Manager stand for themselves where the name alone is known.
        """
        (signing,) = resources(stack, SECRET)
        own, named = [
            each
            for each in statements(stack)
            if each["Action"] == "secretsmanager:GetSecretValue"
        ]

        assert {"Ref": signing} == own["Resource"]
        assert "'-??????'" not in str(named["Resource"])
        assert named["Resource"]["Fn::Join"][1][-1].endswith(":secret:shop/mail-??????")
        assert {own["Effect"], named["Effect"]} == {"Allow"}

    def test_its_key_decrypts_for_secrets_manager_alone(self, stack):
        """
        https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
        """
        (decrypt,) = [e for e in statements(stack) if e["Action"] == "kms:Decrypt"]

        via = decrypt["Condition"]["StringEquals"]["kms:ViaService"]
        assert "secretsmanager." == via["Fn::Join"][1][0]
        assert "Key" in str(decrypt["Resource"])


class TestParameter:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        worker = make_function(stack)
        parameter = ssm.StringParameter.from_secure_string_parameter_attributes(
            stack, "Mail", parameter_name="/shop/mail"
        )
        worker.add_parameter(
            parameter, variable="MAIL", encryption_key=kms.Key(stack, "Key")
        )
        return stack

    def test_the_variable_names_it(self, stack):
        """
        As Parameter Store does.
        """
        assert {"MAIL": "/shop/mail"} == variables(stack)

    def test_reading_it_is_all_that_is_allowed(self, stack):
        """
        GetParameter alone, and its key for Parameter Store.
        """
        found = {each["Action"]: each for each in statements(stack)[2:]}

        assert {"ssm:GetParameter", "kms:Decrypt"} == found.keys()
        arn = found["ssm:GetParameter"]["Resource"]["Fn::Join"][1]
        assert ":parameter/shop/mail" == arn[-1]
        via = found["kms:Decrypt"]["Condition"]["StringEquals"]["kms:ViaService"]
        assert "ssm." == via["Fn::Join"][1][0]


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("STAGE", "environment has STAGE already; choose another variable="),
        ("AWS_REGION", "environment must not set AWS_REGION, which Lambda sets"),
        ("2ND", "environment names must be a letter and then"),
        (None, "variable must be the name of a variable, got None"),
    ],
)
def test_fails_if_the_variable_is_taken_or_malformed(stack, variable, message):
    """
    With the error of `environment`, whoever sets it.
    """
    worker = make_function(stack, environment={"STAGE": "test"})
    secret = secretsmanager.Secret(stack, "Secret")

    with pytest.raises(ConfigurationError) as error:
        worker.add_secret(secret, variable=variable)

    assert str(error.value).startswith(f"Shop/Worker: {message}")


def test_fails_if_it_is_something_else(stack, worker):
    """
    A parameter is no secret, and none of both is text.
    """
    parameter = ssm.StringParameter(stack, "Parameter", string_value="x")

    with pytest.raises(ConfigurationError, match="secret must be a Secret, got"):
        worker.add_secret(parameter, variable="WHAT")
    with pytest.raises(ConfigurationError, match="secret must be a Secret, got ''"):
        worker.add_secret(None, variable="WHAT")
    with pytest.raises(ConfigurationError, match="encryption_key must be a Key"):
        worker.add_parameter(parameter, variable="WHAT", encryption_key="alias/x")
    with pytest.raises(ConfigurationError, match="must be a parameter, got '/shop"):
        worker.add_parameter("/shop/mail", variable="WHAT")


SHAPES = {
    "an access key of AWS": "key=AKIA" + "IOSFODNN7EXAMPLE",
    "a private key": "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIE",
    "a JSON Web Token": "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0.c2ln",
    "a token of GitHub": "ghp_" + "a1" * 18,
    "a token of GitLab": "glpat-" + "a1" * 10,
    "a token of Slack": "xoxb-" + "123456789012-abc",
    "a webhook of Slack": "https://hooks.slack.com/services/" + "T0/B0/x",
    "a key of Stripe": "sk_live_" + "a1" * 12,
    "a key of Google": "AIza" + "a" * 35,
    "a token of npm": "npm_" + "a1" * 18,
    "a token of PyPI": "pypi-AgEIcHlwaS5vcmc" + "a1" * 12,
    "a URL with a password": "postgres://shop:" + "pass@db/orders",
}


@pytest.mark.parametrize("what", SHAPES)
def test_fails_if_a_value_is_a_secret_whatever_its_name(stack, what):
    """
    The error says which kind, and quotes nothing.
    """
    with pytest.raises(ConfigurationError) as error:
        make_function(stack, environment={"SETTING": SHAPES[what]})

    message = str(error.value)
    assert message.startswith(
        f"Shop/Worker: environment['SETTING'] must not hold a secret, got {what}; "
        "keep it in Secrets Manager or Parameter Store and pass its name, by "
        "add_secret()"
    )
    assert SHAPES[what] not in message


@pytest.mark.parametrize(
    "name",
    [
        "API_KEY",
        "APIKEY",
        "DB_PASSWORD",
        "DB_PWD",
        "ClientSecret",
        "client_secret",
        "GITHUB_TOKEN",
        "SIGNING_KEY",
        "TOKEN_2",
        "SMTP_CREDENTIALS",
    ],
)
def test_fails_if_a_literal_has_a_secret_s_name(stack, name):
    """
    Wherever it was said.
    """
    FunctionDefaults(environment={name: "hunter2"}).apply_to(stack)

    with pytest.raises(ConfigurationError, match="got a literal by a name that says"):
        make_function(stack)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PASSWORD_LENGTH", "12"),
        ("TOKEN_TABLE", "tokens"),
        ("MAX_TOKENS", "4096"),
        ("SECRET_NAME", "shop/mail"),
        ("REQUIRE_TOKEN", "true"),
        ("OLD_PASSWORD", ""),
        ("DB_SECRET", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a-b"),
        ("SORT_KEY", "order_id"),
        ("PARTITION_KEY", "order_id"),
        ("SITE", "https://example.com/a:b@c"),
        ("KEYBOARD", "qwerty"),
    ],
)
def test_what_only_sounds_like_one_passes(stack, name, value):
    """
    Names of secrets, limits of them, and switches.
    """
    make_function(stack, environment={name: value})

    assert {name: value} == variables(stack)


def test_values_that_are_not_known_yet_pass(stack):
    """
    A reference is a name, not a value.
    """
    secret = secretsmanager.Secret(stack, "Secret")

    make_function(stack, environment={"DB_PASSWORD": secret.secret_arn})

    assert {"DB_PASSWORD": {"Ref": next(iter(resources(stack, SECRET)))}} == (
        variables(stack)
    )


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        (
            "secretsmanager",
            lambda stack: secretsmanager.Secret(stack, "Secret").secret_value,
        ),
        ("ssm-secure", lambda _: SecretValue.ssm_secure("/shop/mail")),
        (
            "secretsmanager",
            lambda _: SecretValue.unsafe_plain_text("{{resolve:secretsmanager:a}}"),
        ),
    ],
)
def test_fails_if_cloudformation_is_to_resolve_a_secret(stack, kind, make):
    """
    The value would be in the function's configuration, where it can be read.
    """
    value = make(stack).unsafe_unwrap()

    with pytest.raises(ConfigurationError) as error:
        make_function(stack, environment={"DATABASE": f"db://{value}"})

    assert (
        "Shop/Worker: environment['DATABASE'] must not hold a secret, got a dynamic "
        f"reference to {kind}"
    ) in str(error.value)
    assert "add_secret()" in str(error.value)


def test_what_is_said_to_be_none_passes_and_the_template_says_why(stack):
    """
    One variable at a time, so that the next one is looked at.
    """
    public = NotSecret("pk_live_1", reason="every browser has it")

    make_function(stack, environment={"PUBLIC_TOKEN": public, "STAGE": "test"})

    (function,) = resources(stack, FUNCTION).values()
    assert {"PUBLIC_TOKEN": "pk_live_1", "STAGE": "test"} == variables(stack)
    assert {"PUBLIC_TOKEN": "every browser has it"} == (
        function["Metadata"]["lambda-constructs:not-secret"]
    )


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_fails_if_nobody_says_why(reason):
    """
    An exception without a reason is a mistake that nobody finds.
    """
    with pytest.raises(ConfigurationError, match="NotSecret needs a reason, got"):
        NotSecret("x", reason=reason)
