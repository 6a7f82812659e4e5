"""A queue as a failure store: taking, putting back, deleting."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from lambda_constructs.redrive._aws import Aws
from lambda_constructs.redrive._catalogue import queue_url
from lambda_constructs.redrive._received import Received
from lambda_constructs.redrive.stores import Store

LOOKING_SECONDS = 60
SENDING_SECONDS = 1800
"""Twice what a function may take. What a killed run had taken is back after this."""

COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
)
PAUSES = 2
"""So many receives that bring nothing new are the end."""


class QueueSource:
    """The messages of a queue. Used as a context, it puts back what it did not delete.

    Attributes:
        seconds: How long what is taken is hidden from others.
        at_once: How many are taken at a time.
    """

    def __init__(
        self, aws: Aws, store: Store, *, seconds: int, at_once: int = 10
    ) -> None:
        self.aws = aws
        self.seconds = seconds
        self.at_once = at_once
        self.url = queue_url(aws, store.arn)
        self._sqs = aws.reader("sqs")
        self._taken: dict[str, Received] = {}
        self._seen: set[str] = set()

    def __enter__(self) -> QueueSource:
        """Take nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let others see again what was not deleted."""
        held = list(self._taken.values())
        for start in range(0, len(held), 10):
            entries = [
                {"Id": str(place), "ReceiptHandle": each.handle, "VisibilityTimeout": 0}
                for place, each in enumerate(held[start : start + 10])
            ]
            # What is refused is gone, or comes back by itself.
            with suppress(ClientError):
                self._sqs.change_message_visibility_batch(
                    QueueUrl=self.url, Entries=entries
                )
        self._taken.clear()

    def count(self) -> int:
        """Give how many there are, which SQS knows approximately."""
        answer = self._sqs.get_queue_attributes(
            QueueUrl=self.url, AttributeNames=list(COUNTS)
        )
        return sum(int(answer["Attributes"].get(name, 0)) for name in COUNTS)

    def messages(self) -> Iterator[Received]:
        """Give every message once."""
        pauses = 0
        while pauses < PAUSES:
            fresh = self._receive()
            pauses = 0 if fresh else pauses + 1
            yield from fresh

    def _receive(self) -> list[Received]:
        answer = self._sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=self.at_once,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
            VisibilityTimeout=self.seconds,
            WaitTimeSeconds=self.aws.patience,
        )
        received = [_received(each) for each in answer.get("Messages", [])]
        fresh = [each for each in received if each.id not in self._seen]
        for each in received:  # of one that came again, the new handle
            self._taken[each.id] = each
            self._seen.add(each.id)
        return fresh

    def hold(self, message: Received) -> None:
        """Keep it hidden for as long as sending it may take."""
        if time.monotonic() - message.taken < self.seconds / 4:
            return
        self._sqs.change_message_visibility(
            QueueUrl=self.url,
            ReceiptHandle=self._taken[message.id].handle,
            VisibilityTimeout=self.seconds,
        )

    def delete(self, message: Received) -> None:
        """Delete it for good."""
        handle = self._taken[message.id].handle
        self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=handle)
        del self._taken[message.id]


def _received(told: dict[str, Any]) -> Received:
    system = told.get("Attributes", {})
    attributes = {
        name: {key: each[key] for key in each if not key.endswith("ListValues")}
        for name, each in told.get("MessageAttributes", {}).items()
    }
    at = datetime.fromtimestamp(int(system.get("SentTimestamp", 0)) / 1000, UTC)
    return Received(
        told["MessageId"],
        told["MessageId"],
        told["Body"],
        at,
        attributes,
        system,
        told["ReceiptHandle"],
        time.monotonic(),
    )
