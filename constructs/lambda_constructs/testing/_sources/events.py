"""Event buses and their rules.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._sources.cron import firings
from lambda_constructs.testing._sources.inputs import input_of
from lambda_constructs.testing._sources.patterns import check_pattern, matches
from lambda_constructs.testing._sources.retries import (
    Delivery,
    RetryPolicy,
    text_attributes,
)
from lambda_constructs.testing._sources.rules import Rule
from lambda_constructs.testing._sources.senders import (
    DeliveryError,
    Sender,
    call,
    check,
    queue_url,
    send,
)
from lambda_constructs.testing.errors import AccountError, UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

PRINCIPAL = "events.amazonaws.com"
HOPS = 5
"""A bus that sends to itself stops here; AWS stops such an event, too."""


class Buses:
    """Sends events to the targets of the rules that match."""

    def __init__(self, account: LocalAccount) -> None:
        self.account = account
        self.rules: list[Rule] = []
        account.observers.add("events", "PutEvents", self._put)
        account.observers.add("events", "PutTargets", _refuse_targets)

    def add(self, rule: Rule) -> None:
        """Begin to match, and to fire.

        Raises:
            AccountError: EventBridge would refuse the pattern or the schedule.
        """
        if rule.pattern is not None:
            check_pattern(f"{rule.path}: EventPattern", rule.pattern)
        if rule.schedule is not None and rule.bus != "default":
            raise AccountError(f"{rule.path}: only the default bus has schedules")
        self.rules.append(rule)
        self.account.paths[rule.arn] = rule.path
        if rule.schedule is not None:
            if rule.schedule.startswith("at("):
                raise AccountError(f"{rule.path}: a rule has no at(); use a Schedule")
            times = firings(rule.schedule, self.account.clock.now())
            self.account.sources.schedules.add(times, partial(self._fire, rule))

    def receive(self, bus: str, event: dict[str, Any], hops: int = 0) -> None:
        """Take an event from a service or a sender."""
        name = bus.rpartition("/")[2] or "default"
        for rule in self.rules:
            wanted = rule.enabled and rule.pattern is not None and rule.bus == name
            if wanted and matches(rule.pattern or {}, event):
                self.account.note(rule.path, "matched", str(event["detail-type"]))
                self._to_targets(rule, event, hops)

    def event(
        self,
        source: str,
        detail_type: str,
        detail: Any,
        resources: Sequence[str] = (),
        *,
        id: str | None = None,
        at: float | None = None,
    ) -> dict[str, Any]:
        """Give an event in its documented shape.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
        """
        random = self.account.random
        when = datetime.fromtimestamp(at or self.account.clock.now(), UTC)
        return {
            "version": "0",
            "id": id or str(uuid.UUID(int=random.getrandbits(128), version=4)),
            "detail-type": detail_type,
            "source": source,
            "account": self.account.id,
            "time": f"{when:%Y-%m-%dT%H:%M:%SZ}",
            "region": self.account.region,
            "resources": list(resources),
            "detail": detail,
        }

    def _put(self, params: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        for entry, done in zip(params["Entries"], answer["Entries"], strict=True):
            if "EventId" not in done:
                continue
            bus = str(entry.get("EventBusName") or "default")
            event = self.event(
                str(entry["Source"]),
                str(entry["DetailType"]),
                json.loads(entry["Detail"]),
                entry.get("Resources", []),
                id=str(done["EventId"]),
                at=_time(entry.get("Time")),
            )
            self.receive(bus, event)

    def _fire(self, rule: Rule, when: float) -> None:
        if rule.enabled:
            self.account.note(rule.path, "fired", str(rule.schedule))
            event = self.event("aws.events", "Scheduled Event", {}, [rule.arn], at=when)
            self._to_targets(rule, event, 0)

    def _to_targets(self, rule: Rule, event: dict[str, Any], hops: int) -> None:
        for target in rule.targets:
            Delivery(
                self.account,
                rule.path,
                RetryPolicy.of(target.get("RetryPolicy", {})),
                partial(self._deliver, rule, target, event, hops),
                partial(self._give_up, rule, target, event),
            ).start()

    def _deliver(
        self,
        rule: Rule,
        target: Mapping[str, Any],
        event: dict[str, Any],
        hops: int,
    ) -> None:
        arn = str(target["Arn"])
        group = target.get("SqsParameters", {}).get("MessageGroupId")
        sender = Sender(
            PRINCIPAL,
            rule.arn,
            target.get("RoleArn"),
            options={"MessageGroupId": str(group)} if group else {},
        )
        if ":events:" in arn and ":event-bus/" in arn:
            self._to_bus(sender, arn, event, hops)
            return
        if ":codepipeline:" in arn:
            action = "codepipeline:StartPipelineExecution"
            check(self.account, sender, action, arn, {})
            self.account.sources.pipelines[arn.rpartition(":")[2]].start()
            return
        send(self.account, sender, arn, input_of(target, event, rule.arn))

    def _to_bus(
        self, sender: Sender, arn: str, event: dict[str, Any], hops: int
    ) -> None:
        if hops >= HOPS:
            raise AccountError(f"{sender.source} sends to {arn} in a circle")
        if sender.role is not None:
            check(self.account, sender, "events:PutEvents", arn, {})
        self.receive(arn, event, hops + 1)

    def _give_up(
        self,
        rule: Rule,
        target: Mapping[str, Any],
        event: dict[str, Any],
        attributes: dict[str, str],
    ) -> None:
        """Send the event to the dead-letter queue, with why.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
        """
        account, why = self.account, attributes["ERROR_CODE"]
        queue = target.get("DeadLetterConfig", {}).get("Arn")
        if queue is None:
            account.note(rule.path, "lost", f"no dead-letter queue; {why}")
            return
        about = {"RULE_ARN": rule.arn, "TARGET_ARN": str(target["Arn"])}
        try:
            message = {
                "QueueUrl": queue_url(account, str(queue)),
                "MessageBody": json.dumps(event),
                "MessageAttributes": text_attributes(about | attributes),
            }
            call(account, Sender(PRINCIPAL, rule.arn), "sqs", "SendMessage", message)
        except DeliveryError as refused:
            account.note(rule.path, "lost", str(refused))
            return
        account.note(rule.path, "dead-lettered", f"{why} to {queue}")


def _time(given: Any) -> float | None:
    if isinstance(given, datetime):
        return given.timestamp()
    return None if given is None else float(given)


def _refuse_targets(params: Mapping[str, Any], _: Mapping[str, Any]) -> None:
    raise UnmodelledError(
        f"{params['Rule']}: targets that are put by the API are not modelled; "
        "have the rule in the template"
    )
