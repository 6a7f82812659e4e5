"""The skill answers, from the launch to the end."""

from __future__ import annotations

from stacks.voice_skill import SKILL_ID


def contract(shop) -> None:
    """One that is asked when the shop is open, says so."""
    skill = shop.skill("Answers", SKILL_ID)
    slots = {"day": {"name": "day", "value": "2026-11-21"}}
    hours = {"name": "OpeningHoursIntent", "slots": slots}

    launch = skill.ask({"type": "LaunchRequest"}).payload["response"]
    answer = skill.ask({"type": "IntentRequest", "intent": hours}, new=False)
    ended = skill.ask({"type": "SessionEndedRequest", "reason": "USER_INITIATED"})

    assert launch["shouldEndSession"] is False
    said = answer.payload["response"]["outputSpeech"]["text"]
    assert "On Saturday the shop is open from 10 to 16." == said
    assert {} == ended.payload["response"]
