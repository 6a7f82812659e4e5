"""What failed: its payload, its error, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lambda_constructs.redrive._received import Received
from lambda_constructs.redrive._resend import Resend

__all__ = ["FailedMessage"]


@dataclass(frozen=True)
class FailedMessage:
    """A message of a failure store, read.

    Attributes:
        received: The message, as it is kept.
        back: How it goes back to where it failed.
        payload: What failed: JSON is parsed. None, where the store has only a pointer.
        error: Why, in one line; nothing, where the store does not tell.
        attempts: How often it was tried, where the store tells.
        version: The version of the function that ran, where the store tells.
        at: When it was given up.
    """

    received: Received
    back: Resend
    payload: object = None
    error: str = ""
    attempts: int | None = None
    version: str = ""
    at: datetime | None = None

    @property
    def id(self) -> str:
        """Its id, by which it is selected."""
        return self.received.id

    @property
    def when(self) -> datetime:
        """When it was given up, or came into the store."""
        return self.at or self.received.at
