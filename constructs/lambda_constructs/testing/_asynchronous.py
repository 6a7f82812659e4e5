"""Asynchronous invocation: Lambda's own queue, its retries and its destinations.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambda_constructs.testing._functions import FunctionState
from lambda_constructs.testing._runtime import Outcome
from lambda_constructs.testing.errors import UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

REFUSED: Any = {}
"""What a call answers that the role does not allow."""

RETRY_AFTER = (60.0, 120.0)
THROTTLE_BACKOFF = (1.0, 300.0)
SIX_HOURS = 21_600.0


@dataclass(frozen=True)
class AsyncConfig:
    """What an event invoke config says."""

    retries: int = 2
    max_age: float = SIX_HOURS
    on_failure: str | None = None
    on_success: str | None = None

    @classmethod
    def of(cls, properties: Mapping[str, Any]) -> AsyncConfig:
        """Read it from the template."""
        destinations = properties.get("DestinationConfig", {})
        return cls(
            int(properties.get("MaximumRetryAttempts", 2)),
            float(properties.get("MaximumEventAgeInSeconds", SIX_HOURS)),
            destinations.get("OnFailure", {}).get("Destination"),
            destinations.get("OnSuccess", {}).get("Destination"),
        )


def prefix_of(function: FunctionState) -> str:
    """Give what the keys of a function's records begin with.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    return f"aws/lambda/async/{function.name}/"


@dataclass
class _Event:
    """An event in Lambda's queue."""

    function: FunctionState
    qualifier: str
    payload: Any
    accepted: float
    request_id: str
    config: AsyncConfig
    attempts: int = 0
    throttles: int = 0


