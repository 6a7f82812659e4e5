"""KMS, Secrets Manager and SSM parameters."""

from __future__ import annotations

import pytest

from tests.testing.calls.facts import ACCOUNT, KEY, Facts, arn, asked, pairs

SECRET = arn("secretsmanager", "secret:db-AbCdEf")
PARAMETER = arn("ssm", "parameter/shop/key")
ALIASES = {"alias/shop": KEY, "alias/aws/ssm": arn("kms", "key/aws"), "blob": KEY}


@pytest.mark.parametrize("name", ["k-1", KEY, "alias/shop"])
def test_a_key_may_be_named_by_id_arn_or_alias(name):
    """
    Policies name keys; the alias is a condition.
    https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
    """
    params = {"KeyId": name, "EncryptionContext": {"tenant": "a"}}

    [need] = asked("kms", "Encrypt", params, Facts(aliases=ALIASES))

    assert ("kms:Encrypt", KEY) == (need.action, need.resource)
    assert "a" == need.context["kms:EncryptionContext:tenant"]
    assert ("tenant",) == need.context["kms:EncryptionContextKeys"]
    assert ("alias/" in name) == ("kms:RequestAlias" in need.context)


def test_a_ciphertext_names_its_key():
    """
    https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
    """
    needs = asked("kms", "Decrypt", {"CiphertextBlob": b"blob"}, Facts(aliases=ALIASES))

    assert [("kms:Decrypt", KEY)] == pairs(needs)


def test_re_encrypting_is_two_actions():
    """
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
    """
    params = {"CiphertextBlob": b"blob", "DestinationKeyId": "k-2"}

    needs = asked("kms", "ReEncrypt", params, Facts(aliases=ALIASES))

    assert [
        ("kms:ReEncryptFrom", KEY),
        ("kms:ReEncryptTo", arn("kms", "key/k-2")),
    ] == pairs(needs)


def test_a_secret_is_its_full_arn():
    """
    Six characters that AWS chose end it, whatever the call says.
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
    """
    facts = Facts(known_secrets={"db": SECRET}, keys={SECRET: KEY})

    get, key = asked("secretsmanager", "GetSecretValue", {"SecretId": "db"}, facts)

    assert ("secretsmanager:GetSecretValue", SECRET) == (get.action, get.resource)
    assert ("kms:Decrypt", KEY) == (key.action, key.resource)
    assert "secretsmanager.eu-west-1.amazonaws.com" == key.context["kms:ViaService"]


def test_reading_many_secrets_is_an_action_besides_reading_each():
    """
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html
    """
    facts = Facts(known_secrets={"db": SECRET})
    by_id = asked(
        "secretsmanager", "BatchGetSecretValue", {"SecretIdList": ["db"]}, facts
    )
    by_filter = asked("secretsmanager", "BatchGetSecretValue", {"Filters": [{}]}, facts)

    read = ("secretsmanager:GetSecretValue", SECRET)
    batch = ("secretsmanager:BatchGetSecretValue", "*")
    assert [batch, read] == pairs(by_id)
    assert [batch, ("secretsmanager:ListSecrets", "*"), read] == pairs(by_filter)


@pytest.mark.parametrize(
    "name", ["/shop/key", "/shop/key:3", "/shop/key:live", PARAMETER, f"{PARAMETER}:3"]
)
def test_a_parameter_has_one_slash_and_no_version(name):
    """
    https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html
    """
    needs = asked("ssm", "GetParameter", {"Name": name})

    assert [("ssm:GetParameter", PARAMETER)] == pairs(needs)


def test_a_parameter_at_the_root_needs_no_slash():
    """
    `name` and `/name` are both `parameter/name`.
    """
    needs = asked("ssm", "GetParameters", {"Names": ["a", "/b"]})

    assert [
        ("ssm:GetParameters", arn("ssm", "parameter/a")),
        ("ssm:GetParameters", arn("ssm", "parameter/b")),
    ] == pairs(needs)


@pytest.mark.parametrize("decrypt", [True, False])
def test_a_secure_parameter_is_decrypted_as_the_caller(decrypt):
    """
    https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
    """
    facts = Facts(keys={PARAMETER: KEY})
    params = {"Name": "/shop/key", "WithDecryption": decrypt}

    _, *keys = asked("ssm", "GetParameter", params, facts)

    assert ([("kms:Decrypt", KEY)] if decrypt else []) == pairs(tuple(keys))
    assert {PARAMETER} >= {
        n.context["kms:EncryptionContext:PARAMETER_ARN"] for n in keys
    }


def test_a_path_is_the_resource_and_everything_below_is_decrypted():
    """
    A grant on each parameter does not cover reading the path.
    """
    facts = Facts(keys={PARAMETER: KEY}, known_parameters=("/shop/key",))
    params = {"Path": "/shop", "Recursive": True, "WithDecryption": True}

    path, key = asked("ssm", "GetParametersByPath", params, facts)

    assert arn("ssm", "parameter/shop") == path.resource
    assert "true" == path.context["ssm:Recursive"]
    assert ("kms:Decrypt", KEY) == (key.action, key.resource)


@pytest.mark.parametrize(
    ("key", "tier", "actions"),
    [
        ("alias/shop", "Standard", ["kms:Encrypt"]),
        ("alias/shop", "Advanced", ["kms:GenerateDataKey"]),
        ("alias/aws/ssm", "Standard", []),
    ],
)
def test_writing_a_secure_parameter_encrypts_as_the_caller(key, tier, actions):
    """
    The key that AWS manages allows the whole account, through SSM.
    """
    params = {"Name": "p", "Type": "SecureString", "KeyId": key, "Tier": tier}

    _, *keys = asked("ssm", "PutParameter", params, Facts(aliases=ALIASES))

    assert actions == [need.action for need in keys]


def test_a_secret_can_be_read_as_a_parameter():
    """
    https://docs.aws.amazon.com/systems-manager/latest/userguide/integration-ps-secretsmanager.html
    """
    name = "/aws/reference/secretsmanager/db"

    needs = asked(
        "ssm", "GetParameter", {"Name": name}, Facts(known_secrets={"db": SECRET})
    )

    assert ("secretsmanager:GetSecretValue", SECRET) in pairs(needs)


def test_assuming_a_role_may_tag_the_session():
    """
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
    """
    role = f"arn:aws:iam::{ACCOUNT}:role/Other"
    params = {
        "RoleArn": role,
        "RoleSessionName": "s",
        "ExternalId": "e",
        "Tags": [{"Key": "team", "Value": "shop"}],
    }

    needs = asked("sts", "AssumeRole", params)

    assert [("sts:AssumeRole", role), ("sts:TagSession", role)] == pairs(needs)
    assert "e" == needs[0].context["sts:ExternalId"]
    assert "shop" == needs[1].context["aws:RequestTag/team"]
