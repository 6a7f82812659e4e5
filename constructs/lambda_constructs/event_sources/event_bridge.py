"""Amazon EventBridge: a rule of a bus invokes with each event that it matches."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_sqs as sqs

from lambda_constructs import limits
from lambda_constructs._signals import given_depth, of_rule, place_of
from lambda_constructs.errors import check_fields, check_text, check_type
from lambda_constructs.event_sources._event_bridge_checks import (
    check_bus,
    check_input,
    check_pattern,
    rendered,
)
from lambda_constructs.event_sources._push import source_id
from lambda_constructs.event_sources._rule import add_rule, check_delivery
from lambda_constructs.function import LambdaFunction
from lambda_constructs.signals import Signal

__all__ = ["EventBridgeEventSource"]


@dataclass(frozen=True)
class EventBridgeEventSource:
    """Process the events of a bus that match a pattern.

    Each is delivered at least once, in no order. What EventBridge cannot deliver to
    Lambda at all ends in a dead-letter queue; what was delivered and then failed, in
    the function's own store.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html

    Attributes:
        event_pattern: What an event must be like, by `EventPattern(...)` of aws_events.
        dead_letter_queue: Where to keep what could not be delivered: a standard
            queue. Left out, one is made beside the function.
        description: What the rule is for, up to 512 characters.
        enabled: Whether the rule does anything.
        event_bus: The bus that the events are on. Left out, the account's own,
            `default`, where the events of AWS services are.
        id: Its name on the function, which a second one needs.
        input: What the function gets instead of the whole event, by
            `RuleTargetInput`: a part of it, something made of it, or a constant of up
            to 8,192 characters.
        max_event_age: How long to try to deliver, 1 minute to 24 hours. Left out, 24
            hours.
        retry_attempts: How often to try again to deliver, 0 to 185.

    Raises:
        ConfigurationError: A value is out of range, or the pattern is none.
    """

    event_pattern: events.EventPattern
    _: KW_ONLY
    dead_letter_queue: sqs.Queue | sqs.IQueue | None = None
    description: str | None = None
    enabled: bool = True
    event_bus: events.EventBus | events.IEventBus | None = None
    id: str = "Rule"
    input: events.RuleTargetInput | None = None
    max_event_age: Duration | None = None
    retry_attempts: int = 185

    def __post_init__(self) -> None:
        check_fields(self)
        check_pattern(self.event_pattern)
        check_delivery(self.retry_attempts, self.max_event_age, self.dead_letter_queue)
        check_text(
            "description", self.description, limits.EVENT_RULE_DESCRIPTION_CHARACTERS
        )
        for name, wanted, held in (
            ("event_bus", "an EventBus", hasattr(self.event_bus, "event_bus_name")),
            (
                "input",
                "a RuleTargetInput",
                isinstance(self.input, events.RuleTargetInput),
            ),
        ):
            check_type(name, getattr(self, name), wanted, holds=held)

    def bind(self, function: LambdaFunction, /) -> events.CfnRule:
        """Make the rule, with the live alias of *function* as its target.

        Each rule has a permission of its own. Of a function with more than 30, those
        of a bus share one, since more would not fit into its resource policy.

        Raises:
            ConfigurationError: The bus and the function do not fit together.
        """
        id = source_id(function, self.id)
        check_bus(function, self.event_bus)
        # The scope is all that CDK wants of the rule, which needs the input itself.
        scope = cast("events.IRule", function)
        input = self.input.bind(scope) if self.input else None
        check_input(function, input)
        return add_rule(
            function,
            id,
            dead_letter_queue=self.dead_letter_queue,
            description=self.description,
            enabled=self.enabled,
            event_bus_name=self.event_bus.event_bus_name if self.event_bus else None,
            event_pattern=rendered(self.event_pattern),
            input=input,
            max_event_age=self.max_event_age,
            retry_attempts=self.retry_attempts,
        )

    def signals(
        self, function: LambdaFunction, bound: events.CfnRule, /
    ) -> list[Signal]:
        """Tell what the rule could neither deliver nor keep."""
        bus = self.event_bus.event_bus_name if self.event_bus else None
        given = given_depth(self.dead_letter_queue, function)
        return [*of_rule(bound, place_of(function, bound), bus), *given]
