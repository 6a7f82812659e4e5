"""An event source mapping of a queue: polls, invokes, deletes, and lets come back.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._filters import matches_any
from lambda_constructs.testing._functions import FunctionState
from lambda_constructs.testing._mapping import (
    PAYLOAD_BYTES,
    MappingMeter,
    MappingSettings,
)
from lambda_constructs.testing._moto import release_visible
from lambda_constructs.testing._runtime import Outcome

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

RECEIVE_AT_ONCE = 10
DEFAULT_CONCURRENCY = 1_250
"""https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html."""

VISIBLE_OR_NOT = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
]

Message = dict[str, Any]


class SqsPoller:
    """Delivers the messages of one queue to one qualifier of one function."""

    def __init__(
        self,
        account: LocalAccount,
        function: FunctionState,
        qualifier: str,
        properties: Mapping[str, Any],
    ) -> None:
        self.account = account
        self.function = function
        self.qualifier = qualifier
        self.arn = str(properties["EventSourceArn"])
        self.queue = self.arn.rsplit(":", 1)[1]
        self.url = account.queue_url(self.queue)
        self.path = account.path_of(self.url)
        settings = MappingSettings.of(properties, batch_size=10, where=self.path)
        self.enabled = settings.enabled
        self.batch_size = settings.batch_size
        self.window = settings.window
        self.partial = settings.partial
        self.filters = settings.filters
        self.meter = MappingMeter(account, function, qualifier, properties)
        scaling = properties.get("ScalingConfig", {})
        self.most = int(scaling.get("MaximumConcurrency", DEFAULT_CONCURRENCY))
        self.dead_letters = self._dead_letter_url()
        self.visibility: float | None = None
        self.some_came_back = False
        self.in_flight = 0
        self.batch: list[Message] = []
        self.due: float | None = None

    def poll(self) -> bool:
        """Receive what is visible now and invoke with it; tell whether any was."""
        if not self.enabled:
            return False
        self.visibility = None
        busy = False
        while self.in_flight < self.most:
            room = self.batch_size - len(self.batch)
            received = self._receive(room)
            busy = busy or bool(received)
            self.batch.extend(self._filtered(received))
            if not self.batch:
                if not received:
                    break
                continue
            if not self._is_full() and not self._window_is_over():
                if not received:
                    break
                continue
            self._invoke()
            busy = True
        return busy

    def _receive(self, most: int) -> list[Message]:
        received: list[Message] = []
        release_visible(self.account, self.queue)
        dead = self._count_dead_letters()
        while len(received) < most:
            some = self._call(
                "ReceiveMessage",
                MaxNumberOfMessages=min(RECEIVE_AT_ONCE, most - len(received)),
                WaitTimeSeconds=0,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            if not some:
                break
            received.extend(some)
        gone = self._count_dead_letters() - dead
        if gone:
            where = self.account.path_of(self.dead_letters or "")
            self.account.note(self.path, "dead-lettered", f"{gone} to {where}")
        if received:
            self.account.note(self.path, "polled", _count(received))
            self.meter.count("PolledEventCount", len(received))
            again = self._visible_again()
            for each in received:
                each["VisibleAgain"] = again
        return received

    def _dead_letter_url(self) -> str | None:
        found = self.account.client("sqs").get_queue_attributes(
            QueueUrl=self.url, AttributeNames=["RedrivePolicy"]
        )
        policy = found.get("Attributes", {}).get("RedrivePolicy")
        if policy is None:
            return None
        target = str(json.loads(policy)["deadLetterTargetArn"])
        return self.account.queue_url(target.rsplit(":", 1)[1])

    def _count_dead_letters(self) -> int:
        """Count them where one may be added: the queue itself moves them."""
        if self.dead_letters is None or not self.some_came_back:
            return 0
        counts = self.account.client("sqs").get_queue_attributes(
            QueueUrl=self.dead_letters, AttributeNames=VISIBLE_OR_NOT
        )["Attributes"]
        return sum(int(each) for each in counts.values())

    def _visible_again(self) -> float:
        if self.visibility is None:
            wanted = ["VisibilityTimeout"]
            found = self._call("GetQueueAttributes", AttributeNames=wanted)
            given = found.get("Attributes", {}).get("VisibilityTimeout", 30)
            self.visibility = float(given)
        again = self.account.clock.now() + self.visibility
        return round(again + 0.001, 3)  # moto shows a message only after it

    def _look_again(self, messages: Sequence[Message]) -> None:
        """Poll when *messages*, which were not deleted, are visible again."""
        self.some_came_back = True
        for when in {each["VisibleAgain"] for each in messages}:
            self.account.clock.at(max(when, self.account.clock.now()), _nothing)

    def _filtered(self, received: Sequence[Message]) -> list[Message]:
        """Lambda deletes what no filter matches."""
        if not self.filters:
            return list(received)
        kept = [each for each in received if matches_any(self.filters, _record(each))]
        dropped = [each for each in received if each not in kept]
        if dropped:
            self._delete(dropped)
            self.account.note(self.path, "filtered", f"{_count(dropped)} deleted")
            self.meter.count("FilteredOutEventCount", len(dropped))
        return kept

    def _is_full(self) -> bool:
        count = len(self.batch)
        return count == self.batch_size or self._fitting() < count

    def _fitting(self) -> int:
        """Give how many messages fit into one payload; one always does."""
        size = 0
        for place, each in enumerate(self.batch):
            record = json.dumps(self._event_record(each), ensure_ascii=False)
            size += len(record.encode()) + 2
            if size > PAYLOAD_BYTES and place:
                return place
        return len(self.batch)

    def _window_is_over(self) -> bool:
        now = self.account.clock.now()
        if self.window == 0:
            return True
        if self.due is None:
            self.due = now + self.window
            self.account.clock.at(self.due, _nothing)
        return now >= self.due

    def _invoke(self) -> None:
        count, self.due = self._fitting(), None
        batch, self.batch = self.batch[:count], self.batch[count:]
        event = {"Records": [self._event_record(each) for each in batch]}
        outcome = self.function.invoke(event, self.qualifier)
        self.meter.count("InvokedEventCount", len(batch))
        if outcome.kind == "throttled":
            self.meter.count("FailedInvokeEventCount", len(batch))
            self._look_again(batch)
            return
        self.in_flight += 1
        self.function.running += 1

        def finish() -> None:
            self.in_flight -= 1
            self.function.running -= 1
            self._settle(batch, outcome)

        self.account.clock.at(self.account.clock.now() + outcome.duration, finish)

    def _settle(self, batch: Sequence[Message], outcome: Outcome) -> None:
        failed = self._failed(batch, outcome)
        done = [each for each in batch if each["MessageId"] not in failed]
        if done:
            self.meter.count("DeletedEventCount", self._delete(done))
        self.meter.count("FailedInvokeEventCount", len(failed))
        if failed:
            self._look_again([each for each in batch if each["MessageId"] in failed])
            self.account.note(
                self.path, "failed", f"{len(failed)} of {_count(batch)} come back"
            )

    def _failed(self, batch: Sequence[Message], outcome: Outcome) -> set[str]:
        """Read a partial batch response; a malformed one fails the whole batch.

        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
        """
        every = {each["MessageId"] for each in batch}
        if outcome.failed:
            return every
        if not self.partial or not outcome.payload:
            return set()
        if not isinstance(outcome.payload, dict):
            return every
        items = outcome.payload.get("batchItemFailures")
        if items is None:
            return set() if "batchItemFailures" in outcome.payload else every
        if not isinstance(items, list):
            return every
        failed = {
            each.get("itemIdentifier") if isinstance(each, dict) else None
            for each in items
        }
        return {str(each) for each in failed} if failed <= every else every

    def _delete(self, messages: Sequence[Message]) -> int:
        """Delete some; give how many are gone."""
        gone = 0
        for start in range(0, len(messages), RECEIVE_AT_ONCE):
            some = messages[start : start + RECEIVE_AT_ONCE]
            entries = [
                {"Id": str(index), "ReceiptHandle": each["ReceiptHandle"]}
                for index, each in enumerate(some)
            ]
            answer = self._call("DeleteMessageBatch", Entries=entries)
            gone += len(answer.get("Successful", []))
        return gone

    def _call(self, operation: str, **params: Any) -> dict[str, Any]:
        """Call SQS as Lambda does, under the function's role."""
        answer: dict[str, Any] = self.account.as_lambda(
            self.function, "sqs", operation, {"QueueUrl": self.url, **params}
        )
        return answer

    def _event_record(self, message: Message) -> dict[str, Any]:
        """Give the record in its documented shape."""
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {
                name: _attribute(each)
                for name, each in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self.arn,
            "awsRegion": self.account.region,
        }


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {"stringValue": value.get("StringValue")}
    if "BinaryValue" in value:
        given = {"binaryValue": base64.b64encode(value["BinaryValue"]).decode()}
    return {
        **given,
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value["DataType"],
    }


def _record(message: Message) -> dict[str, Any]:
    try:
        body = json.loads(message["Body"])
    except ValueError:
        body = message["Body"]
    return {"body": body, "messageId": message["MessageId"]}


def _count(messages: Sequence[object]) -> str:
    return "1 message" if len(messages) == 1 else f"{len(messages)} messages"


def _nothing() -> None:
    """Something else looks then."""
