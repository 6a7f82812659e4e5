"""Reading records of a stream again that a failure record only points at."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from lambda_constructs.redrive._aws import Aws
from lambda_constructs.redrive._batches import Batch, sequence_of
from lambda_constructs.redrive._resend import Progress
from lambda_constructs.redrive.errors import SendError

EXPIRED = ("InvalidArgument", "TrimmedDataAccess")
AT_ONCE = 1000


@dataclass(frozen=True)
class Range:
    """Read a range of a shard again, and give it to the function.

    Attributes:
        where: The function's alias.
        source: The ARN that the function knows the stream by: a consumer's, perhaps.
        stream: The stream's ARN.
        shard: The shard.
        start: The first sequence number.
        end: The last one.
        size: How many records the batch had.
        most: How many the function gets at once.
        whole: Whether to send all that is in the range, if it is more than that.
    """

    where: str
    source: str
    stream: str
    shard: str
    start: str
    end: str
    size: int
    most: int = 100
    whole: bool = False

    def check(self, aws: Aws) -> str:
        """Say whether the records are still there, by reading them."""
        try:
            self.read(aws)
        except SendError as error:
            return str(error)
        return ""

    def send(self, aws: Aws, progress: Progress) -> None:
        """Read the records, and send those that are not yet processed."""
        Batch(self.where, self.read(aws), self.most).send(aws, progress)

    def read(self, aws: Aws) -> list[Mapping[str, Any]]:
        """Give the records, as the function gets them.

        Raises:
            SendError: Some have expired, or there are more than had failed.
        """
        is_kinesis = self.stream.split(":")[2] == "kinesis"
        try:
            read = self._kinesis(aws) if is_kinesis else self._dynamodb(aws)
            records = list(read)
        except ClientError as error:
            if not str(error.response["Error"]["Code"]).startswith(EXPIRED):
                raise SendError(str(error)) from None
            records = []
        there = {sequence_of(each) for each in records}
        if not {self.start, self.end} <= there or len(records) < self.size:
            raise SendError(
                f"expired: of {self.size} records {min(len(records), self.size)} are "
                "left in the stream; a bucket as on_failure would have kept them"
            )
        if len(records) > self.size and not self.whole:
            raise SendError(
                f"the range has {len(records)} records now and the batch had "
                f"{self.size}: a filter or a parallelization factor took the others "
                "elsewhere; pass --whole-range to send them all"
            )
        return records

    def _kinesis(self, aws: Aws) -> Iterator[Mapping[str, Any]]:
        role = _role(aws, self.where)
        for record in self._records(aws, "kinesis", StreamARN=self.stream):
            yield _kinesis_record(record, self.shard, self.source, role)

    def _dynamodb(self, aws: Aws) -> Iterator[Mapping[str, Any]]:
        for record in self._records(aws, "dynamodbstreams", StreamArn=self.stream):
            yield _dynamodb_record(record, self.source)

    def _records(
        self, aws: Aws, service: str, **stream: str
    ) -> Iterator[Mapping[str, Any]]:
        """Read from the first to the last; what is behind is not asked for."""
        client, is_kinesis = aws.reader(service), service == "kinesis"
        first = "StartingSequenceNumber" if is_kinesis else "SequenceNumber"
        iterator = client.get_shard_iterator(
            **stream,
            ShardId=self.shard,
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            **{first: self.start},
        ).get("ShardIterator")
        least = int(self.start)
        again = stream if is_kinesis else {}  # the streams of tables are in iterators
        while iterator:
            answer = client.get_records(**again, ShardIterator=iterator, Limit=AT_ONCE)
            for record in answer["Records"]:
                part = record if is_kinesis else record["dynamodb"]
                if int(part["SequenceNumber"]) > int(self.end):
                    return
                if int(part["SequenceNumber"]) >= least:
                    yield record
                if part["SequenceNumber"] == self.end:
                    return
            iterator = answer.get("NextShardIterator")
            if not answer["Records"] and answer.get("MillisBehindLatest", 0) == 0:
                return


def _role(aws: Aws, function: str) -> str:
    told = aws.reader("lambda").get_function_configuration(FunctionName=function)
    return str(told["Role"])


def _kinesis_record(
    record: Mapping[str, Any], shard: str, source: str, role: str
) -> Mapping[str, Any]:
    """Give a record as Lambda hands it over.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
    """
    sequence = record["SequenceNumber"]
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record["PartitionKey"],
            "sequenceNumber": sequence,
            "data": base64.b64encode(record["Data"]).decode(),
            "approximateArrivalTimestamp": round(
                record["ApproximateArrivalTimestamp"].timestamp(), 3
            ),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard}:{sequence}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": role,
        "awsRegion": source.split(":")[3],
        "eventSourceARN": source,
    }


def _dynamodb_record(record: Mapping[str, Any], source: str) -> Mapping[str, Any]:
    """Give a change as Lambda hands it over.

    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
    """
    change = record["dynamodb"]
    created = change["ApproximateCreationDateTime"].timestamp()
    told = {
        "eventID": record["eventID"],
        "eventName": record["eventName"],
        "eventVersion": record.get("eventVersion", "1.1"),
        "eventSource": "aws:dynamodb",
        "awsRegion": source.split(":")[3],
        "dynamodb": {**_as_json(change), "ApproximateCreationDateTime": int(created)},
        "eventSourceARN": source,
    }
    if record.get("userIdentity"):  # that an item expired by its time to live
        identity = record["userIdentity"]
        told["userIdentity"] = {
            "type": identity["Type"],
            "principalId": identity["PrincipalId"],
        }
    return told


def _as_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {name: _as_json(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set):
        return [_as_json(each) for each in value]
    return value
