"""Delivery that is tried again, by EventBridge's rules and the scheduler's.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._sources.senders import DeliveryError
from lambda_constructs.testing.errors import AccountError, UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

BACKOFF = (1.0, 450.0)
"""AWS adds jitter; here each delay is twice the last, up to the second number."""


@dataclass(frozen=True)
class RetryPolicy:
    """How long and how often delivery is tried again."""

    attempts: int = 185
    age: float = 86_400.0

    @classmethod
    def of(cls, properties: Mapping[str, Any]) -> RetryPolicy:
        """Read it from the template."""
        return cls(
            int(properties.get("MaximumRetryAttempts", 185)),
            float(properties.get("MaximumEventAgeInSeconds", 86_400)),
        )


@dataclass
class Delivery:
    """One event on its way to one target.

    Attributes:
        account: Where.
        path: Of the rule or the schedule, for the timeline.
        policy: When it is given up.
        deliver: Delivers it, or raises what was wrong.
        give_up: Gets the attributes of the message for the dead-letter queue.
    """

    account: LocalAccount
    path: str
    policy: RetryPolicy
    deliver: Callable[[], None]
    give_up: Callable[[dict[str, str]], None]
    retries: int = 0
    began: float = field(init=False)

    def start(self) -> None:
        """Try for the first time, now."""
        self.began = self.account.clock.now()
        self.account.clock.at(self.began, self._attempt)

    def _attempt(self) -> None:
        faults = self.account.sources.faults
        try:
            if faults.get(self.path, 0) > 0:
                faults[self.path] -= 1
                raise DeliveryError("THROTTLING", "fault on request", retryable=True)
            self.deliver()
        except UnmodelledError:
            raise
        except DeliveryError as error:
            self._failed(error)
        except AccountError as error:
            self._failed(DeliveryError("NO_RESOURCE", str(error)))

    def _failed(self, error: DeliveryError) -> None:
        if not error.retryable:
            self._end(error, None)
            return
        if self.retries >= self.policy.attempts:
            self._end(error, "MaximumRetryAttempts")
            return
        least, most = BACKOFF
        delay = min(most, least * 2.0 ** min(self.retries, 20))
        clock = self.account.clock
        if clock.now() + delay - self.began > self.policy.age:
            last = max(self.began + self.policy.age, clock.now())
            clock.at(last, lambda: self._end(error, "MaximumEventAgeInSeconds"))
            return
        self.retries += 1
        self.account.note(self.path, "retry", f"in {delay:g} s")
        clock.at(clock.now() + delay, self._attempt)

    def _end(self, error: DeliveryError, exhausted: str | None) -> None:
        attributes = {"ERROR_CODE": error.code, "ERROR_MESSAGE": str(error)}
        if exhausted is not None:
            attributes["EXHAUSTED_RETRY_CONDITION"] = exhausted
        self.give_up({**attributes, "RETRY_ATTEMPTS": str(self.retries)})


def text_attributes(attributes: Mapping[str, str]) -> dict[str, Any]:
    """Give message attributes as SQS takes them."""
    return {
        name: {"DataType": "String", "StringValue": each[:1024]}
        for name, each in attributes.items()
        if each
    }
