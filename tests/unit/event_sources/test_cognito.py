"""Triggers of a user pool: what they get, what they may, and what cannot work."""

from __future__ import annotations

import json

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Annotations, Match, Template

from lambda_constructs import ConfigurationError, Practice
from lambda_constructs.event_sources import CognitoEventSource
from tests.unit.conftest import (
    allowed,
    is_warned,
    make_function,
    only,
    resources,
    statements,
)

PERMISSION = "AWS::Lambda::Permission"
POOL = "AWS::Cognito::UserPool"
ASYNC = "AWS::Lambda::EventInvokeConfig"

Operation = cognito.UserPoolOperation
Version = cognito.LambdaVersion
SYNCHRONOUS = {
    "CREATE_AUTH_CHALLENGE": "CreateAuthChallenge",
    "CUSTOM_MESSAGE": "CustomMessage",
    "DEFINE_AUTH_CHALLENGE": "DefineAuthChallenge",
    "POST_AUTHENTICATION": "PostAuthentication",
    "POST_CONFIRMATION": "PostConfirmation",
    "PRE_AUTHENTICATION": "PreAuthentication",
    "PRE_SIGN_UP": "PreSignUp",
    "USER_MIGRATION": "UserMigration",
    "VERIFY_AUTH_CHALLENGE_RESPONSE": "VerifyAuthChallengeResponse",
}


def quick(stack: Stack, id: str = "Worker"):
    return make_function(stack, id, timeout=Duration.seconds(5))


def references(value: object) -> set[str]:
    """The logical ids that a part of a template names."""
    if isinstance(value, dict):
        if set(value) == {"Ref"}:
            return {value["Ref"]}
        if set(value) == {"Fn::GetAtt"}:
            return {value["Fn::GetAtt"][0]}
        return set().union(*map(references, value.values()), set())
    if isinstance(value, list):
        return set().union(*map(references, value), set())
    return set()


def in_order(stack: Stack) -> list[str]:
    """The resources in an order that CloudFormation can create them in."""
    found = Template.from_stack(stack).to_json()["Resources"]
    needs = {
        name: (references(each) | set(each.get("DependsOn", []))) & found.keys()
        for name, each in found.items()
    }
    order: list[str] = []
    while ready := sorted(
        name for name in needs.keys() - set(order) if needs[name] <= set(order)
    ):
        order += ready
    return order


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        pool = cognito.UserPool(stack, "Users")
        worker = quick(stack)
        for operation in (Operation.PRE_SIGN_UP, Operation.POST_CONFIRMATION):
            worker.add_event_source(CognitoEventSource(pool, operation=operation))
        worker.allow("cognito-idp:AdminAddUserToGroup", on=pool)
        return stack

    def test_the_pool_invokes_the_live_alias(self, stack):
        """
        Never $LATEST, or versions, canaries and SnapStart would be idle.
        """
        config = only(stack, POOL)["LambdaConfig"]

        assert {"PreSignUp", "PostConfirmation"} == config.keys()
        for arn in config.values():
            assert "WorkerLive" in arn["Ref"]

    def test_the_pool_alone_may_invoke(self, stack):
        """
        One permission for all of its operations.

        https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
        """
        permission = only(stack, PERMISSION)

        assert "WorkerLive" in permission.pop("FunctionName")["Ref"]
        assert "Users" in permission.pop("SourceArn")["Fn::GetAtt"][0]
        assert {
            "Action": "lambda:InvokeFunction",
            "Principal": "cognito-idp.amazonaws.com",
            "SourceAccount": {"Ref": "AWS::AccountId"},
        } == permission

    def test_a_function_may_act_on_the_pool_that_it_serves(self, stack):
        """
        `allow` knows the ARN of a pool.
        """
        assert {"cognito-idp:AdminAddUserToGroup"} == allowed(stack, "Users")

    def test_that_is_no_circle(self, stack):
        """
        CloudFormation can create one after the other: the function waits for its role
        and not for its policy, which names the pool that names the function.
        """
        order = in_order(stack)

        assert {*Template.from_stack(stack).to_json()["Resources"]} == {*order}
        kinds = ["WorkerFunction", "WorkerLive", "Users", "WorkerPolicy"]
        at = [
            next(n for n, name in enumerate(order) if name.startswith(kind))
            for kind in kinds
        ]
        assert sorted(at) == at

    def test_a_failure_is_nothing_to_keep(self, stack):
        """
        Cognito waits, and fails whoever signs up.
        """
        assert {} == resources(stack, "AWS::SQS::Queue")
        assert {} == resources(stack, ASYNC)

    def test_nothing_is_warned_of(self, stack):
        """
        The short way is the right way.
        """
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


