"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.model import Request, Rule
from lambda_constructs.testing._calls.rules import anywhere, at, same_name


def read(request: Request) -> str:
    """The stream that an iterator belongs to."""
    known = request.lookup.stream_of(request.text("ShardIterator"), request.region)
    if known is None:
        raise request.unmapped("the shard iterator names no stream")
    return known


OPERATIONS: dict[str, Rule] = {
    **same_name("dynamodb", read, "GetRecords"),
    **same_name(
        "dynamodb",
        at("dynamodb", "{}", "StreamArn"),
        "DescribeStream",
        "GetShardIterator",
    ),
    **same_name("dynamodb", anywhere, "ListStreams"),
}
