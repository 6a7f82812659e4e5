"""The hours of a shop, said by Alexa: as one does it with Powertools.

It has no data class of Alexa: its Logger, and the event as it is.
https://docs.aws.amazon.com/powertools/python/latest/core/logger/
"""

import os
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
PLACE = ZoneInfo("Europe/London")
HOURS = [*[(9, 18)] * 5, (10, 16), None]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
GOODBYE = ("AMAZON.StopIntent", "AMAZON.CancelIntent", "AMAZON.NavigateHomeIntent")


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request of the skill."""
    request = event["request"]
    application = event["context"]["System"]["application"]["applicationId"]
    if application != os.environ["SKILL_ID"]:
        raise PermissionError("the request is of another skill")
    sent = datetime.fromisoformat(request["timestamp"])
    if abs(datetime.now(UTC) - sent) > timedelta(seconds=150):
        raise PermissionError("the request is too old, or of the future")
    logger.info("asked", request=request["requestId"], request_type=request["type"])
    if request["type"] == "LaunchRequest":
        return ask("Welcome to the shop. For which day do you want the hours?")
    if request["type"] != "IntentRequest":
        return {"version": "1.0", "response": {}}
    name = request["intent"]["name"]
    if name == "OpeningHoursIntent":
        return opening_hours(request["intent"])
    if name in GOODBYE:
        return tell("Goodbye.")
    if name == "AMAZON.HelpIntent":
        return ask("Ask me, for instance, whether the shop is open on Saturday.")
    return ask("I only know the opening hours. Which day do you want?")


def opening_hours(intent: dict[str, Any]) -> dict[str, Any]:
    """Say the hours of a day, today's if none is named."""
    slot = (intent.get("slots") or {}).get("day") or {}
    value = str(slot.get("value") or datetime.now(PLACE).date())
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            raise ValueError("more than one day")
        number = date.fromisoformat(value).weekday()
    except ValueError:
        return ask("I can tell you about one day at a time. Which day do you want?")
    hours = HOURS[number]
    if hours is None:
        return tell(f"On {DAYS[number]} the shop is closed.")
    return tell(f"On {DAYS[number]} the shop is open from {hours[0]} to {hours[1]}.")


def tell(text: str) -> dict[str, Any]:
    """Say something, and end the session."""
    response = {"outputSpeech": speech(text), "shouldEndSession": True}
    return {"version": "1.0", "response": response}


def ask(text: str) -> dict[str, Any]:
    """Say something, and listen."""
    response = {
        "outputSpeech": speech(text),
        "reprompt": {"outputSpeech": speech("Which day do you want?")},
        "shouldEndSession": False,
    }
    return {"version": "1.0", "response": response}


def speech(text: str) -> dict[str, Any]:
    """Word a text as Alexa takes it."""
    return {"type": "PlainText", "text": text}
