"""Subscription filters of log groups.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._sources.log_patterns import Test, compile_pattern
from lambda_constructs.testing._sources.senders import DeliveryError, Sender, invoke
from lambda_constructs.testing.errors import AccountError, UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

PRINCIPAL = "logs.amazonaws.com"


@dataclass(frozen=True)
class SubscriptionFilter:
    """Who gets which lines of a log group."""

    name: str
    path: str
    group: str
    target: str
    wants: Test


class LogGroups:
    """Sends on what is logged."""

    def __init__(self, account: LocalAccount) -> None:
        self.account = account
        self.filters: list[SubscriptionFilter] = []
        self._count = 0
        account.observers.add("logs", "PutLogEvents", self._put)

    def subscribe(self, path: str, name: str, properties: Mapping[str, Any]) -> None:
        """Begin to send.

        Raises:
            AccountError: It would send a function its own logs, for ever.
        """
        group = str(properties["LogGroupName"])
        target = str(properties["DestinationArn"])
        if ":lambda:" in target:
            function = self.account.function_state(target)
            if function.log_group == group:
                raise AccountError(
                    f"{path}: {function.path} would get its own logs, which makes more "
                    "of them without end; give the function a log group of its own"
                )
        wants = compile_pattern(path, str(properties.get("FilterPattern", "")))
        self.filters.append(SubscriptionFilter(name, path, group, target, wants))

    def _put(self, params: Mapping[str, Any], _: Mapping[str, Any]) -> None:
        for each in self.filters:
            if each.group != params["logGroupName"]:
                continue
            wanted = [
                line for line in params["logEvents"] if each.wants(line["message"])
            ]
            if wanted:
                if ":lambda:" not in each.target:
                    raise UnmodelledError(
                        f"{each.path}: a destination {each.target!r} is not modelled"
                    )
                body = self._event(each, str(params["logStreamName"]), wanted)
                clock = self.account.clock
                clock.at(clock.now(), partial(self._deliver, each, body))

    def _deliver(self, to: SubscriptionFilter, body: str) -> None:
        arn = f"arn:aws:logs:{self.account.region}:{self.account.id}:log-group:"
        sender = Sender(PRINCIPAL, f"{arn}{to.group}:*")
        try:
            invoke(self.account, sender, to.target, body)
        except DeliveryError as error:
            self.account.note(to.path, "lost", str(error))

    def _event(
        self, to: SubscriptionFilter, stream: str, lines: Sequence[Mapping[str, Any]]
    ) -> str:
        """Give the event in its documented shape.

        https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchlogs.html
        """
        self._count += 1
        data = {
            "messageType": "DATA_MESSAGE",
            "owner": self.account.id,
            "logGroup": to.group,
            "logStream": stream,
            "subscriptionFilters": [to.name],
            "logEvents": [
                {
                    "id": f"{self._count:026d}{number:030d}",
                    "timestamp": each["timestamp"],
                    "message": each["message"],
                }
                for number, each in enumerate(lines)
            ],
        }
        packed = gzip.compress(json.dumps(data).encode(), mtime=0)
        return json.dumps({"awslogs": {"data": base64.b64encode(packed).decode()}})
