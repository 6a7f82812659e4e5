"""How Lambda reads the stream of a table: each call under the function's role.

https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._stream_records import (
    Page,
    changes_nothing,
    dynamodb_record,
)

if TYPE_CHECKING:
    from lambda_constructs.testing._functions import FunctionState
    from lambda_constructs.testing.account import LocalAccount

AT_ONCE = 1_000
DAY = 86_400.0


class DynamoDbSource:
    """The stream of a table."""

    def __init__(
        self,
        account: LocalAccount,
        function: FunctionState,
        properties: Mapping[str, Any],
    ) -> None:
        self.account = account
        self.function = function
        self.position = str(properties["StartingPosition"])
        self.arn = str(properties["EventSourceArn"])
        self.name = self.arn.split("/")[1]
        self.retention = DAY

    def start(self) -> dict[str, str]:
        """Describe the stream and stand where it says."""
        found = self._call("DescribeStream", StreamArn=self.arn)
        iterators = {}
        for shard in found.get("StreamDescription", {}).get("Shards", []):
            answer = self._call(
                "GetShardIterator",
                StreamArn=self.arn,
                ShardId=shard["ShardId"],
                ShardIteratorType=self.position,
            )
            if answer:
                iterators[shard["ShardId"]] = answer["ShardIterator"]
        return iterators

    def read(self, _: str, iterator: str) -> Page:
        """Get records; DynamoDB writes none where nothing changed."""
        answer = self._call("GetRecords", ShardIterator=iterator, Limit=AT_ONCE)
        now = self.account.clock.now()
        records = [
            dynamodb_record(each, self.arn, now)
            for each in answer.get("Records", [])
            if not changes_nothing(each)
        ]
        behind = answer.get("NextShardIterator", iterator)
        return Page(records, behind, bool(answer.get("Records")))

    def _call(self, operation: str, **params: Any) -> Any:
        return self.account.as_lambda(
            self.function, "dynamodbstreams", operation, params
        )