class TestOperations:
    @pytest.fixture(scope="class")
    @classmethod
    def config(cls) -> dict[str, object]:
        stack = Stack(App(), "Shop")
        pool = cognito.UserPool(stack, "Users")
        worker = quick(stack)
        for name in SYNCHRONOUS:
            source = CognitoEventSource(pool, operation=getattr(Operation, name))
            worker.add_event_source(source)
        source = CognitoEventSource(pool, operation=Operation.of("inboundFederation"))
        worker.add_event_source(source)
        source = CognitoEventSource(pool, operation=Operation.PRE_TOKEN_GENERATION)
        worker.add_event_source(source)
        return only(stack, POOL)["LambdaConfig"]

    @pytest.mark.parametrize("name", SYNCHRONOUS)
    def test_each_has_a_property(self, config, name):
        """
        https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
        """
        assert "WorkerLive" in config[SYNCHRONOUS[name]]["Ref"]

    @pytest.mark.parametrize("name", ["InboundFederation", "PreTokenGenerationConfig"])
    def test_some_say_which_version(self, config, name):
        """
        https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_LambdaConfigType.html
        """
        assert "WorkerLive" in config[name]["LambdaArn"]["Ref"]
        assert "V1_0" == config[name]["LambdaVersion"]

    def test_there_are_no_others(self, config):
        """
        The legacy property of pre token generation is left out.
        """
        assert {
            *SYNCHRONOUS.values(),
            "InboundFederation",
            "PreTokenGenerationConfig",
        } == config.keys()


class TestCustomSenders:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        pool, key = cognito.UserPool(stack, "Users"), kms.Key(stack, "Codes")
        worker = make_function(stack, timeout=Duration.minutes(1))
        for operation in (Operation.CUSTOM_EMAIL_SENDER, Operation.CUSTOM_SMS_SENDER):
            source = CognitoEventSource(
                pool, operation=operation, custom_sender_kms_key=key
            )
            worker.add_event_source(source)
        return stack

    def test_they_share_a_key(self, stack):
        """
        https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-custom-email-sender.html
        """
        config = only(stack, POOL)["LambdaConfig"]

        assert "Codes" in config.pop("KMSKeyID")["Fn::GetAtt"][0]
        assert {"CustomEmailSender", "CustomSMSSender"} == config.keys()
        for sender in config.values():
            assert "WorkerLive" in sender["LambdaArn"]["Ref"]
            assert "V1_0" == sender["LambdaVersion"]

    def test_the_function_may_decrypt_and_nothing_else(self, stack):
        """
        Codes and passwords come encrypted.
        """
        assert {"kms:Decrypt"} == allowed(stack, "Codes")

    def test_what_they_fail_is_kept(self, stack):
        """
        Cognito does not wait for them.
        """
        destination = only(stack, ASYNC)["DestinationConfig"]["OnFailure"]
        assert "WorkerFailures" in str(destination)

    def test_nothing_is_warned_of(self, stack):
        """
        They may take longer than 5 seconds.
        """
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


def test_the_pool_may_have_the_key_already(stack, worker):
    """
    As CDK's own custom senders want it.
    """
    key = kms.Key(stack, "Codes")
    pool = cognito.UserPool(stack, "Users", custom_sender_kms_key=key)
    sender = Operation.CUSTOM_SMS_SENDER

    worker.add_event_source(
        CognitoEventSource(pool, operation=sender, custom_sender_kms_key=key)
    )

    given = only(stack, POOL)["LambdaConfig"]["KMSKeyID"]
    assert "Codes" in given["Fn::GetAtt"][0]


def test_fails_if_senders_have_two_keys(stack, worker):
    """
    A pool has one.
    """
    one, other = kms.Key(stack, "One"), kms.Key(stack, "Other")
    pool = cognito.UserPool(stack, "Users")
    email, sms = (
        CognitoEventSource(pool, operation=operation, custom_sender_kms_key=key)
        for operation, key in (
            (Operation.CUSTOM_EMAIL_SENDER, one),
            (Operation.CUSTOM_SMS_SENDER, other),
        )
    )
    worker.add_event_source(email)

    with pytest.raises(ConfigurationError) as error:
        worker.add_event_source(sms)

    assert (
        "Shop/Worker: Shop/Users has another custom_sender_kms_key than Shop/Other, "
        "and may have one only; pass the same to each"
    ) == str(error.value)


def test_fails_if_the_key_is_asymmetric(stack, worker):
    """
    Cognito encrypts and the function decrypts by the same.
    """
    key = kms.Key(
        stack,
        "Codes",
        key_spec=kms.KeySpec.RSA_2048,
        key_usage=kms.KeyUsage.ENCRYPT_DECRYPT,
    )
    source = CognitoEventSource(
        cognito.UserPool(stack, "Users"),
        operation=cognito.UserPoolOperation.CUSTOM_EMAIL_SENDER,
        custom_sender_kms_key=key,
    )

    with pytest.raises(ConfigurationError) as error:
        worker.add_event_source(source)

    assert str(error.value) == (
        "Shop/Worker: custom_sender_kms_key must be symmetric, got Shop/Codes of "
        "RSA_2048; leave key_spec and key_usage out"
    )


