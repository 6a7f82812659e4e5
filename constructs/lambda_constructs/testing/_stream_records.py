"""Records of streams, in the shapes that handlers and filters see."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple


@dataclass(frozen=True)
class StreamRecord:
    """One record of a shard.

    Attributes:
        sequence: Its sequence number.
        key: What keeps its order among the records of the same key.
        arrived: When it came into the stream, in seconds since 1970.
        read: When the poller read it.
        event: What the handler gets.
    """

    sequence: str
    key: str
    arrived: float
    read: float
    event: dict[str, Any]

    @cached_property
    def size(self) -> int:
        """How many bytes of the payload it takes."""
        return len(json.dumps(self.event)) + 2

    @cached_property
    def filtered_by(self) -> dict[str, Any]:
        """What filters see.

        https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html
        https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html
        """
        if "kinesis" not in self.event:
            return self.event
        data = base64.b64decode(self.event["kinesis"]["data"])
        return {**self.event, **self.event["kinesis"], "data": _parsed(data)}


class Page(NamedTuple):
    """What one read gave, and whether there may be more."""

    records: list[StreamRecord]
    iterator: str
    more: bool


def kinesis_record(
    record: Mapping[str, Any], shard: str, arn: str, role: str, now: float
) -> StreamRecord:
    """Give a record as `kinesis:GetRecords` does, as Lambda hands it over.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
    """
    arrived = record["ApproximateArrivalTimestamp"].timestamp()
    sequence = record["SequenceNumber"]
    event = {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record["PartitionKey"],
            "sequenceNumber": sequence,
            "data": base64.b64encode(record["Data"]).decode(),
            "approximateArrivalTimestamp": round(arrived, 3),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard}:{sequence}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": role,
        "awsRegion": arn.split(":")[3],
        "eventSourceARN": arn,
    }
    key = record["PartitionKey"]
    return StreamRecord(sequence, key, arrived, max(now, arrived), event)


def dynamodb_record(record: Mapping[str, Any], arn: str, now: float) -> StreamRecord:
    """Give a record as DynamoDB's `GetRecords` does, as Lambda hands it over.

    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
    """
    change = record["dynamodb"]
    arrived = change["ApproximateCreationDateTime"].timestamp()
    sequence = change["SequenceNumber"]
    event = {
        "eventID": hashlib.md5(  # not moto's, which differs with each run
            f"{arn}/{sequence}".encode(), usedforsecurity=False
        ).hexdigest(),
        "eventName": record["eventName"],
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": arn.split(":")[3],
        "dynamodb": {
            **_as_json(change),
            "ApproximateCreationDateTime": int(arrived),
        },
        "eventSourceARN": arn,
    }
    key = json.dumps(event["dynamodb"]["Keys"], sort_keys=True)
    return StreamRecord(sequence, key, arrived, max(now, arrived), event)


def changes_nothing(record: Mapping[str, Any]) -> bool:
    """Tell whether DynamoDB would not have written the record: moto does.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
    """
    change = record["dynamodb"]
    before, after = change.get("OldImage"), change.get("NewImage")
    return record["eventName"] == "MODIFY" and before is not None and before == after


def _as_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {name: _as_json(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set):
        return [_as_json(each) for each in value]
    return value


def _parsed(data: bytes) -> Any:
    text = data.decode(errors="replace")
    try:
        return json.loads(text)
    except ValueError:
        return text
