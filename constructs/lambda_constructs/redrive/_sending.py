"""Sending one message back, so that it is neither lost nor doubled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from botocore.exceptions import ClientError

from lambda_constructs.redrive._aws import Aws
from lambda_constructs.redrive._journal import (
    DELETED,
    FAILED,
    SENDING,
    SENT,
    Journal,
)
from lambda_constructs.redrive._rate import Pace
from lambda_constructs.redrive._received import Received
from lambda_constructs.redrive._resend import Cannot
from lambda_constructs.redrive.errors import RedriveError, SendError
from lambda_constructs.redrive.messages import FailedMessage
from lambda_constructs.redrive.stores import Store

TAKEN = "another reader took it meanwhile"


class Status(StrEnum):
    """What became of a message."""

    SENT = "sent"
    AGAIN = "sent, perhaps a second time"
    SETTLED = "had been sent, deleted"
    MOVED = "moved"
    KEPT = "kept"
    FAILED = "failed again, kept"
    UNSURE = "no answer, kept"


@dataclass(frozen=True)
class Outcome:
    """What became of a message.

    Attributes:
        status: In a word.
        store: The name of its store.
        id: Its id; nothing, where SQS moved it.
        detail: Why, where it is still there.
        count: Of how many messages this is said.
    """

    status: Status
    store: str
    id: str
    detail: str
    count: int = 1


class Deleting(Protocol):
    """What deletes a message, once it was sent."""

    def hold(self, message: Received) -> None:
        """Keep it hidden from others for as long as sending it may take."""

    def delete(self, message: Received) -> None:
        """Delete it."""


class Sending:
    """Sends the messages of one store, and keeps the journal of it."""

    def __init__(
        self,
        aws: Aws,
        store: Store,
        journal: Journal,
        pace: Pace,
        report: Callable[[Outcome], None],
    ) -> None:
        self._aws = aws
        self._store = store
        self._journal = journal
        self._pace = pace
        self._report = report
        self._held_groups: set[str] = set()

    def send(self, source: Deleting, message: FailedMessage) -> None:
        """Send a message and delete it; or delete one that had been sent.

        Raises:
            RedriveError: The caller may not send, so that no other would arrive.
        """
        received = message.received
        known = self._journal.of(received.key).state
        if known in (SENT, DELETED):
            self._delete(source, received, Status.SETTLED)
        elif isinstance(message.back, Cannot):
            self._keep(Status.KEPT, received, message.back.reason)
        elif received.group and received.group in self._held_groups:
            self._keep(Status.KEPT, received, "another of its group is kept before it")
        elif self._hold(source, received) and self._sent(message):
            again = known == SENDING
            self._delete(source, received, Status.AGAIN if again else Status.SENT)

    def _hold(self, source: Deleting, received: Received) -> bool:
        try:
            source.hold(received)
        except ClientError:
            self._keep(Status.KEPT, received, TAKEN)
            return False
        return True

    def _sent(self, message: FailedMessage) -> bool:
        key = message.received.key
        self._pace.wait()
        self._journal.note(key, SENDING)
        try:
            message.back.send(self._aws, _Progress(self._journal, key))
        except SendError as error:
            if error.certain:
                self._journal.note(key, FAILED)
            status = Status.FAILED if error.certain else Status.UNSURE
            self._keep(status, message.received, str(error))
            if error.denied:
                raise RedriveError(
                    f"{error}; docs/redrive.md lists the actions that are needed"
                ) from None
            return False
        self._journal.note(key, SENT)
        return True

    def _delete(self, source: Deleting, received: Received, status: Status) -> None:
        try:
            source.delete(received)
        except ClientError as error:
            detail = f"not deleted, which the next run does: {error}"
            self._report(Outcome(status, self._store.name, received.id, detail))
            return
        self._journal.note(received.key, DELETED)
        self._report(Outcome(status, self._store.name, received.id, ""))

    def _keep(self, status: Status, received: Received, why: str) -> None:
        if received.group:
            self._held_groups.add(received.group)
        self._report(Outcome(status, self._store.name, received.id, why))


class _Progress:
    """How much of a batch is done."""

    def __init__(self, journal: Journal, key: str) -> None:
        self._journal = journal
        self._key = key
        self.through = journal.of(key).through

    def reach(self, through: str) -> None:
        """Note it at once: the rest may fail."""
        self.through = through
        self._journal.note(self._key, SENDING, through=through)
