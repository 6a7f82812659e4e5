"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisdatastreams.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.implied import resource_key
from lambda_constructs.testing._calls.model import Need, Request, Rule
from lambda_constructs.testing._calls.rules import anywhere, arn, at, same_name

consumer = at("kinesis", "{}", "ConsumerARN")
resource = at("kinesis", "{}", "ResourceARN")


def stream(request: Request) -> str:
    """By ARN or name; an iterator or a token carries its stream with it."""
    given = request.text("StreamARN") or request.text("StreamName")
    if given:
        return arn(request, "kinesis", "stream/{}", given)
    token = request.text("ShardIterator") or request.text("NextToken")
    known = request.lookup.stream_of(token, request.region) if token else None
    if known is None:
        raise request.unmapped("the stream is not known; pass StreamARN")
    return known


def on_stream(action: str, *key_actions: str) -> Rule:
    """An action on the stream, and what its own key needs."""

    def rule(request: Request) -> tuple[Need, ...]:
        where = stream(request)
        return (
            request.need(action, where),
            *resource_key(request, "kinesis", where, "aws:kinesis:arn", *key_actions),
        )

    return rule


OPERATIONS: dict[str, Rule] = {
    "GetRecords": on_stream("kinesis:GetRecords", "Decrypt"),
    "PutRecord": on_stream("kinesis:PutRecord", "GenerateDataKey"),
    "PutRecords": on_stream("kinesis:PutRecords", "GenerateDataKey"),
    **same_name(
        "kinesis",
        stream,
        "AddTagsToStream",
        "CreateStream",
        "DecreaseStreamRetentionPeriod",
        "DeleteStream",
        "DescribeStream",
        "DescribeStreamSummary",
        "GetShardIterator",
        "IncreaseStreamRetentionPeriod",
        "ListShards",
        "ListStreamConsumers",
        "ListTagsForStream",
        "MergeShards",
        "RegisterStreamConsumer",
        "RemoveTagsFromStream",
        "SplitShard",
    ),
    **same_name(
        "kinesis",
        consumer,
        "DeregisterStreamConsumer",
        "DescribeStreamConsumer",
        "SubscribeToShard",
    ),
    **same_name(
        "kinesis", resource, "ListTagsForResource", "TagResource", "UntagResource"
    ),
    **same_name(
        "kinesis",
        anywhere,
        "DescribeLimits",
        "ListStreams",
        "UpdateShardCount",
        "UpdateStreamMode",
    ),
}
