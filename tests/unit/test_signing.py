"""Code signing: what is signed elsewhere passes, what cannot be signed is refused."""

from __future__ import annotations

import pytest
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_signer as signer

from lambda_constructs import ConfigurationError, PythonCode
from tests.unit.conftest import CODE, make_function, only

FUNCTION = "AWS::Lambda::Function"
WARN = lambda_.UntrustedArtifactOnDeployment.WARN
ENFORCE = lambda_.UntrustedArtifactOnDeployment.ENFORCE


def signing(stack, policy=None) -> lambda_.CodeSigningConfig:
    profile = signer.SigningProfile(
        stack, "Profile", platform=signer.Platform.AWS_LAMBDA_SHA384_ECDSA
    )
    return lambda_.CodeSigningConfig(
        stack,
        "Signing",
        signing_profiles=[profile],
        untrusted_artifact_on_deployment=policy,
    )


@pytest.fixture
def package(tmp_path) -> PythonCode:
    (tmp_path / "index.py").write_text("def handler(event, context): ...\n")
    return PythonCode.from_folder(tmp_path)


@pytest.mark.parametrize("policy", [WARN, None])
def test_a_package_that_is_not_signed_is_logged_where_that_is_asked_for(
    stack, package, policy
):
    """
    CDK's default, too. The function names the configuration.
    """
    make_function(stack, code=package, code_signing_config=signing(stack, policy))

    arn = only(stack, FUNCTION)["CodeSigningConfigArn"]["Fn::GetAtt"]
    assert arn[0].startswith("Signing")
    assert "CodeSigningConfigArn" == arn[1]


def test_what_a_pipeline_has_signed_passes(stack):
    """
    A signature is in the package, which Signer puts into a bucket.
    """
    bucket = s3.Bucket.from_bucket_name(stack, "Signed", "signed-packages")

    make_function(
        stack,
        code=lambda_.Code.from_bucket(bucket, "worker.zip", "v1"),
        code_signing_config=signing(stack, ENFORCE),
    )

    assert "worker.zip" == only(stack, FUNCTION)["Code"]["S3Key"]


def test_fails_if_a_package_that_is_made_here_must_be_signed(stack, package):
    """
    Lambda would say InvalidCodeSignature at the deployment.
    """
    with pytest.raises(ConfigurationError) as error:
        make_function(stack, code=package, code_signing_config=signing(stack, ENFORCE))

    assert str(error.value).startswith(
        "Shop/Worker: code_signing_config Shop/Signing enforces signatures, and "
        "PythonCode has none"
    )
    assert "Code.from_bucket()" in str(error.value)


def test_fails_if_inline_code_must_be_signed(stack):
    """
    It is a part of the template.
    """
    with pytest.raises(ConfigurationError, match="and InlineCode has none"):
        make_function(stack, code=CODE, code_signing_config=signing(stack, ENFORCE))


def test_fails_if_an_image_is_to_be_checked(stack):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html
    """
    with pytest.raises(ConfigurationError, match="must not be given for a container"):
        make_function(
            stack,
            code=lambda_.Code.from_ecr_image(ecr.Repository(stack, "Images")),
            handler=lambda_.Handler.FROM_IMAGE,
            runtime=lambda_.Runtime.FROM_IMAGE,
            code_signing_config=signing(stack, WARN),
        )


def test_what_is_imported_is_trusted_to_fit(stack):
    """
    Its policy is not known here.
    """
    config = lambda_.CodeSigningConfig.from_code_signing_config_arn(
        stack,
        "Signing",
        "arn:aws:lambda:eu-west-1:123456789012:code-signing-config:csc-"
        "0d4518bd353a0a7c6",
    )

    make_function(stack, code_signing_config=config)

    assert "csc-" in only(stack, FUNCTION)["CodeSigningConfigArn"]
