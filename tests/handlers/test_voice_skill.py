"""The skill for opening hours: what it says, and to whom it says nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from tests.conftest import ColdStart
from tests.handlers.conftest import LambdaContext
from tests.handlers.events import event

SKILL = event("alexa")["context"]["System"]["application"]["applicationId"]


@pytest.fixture
def skill(cold_start: ColdStart) -> ModuleType:
    return cold_start("voice_skill", SKILL_ID=SKILL)


def stamp(age: float = 0) -> str:
    return f"{datetime.now(UTC) - timedelta(seconds=age):%Y-%m-%dT%H:%M:%SZ}"


def ask(skill: ModuleType, age: float = 0, **request: Any) -> dict[str, Any]:
    given = event("alexa")
    given["request"] |= {"timestamp": stamp(age), **request}
    return skill.handler(given, LambdaContext())


def intent(name: str, day: str | None = None) -> dict[str, Any]:
    slot = {"name": "day", "confirmationStatus": "NONE"}
    if day is not None:
        slot["value"] = day
    return {"name": name, "confirmationStatus": "NONE", "slots": {"day": slot}}


def words(answer: dict[str, Any]) -> str:
    return answer["response"]["outputSpeech"]["text"]


def test_a_launch_asks_for_a_day_and_listens(skill):
    """
    https://developer.amazon.com/docs/custom-skills/request-and-response-json-reference.html
    """
    answer = ask(skill, type="LaunchRequest")

    assert "1.0" == answer["version"]
    assert answer["response"]["shouldEndSession"] is False
    assert answer["response"]["reprompt"]["outputSpeech"]["text"].endswith("?")


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-11-20", "On Friday the shop is open from 9 to 18."),
        ("2026-11-21", "On Saturday the shop is open from 10 to 16."),
        ("2026-11-22", "On Sunday the shop is closed."),
    ],
)
def test_says_the_hours_of_a_day(skill, day, expected):
    """
    And ends the session.
    """
    answer = ask(skill, intent=intent("OpeningHoursIntent", day))

    assert expected == words(answer)
    assert answer["response"]["shouldEndSession"] is True


def test_without_a_day_it_is_today(skill):
    """
    Where the shop is.
    """
    today = skill.DAYS[datetime.now(skill.PLACE).weekday()]

    answer = ask(skill, intent=intent("OpeningHoursIntent"))

    assert today in words(answer)


@pytest.mark.parametrize(
    "day",
    ["2026-W47", "2026-W47-WE", "2026-11", "2026-WI", "?", "2026-02-30", "٢٠٢٦-١١-٢٦"],  # noqa: RUF001
)
def test_asks_again_for_what_is_no_day(skill, day):
    """
    AMAZON.DATE has weeks, months and seasons, too.
    """
    answer = ask(skill, intent=intent("OpeningHoursIntent", day))

    assert "one day at a time" in words(answer)
    assert answer["response"]["shouldEndSession"] is False


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("AMAZON.StopIntent", True),
        ("AMAZON.CancelIntent", True),
        ("AMAZON.HelpIntent", False),
        ("AMAZON.FallbackIntent", False),
    ],
)
def test_knows_what_every_skill_has_to(skill, name, ends):
    """
    https://developer.amazon.com/docs/custom-skills/standard-built-in-intents.html
    """
    answer = ask(skill, intent={"name": name, "confirmationStatus": "NONE"})

    assert ends == answer["response"]["shouldEndSession"]


@pytest.mark.parametrize("kind", ["SessionEndedRequest", "System.ExceptionEncountered"])
def test_says_nothing_when_nobody_listens(skill, kind):
    """
    Alexa refuses speech in answer to these.
    """
    assert {"version": "1.0", "response": {}} == ask(skill, type=kind)


def test_fails_if_it_is_another_skill(skill):
    """
    Should the permission ever be wider than it is.
    """
    given = event("alexa")
    given["context"]["System"]["application"]["applicationId"] = f"{SKILL}0"
    given["request"]["timestamp"] = stamp()

    with pytest.raises(PermissionError, match="of another skill"):
        skill.handler(given, LambdaContext())


@pytest.mark.parametrize("age", [151, 86_400, -152])
def test_fails_if_the_request_is_not_of_now(skill, age):
    """
    Within 150 seconds.

    https://developer.amazon.com/docs/custom-skills/host-a-custom-skill-as-a-web-service.html
    """
    with pytest.raises(PermissionError, match="too old, or of the future"):
        ask(skill, age, type="LaunchRequest")
