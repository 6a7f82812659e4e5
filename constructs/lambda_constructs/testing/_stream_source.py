"""What an event source mapping reads: a data stream, or the stream of a table.

https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from lambda_constructs.testing._stream_dynamodb import DynamoDbSource
from lambda_constructs.testing._stream_kinesis import KinesisSource
from lambda_constructs.testing.errors import AccountError

if TYPE_CHECKING:
    from lambda_constructs.testing._functions import FunctionState
    from lambda_constructs.testing._stream_records import Page
    from lambda_constructs.testing.account import LocalAccount

POSITIONS = {
    "dynamodb": ("LATEST", "TRIM_HORIZON"),
    "kinesis": ("AT_TIMESTAMP", "LATEST", "TRIM_HORIZON"),
}

WRITES = {
    "dynamodb": (
        "BatchExecuteStatement",
        "BatchWriteItem",
        "DeleteItem",
        "ExecuteStatement",
        "ExecuteTransaction",
        "PutItem",
        "TransactWriteItems",
        "UpdateItem",
    ),
    "kinesis": ("PutRecord", "PutRecords"),
}


class Source(Protocol):
    """A stream, as Lambda reads it.

    Attributes:
        arn: The stream's ARN.
        name: The name of the stream, or of the table.
        retention: How long a record stays, in seconds.
    """

    arn: str
    name: str
    retention: float

    def start(self) -> dict[str, str]:
        """Give an iterator for each shard; none if the role does not allow it."""

    def read(self, shard: str, iterator: str, /) -> Page:
        """Give the next records, and the iterator behind them."""


def source_of(
    account: LocalAccount, function: FunctionState, properties: Mapping[str, Any]
) -> Source:
    """Give what an event source mapping reads.

    Raises:
        AccountError: Lambda would not create the mapping.
    """
    service = str(properties["EventSourceArn"]).split(":")[2]
    position = properties.get("StartingPosition")
    if position not in POSITIONS[service]:
        raise AccountError(
            f"the mapping of {function.path} needs a StartingPosition: "
            f"{' or '.join(POSITIONS[service])}, got {position!r}"
        )
    make = KinesisSource if service == "kinesis" else DynamoDbSource
    return make(account, function, properties)
