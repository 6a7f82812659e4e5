"""A skill of Alexa: that one alone may invoke, and what is warned of."""

from __future__ import annotations

import pytest
from aws_cdk import App, Duration, Environment, Stack, Token
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import ConfigurationError, Practice
from lambda_constructs.event_sources import AlexaEventSource
from tests.unit.conftest import is_warned, make_function, only, resources, statements

PERMISSION = "AWS::Lambda::Permission"
SKILL = "amzn1.ask.skill.11111111-2222-3333-4444-555555555555"
OTHER = "amzn1.ask.skill.11111111-2222-3333-4444-666666666666"


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        env = Environment(account="1" * 12, region="eu-west-1")
        stack = Stack(App(), "Shop", env=env)
        function = make_function(stack, timeout=Duration.seconds(8))
        function.add_event_source(AlexaEventSource(SKILL))
        return stack

    def test_the_skill_alone_may_invoke_the_live_alias(self, stack):
        """
        https://developer.amazon.com/docs/custom-skills/host-a-custom-skill-as-an-aws-lambda-function.html
        """
        permission = only(stack, PERMISSION)

        assert "WorkerLive" in permission.pop("FunctionName")["Ref"]
        assert {
            "Action": "lambda:InvokeFunction",
            "EventSourceToken": SKILL,
            "Principal": "alexa-appkit.amazon.com",
        } == permission

    def test_the_function_may_do_nothing_more(self, stack):
        """
        Logs and traces.
        """
        assert 2 == len(statements(stack))

    def test_a_failure_is_nothing_to_keep(self, stack):
        """
        Alexa waits, and tells whoever spoke.
        """
        assert {} == resources(stack, "AWS::SQS::Queue")

    def test_nothing_is_warned_of(self, stack):
        """
        In a Region of Alexa's, and within its 8 seconds.
        """
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


def test_a_smart_home_skill_is_another_service(stack, worker):
    """
    https://developer.amazon.com/docs/smarthome/steps-to-build-a-smart-home-skill.html
    """
    worker.add_event_source(AlexaEventSource(SKILL, smart_home=True))

    permission = only(stack, PERMISSION)
    assert "alexa-connectedhome.amazon.com" == permission["Principal"]
    assert SKILL == permission["EventSourceToken"]


def test_two_skills_may_share_a_function(stack, worker):
    """
    The second has to have a name.
    """
    worker.add_event_source(AlexaEventSource(SKILL))
    worker.add_event_source(AlexaEventSource(OTHER, id="GermanSkill"))

    assert {SKILL, OTHER} == {
        each["Properties"]["EventSourceToken"]
        for each in resources(stack, PERMISSION).values()
    }


def test_fails_if_a_second_skill_has_no_name(worker):
    """
    Ids are unique below the function.
    """
    worker.add_event_source(AlexaEventSource(SKILL))

    with pytest.raises(ConfigurationError, match="pass a distinct id="):
        worker.add_event_source(AlexaEventSource(OTHER))


def test_fails_if_the_function_keeps_tenants_apart(stack):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
    """
    apart = lambda_.TenancyConfig.PER_TENANT
    function = make_function(stack, "Apart", tenancy_config=apart)

    with pytest.raises(ConfigurationError, match="takes no events"):
        function.add_event_source(AlexaEventSource(SKILL))


@pytest.mark.parametrize(("timeout", "expected"), [(8, False), (9, True)])
def test_warns_if_the_function_may_take_longer_than_alexa_waits(
    stack, timeout, expected
):
    """
    https://developer.amazon.com/blogs/alexa/post/1ae545b3-cb73-43a8-b987-6613ed8ebced/tips-for-developing-high-performance-alexa-skills1
    """
    function = make_function(stack, timeout=Duration.seconds(timeout))

    function.add_event_source(AlexaEventSource(SKILL))

    assert expected == is_warned(stack, Practice.ALEXA_TIMEOUT)


@pytest.mark.parametrize(
    ("region", "expected"),
    [("us-east-1", False), ("eu-central-1", True), (None, False)],
)
def test_warns_if_alexa_is_not_in_the_region(region, expected):
    """
    Nothing is known of a stack without one.
    """
    env = Environment(account="1" * 12, region=region)
    stack = Stack(App(), "Shop", env=env)

    make_function(stack).add_event_source(AlexaEventSource(SKILL))

    assert expected == is_warned(stack, Practice.ALEXA_REGION)


def test_a_token_passes(stack, worker):
    """
    As of a parameter that the skill's id is in.
    """
    token = Token.as_string({"Ref": "SkillId"})

    worker.add_event_source(AlexaEventSource(token))

    assert {"Ref": "SkillId"} == only(stack, PERMISSION)["EventSourceToken"]


@pytest.mark.parametrize(
    ("skill_id", "options", "message"),
    [
        (
            "amzn1.ask.skill.1",
            {},
            "skill_id must be 'amzn1.ask.skill.' and a UUID, got 'amzn1.ask.skill.1'; "
            "copy it from the developer console of Alexa",
        ),
        (
            None,
            {},
            "skill_id must be 'amzn1.ask.skill.' and a UUID, got None; "
            "copy it from the developer console of Alexa",
        ),
        (7, {}, "skill_id must be text, got 7 (int)"),
        (SKILL, {"id": 7}, "id must be text, got 7 (int)"),
        (
            SKILL,
            {"smart_home": "yes"},
            "smart_home must be True or False, got 'yes' (str)",
        ),
    ],
)
def test_fails_if_an_option_cannot_be(skill_id, options, message):
    """
    Before anything is bound.
    """
    with pytest.raises(ConfigurationError) as error:
        AlexaEventSource(skill_id, **options)

    assert message == str(error.value)
