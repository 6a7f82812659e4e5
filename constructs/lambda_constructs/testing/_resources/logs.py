"""Amazon CloudWatch Logs."""

from __future__ import annotations

from lambda_constructs.testing._resources._create import Create, Created, Request


def create_log_group(request: Request) -> Created:
    """Create a log group with its retention."""
    properties = request.properties
    logs = request.account.client("logs")
    name = request.name(properties.get("LogGroupName"), most=512)
    logs.create_log_group(logGroupName=name)
    if "RetentionInDays" in properties:
        logs.put_retention_policy(
            logGroupName=name, retentionInDays=int(properties["RetentionInDays"])
        )
    request.account.log_groups.add(name)
    return Created(name, {"Arn": request.arn("logs", f"log-group:{name}:*")})


def create_log_stream(request: Request) -> Created:
    """Create a stream in a log group."""
    name = request.name(request.properties.get("LogStreamName"), most=512)
    request.account.client("logs").create_log_stream(
        logGroupName=request.properties["LogGroupName"], logStreamName=name
    )
    return Created(name)


def create_subscription_filter(request: Request) -> Created:
    """Send on what is logged."""
    properties = request.properties
    name = request.name(properties.get("FilterName"), most=512)
    request.account.sources.log_groups.subscribe(request.path, name, properties)
    if ":lambda:" not in properties["DestinationArn"]:
        request.account.note_unmodelled(request, "destinations other than Lambda")
    return Created(name)


CREATE: dict[str, Create] = {
    "AWS::Logs::LogGroup": create_log_group,
    "AWS::Logs::LogStream": create_log_stream,
    "AWS::Logs::SubscriptionFilter": create_subscription_filter,
}
