"""The metrics that services document, with each set of dimensions that has data.

An alarm on any other set is one that can never have any.
"""

from __future__ import annotations

FUNCTION = ("FunctionName", "Resource")
MAPPING = ("EventSourceMappingUUID",)

DOCUMENTED: dict[str, dict[str, set[tuple[str, ...]]]] = {
    # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html
    # https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html
    "AWS/Lambda": {
        **{
            key: {(), ("FunctionName",), FUNCTION, ("ExecutedVersion", *FUNCTION)}
            for key in (
                "AsyncEventAge",
                "AsyncEventsDropped",
                "AsyncEventsReceived",
                "ConcurrentExecutions",
                "DeadLetterErrors",
                "DestinationDeliveryFailures",
                "Duration",
                "Errors",
                "Invocations",
                "IteratorAge",
                "OffsetLag",
                "Throttles",
                "Url4xxCount",
                "Url5xxCount",
                "UrlRequestCount",
                "UrlRequestLatency",
            )
        },
        **{
            key: {MAPPING}
            for key in (
                "DeletedEventCount",
                "DroppedEventCount",
                "FailedInvokeEventCount",
                "FilteredOutEventCount",
                "InvokedEventCount",
                "OnFailureDestinationDeliveredEventCount",
                "PolledEventCount",
            )
        },
    },
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    "AWS/SQS": {
        key: {("QueueName",)}
        for key in (
            "ApproximateAgeOfOldestMessage",
            "ApproximateNumberOfMessagesVisible",
        )
    },
    # https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
    "AWS/SNS": {
        key: {("TopicName",)}
        for key in (
            "NumberOfMessagesPublished",
            "NumberOfNotificationsFailedToRedriveToDlq",
        )
    },
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
    "AWS/Events": {
        key: {("RuleName",), ("EventBusName", "RuleName")}
        for key in ("Invocations", "InvocationsFailedToBeSentToDlq")
    },
    # https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html
    "AWS/Scheduler": {
        key: {("ScheduleGroup",)}
        for key in (
            "InvocationAttemptCount",
            "InvocationsFailedToBeSentToDeadLetterCount",
        )
    },
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
    "AWS/Logs": {
        key: {("DestinationType", "FilterName", "LogGroupName")}
        for key in ("DeliveryErrors", "ForwardedLogEvents")
    },
    # https://docs.aws.amazon.com/firehose/latest/dev/cloudwatch-metrics.html
    "AWS/Firehose": {"ExecuteProcessing.Success": {("DeliveryStreamName",)}},
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html
    "AWS/ApiGateway": {
        "5xx": {("ApiId",), ("ApiId", "Stage")},
        "5XXError": {("ApiName",), ("ApiName", "Stage")},
        "Count": {("ApiId",), ("ApiId", "Stage"), ("ApiName",), ("ApiName", "Stage")},
        "IntegrationError": {("ApiId",), ("ApiId", "Stage")},
        "IntegrationLatency": {("ApiId",), ("ApiId", "Stage")},
        "Latency": {("ApiId",), ("ApiId", "Stage"), ("ApiName",), ("ApiName", "Stage")},
        "MessageCount": {("ApiId",), ("ApiId", "Stage")},
    },
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
    "AWS/ApplicationELB": {
        "HTTPCode_Target_5XX_Count": {("LoadBalancer", "TargetGroup")},
        "LambdaInternalError": {("TargetGroup",), ("LoadBalancer", "TargetGroup")},
        "LambdaUserError": {("TargetGroup",), ("LoadBalancer", "TargetGroup")},
        "RequestCount": {("LoadBalancer", "TargetGroup")},
        "TargetResponseTime": {("LoadBalancer", "TargetGroup")},
    },
}


def has_data(namespace: str, metric: str, dimensions: list[str]) -> bool:
    """Tell whether a service documents data for a metric by these dimensions."""
    known = DOCUMENTED.get(namespace, {}).get(metric, set())
    return tuple(sorted(dimensions)) in {tuple(sorted(each)) for each in known}