@pytest.mark.parametrize("version", [Version.V2_0, Version.V3_0])
@pytest.mark.parametrize(
    "name", ["PRE_TOKEN_GENERATION", "PRE_TOKEN_GENERATION_CONFIG"]
)
def test_tokens_have_versions(stack, name, version):
    """
    By either of the names that CDK has for it.
    """
    plan = cognito.FeaturePlan.ESSENTIALS
    pool = cognito.UserPool(stack, "Users", feature_plan=plan)
    source = CognitoEventSource(
        pool, operation=getattr(Operation, name), lambda_version=version
    )

    quick(stack).add_event_source(source)

    config = only(stack, POOL)["LambdaConfig"]
    assert {"PreTokenGenerationConfig"} == config.keys()
    assert version.value == config["PreTokenGenerationConfig"]["LambdaVersion"]


def test_fails_if_the_plan_is_too_small(stack, worker):
    """
    https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html
    """
    plan = cognito.FeaturePlan.LITE
    pool = cognito.UserPool(stack, "Users", feature_plan=plan)
    source = CognitoEventSource(
        pool, operation=Operation.PRE_TOKEN_GENERATION, lambda_version=Version.V2_0
    )

    with pytest.raises(ConfigurationError) as error:
        worker.add_event_source(source)

    assert (
        "Shop/Worker: lambda_version V2_0 needs the feature plan Essentials or Plus, "
        "got Lite of Shop/Users; pass feature_plan=FeaturePlan.ESSENTIALS to the pool, "
        "or V1_0 here"
    ) == str(error.value)


@pytest.mark.parametrize(("timeout", "expected"), [(5, False), (6, True)])
def test_warns_if_the_function_may_take_longer_than_cognito_waits(
    stack, timeout, expected
):
    """
    https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
    """
    pool = cognito.UserPool(stack, "Users")
    function = make_function(stack, timeout=Duration.seconds(timeout))

    function.add_event_source(CognitoEventSource(pool, operation=Operation.PRE_SIGN_UP))

    assert expected == is_warned(stack, Practice.COGNITO_TIMEOUT)


class TestOneFunctionForEach:
    def test_fails_if_there_are_two(self, stack):
        """
        Even by two names of one operation.
        """
        pool = cognito.UserPool(stack, "Users")
        one, other = (
            CognitoEventSource(pool, operation=each)
            for each in (
                Operation.PRE_TOKEN_GENERATION,
                Operation.PRE_TOKEN_GENERATION_CONFIG,
            )
        )
        quick(stack, "One").add_event_source(one)

        with pytest.raises(ConfigurationError) as error:
            quick(stack, "Other").add_event_source(other)

        assert (
            "Shop/Other: Shop/Users has a function for PreTokenGenerationConfig "
            "already, and may have one only; let that one do both"
        ) == str(error.value)

    def test_two_functions_may_share_a_pool(self, stack):
        """
        Each has a permission of its own; what CDK has set remains.
        """
        one, other, third = (quick(stack, id) for id in ("One", "Other", "Third"))
        pool = cognito.UserPool(
            stack, "Users", lambda_triggers={"custom_message": third.live}
        )
        for function, operation in (
            (one, Operation.PRE_SIGN_UP),
            (other, Operation.POST_CONFIRMATION),
        ):
            function.add_event_source(CognitoEventSource(pool, operation=operation))

        config = only(stack, POOL)["LambdaConfig"]
        assert ["OneLive", "OtherLive", "ThirdLive"] == [
            config[name]["Ref"][:-8]
            for name in ("PreSignUp", "PostConfirmation", "CustomMessage")
        ]

    def test_one_function_may_serve_two_pools(self, stack):
        """
        By a permission for each.
        """
        worker = quick(stack)
        for id in ("Users", "Staff"):
            pool = cognito.UserPool(stack, id)
            worker.add_event_source(
                CognitoEventSource(pool, operation=Operation.PRE_SIGN_UP)
            )

        arns = [
            each["Properties"]["SourceArn"]
            for each in resources(stack, PERMISSION).values()
        ]
        assert 2 == len({json.dumps(each) for each in arns})

    def test_fails_if_cdk_has_set_another(self, stack, worker):
        """
        Before.
        """
        pool = cognito.UserPool(stack, "Users")
        pool.add_trigger(Operation.PRE_SIGN_UP, worker.live)

        with pytest.raises(ConfigurationError, match="preSignUp already exists"):
            quick(stack, "Other").add_event_source(
                CognitoEventSource(pool, operation=Operation.PRE_SIGN_UP)
            )

    def test_fails_if_cdk_sets_another(self, stack, worker):
        """
        Or later.
        """
        pool = cognito.UserPool(stack, "Users")
        quick(stack, "Other").add_event_source(
            CognitoEventSource(pool, operation=Operation.PRE_SIGN_UP)
        )

        with pytest.raises(RuntimeError, match="preSignUp already exists"):
            pool.add_trigger(Operation.PRE_SIGN_UP, worker.live)


