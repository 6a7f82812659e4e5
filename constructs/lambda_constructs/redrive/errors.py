"""What the command says when it cannot do what it was asked to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["RedriveError", "SendError"]


class RedriveError(Exception):
    """There is no such stack, store or message, or AWS refuses to tell of it."""


class SendError(Exception):
    """Something could not be sent back.

    Attributes:
        certain: Whether it has certainly not been processed. Otherwise the answer was
            lost, and nobody here knows.
        denied: Whether the caller may not do it, so that the next would fail alike.
    """

    def __init__(
        self, message: str, *, certain: bool = True, denied: bool = False
    ) -> None:
        super().__init__(message)
        self.certain = certain
        self.denied = denied


def nearest(name: str, known: Iterable[str]) -> str:
    """Give the end of a message about an unknown *name*: what it may have meant."""
    names = sorted(known)
    matches = difflib.get_close_matches(name, names, n=3)
    if matches:
        return f"; did you mean {' or '.join(matches)}?"
    return f"; there are {', '.join(names)}" if names else "; there are none"
