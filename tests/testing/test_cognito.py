"""User pools invoke their triggers and say to their clients how it went.

https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
"""

from __future__ import annotations

import boto3
import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_cognito as cognito
from botocore.exceptions import ClientError

from lambda_constructs.testing import AccountError, UnmodelledError

from ._templates import template
from .conftest import CONTEXT, make_function

TRIGGER = """
import time
def handler(event, context):
    asked = event["request"]["userAttributes"].get("do", "")
    if asked == "raise":
        raise ValueError("no such guest")
    if asked == "sleep":
        time.sleep(6)
    if asked == "forget":
        return None
    event["response"]["autoConfirmUser"] = True
    return event
"""


@pytest.fixture
def deploy(account):
    """Deploy a user pool whose trigger is the function."""

    def deploy(permitted=True):
        stack = Stack(App(context=CONTEXT), "Shop")
        function = make_function(stack, TRIGGER)
        pool = cognito.UserPool(stack, "Pool")
        pool.add_client("App")
        if permitted:
            pool.add_trigger(cognito.UserPoolOperation.PRE_SIGN_UP, function.live)
        else:
            arn = function.live.function_arn
            config = {"PreSignUp": arn}
            pool.node.default_child.add_property_override("LambdaConfig", config)
        return account.deploy(stack)

    return deploy


def fire(stack, do=""):
    request = {"userAttributes": {"do": do}}
    return stack.user_pool("Pool").trigger("PreSignUp_SignUp", request)


def refused(call):
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value.response["Error"]


def test_the_response_is_what_the_function_filled_in(deploy):
    """
    The event comes with the defaults of the trigger's response.

    https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-sign-up.html
    """
    stack = deploy()

    expected = {
        "autoConfirmUser": True,
        "autoVerifyEmail": False,
        "autoVerifyPhone": False,
    }
    assert expected == fire(stack)
    [invocation] = stack.function("Worker").invocations
    assert "1" == invocation.event["version"]
    assert "PreSignUp_SignUp" == invocation.event["triggerSource"]
    assert stack.user_pool("Pool").id == invocation.event["userPoolId"]


def test_an_error_of_the_function_is_a_validation_error(deploy):
    """
    With the function's own message; it is not tried again.

    https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_SignUp.html
    """
    stack = deploy()

    error = refused(lambda: fire(stack, "raise"))

    assert "UserLambdaValidationException" == error["Code"]
    assert "PreSignUp failed with error no such guest." == error["Message"]
    assert 1 == len(stack.function("Worker").invocations)


def test_five_seconds_are_the_limit(account, deploy):
    """
    Cognito tries three times.

    https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
    """
    stack = deploy()

    error = refused(lambda: fire(stack, "sleep"))

    assert "UnexpectedLambdaException" == error["Code"]
    assert "timeout" in error["Message"]
    assert 3 == len(stack.function("Worker").invocations)
    assert 15 == account.elapsed()


def test_the_event_has_to_be_returned(deploy):
    """
    https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
    """
    stack = deploy()

    error = refused(lambda: fire(stack, "forget"))

    assert "InvalidLambdaResponseException" == error["Code"]


def test_the_pool_needs_permission(account, deploy):
    """
    https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
    """
    stack = deploy(permitted=False)

    error = refused(lambda: fire(stack))

    assert "UnexpectedLambdaException" == error["Code"]
    assert [] == stack.function("Worker").invocations
    assert "refused" in {each.what for each in account.timeline}


def test_a_throttle_is_tried_again(deploy):
    """
    It may have passed.

    https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
    """
    stack = deploy()
    stack.function("Worker").throttle(times=2)

    assert fire(stack)["autoConfirmUser"]


def test_a_custom_sender_is_not_waited_for(account):
    """
    Cognito invokes it asynchronously, and Lambda tries it again.

    https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-custom-email-sender.html
    """
    sender = {"LambdaArn": {"Ref": "Alias"}, "LambdaVersion": "V1_0"}
    config = {"LambdaConfig": {"CustomEmailSender": sender}}
    allowed = {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": "Alias"},
            "Principal": "cognito-idp.amazonaws.com",
            "SourceArn": {"Fn::GetAtt": ["Pool", "Arn"]},
        },
    }
    pool = {"Type": "AWS::Cognito::UserPool", "Properties": config}
    code = "def handler(event, context): raise RuntimeError('no')"
    shop = account.deploy(template(code, more={"Pool": pool, "Allowed": allowed}))

    said = shop.user_pool("Pool").trigger("CustomEmailSender_SignUp")

    assert ({}, []) == (said, shop.function("Worker").invocations)
    account.settle()
    assert [0, 60, 180] == [each.at for each in shop.function("Worker").invocations]


def test_a_trigger_that_the_pool_lacks_is_named(deploy):
    """
    With those that it has.
    """
    stack = deploy()

    with pytest.raises(AccountError, match=r"no trigger PostConfirmation.*PreSignUp"):
        stack.user_pool("Pool").trigger("PostConfirmation_ConfirmSignUp")


def test_an_operation_does_not_pass_by_a_trigger(account, deploy):
    """
    moto fires none, so signing up is refused, not done without.
    """
    stack = deploy()
    client = boto3.client("cognito-idp")
    pool = stack.user_pool("Pool").id
    found = client.list_user_pool_clients(UserPoolId=pool)["UserPoolClients"]
    id = found[0]["ClientId"]

    with pytest.raises(UnmodelledError, match="SignUp would fire PreSignUp"):
        client.sign_up(ClientId=id, Username="jane", Password="P4ssword!")


def test_tokens_of_the_second_version_have_a_response_of_their_own(account):
    """
    https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html
    """
    stack = Stack(App(context=CONTEXT), "Shop")
    function = make_function(stack, "def handler(event, context): return event")
    cognito.UserPool(stack, "Pool").add_trigger(
        cognito.UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG,
        function.live,
        cognito.LambdaVersion.V2_0,
    )
    shop = account.deploy(stack)

    response = shop.user_pool("Pool").trigger("TokenGeneration_Authentication")

    assert {"claimsAndScopeOverrideDetails": None} == response
    assert "2" == shop.function("Worker").invocations[0].event["version"]


def test_a_user_can_be_put_into_a_group_of_the_pool(account):
    """
    Without firing the triggers, which moto does not do.
    """
    stack = Stack(App(context=CONTEXT), "Shop")
    cognito.UserPool(stack, "Pool").add_group("Members", group_name="members")
    shop = account.deploy(stack)
    pool, client = shop.user_pool("Pool"), account.client("cognito-idp")

    pool.add_user("ann", email="ann@example.com")
    client.admin_add_user_to_group(
        UserPoolId=pool.id, Username="ann", GroupName="members"
    )

    (user,) = client.list_users_in_group(UserPoolId=pool.id, GroupName="members")[
        "Users"
    ]
    assert "ann" == user["Username"]
    assert {"Name": "email", "Value": "ann@example.com"} in user["Attributes"]
