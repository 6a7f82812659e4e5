"""The EventBridge rule by which a source invokes a function."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_sqs as sqs

from lambda_constructs import limits
from lambda_constructs._known import function_arn_of, put_below, queue_arn_of, stack_of
from lambda_constructs.errors import (
    check_duration,
    check_range,
    check_type,
    check_whole,
    seconds,
)
from lambda_constructs.event_sources._push import keep_failures, undelivered
from lambda_constructs.event_sources._relations import check_same
from lambda_constructs.event_sources._rule_permissions import EVENTBRIDGE, allow_rule
from lambda_constructs.function import LambdaFunction

QUEUE = "dead_letter_queue "

OWN_REGION = "events are kept in their own Region only, so pass a queue there"
"""https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html."""


def check_delivery(
    retry_attempts: int,
    max_event_age: Duration | None,
    dead_letter_queue: sqs.Queue | sqs.IQueue | None,
) -> None:
    """Check how often, how long and where to EventBridge is to deliver.

    Raises:
        ConfigurationError: EventBridge would refuse it.
    """
    check_whole("retry_attempts", retry_attempts)
    check_duration("max_event_age", max_event_age)
    held = hasattr(dead_letter_queue, "queue_arn")
    check_type("dead_letter_queue", dead_letter_queue, "an SQS queue", holds=held)
    check_range("retry_attempts", retry_attempts, *limits.RULE_RETRY_ATTEMPTS)
    check_range(
        "max_event_age",
        seconds(max_event_age),
        *limits.RULE_EVENT_AGE_SECONDS,
        unit="s",
    )


def add_rule(
    function: LambdaFunction,
    id: str,
    *,
    retry_attempts: int,
    max_event_age: Duration | None,
    dead_letter_queue: sqs.Queue | sqs.IQueue | None,
    event_pattern: Mapping[str, object] | None = None,
    schedule_expression: str | None = None,
    event_bus_name: str | None = None,
    description: str | None = None,
    enabled: bool = True,
    input: events.RuleTargetInputProperties | None = None,
) -> events.CfnRule:
    """Make the rule *id* of *function* with the live alias as its one target.

    Beside it are the permission, and the queue `<id>Undelivered` where none is given.
    What was delivered and then failed ends in the function's own store.

    Raises:
        ConfigurationError: EventBridge cannot send to *dead_letter_queue*, as to one
            in another Region.
    """
    # L1, since CDK's target makes a permission of its own for the function.
    rule = events.CfnRule(
        function,
        id,
        description=description,
        event_bus_name=event_bus_name,
        event_pattern=event_pattern,
        schedule_expression=schedule_expression,
        state="ENABLED" if enabled else "DISABLED",
    )
    put_below(function, rule)
    arn = rule.attr_arn
    if dead_letter_queue is not None:
        check_same("Region", function, dead_letter_queue, OWN_REGION, name=QUEUE)
    store = undelivered(
        function,
        f"{id}Undelivered",
        dead_letter_queue,
        principal=EVENTBRIDGE,
        source=rule,
        source_arn=arn,
        source_arns=partial(
            stack_of(function).format_arn,
            service="events",
            resource="rule",
            resource_name="*",
        ),
    )
    kinds = events.CfnRule
    target = kinds.TargetProperty(
        id="Live",
        arn=function_arn_of(function.live),
        dead_letter_config=kinds.DeadLetterConfigProperty(arn=queue_arn_of(store)),
        retry_policy=kinds.RetryPolicyProperty(
            maximum_retry_attempts=retry_attempts,
            maximum_event_age_in_seconds=(
                limits.RULE_EVENT_AGE_SECONDS[1]
                if max_event_age is None
                else max_event_age.to_seconds()
            ),
        ),
        input=input.input if input else None,
        input_path=input.input_path if input else None,
        input_transformer=_transformer(input),
    )
    rule.targets = [target]
    allow_rule(function, f"{id}Permission", rule, arn)
    keep_failures(function)
    return rule


def _transformer(
    input: events.RuleTargetInputProperties | None,
) -> events.CfnRule.InputTransformerProperty | None:
    if input is None or input.input_template is None:
        return None
    return events.CfnRule.InputTransformerProperty(
        input_template=input.input_template, input_paths_map=input.input_paths_map
    )
