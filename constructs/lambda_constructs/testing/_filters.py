"""Filters of event source mappings, in the language of EventBridge patterns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lambda_constructs.testing._sources.patterns import matches


def matches_any(patterns: Sequence[Mapping[str, Any]], record: dict[str, Any]) -> bool:
    """Tell whether one of *patterns* matches *record*.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
    """
    return any(matches(each, record) for each in patterns)