def test_fails_if_the_pool_is_imported(stack, worker):
    """
    Its triggers are a property of it.
    """
    pool = cognito.UserPool.from_user_pool_id(stack, "Users", "eu-west-1_x")

    with pytest.raises(ConfigurationError) as error:
        worker.add_event_source(
            CognitoEventSource(pool, operation=Operation.PRE_SIGN_UP)
        )

    assert (
        "Shop/Worker: Shop/Users must be defined in the app, got an imported user "
        "pool, to which CloudFormation adds no trigger; add it where the pool is "
        "defined, or by 'aws cognito-idp update-user-pool'"
    ) == str(error.value)


def test_fails_if_the_pool_is_in_another_stack(stack, worker):
    """
    Each stack would have to be deployed before the other.
    """
    pool = cognito.UserPool(Stack(worker.node.root, "Identity"), "Users")

    with pytest.raises(ConfigurationError) as error:
        worker.add_event_source(
            CognitoEventSource(pool, operation=Operation.PRE_SIGN_UP)
        )

    assert (
        "Shop/Worker: Identity/Users must be in the function's stack 'Shop', since "
        "each names the other, got 'Identity'; define both in one"
    ) == str(error.value)


@pytest.mark.parametrize("operation", ["PRE_SIGN_UP", "CUSTOM_EMAIL_SENDER"])
def test_fails_if_the_function_keeps_tenants_apart(stack, operation):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
    """
    apart = lambda_.TenancyConfig.PER_TENANT
    function = make_function(stack, "Apart", tenancy_config=apart)
    sender = operation == "CUSTOM_EMAIL_SENDER"
    source = CognitoEventSource(
        cognito.UserPool(stack, "Users"),
        operation=getattr(Operation, operation),
        custom_sender_kms_key=kms.Key(stack, "Codes") if sender else None,
    )

    with pytest.raises(ConfigurationError, match="takes no events"):
        function.add_event_source(source)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"operation": "PreSignUp"},
            "operation must be a UserPoolOperation, got 'PreSignUp'",
        ),
        (
            {"operation": lambda: Operation.of("preSignup")},
            "operation 'preSignup' is none of a user pool's; pass a constant of "
            "UserPoolOperation, or did you mean preSignUp?",
        ),
        (
            {"lambda_version": "V2_0"},
            "lambda_version must be a LambdaVersion of aws_cognito, got 'V2_0'",
        ),
        (
            {"lambda_version": Version.V2_0},
            "lambda_version of preSignUp must be V1_0, got V2_0; pre token generation "
            "alone has others",
        ),
        (
            {"operation": lambda: Operation.CUSTOM_SMS_SENDER},
            "customSmsSender needs a custom_sender_kms_key, got none; pass the key "
            "that codes and passwords are to be encrypted with",
        ),
        (
            {"custom_sender_kms_key": "alias/codes"},
            "custom_sender_kms_key must be a KMS key, got 'alias/codes' (str)",
        ),
        (
            {"custom_sender_kms_key": lambda: kms.Key(Stack(), "Codes")},
            "custom_sender_kms_key is for custom senders, got preSignUp; leave it out",
        ),
        (
            {"user_pool": "eu-west-1_x"},
            "user_pool must be a Cognito user pool, got 'eu-west-1_x'; pass the "
            "UserPool itself",
        ),
    ],
)
def test_fails_if_an_option_cannot_be(stack, options, message):
    """
    Before anything is bound.
    """
    given = {
        "user_pool": lambda: cognito.UserPool(stack, "Users"),
        "operation": lambda: Operation.PRE_SIGN_UP,
        **options,
    }

    with pytest.raises(ConfigurationError) as error:
        CognitoEventSource(
            **{name: each() if callable(each) else each for name, each in given.items()}
        )

    assert message == str(error.value)


def test_the_function_has_no_more_than_that(stack, worker):
    """
    Logs and traces: being invoked needs nothing of its role.
    """
    pool = cognito.UserPool(stack, "Users")

    worker.add_event_source(
        CognitoEventSource(pool, operation=Operation.PRE_AUTHENTICATION)
    )

    assert 2 == len(statements(stack))
