"""Filters of event source mappings, in the language of EventBridge patterns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from moto.events.models import EventPattern


def matches_any(patterns: Sequence[Mapping[str, Any]], record: dict[str, Any]) -> bool:
    """Tell whether one of *patterns* matches *record*.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
    """
    event: Any = record
    return any(
        bool(EventPattern(None, dict(each)).matches_event(event)) for each in patterns
    )
