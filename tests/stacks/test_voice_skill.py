"""What the voice skill promises."""

from __future__ import annotations

import pytest

from lambda_constructs.testing import AccountError
from stacks.voice_skill import SKILL_ID, VoiceSkillStack
from tests.contracts.voice_skill import contract
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["voice_skill"]


def test_one_skill_may_invoke_and_the_handler_knows_which(stack):
    """
    Twice the same id.
    """
    (permission,) = stack.properties("AWS::Lambda::Permission")
    (function,) = stack.properties("AWS::Lambda::Function")

    assert SKILL_ID == permission["EventSourceToken"]
    assert {"SKILL_ID": SKILL_ID} == function["Environment"]["Variables"]


def test_the_answer_comes_while_somebody_listens(stack):
    """
    Alexa waits 8 seconds.
    """
    (function,) = stack.properties("AWS::Lambda::Function")

    assert 8 > function["Timeout"]


def test_it_keeps_nothing_of_what_is_said(stack):
    """
    There is no store, and no permission for one; whom alarms tell is told no words.
    """
    assert {
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Role",
        "AWS::KMS::Key",
        "AWS::Lambda::Alias",
        "AWS::Lambda::Function",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Version",
        "AWS::Logs::LogGroup",
        "AWS::Logs::QueryDefinition",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
    } == {each["Type"] for each in stack.resources.values()}


class TestDriven:
    """The stack at work, under its own role and Lambda's own rules."""

    @pytest.fixture
    def shop(self, account):
        return account.deploy(VoiceSkillStack)

    def test_every_grant_is_needed_and_none_is_missing(self, account, shop):
        """
        It answers its skill, from the launch to the end.
        """
        contract(shop)

        account.assert_least_privilege()

    def test_another_skill_is_refused(self, shop):
        """
        Before the function runs.
        """
        other = shop.skill("Answers", SKILL_ID[:-1] + "1")

        with pytest.raises(AccountError, match="may not invoke"):
            other.ask({"type": "LaunchRequest"})
        assert [] == shop.function("Answers").invocations

    def test_a_request_that_is_played_again_is_refused(self, account, shop):
        """
        By the handler, since Lambda does not look at the time.
        """
        skill = shop.skill("Answers", SKILL_ID)
        skill.ask({"type": "LaunchRequest"})
        (first,) = shop.function("Answers").invocations
        account.advance(200)

        again = shop.function("Answers").invoke(first.event, qualifier="live")

        assert ("error", "PermissionError") == (again.kind, again.payload["errorType"])
