"""The way back of batches: to a function that is waited for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lambda_constructs.redrive._aws import Aws
from lambda_constructs.redrive._resend import Progress
from lambda_constructs.redrive.errors import SendError

SYNCHRONOUS_BYTES = 6 * 1024 * 1024
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""


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
