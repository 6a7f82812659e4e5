"""Rules of event buses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass
class Rule:
    """A rule of a bus.

    Attributes:
        arn: Its ARN.
        path: Its construct path.
        bus: The name of its bus.
        targets: As the template has them.
        pattern: What an event must be like.
        schedule: When it fires on its own.
        enabled: Whether it does anything.
    """

    arn: str
    path: str
    bus: str
    targets: Sequence[Mapping[str, Any]]
    pattern: Mapping[str, Any] | None = None
    schedule: str | None = None
    enabled: bool = True