class Asynchronous:
    """Takes events at once and delivers them until they succeed or are given up."""

    def __init__(self, account: LocalAccount) -> None:
        self.account = account
        self._configs: dict[tuple[str, str], AsyncConfig] = {}

    def configure(
        self, function: FunctionState, qualifier: str, config: AsyncConfig
    ) -> None:
        """Set what holds for one qualifier of a function; others keep the default."""
        self._configs[function.name, qualifier] = config

    def accept(self, function: FunctionState, qualifier: str, payload: Any) -> None:
        """Queue an event."""
        config = self._configs.get((function.name, qualifier), AsyncConfig())
        now = self.account.clock.now()
        request_id = str(uuid.UUID(int=self.account.random.getrandbits(128), version=4))
        event = _Event(function, qualifier, payload, now, request_id, config)
        self.account.note(function.path, "accepted", "asynchronously")
        self.account.measured.count(function, qualifier, AsyncEventsReceived=1)
        self.account.clock.at(now, lambda: self._attempt(event))

    def _attempt(self, event: _Event) -> None:
        clock, function = self.account.clock, event.function
        if clock.now() - event.accepted > event.config.max_age:
            self._give_up(event, "EventAgeExceeded", None)
            return
        age = (clock.now() - event.accepted) * 1000
        outcome = function.invoke(event.payload, event.qualifier)
        if outcome.kind == "throttled":
            self._again_after_throttle(event)
            return
        self.account.measured.count(function, event.qualifier, AsyncEventAge=age)
        event.attempts += 1
        function.running += 1

        def finish() -> None:
            function.running -= 1
            self._finish(event, outcome)

        clock.at(clock.now() + outcome.duration, finish)

    def _again_after_throttle(self, event: _Event) -> None:
        """A throttle costs no attempt; it backs off from 1 s to 5 minutes."""
        least, most = THROTTLE_BACKOFF
        delay = min(most, least * 2**event.throttles)
        event.throttles += 1
        now = self.account.clock.now()
        last = event.accepted + event.config.max_age
        if now + delay > last:
            self.account.clock.at(
                last, lambda: self._give_up(event, "EventAgeExceeded", None)
            )
            return
        self._retry(event, delay)

    def _finish(self, event: _Event, outcome: Outcome) -> None:
        if not outcome.failed:
            self._send(event, "Success", event.config.on_success, outcome)
            return
        if event.attempts > event.config.retries:
            self._give_up(event, "RetriesExhausted", outcome)
            return
        delay = RETRY_AFTER[event.attempts - 1]
        if self.account.clock.now() + delay - event.accepted > event.config.max_age:
            self._give_up(event, "EventAgeExceeded", outcome)
            return
        self._retry(event, delay)

    def _retry(self, event: _Event, delay: float) -> None:
        self.account.note(event.function.path, "retry", f"in {delay:g} s")
        again = self.account.clock.now() + delay
        self.account.clock.at(again, lambda: self._attempt(event))

    def _give_up(self, event: _Event, why: str, outcome: Outcome | None) -> None:
        self.account.note(event.function.path, "given up", why)
        self.account.measured.count(
            event.function, event.qualifier, AsyncEventsDropped=1
        )
        self._send(event, why, event.config.on_failure, outcome)
        self._dead_letter(event, outcome)

    def _send(
        self, event: _Event, why: str, target: str | None, outcome: Outcome | None
    ) -> None:
        if target is None:
            return
        record = self._record(event, why, outcome)
        service = target.split(":")[2]
        send = {
            "sqs": self._to_queue,
            "sns": self._to_topic,
            "lambda": self._to_function,
            "events": self._to_bus,
            "s3": self._to_bucket,
        }.get(service)
        if send is None:
            raise UnmodelledError(f"a destination of {service} is not modelled")
        self._deliver(
            event,
            "destination",
            target,
            lambda: send(event, target, record),
            "DestinationDeliveryFailures",
        )

    def _deliver(
        self,
        event: _Event,
        what: str,
        target: str,
        send: Callable[[], Any],
        metric: str,
    ) -> None:
        """Send something for the last time; what fails is lost, and counted."""
        function = event.function
        try:
            if send() != REFUSED:
                self.account.note(function.path, what, target)
                return
            why = "the role does not allow it"
        except ClientError as error:
            why = str(error)
        self.account.note(function.path, "lost", f"{target}: {why}")
        self.account.measured.count(function, event.qualifier, "", **{metric: 1})

    def _record(
        self, event: _Event, why: str, outcome: Outcome | None
    ) -> dict[str, Any]:
        """Give the record in its documented shape.

        https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        """
        now = datetime.fromtimestamp(self.account.clock.now(), UTC)
        record: dict[str, Any] = {
            "version": "1.0",
            "timestamp": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z",
            "requestContext": {
                "requestId": event.request_id,
                "functionArn": f"{event.function.arn}:{event.qualifier}",
                "condition": why,
                "approximateInvokeCount": event.attempts,
            },
            "requestPayload": event.payload,
        }
        if outcome is not None:
            version = event.function.version_of(event.qualifier)
            record["responseContext"] = {"statusCode": 200, "executedVersion": version}
            if outcome.failed:
                record["responseContext"]["functionError"] = "Unhandled"
            record["responsePayload"] = outcome.payload
        return record

    def _to_queue(self, event: _Event, target: str, record: dict[str, Any]) -> Any:
        url = self.account.queue_url(target.rsplit(":", 1)[1])
        message = {"QueueUrl": url, "MessageBody": json.dumps(record)}
        return self.account.as_lambda(event.function, "sqs", "SendMessage", message)

    def _to_topic(self, event: _Event, target: str, record: dict[str, Any]) -> Any:
        message = {"TopicArn": target, "Message": json.dumps(record)}
        return self.account.as_lambda(event.function, "sns", "Publish", message)

    def _to_function(self, event: _Event, target: str, record: dict[str, Any]) -> Any:
        state, qualifier = self.account.function_and_qualifier(target)
        return self.account.as_lambda(
            event.function,
            "lambda",
            "Invoke",
            {"FunctionName": target, "InvocationType": "Event"},
            lambda: self.accept(state, qualifier, record),
        )

    def _to_bus(self, event: _Event, target: str, record: dict[str, Any]) -> Any:
        success = record["requestContext"]["condition"] == "Success"
        entry = {
            "Source": "lambda",
            "DetailType": "Lambda Function Invocation Result - "
            + ("Success" if success else "Failure"),
            "Detail": json.dumps(record),
            "EventBusName": target,
            "Resources": [record["requestContext"]["functionArn"], target],
        }
        return self.account.as_lambda(
            event.function, "events", "PutEvents", {"Entries": [entry]}
        )

    def _to_bucket(self, event: _Event, target: str, record: dict[str, Any]) -> Any:
        now = datetime.fromtimestamp(self.account.clock.now(), UTC)
        key = (
            f"{prefix_of(event.function)}{now:%Y/%m/%d}/"
            f"{now:%Y-%m-%dT%H.%M.%S}-{event.request_id}"
        )
        bucket = target.rsplit(":", 1)[1]
        self.account.as_lambda(event.function, "s3", "HeadBucket", {"Bucket": bucket})
        body = json.dumps(record).encode()
        return self.account.as_lambda(
            event.function,
            "s3",
            "PutObject",
            {"Bucket": bucket, "Key": key, "Body": body},
        )

    def _dead_letter(self, event: _Event, outcome: Outcome | None) -> None:
        """Send the event itself, with the error as message attributes.

        https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        """
        config = event.function.properties.get("DeadLetterConfig", {})
        target = config.get("TargetArn")
        if target is None:
            return
        payload = outcome.payload if outcome is not None else {}
        message = str(payload.get("errorMessage", ""))[:1024]
        attributes = {
            "RequestID": {"DataType": "String", "StringValue": event.request_id},
            "ErrorCode": {"DataType": "Number", "StringValue": "200"},
        }
        if message:
            attributes["ErrorMessage"] = {
                "DataType": "String",
                "StringValue": message,
            }
        body, function = json.dumps(event.payload), event.function

        def send() -> Any:
            if target.split(":")[2] == "sqs":
                url = self.account.queue_url(target.rsplit(":", 1)[1])
                sent = {"QueueUrl": url, "MessageBody": body}
                operation = ("sqs", "SendMessage")
            else:
                sent = {"TopicArn": target, "Message": body}
                operation = ("sns", "Publish")
            return self.account.as_lambda(
                function, *operation, {**sent, "MessageAttributes": attributes}
            )

        self._deliver(event, "dead-lettered", target, send, "DeadLetterErrors")
