"""Ask the skill's function as Alexa does: its skill is answered, an old request not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from stacks.voice_skill import SKILL_ID
from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Ask for the hours of a Saturday, now and as of yesterday."""
    said = ask(deployed, datetime.now(UTC))
    speech = said.get("response", {}).get("outputSpeech", {}).get("text", str(said))
    yield Expectation(
        "the hours of a Saturday",
        "from 10 to 16",
        speech,
        "from 10 to 16" in speech,
        "invoked as Alexa would",
    )
    old = ask(deployed, datetime.now(UTC) - timedelta(days=1))
    error = old.get("errorMessage", "none")
    yield Expectation("the same, of yesterday", "too old", error, "too old" in error)


def look(deployed: Deployed) -> Iterator[str]:
    """Show who may invoke the function."""
    name = deployed.physical_id("Answers/Function")
    yield f"aws lambda get-policy --function-name {name} --qualifier live"


def ask(deployed: Deployed, at: datetime) -> dict[str, Any]:
    """Invoke the alias with a request of that time, and give what it returned."""
    application = {"applicationId": SKILL_ID}
    slots = {"day": {"name": "day", "value": "2026-11-21"}}
    event = {
        "version": "1.0",
        "session": {"new": True, "application": application},
        "context": {"System": {"application": application}},
        "request": {
            "type": "IntentRequest",
            "requestId": f"amzn1.echo-api.request.{uuid4()}",
            "locale": "en-GB",
            "timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "intent": {"name": "OpeningHoursIntent", "slots": slots},
        },
    }
    answer = deployed.session.client("lambda").invoke(
        FunctionName=deployed.physical_id("Answers/Live"),
        Payload=json.dumps(event).encode(),
    )
    return dict(json.loads(answer["Payload"].read()))


DRIVER = Driver(
    stack="VoiceSkill",
    drive=drive,
    look=look,
    unchecked=("Alexa itself, and that no other skill may invoke",),
)
