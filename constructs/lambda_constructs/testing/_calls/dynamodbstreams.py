"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.dynamodb import table_key
from lambda_constructs.testing._calls.model import Need, Request, Rule
from lambda_constructs.testing._calls.rules import anywhere, at, same_name


def read(request: Request) -> str:
    """The stream that an iterator belongs to."""
    known = request.lookup.stream_of(request.text("ShardIterator"), request.region)
    if known is None:
        raise request.unmapped("the shard iterator names no stream")
    return known


def records(request: Request) -> tuple[Need, ...]:
    """Records are encrypted as the table is.

    https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html
    """
    where = read(request)
    table, _, _ = where.partition("/stream/")
    return (request.need("dynamodb:GetRecords", where), *table_key(request, table))


OPERATIONS: dict[str, Rule] = {
    "GetRecords": records,
    **same_name(
        "dynamodb",
        at("dynamodb", "{}", "StreamArn"),
        "DescribeStream",
        "GetShardIterator",
    ),
    **same_name("dynamodb", anywhere, "ListStreams"),
}
