"""Say when the shop is open, to whoever asks Alexa."""

import logging
import os
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, NotRequired, TypedDict
from zoneinfo import ZoneInfo

SKILL_ID = os.environ["SKILL_ID"]

PLACE = ZoneInfo("Europe/London")
# By weekday, from Monday; None is closed.
HOURS: list[tuple[int, int] | None] = [*[(9, 18)] * 5, (10, 16), None]
DAYS = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
]
# A date of Alexa's may be a week, a month or a season as well.
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# What Alexa asks of those who check requests themselves.
TOLERANCE = timedelta(seconds=150)

# What somebody said at home is not logged, nor who it was.
logger = logging.getLogger()
logger.setLevel(logging.INFO)


class Speech(TypedDict):
    """What Alexa says."""

    type: str
    text: str


class Reprompt(TypedDict):
    """What Alexa says when nobody answers."""

    outputSpeech: Speech


class Response(TypedDict, total=False):
    """What comes next in the session."""

    outputSpeech: Speech
    reprompt: Reprompt
    shouldEndSession: bool


class Answer(TypedDict):
    """What the function returns."""

    version: str
    response: Response
    sessionAttributes: NotRequired[dict[str, Any]]


def handler(event: dict[str, Any], context: object) -> Answer:
    """Answer one request of the skill."""
    check(event)
    request = event["request"]
    about = {"correlation_id": request["requestId"], "request_type": request["type"]}
    logger.info("asked", extra=about)
    match request["type"]:
        case "LaunchRequest":
            return ask("Welcome to the shop. For which day do you want the hours?")
        case "IntentRequest":
            return answer(request["intent"])
        case _:
            # The session has ended, or a device tells something: nobody listens.
            return {"version": "1.0", "response": {}}


def check(event: dict[str, Any]) -> None:
    """Raise if the request is not of this skill, or not of now."""
    application = event["context"]["System"]["application"]["applicationId"]
    if application != SKILL_ID:
        raise PermissionError("the request is of another skill")
    sent = datetime.fromisoformat(event["request"]["timestamp"])
    if abs(datetime.now(UTC) - sent) > TOLERANCE:
        raise PermissionError("the request is too old, or of the future")


def answer(intent: dict[str, Any]) -> Answer:
    """Answer what somebody wants."""
    match intent["name"]:
        case "OpeningHoursIntent":
            return opening_hours(intent)
        case "AMAZON.StopIntent" | "AMAZON.CancelIntent" | "AMAZON.NavigateHomeIntent":
            return tell("Goodbye.")
        case "AMAZON.HelpIntent":
            return ask("Ask me, for instance, whether the shop is open on Saturday.")
        case _:
            return ask("I only know the opening hours. Which day do you want?")


def opening_hours(intent: dict[str, Any]) -> Answer:
    """Say the hours of a day, today's if none is named."""
    slot = (intent.get("slots") or {}).get("day") or {}
    value = str(slot.get("value") or datetime.now(PLACE).date())
    day = day_of(value)
    if day is None:
        return ask("I can tell you about one day at a time. Which day do you want?")
    hours, name = HOURS[day.weekday()], DAYS[day.weekday()]
    if hours is None:
        return tell(f"On {name} the shop is closed.")
    return tell(f"On {name} the shop is open from {hours[0]} to {hours[1]}.")


def day_of(value: str) -> date | None:
    """Read a day, or nothing where it is more than one, or the 30th of February."""
    if not DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def tell(text: str) -> Answer:
    """Say *text*, and end the session."""
    response: Response = {"outputSpeech": speech(text), "shouldEndSession": True}
    return {"version": "1.0", "response": response}


def ask(text: str) -> Answer:
    """Say *text*, and listen."""
    response: Response = {
        "outputSpeech": speech(text),
        "reprompt": {"outputSpeech": speech("Which day do you want?")},
        "shouldEndSession": False,
    }
    return {"version": "1.0", "response": response}


def speech(text: str) -> Speech:
    """Word *text* as Alexa takes it."""
    return {"type": "PlainText", "text": text}
