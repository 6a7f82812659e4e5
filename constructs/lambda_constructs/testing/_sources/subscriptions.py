"""Subscriptions to topics, and their filter policies.

https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambda_constructs.testing._sources.patterns import check_pattern, matches
from lambda_constructs.testing.errors import AccountError

OUTSIDE = ("application", "email", "email-json", "http", "https", "sms")
"""Protocols that leave the account: their messages end in the timeline."""


@dataclass(frozen=True)
class Subscription:
    """Who gets the messages of a topic.

    Attributes:
        arn: Its ARN.
        topic: The topic's ARN.
        protocol: How it gets them.
        endpoint: Where it gets them.
        path: Its construct path.
        filter: The filter policy.
        by_body: Whether that is about the body, not about the attributes.
        raw: Whether a queue gets the message alone.
        dead_letters: The ARN of the queue for what could not be delivered.
    """

    arn: str
    topic: str
    protocol: str
    endpoint: str
    path: str
    filter: Mapping[str, Any] = field(default_factory=dict, hash=False)
    by_body: bool = False
    raw: bool = False
    dead_letters: str | None = None

    @classmethod
    def of(
        cls, properties: Mapping[str, Any], topic: str, arn: str, path: str
    ) -> Subscription:
        """Read it from the template.

        Raises:
            AccountError: SNS would refuse it.
        """
        protocol = str(properties["Protocol"])
        if protocol == "lambda" and topic.endswith(".fifo"):
            raise AccountError(
                f"{path}: a FIFO topic cannot invoke a function; subscribe a FIFO "
                "queue and let the function poll it"
            )
        policy = _loaded(properties.get("FilterPolicy", {}))
        check_pattern(f"{path}: FilterPolicy", policy)
        redrive = _loaded(properties.get("RedrivePolicy", {}))
        return cls(
            arn,
            topic,
            protocol,
            str(properties.get("Endpoint", "")),
            path,
            policy,
            properties.get("FilterPolicyScope") == "MessageBody",
            properties.get("RawMessageDelivery") in (True, "true"),
            redrive.get("deadLetterTargetArn"),
        )

    @property
    def modelled(self) -> bool:
        """Whether the kit can deliver to it."""
        return self.protocol in ("lambda", "sqs", *OUTSIDE)

    def wants(self, message: Mapping[str, Any]) -> bool:
        """Tell whether the filter policy lets a message through."""
        if not self.filter:
            return True
        if not self.by_body:
            # "exists": false needs some attribute, too.
            values = _values(message["MessageAttributes"])
            return bool(values) and matches(self.filter, values)
        try:
            body = json.loads(message["Message"])
        except ValueError:
            return False
        return isinstance(body, dict) and matches(self.filter, body)


def _loaded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _values(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Give message attributes as the values that a filter policy speaks of."""
    return {
        name: each["Value"] if each["Type"] == "String" else json.loads(each["Value"])
        for name, each in attributes.items()
        if each["Type"] in ("Number", "String", "String.Array")
    }
