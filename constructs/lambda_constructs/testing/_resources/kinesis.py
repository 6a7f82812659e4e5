"""Amazon Kinesis Data Streams."""

from __future__ import annotations

from lambda_constructs.testing._resources._create import Create, Created, Request


def create_stream(request: Request) -> Created:
    """Create a data stream with its retention and its key."""
    properties = request.properties
    kinesis = request.account.client("kinesis")
    name = request.name(properties.get("Name"), most=128)
    mode = properties.get("StreamModeDetails")
    given = {"StreamModeDetails": mode} if mode else {}
    shards = int(properties.get("ShardCount", 1))
    kinesis.create_stream(StreamName=name, ShardCount=shards, **given)
    hours = int(properties.get("RetentionPeriodHours", 24))
    if hours > 24:
        kinesis.increase_stream_retention_period(
            StreamName=name, RetentionPeriodHours=hours
        )
    encryption = properties.get("StreamEncryption")
    if encryption:
        kinesis.start_stream_encryption(StreamName=name, **encryption)
    return Created(name, {"Arn": request.arn("kinesis", f"stream/{name}")})


def create_consumer(request: Request) -> Created:
    """Register a consumer with a throughput of its own."""
    stream = request.properties["StreamARN"]
    consumer = request.account.client("kinesis").register_stream_consumer(
        StreamARN=stream,
        ConsumerName=request.name(request.properties.get("ConsumerName"), most=128),
    )["Consumer"]
    return Created(
        consumer["ConsumerARN"],
        {
            "ConsumerARN": consumer["ConsumerARN"],
            "ConsumerName": consumer["ConsumerName"],
            "ConsumerStatus": "ACTIVE",
            "StreamARN": stream,
        },
    )


CREATE: dict[str, Create] = {
    "AWS::Kinesis::Stream": create_stream,
    "AWS::Kinesis::StreamConsumer": create_consumer,
}
