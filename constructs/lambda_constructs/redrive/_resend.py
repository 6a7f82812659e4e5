"""The ways back: to a queue, a topic, or a function that is not waited for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from lambda_constructs.redrive._aws import Aws
from lambda_constructs.redrive._catalogue import queue_url
from lambda_constructs.redrive.errors import SendError


class Progress(Protocol):
    """How much of a batch is done, which survives an interruption.

    Attributes:
        through: The sequence number of the last record that was processed.
    """

    through: str

    def reach(self, through: str) -> None:
        """Note that all records up to this one are processed."""


class Resend(Protocol):
    """A way back."""

    @property
    def where(self) -> str:
        """The ARN to which it leads; nothing, where there is none."""

    def check(self, aws: Aws) -> str:
        """Say why it cannot be gone, without sending anything; or nothing."""

    def send(self, aws: Aws, progress: Progress) -> None:
        """Go it.

        Raises:
            SendError: It did not arrive, was not processed, or nobody knows.
        """


@dataclass(frozen=True)
class Cannot:
    """No way back, and why."""

    reason: str
    where: str = ""

    def check(self, aws: Aws) -> str:  # noqa: ARG002
        """Say why."""
        return self.reason

    def send(self, aws: Aws, progress: Progress) -> None:  # noqa: ARG002
        """Refuse.

        Raises:
            SendError: Always.
        """
        raise SendError(self.reason)


@dataclass(frozen=True)
class ToQueue:
    """Send a message to a queue, as it was.

    SQS gives a message that it moves to a FIFO dead-letter queue its id as
    deduplication id. It has the same on the way back, so that none is taken for the
    original, and one that is sent twice within five minutes arrives once.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
    """

    where: str
    id: str
    body: str
    attributes: Mapping[str, Any] = field(default_factory=dict, hash=False)
    system: Mapping[str, str] = field(default_factory=dict, hash=False)

    def check(self, aws: Aws) -> str:  # noqa: ARG002
        """A queue takes what it gave."""
        return ""

    def send(self, aws: Aws, progress: Progress) -> None:  # noqa: ARG002
        """Send it with its attributes, its group and its trace."""
        message: dict[str, Any] = {
            "QueueUrl": queue_url(aws, self.where),
            "MessageBody": self.body,
        }
        if self.attributes:
            message["MessageAttributes"] = self.attributes
        group = self.system.get("MessageGroupId")
        if group:
            message["MessageGroupId"] = group
        if self.where.endswith(".fifo"):
            message["MessageDeduplicationId"] = self.id
        trace = self.system.get("AWSTraceHeader")
        if trace:
            header = {"DataType": "String", "StringValue": trace}
            message["MessageSystemAttributes"] = {"AWSTraceHeader": header}
        sqs = aws.sender("sqs")
        aws.send(lambda: sqs.send_message(**message))


@dataclass(frozen=True)
class ToTopic:
    """Publish what a rule or a schedule could not."""

    where: str
    body: str

    def check(self, aws: Aws) -> str:  # noqa: ARG002
        """A topic takes any text."""
        return ""

    def send(self, aws: Aws, progress: Progress) -> None:  # noqa: ARG002
        """Publish it."""
        sns = aws.sender("sns")
        aws.send(lambda: sns.publish(TopicArn=self.where, Message=self.body))


@dataclass(frozen=True)
class Event:
    """Hand an event to a function, which Lambda takes for it and retries."""

    where: str
    payload: str

    def check(self, aws: Aws) -> str:  # noqa: ARG002
        """Say what Lambda would refuse."""
        try:
            json.loads(self.payload)
        except ValueError:
            return "the event is not JSON, and Lambda takes nothing else"
        return ""

    def send(self, aws: Aws, progress: Progress) -> None:  # noqa: ARG002
        """Invoke it asynchronously."""
        refused = self.check(aws)
        if refused:
            raise SendError(refused)
        body = self.payload.encode()
        aws.send(
            lambda: aws.sender("lambda").invoke(
                FunctionName=self.where, InvocationType="Event", Payload=body
            )
        )
