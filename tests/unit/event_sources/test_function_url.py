"""A URL of the alias: who may ask, and what cannot be."""

from __future__ import annotations

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import ConfigurationError, Practice
from lambda_constructs.event_sources import FunctionUrlEventSource
from tests.unit.conftest import allowed, make_function, only, resources, statements

PERMISSION = "AWS::Lambda::Permission"
PUBLIC = lambda_.FunctionUrlAuthType.NONE
STREAM = lambda_.InvokeMode.RESPONSE_STREAM
URL = "AWS::Lambda::Url"


def fault(**options) -> str:
    with pytest.raises(ConfigurationError) as error:
        FunctionUrlEventSource(**options)
    return str(error.value)


def cors(**options) -> lambda_.FunctionUrlCorsOptions:
    return lambda_.FunctionUrlCorsOptions(**options)


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        make_function(stack).add_event_source(FunctionUrlEventSource())
        return stack

    def test_the_live_alias_has_the_url(self, stack):
        """
        Not $LATEST, or versions, canaries and SnapStart would be idle.
        """
        url = only(stack, URL)

        assert "live" == url["Qualifier"]
        assert "WorkerFunction" in str(url["TargetFunctionArn"])

    def test_nobody_may_ask(self, stack):
        """
        IAM, and no permission.
        """
        assert "AWS_IAM" == only(stack, URL)["AuthType"]
        assert {} == resources(stack, PERMISSION)

    def test_answers_are_whole_and_for_no_other_page(self, stack):
        """
        Neither a stream nor CORS.
        """
        assert "BUFFERED" == only(stack, URL)["InvokeMode"]
        assert "Cors" not in only(stack, URL)

    def test_nothing_is_warned_of(self, stack):
        """
        It is as it should be.
        """
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


