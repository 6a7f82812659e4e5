"""The ways back: to a queue, a topic, or a function."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from lambda_constructs.redrive._aws import Aws
from lambda_constructs.redrive._catalogue import queue_url
from lambda_constructs.redrive.errors import SendError

SYNCHRONOUS_BYTES = 6 * 1024 * 1024
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""


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


@dataclass(frozen=True)
class Batch:
    """Give records of a stream to a function again, and wait for what it says.

    Attributes:
        where: The function's alias.
        records: The records, in their order, as the function gets them.
        most: How many of them at once.
    """

    where: str
    records: Sequence[Mapping[str, Any]] = field(hash=False)
    most: int = 100

    def check(self, aws: Aws) -> str:  # noqa: ARG002
        """The records are here."""
        return ""

    def send(self, aws: Aws, progress: Progress) -> None:
        """Send what is not yet processed, up to the first that fails again."""
        done = progress.through
        left = [
            each
            for each in self.records
            if not done or int(sequence_of(each)) > int(done)
        ]
        for batch in _batches(left, self.most):
            failed = failures(invoke(aws, self.where, {"Records": batch}))
            good = 0
            while good < len(batch) and sequence_of(batch[good]) not in failed:
                good += 1
            known = {sequence_of(each) for each in batch}
            if not failed <= known:  # as Lambda does: all of them
                good = 0
            if good:
                progress.reach(sequence_of(batch[good - 1]))
            if good < len(batch):
                raise SendError(
                    f"the function failed again on record {sequence_of(batch[good])}; "
                    f"{good} of {len(batch)} in this batch are done"
                )


@dataclass(frozen=True)
class WholeEvent:
    """Give an event to a function again as one, and wait for what it says."""

    where: str
    event: Mapping[str, Any] = field(hash=False)

    def check(self, aws: Aws) -> str:  # noqa: ARG002
        """The event is here."""
        return ""

    def send(self, aws: Aws, progress: Progress) -> None:  # noqa: ARG002
        """Send it; a part that fails is a failure of the whole."""
        failed = failures(invoke(aws, self.where, self.event))
        if failed:
            raise SendError(f"the function failed again on {len(failed)} records")


def sequence_of(record: Mapping[str, Any]) -> str:
    """Give a record's sequence number."""
    part = record.get("kinesis")
    if part is not None:
        return str(part["sequenceNumber"])
    return str(record["dynamodb"]["SequenceNumber"])


def invoke(aws: Aws, function: str, event: Mapping[str, Any]) -> object:
    """Invoke a function and wait.

    Raises:
        SendError: It failed, or nobody knows.
    """
    body = json.dumps(event).encode()

    def call() -> tuple[str, bytes]:
        answer = aws.sender("lambda").invoke(
            FunctionName=function, InvocationType="RequestResponse", Payload=body
        )
        return answer.get("FunctionError", ""), answer["Payload"].read()

    failed, payload = aws.send(call)
    told = json.loads(payload) if payload else None
    if failed:
        raise SendError(f"the function failed again: {error_in(told) or failed}")
    return told


def failures(answer: object) -> set[str]:
    """Give what a partial batch response names.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """
    if not isinstance(answer, dict):
        return set()
    items = answer.get("batchItemFailures") or []
    return {
        json.dumps(each["itemIdentifier"])
        if isinstance(each["itemIdentifier"], dict)
        else str(each["itemIdentifier"])
        for each in items
    }


def error_in(payload: object) -> str:
    """Give the error that a function answered with, in one line."""
    if not isinstance(payload, dict) or "errorMessage" not in payload:
        return ""
    kind, text = payload.get("errorType", ""), str(payload["errorMessage"])
    return f"{kind}: {text}" if kind else text


def _batches(
    records: Sequence[Mapping[str, Any]], most: int
) -> list[list[Mapping[str, Any]]]:
    """Divide records among invocations, by number and by size."""
    batches: list[list[Mapping[str, Any]]] = []
    size = 0
    for record in records:
        length = len(json.dumps(record)) + 2
        full = batches and (
            len(batches[-1]) >= most or size + length > SYNCHRONOUS_BYTES - 100
        )
        if not batches or full:
            batches.append([])
            size = 0
        batches[-1].append(record)
        size += length
    return batches
