"""Letting SQS move a whole dead-letter queue back.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from lambda_constructs.redrive._aws import UNSUPPORTED, Aws
from lambda_constructs.redrive.errors import RedriveError
from lambda_constructs.redrive.stores import Store

RUNNING = "RUNNING"
POLL_SECONDS = 1.0


class UnsupportedError(Exception):
    """There is no such operation here: an emulator."""


class Move:
    """A task of SQS that moves a queue's messages back, begun or found running."""

    def __init__(self, aws: Aws, store: Store) -> None:
        self._sqs = aws.sender("sqs")
        self._aws = aws
        self._store = store

    def run(
        self,
        rate: int | None,
        moved: Callable[[int], None],
        stop: Callable[[], bool],
    ) -> int:
        """Move all, and give how many that were.

        One that is running already is waited for instead. *stop* or an exception
        cancels it; what has been moved stays moved.

        Raises:
            RedriveError: SQS gave up.
            UnsupportedError: There is no such operation here.
        """
        task = self._running() or self._start(rate)
        try:
            while task.get("Status") == RUNNING:
                moved(int(task.get("ApproximateNumberOfMessagesMoved", 0)))
                if stop():
                    break
                self._aws.sleep(POLL_SECONDS)
                task = self._newest()
        except BaseException:
            self._cancel()
            raise
        if task.get("Status") == RUNNING:
            self._cancel()
            task = self._newest()
        if task.get("Status") == "FAILED":
            raise RedriveError(
                f"SQS stopped moving {self._store.name}: {task.get('FailureReason')}; "
                "--one-by-one sends each message from here"
            )
        count = int(task.get("ApproximateNumberOfMessagesMoved", 0))
        moved(count)
        return count

    def _start(self, rate: int | None) -> Mapping[str, Any]:
        request: dict[str, Any] = {"SourceArn": self._store.arn}
        if len(self._store.origins) == 1:  # takes what was sent here directly, too
            request["DestinationArn"] = self._store.origins[0].target
        if rate is not None:
            request["MaxNumberOfMessagesPerSecond"] = rate
        try:
            self._sqs.start_message_move_task(**request)
        except ClientError as error:
            if error.response["Error"]["Code"] in UNSUPPORTED:
                raise UnsupportedError from None
            raise
        return self._newest()

    def _newest(self) -> Mapping[str, Any]:
        answer = self._sqs.list_message_move_tasks(
            SourceArn=self._store.arn, MaxResults=1
        )
        results = answer.get("Results", [])
        newest: Mapping[str, Any] = results[0] if results else {}
        return newest

    def _running(self) -> Mapping[str, Any]:
        try:
            task = self._newest()
        except ClientError as error:
            if error.response["Error"]["Code"] in UNSUPPORTED:
                raise UnsupportedError from None
            raise
        return task if task.get("Status") == RUNNING else {}

    def _cancel(self) -> None:
        task = self._running()
        if task.get("TaskHandle"):
            self._sqs.cancel_message_move_task(TaskHandle=task["TaskHandle"])
