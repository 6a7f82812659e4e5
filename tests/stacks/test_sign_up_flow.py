"""What the sign-up flow promises."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from stacks.sign_up_flow import SignUpFlowStack
from tests.contracts.sign_up_flow import ANN, contract
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["sign_up_flow"]


def test_each_step_has_a_function_of_its_own(stack):
    """
    Which Cognito waits for no longer than it runs.
    """
    (pool,) = stack.properties("AWS::Cognito::UserPool")
    config = pool["LambdaConfig"]

    assert "GateLive" in config["PreSignUp"]["Ref"]
    assert "WelcomeLive" in config["PostConfirmation"]["Ref"]
    tokens = config["PreTokenGenerationConfig"]
    assert "ClaimsLive" in tokens["LambdaArn"]["Ref"]
    assert "V2_0" == tokens["LambdaVersion"]
    for function in stack.properties("AWS::Lambda::Function"):
        assert 5 == function["Timeout"]


def test_the_pool_alone_may_invoke_them(stack):
    """
    By its ARN and account.
    """
    (pool,) = stack.of_type("AWS::Cognito::UserPool")
    permissions = list(stack.properties("AWS::Lambda::Permission"))

    assert 3 == len(permissions)
    for permission in permissions:
        assert {"Fn::GetAtt": [pool, "Arn"]} == permission["SourceArn"]
        assert {"Ref": "AWS::AccountId"} == permission["SourceAccount"]


def test_the_pool_is_hardened(stack):
    """
    It tells nobody who is known, and cannot be deleted by mistake.
    """
    (pool,) = stack.properties("AWS::Cognito::UserPool")
    (client,) = stack.properties("AWS::Cognito::UserPoolClient")

    assert "ACTIVE" == pool["DeletionProtection"]
    assert 12 == pool["Policies"]["PasswordPolicy"]["MinimumLength"]
    assert ["SOFTWARE_TOKEN_MFA"] == pool["EnabledMfas"]
    assert pool["UsernameConfiguration"]["CaseSensitive"] is False
    assert "ENABLED" == client["PreventUserExistenceErrors"]
    assert client["EnableTokenRevocation"] is True
    assert "ALLOW_USER_PASSWORD_AUTH" not in client["ExplicitAuthFlows"]


def test_profiles_are_kept_and_can_be_restored(stack):
    """
    There is one for each member.
    """
    (table,) = stack.of_type("AWS::DynamoDB::GlobalTable").values()
    (replica,) = table["Properties"]["Replicas"]

    assert "Retain" == table["DeletionPolicy"]
    assert replica["DeletionProtectionEnabled"] is True
    assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]


class TestDriven:
    """The stack at work, under its own roles and Lambda's own rules."""

    @pytest.fixture
    def shop(self, account):
        return account.deploy(SignUpFlowStack)

    def test_every_grant_is_needed_and_none_is_missing(self, account, shop):
        """
        Confirmed twice, she has one profile, and a token with her plan.
        """
        contract(shop)

        account.assert_least_privilege()

    def test_others_are_refused(self, shop):
        """
        In the words of the function, which do not say who may.
        """
        stranger = {"userAttributes": {"email": "eve@evil.com"}}

        with pytest.raises(ClientError) as error:
            shop.user_pool("Users").trigger("PreSignUp_SignUp", stranger)

        said = error.value.response["Error"]["Message"]
        assert "PreSignUp failed with error please use your address at work." == said

    def test_a_confirmation_that_failed_half_way_can_be_done_again(self, account, shop):
        """
        The profile is there, and the group follows.
        """
        pool, asked = shop.user_pool("Users"), {"userAttributes": ANN}
        pool.add_user("ann", **ANN)
        account.fail_calls(
            "cognito-idp", "AdminAddUserToGroup", "InternalErrorException", times=1
        )

        with pytest.raises(ClientError, match="UserLambdaValidationException"):
            pool.trigger("PostConfirmation_ConfirmSignUp", asked, user="ann")
        pool.trigger("PostConfirmation_ConfirmSignUp", asked, user="ann")

        assert 1 == len(shop.table("Profiles").items())