class TestCallers:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        caller = make_function(stack, "Caller")
        source = FunctionUrlEventSource(
            allow_callers=[caller, iam.AccountPrincipal("210987654321")]
        )
        make_function(stack).add_event_source(source)
        return stack

    def test_of_this_account_have_both_permissions_in_their_own_policy(self, stack):
        """
        The second for requests by the URL alone.

        https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
        """
        granted = {
            each["Action"]: each["Condition"]
            for each in statements(stack, "CallerPolicy")
            if "WorkerLive" in str(each["Resource"])
        }

        assert {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"} == (
            allowed(stack, "WorkerLive", "CallerPolicy")
        )
        assert {
            "lambda:InvokeFunctionUrl": {
                "StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}
            },
            "lambda:InvokeFunction": {"Bool": {"lambda:InvokedViaFunctionUrl": True}},
        } == granted

    def test_of_other_accounts_have_both_in_the_function_s(self, stack):
        """
        On the alias.
        """
        permissions = {
            each["Properties"]["Action"]: each["Properties"]
            for each in resources(stack, PERMISSION).values()
        }

        assert {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"} == set(permissions)
        invoke_url = permissions["lambda:InvokeFunctionUrl"]
        assert "AWS_IAM" == invoke_url["FunctionUrlAuthType"]
        assert permissions["lambda:InvokeFunction"]["InvokedViaFunctionUrl"] is True
        for each in permissions.values():
            assert "210987654321" in str(each["Principal"])
            assert "WorkerLive" in str(each["FunctionName"])


class TestOptions:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        source = FunctionUrlEventSource(
            auth_type=PUBLIC,
            invoke_mode=STREAM,
            cors=cors(
                allow_credentials=True,
                allowed_headers=["x-shop"],
                allowed_methods=[lambda_.HttpMethod.GET],
                allowed_origins=["https://shop.example.com"],
                exposed_headers=["x-id"],
                max_age=Duration.days(1),
            ),
        )
        make_function(stack).add_event_source(source)
        return stack

    def test_reach_the_url(self, stack):
        """
        All of them.
        """
        url = only(stack, URL)

        assert "NONE" == url["AuthType"]
        assert "RESPONSE_STREAM" == url["InvokeMode"]
        assert {
            "AllowCredentials": True,
            "AllowHeaders": ["x-shop"],
            "AllowMethods": ["GET"],
            "AllowOrigins": ["https://shop.example.com"],
            "ExposeHeaders": ["x-id"],
            "MaxAge": 86_400,
        } == url["Cors"]

    def test_a_public_url_has_both_permissions_for_anybody(self, stack):
        """
        Of which the second does not open the function's own API.
        """
        permissions = {
            each["Properties"]["Action"]: each["Properties"]
            for each in resources(stack, PERMISSION).values()
        }

        assert {"*"} == {each["Principal"] for each in permissions.values()}
        assert "NONE" == permissions["lambda:InvokeFunctionUrl"]["FunctionUrlAuthType"]
        assert permissions["lambda:InvokeFunction"]["InvokedViaFunctionUrl"] is True

    def test_warns_of_a_public_url_and_of_a_stream(self, stack):
        """
        https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html.
        """
        told = Annotations.from_stack(stack)
        for text in ("lets anybody in the world invoke it", "does not stream answers"):
            told.has_warning("/Shop/Worker", Match.string_like_regexp(text))


def test_a_public_url_is_acknowledged(stack, worker):
    """
    With a reason.
    """
    worker.add_event_source(FunctionUrlEventSource(auth_type=PUBLIC))
    Practice.FUNCTION_URL_PUBLIC.acknowledge(worker, reason="checks signatures itself")

    Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


def test_fails_if_there_is_a_url_already(worker):
    """
    An alias has one.
    """
    worker.add_event_source(FunctionUrlEventSource())

    with pytest.raises(ConfigurationError) as error:
        worker.add_event_source(FunctionUrlEventSource())

    assert "Shop/Worker: a function has one URL; bind it once" == str(error.value)


def test_fails_if_the_function_tells_tenants_apart(stack):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html.
    """
    worker = make_function(stack, tenancy_config=lambda_.TenancyConfig.PER_TENANT)

    with pytest.raises(ConfigurationError, match="a function with tenancy_config has"):
        worker.add_event_source(FunctionUrlEventSource())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"cors": cors(max_age=Duration.seconds(86_401))},
            "max_age must be between 0 and 86,400 s, got 86,401 s",
        ),
        (
            {"cors": cors(allowed_origins=["*"], allow_credentials=True)},
            "allow_credentials with the origin * would let every page on the web act "
            "for a user; list the origins",
        ),
        (
            {"cors": cors(allowed_origins=["shop.example.com"])},
            "an origin must be a scheme and a host, got 'shop.example.com'; write "
            "'https://www.example.com', without a path",
        ),
        (
            {"cors": cors(allowed_origins=["https://" + "s" * 246])},
            "an origin must be at most 253 characters, got 254",
        ),
        (
            {"cors": cors(allowed_headers=["x"] * 101)},
            "allowed_headers must be at most 100, got 101",
        ),
        (
            {"auth_type": PUBLIC, "allow_callers": [iam.AnyPrincipal()]},
            "allow_callers need auth_type AWS_IAM, got NONE, by which everybody is "
            "one; leave either out",
        ),
        (
            {"allow_callers": [iam.ArnPrincipal("*")]},
            "allow_callers must be named, got '*', which is everybody with an account "
            "of AWS; pass roles or accounts, or auth_type NONE, which says so",
        ),
        (
            {"cors": cors(allowed_methods=[lambda_.HttpMethod.OPTIONS])},
            "allowed_methods must not have OPTIONS, which Lambda answers itself; leave "
            "it out",
        ),
        (
            {"cors": cors(allowed_methods=[lambda_.HttpMethod.GET] * 2)},
            "allowed_methods must each be there once, got GET, GET; leave out what is "
            "twice",
        ),
        (
            {"cors": cors(exposed_headers=["x id"])},
            "exposed_headers must each be the name of a header, or '*', got 'x id'",
        ),
        (
            {"cors": cors(max_age=Duration.millis(1_500))},
            "max_age must be whole seconds, got 1.5 s; round it up",
        ),
        (
            {"allow_callers": "me"},
            "allow_callers must be a list of roles or the like, got 'me' (str)",
        ),
        (
            {"auth_type": "NONE"},
            "auth_type must be of FunctionUrlAuthType of aws_lambda, got 'NONE' (str)",
        ),
    ],
)
def test_fails_if_lambda_or_a_browser_would_refuse_it(options, message):
    """
    With the words of the option.
    """
    assert message == fault(**options)
