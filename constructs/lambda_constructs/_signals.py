"""The signals that several sources have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aws_cdk import Fn, IResource
from aws_cdk import aws_lambda as lambda_

from lambda_constructs._known import (
    account_of,
    asked_once,
    path_of,
    region_of,
    resource_of,
    stack_of,
)
from lambda_constructs.errors import literal
from lambda_constructs.signals import Limit, Signal

if TYPE_CHECKING:
    from aws_cdk import aws_events as events
    from aws_cdk import aws_sqs as sqs
    from constructs import IConstruct

    from lambda_constructs.function import LambdaFunction

DEFAULT_BUS = "default"


def sustained(threshold: float, comparison_operator: str = ">=") -> Limit:
    """Limit three bad minutes of five: no blip, yet all three tries of one event."""
    return Limit(
        threshold=threshold,
        comparison_operator=comparison_operator,
        datapoints_to_alarm=3,
        evaluation_periods=5,
    )


def place_of(function: LambdaFunction, of: IConstruct) -> str:
    """Give the path of *of* below the function, or else below its stack."""
    path = path_of(of)
    for above in (path_of(function), path_of(stack_of(function))):
        if path.startswith(f"{above}/"):
            return path.removeprefix(f"{above}/").replace("/", "-")
    return path.replace("/", "-")


def is_here(function: LambdaFunction, of: IResource) -> bool:
    """Tell whether the metrics of *of* are where an alarm beside the function looks.

    A service has them in the account and the Region of the resource alone.
    """
    stack = stack_of(function)
    known = ((literal(ask(of)), literal(ask(stack))) for ask in (account_of, region_of))
    return all(not (a and b) or a == b for a, b in known)


@asked_once
def name_of(function: LambdaFunction) -> str:
    """Give the name of *function*: a token, unless it was given one."""
    return function.function.function_name


def of_function(
    function: LambdaFunction,
    metric_name: str,
    meaning: str,
    limit: Limit | None = None,
    *,
    statistic: str = "Sum",
    period: int = 60,
    unit: str = "count",
) -> Signal:
    """Watch a metric of the live alias, which alone is invoked.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html
    """
    name = name_of(function)
    return Signal(
        name=metric_name,
        namespace="AWS/Lambda",
        metric_name=metric_name,
        dimensions={"FunctionName": name, "Resource": f"{name}:live"},
        meaning=meaning,
        limit=limit,
        period=period,
        statistic=statistic,
        unit=unit,
    )


def delivery_failures(function: LambdaFunction) -> Signal:
    """Watch for records that reached no destination.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    """
    return of_function(
        function,
        "DestinationDeliveryFailures",
        "Lambda could not send a record to its destination, so it is lost: look at the "
        "role's permissions, and at whether the destination is there.",
        Limit(threshold=1),
    )


def iterator_age(function: LambdaFunction) -> Signal:
    """Watch how far reading is behind a stream.

    A poison record and a slow function raise it alike. Without invocations there is no
    data: then there is nothing to read, or `Throttles` tells why.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    """
    return of_function(
        function,
        "IteratorAge",
        "Reading is more than ten minutes behind the stream: records fail, or come "
        "faster than they are processed.",
        Limit(threshold=600_000, datapoints_to_alarm=5, evaluation_periods=5),
        statistic="Maximum",
        unit="ms",
    )


def depth(queue: sqs.Queue | sqs.IQueue, function: LambdaFunction) -> Signal:
    """Watch a queue where failures end: one message in it is one too many.

    Not by how many were sent: SQS does not count those that it moves itself.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """
    of = place_of(function, queue)
    return Signal(
        name="FailuresVisible",
        of=of,
        namespace="AWS/SQS",
        metric_name="ApproximateNumberOfMessagesVisible",
        dimensions={"QueueName": queue.queue_name},
        statistic="Maximum",
        store=True,
        limit=Limit(threshold=1),
        meaning=f"Something was given up and is kept in {of}: look at why, mend it, "
        "and send it again.",
    )


def given_depth(
    queue: sqs.Queue | sqs.IQueue | None, function: LambdaFunction
) -> list[Signal]:
    """Watch a queue for failures that the caller passed, where its metrics are here."""
    here = queue is not None and is_here(function, queue)
    return [depth(queue, function)] if queue is not None and here else []


def events_of(
    mapping: lambda_.EventSourceMapping,
    of: str,
    config: lambda_.MetricsConfig | None,
    *,
    drops: bool,
) -> list[Signal]:
    """Watch what a mapping fails with, and what it *drops*.

    Items of a batch that the handler returns as failed are among them, which are no
    errors of the function. Lambda counts only where `MetricsConfig` has `EventCount`:
    that is added where nothing is said, and nothing is watched where it is left out.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html#event-source-mapping-metrics
    """
    if config is None:
        kinds = lambda_.CfnEventSourceMapping
        resource = cast("lambda_.CfnEventSourceMapping", resource_of(mapping))
        resource.metrics_config = kinds.MetricsConfigProperty(metrics=["EventCount"])
    elif lambda_.MetricType.EVENT_COUNT not in config.metrics:
        return []
    uuid = mapping.event_source_mapping_id

    def signal(metric: str, meaning: str, limit: Limit | None = None) -> Signal:
        return Signal(
            name=metric,
            of=of,
            namespace="AWS/Lambda",
            metric_name=metric,
            dimensions={"EventSourceMappingUUID": uuid},
            meaning=meaning,
            limit=limit,
        )

    found = [
        signal("PolledEventCount", f"What Lambda took from {of}."),
        signal(
            "FailedInvokeEventCount",
            f"Events of {of} fail again and again: the function does, or single items "
            "of its batches.",
            sustained(1),
        ),
    ]
    if drops:
        gone = (
            f"Events of {of} were given up, too old or out of retries: they are where "
            "on_failure says, or gone."
        )
        found.append(signal("DroppedEventCount", gone, Limit(threshold=1)))
    return found


def of_rule(rule: events.CfnRule, of: str, bus: str | None) -> list[Signal]:
    """Watch an EventBridge rule, which counts by its bus unless that is the default.

    What could not be delivered is in the rule's queue, which is watched itself.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
    """
    dimensions = {"RuleName": rule.ref}
    if bus is not None and bus != DEFAULT_BUS:
        # By its ARN: `Ref` of such a rule is not its name alone. A partner's bus has
        # slashes in its own name.
        place = 2 + (literal(bus) or "").count("/")
        name = Fn.select(place, Fn.split("/", rule.attr_arn))
        dimensions = {"EventBusName": bus, "RuleName": name}

    def signal(metric: str, meaning: str, limit: Limit | None = None) -> Signal:
        return Signal(
            name=metric,
            of=of,
            namespace="AWS/Events",
            metric_name=metric,
            dimensions=dimensions,
            meaning=meaning,
            limit=limit,
        )

    return [
        signal("Invocations", f"Events that {of} sent to the function."),
        signal(
            "InvocationsFailedToBeSentToDlq",
            f"{of} could neither deliver an event nor keep it, so it is lost: look at "
            "the policy of its dead-letter queue.",
            Limit(threshold=1),
        ),
    ]
