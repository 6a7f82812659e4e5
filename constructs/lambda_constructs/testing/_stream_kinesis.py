"""How Lambda reads a data stream: each call under the function's role.

https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._stream_records import Page, kinesis_record
from lambda_constructs.testing.errors import UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing._functions import FunctionState
    from lambda_constructs.testing.account import LocalAccount

AT_ONCE = 10_000
DAY = 86_400.0
RESHARDING = ("MergeShards", "SplitShard", "UpdateShardCount")


class KinesisSource:
    """A data stream, with shared throughput or by a consumer of its own."""

    def __init__(
        self,
        account: LocalAccount,
        function: FunctionState,
        properties: Mapping[str, Any],
    ) -> None:
        self.account = account
        self.function = function
        self.properties = properties
        self.given = str(properties["EventSourceArn"])
        self.arn, _, consumer = self.given.partition("/consumer/")
        self.consumer = self.given if consumer else None
        self.name = self.arn.rpartition("/")[2]
        self.retention = DAY
        for operation in RESHARDING:
            account.observers.add("kinesis", operation, self._refuse)

    def start(self) -> dict[str, str]:
        """Describe the stream, list its shards, and stand where it says."""
        self._call("DescribeStream", StreamARN=self.arn)
        found = self._call("DescribeStreamSummary", StreamARN=self.arn)
        summary = found.get("StreamDescriptionSummary", {})
        self.retention = 3600.0 * summary.get("RetentionPeriodHours", 24)
        if self.consumer is not None:
            self._call("DescribeStreamConsumer", ConsumerARN=self.consumer)
        shards = self._call("ListShards", StreamARN=self.arn).get("Shards", [])
        position = {"ShardIteratorType": self.properties["StartingPosition"]}
        if "StartingPositionTimestamp" in self.properties:
            position["Timestamp"] = float(self.properties["StartingPositionTimestamp"])
        iterators = {}
        for shard in [each["ShardId"] for each in shards]:
            params = {"StreamName": self.name, "ShardId": shard, **position}
            if self.consumer is not None:  # a subscription needs no iterator
                answer = self.account.client("kinesis").get_shard_iterator(**params)
            else:
                answer = self._call("GetShardIterator", **params)
            if answer:
                iterators[shard] = answer["ShardIterator"]
        return iterators

    def read(self, shard: str, iterator: str) -> Page:
        """Get records, or get them pushed."""
        params: dict[str, Any] = {"StreamARN": self.arn, "ShardIterator": iterator}
        params["Limit"] = AT_ONCE
        if self.consumer is None:
            answer = self._call("GetRecords", **params)
        else:
            answer = self.account.as_lambda(
                self.function,
                "kinesis",
                "SubscribeToShard",
                {"ConsumerARN": self.consumer, "ShardId": shard},
                lambda: self.account.client("kinesis").get_records(**params),
            )
        now, role = self.account.clock.now(), self.function.role_arn
        records = [
            kinesis_record(each, shard, self.given, role, now)
            for each in answer.get("Records", [])
        ]
        behind = answer.get("NextShardIterator", iterator)
        return Page(records, behind, bool(answer.get("Records")))

    def _call(self, operation: str, **params: Any) -> Any:
        return self.account.as_lambda(self.function, "kinesis", operation, params)

    def _refuse(self, params: Mapping[str, Any], _: object) -> None:
        named = params.get("StreamARN", params.get("StreamName"))
        if named in (self.arn, self.name):
            raise UnmodelledError(
                f"{self.name} has an event source mapping and was resharded, which "
                "is not modelled; deploy it with as many shards as it needs"
            )
