"""EventBridge Scheduler.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/what-is-scheduler.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import dropwhile, takewhile
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from lambda_constructs.testing._sources.cron import firings
from lambda_constructs.testing._sources.retries import (
    Delivery,
    RetryPolicy,
    text_attributes,
)
from lambda_constructs.testing._sources.senders import (
    DeliveryError,
    Sender,
    call,
    queue_url,
    send,
)

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

PRINCIPAL = "scheduler.amazonaws.com"


@dataclass(frozen=True)
class Schedule:
    """A schedule: when, what, and under which role.

    A flexible time window always begins with the invocation.
    """

    account: LocalAccount
    arn: str
    path: str
    group_arn: str
    properties: Mapping[str, Any]

    @property
    def target(self) -> Mapping[str, Any]:
        """What it invokes."""
        target: Mapping[str, Any] = self.properties["Target"]
        return target

    def begin(self) -> None:
        """Let it fire from now on."""
        if self.properties.get("State") == "DISABLED":
            return
        zone = ZoneInfo(self.properties.get("ScheduleExpressionTimezone") or "UTC")
        now = self.account.clock.now()
        first = _time(self.properties.get("StartDate"))
        last = _time(self.properties.get("EndDate"))
        expression = str(self.properties["ScheduleExpression"])
        start = max(now, (first or now) - 1)
        times: Iterator[float] = firings(expression, start, zone)
        if first is not None and expression.startswith("rate("):
            since = firings(expression, first, zone, first=True)
            times = dropwhile(lambda each: each < now, since)
        if last is not None:
            times = takewhile(lambda each: each <= last, times)
        self.account.sources.schedules.add(times, self._fire)

    def _fire(self, when: float) -> None:
        self.account.note(
            self.path, "fired", str(self.properties["ScheduleExpression"])
        )
        number = uuid.UUID(int=self.account.random.getrandbits(128), version=4)
        body = self._body(when, str(number))
        Delivery(
            self.account,
            self.path,
            RetryPolicy.of(self.target.get("RetryPolicy", {})),
            partial(send, self.account, self._sender(), str(self.target["Arn"]), body),
            partial(self._give_up, body, when, str(number)),
        ).start()

    def _sender(self) -> Sender:
        options = {}
        group = self.target.get("SqsParameters", {}).get("MessageGroupId")
        if group:
            options["MessageGroupId"] = str(group)
        key = self.target.get("KinesisParameters", {}).get("PartitionKey")
        if key:
            options["PartitionKey"] = str(key)
        role = str(self.target["RoleArn"])
        return Sender(PRINCIPAL, self.arn, role, self.group_arn, options)

    def _body(self, when: float, execution: str) -> str:
        """Give the input; its words in angle brackets stand for the context.

        https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
        """
        at = f"{datetime.fromtimestamp(when, UTC):%Y-%m-%dT%H:%M:%SZ}"
        if "Input" not in self.target:
            event = self.account.sources.buses.event(
                "aws.scheduler", "Scheduled Event", "{}", [self.arn], id=execution
            )
            return json.dumps({**event, "time": at})
        text = str(self.target["Input"])
        for name, value in (
            ("schedule-arn", self.arn),
            ("scheduled-time", at),
            ("execution-id", execution),
            ("attempt-number", "1"),
        ):
            text = text.replace(f"<aws.scheduler.{name}>", value)
        return text

    def _give_up(
        self, body: str, when: float, execution: str, attributes: dict[str, str]
    ) -> None:
        """Send the input to the dead-letter queue, under the schedule's role.

        https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
        """
        account, why = self.account, attributes["ERROR_CODE"]
        queue = self.target.get("DeadLetterConfig", {}).get("Arn")
        if queue is None:
            account.note(self.path, "lost", f"no dead-letter queue; {why}")
            return
        about = {
            "EXECUTION_ID": execution,
            "IS_PAYLOAD_TRUNCATED": "false",
            "SCHEDULED_TIME": f"{datetime.fromtimestamp(when, UTC):%Y-%m-%dT%H:%M:%SZ}",
            "SCHEDULE_ARN": self.arn,
            "TARGET_ARN": str(self.target["Arn"]),
        }
        try:
            message = {
                "QueueUrl": queue_url(account, str(queue)),
                "MessageBody": body,
                "MessageAttributes": text_attributes(about | attributes),
            }
            call(account, self._sender(), "sqs", "SendMessage", message)
        except DeliveryError as refused:
            account.note(self.path, "lost", str(refused))
            return
        account.note(self.path, "dead-lettered", f"{why} to {queue}")


def _time(text: Any) -> float | None:
    if text is None:
        return None
    given = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    return (given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp()
