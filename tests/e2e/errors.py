"""The one way in which these commands fail: a message, and an exit code."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class CommandError(Exception):
    """Something the user has to know; shown as it is, without a traceback.

    Attributes:
        exit_code: What the command exits with.
    """

    exit_code = 1


class UsageError(CommandError):
    """The command was given something that it cannot work with."""

    exit_code = 2


def nearest(name: str, known: Iterable[str]) -> str:
    """Give the end of a message about an unknown *name*: what it may have meant."""
    names = sorted(known)
    lowered = {known_name.lower(): known_name for known_name in names}
    close = difflib.get_close_matches(name.lower(), lowered, n=3)
    if close:
        return f"did you mean {' or '.join(lowered[match] for match in close)}?"
    return f"known: {', '.join(names) or 'none'}"
