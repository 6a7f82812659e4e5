"""Delivery streams of Amazon Data Firehose to S3.

https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html
"""

from __future__ import annotations

import base64
import gzip
import json
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambda_constructs.testing._firehose_keys import prefix_of
from lambda_constructs.testing._firehose_transform import Record, Transformation
from lambda_constructs.testing._served import ApiError
from lambda_constructs.testing._service_roles import client_as

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

PRINCIPAL = "firehose.amazonaws.com"
MEGABYTE = 1024 * 1024
RECORD_BYTES = 1_024_000
DYNAMIC = {"SizeInMBs": 64, "IntervalInSeconds": 300}
FAILED = "processing-failed"
OF_BUCKET = ("GetBucketLocation", "ListBucket", "ListBucketMultipartUploads")
OF_OBJECT = ("AbortMultipartUpload", "GetObject")


class Buffer:
    """Holds records until they are large or old enough."""

    def __init__(
        self,
        account: LocalAccount,
        most: float,
        seconds: float,
        flush: Callable[[list[Record]], None],
    ) -> None:
        self.account = account
        self._most = most
        self._seconds = seconds
        self._flush = flush
        self._held: list[Record] = []
        self._generation = 0

    def add(self, record: Record) -> None:
        """Hold a record; let go of what is enough."""
        self._held.append(record)
        if sum(len(each.data) for each in self._held) >= self._most:
            self.let_go()
        elif len(self._held) == 1:
            generation = self._generation

            def old_enough() -> None:
                if generation == self._generation:
                    self.let_go()

            clock = self.account.clock
            clock.at(clock.now() + self._seconds, old_enough)

    def let_go(self) -> None:
        """Pass on what is held."""
        held, self._held = self._held, []
        self._generation += 1
        if held:
            self._flush(held)


class DeliveryStreamState:
    """A delivery stream as Firehose keeps it."""

    def __init__(
        self,
        account: LocalAccount,
        path: str,
        name: str,
        config: Mapping[str, Any],
    ) -> None:
        self.account = account
        self.path = path
        self.name = name
        place = f"{account.region}:{account.id}"
        self.arn = f"arn:aws:firehose:{place}:deliverystream/{name}"
        self.config = config
        dynamic = config.get("DynamicPartitioningConfiguration", {}).get("Enabled")
        hints = config.get("BufferingHints") or (DYNAMIC if dynamic else {})
        self._out = Buffer(
            account,
            float(hints.get("SizeInMBs", 5)) * MEGABYTE,
            float(hints.get("IntervalInSeconds", 300)),
            self._deliver,
        )
        parameters = _processor(config)
        self._in = self._out
        if parameters:
            made = Transformation(account, self.arn, parameters, self._client)
            self._in = Buffer(account, made.bytes, made.seconds, self._through(made))

    def put(self, data: bytes) -> str:
        """Take a record and give its id."""
        if len(data) > RECORD_BYTES:
            raise ApiError(
                "InvalidArgumentException",
                f"a record must be at most {RECORD_BYTES} bytes, got {len(data)}",
            )
        id = f"{self.account.random.getrandbits(186):056d}"
        self._in.add(Record(id, data, self.account.clock.now()))
        return id

    def _client(self, service: str, role: str) -> Any:
        role = role or str(self.config["RoleARN"])
        return client_as(
            self.account,
            PRINCIPAL,
            role,
            service,
            path=self.path,
            source_arn=self.arn,
        )

    def _through(
        self, transformation: Transformation
    ) -> Callable[[list[Record]], None]:
        """Give what lets records go on through a function."""

        def transform(records: list[Record]) -> None:
            self.account.note(self.path, "transforms", f"{len(records)} records")
            # https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
            role = transformation.role or str(self.config["RoleARN"])
            asked = [("lambda:GetFunctionConfiguration", transformation.function)]
            self.account.authority.allows_service(role, self.path, asked)
            result = transformation.run(records)
            for each in result.good:
                self._out.add(each)
            lines = [
                self._failure(transformation.function, *each) for each in result.failed
            ]
            if lines:
                self._log(lines[0])
                where = str(self.config.get("ErrorOutputPrefix", ""))
                prefix = prefix_of(where, self.account.clock.now(), {}, FAILED)
                self._put(prefix, "".join(lines).encode(), len(lines))

        return transform

    def _failure(
        self, function: str, record: Record, code: str, message: str, attempts: int
    ) -> str:
        """https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html."""
        line = {
            "attemptsMade": attempts,
            "arrivalTimestamp": int(record.arrived * 1000),
            "errorCode": code,
            "errorMessage": message,
            "attemptEndingTimestamp": int(self.account.clock.now() * 1000),
            "rawData": base64.b64encode(record.data).decode(),
            "lambdaArn": function,
        }
        return json.dumps(line) + "\n"

    def _deliver(self, records: list[Record]) -> None:
        """Write an object for each prefix that the records' partitions make."""
        where = str(self.config.get("Prefix", ""))
        by_prefix: dict[str, list[Record]] = {}
        for each in records:
            try:
                prefix = prefix_of(where, each.arrived, each.partitions)
            except KeyError:
                failure = "dynamic-partitioning-failed"
                where_to = str(self.config.get("ErrorOutputPrefix", ""))
                prefix = prefix_of(where_to, each.arrived, {}, failure)
            by_prefix.setdefault(prefix, []).append(each)
        for prefix, some in by_prefix.items():
            body = b"".join(each.data for each in some)
            if self.config.get("CompressionFormat") == "GZIP":
                self._put(prefix, gzip.compress(body, mtime=0), len(some), ".gz")
            else:
                self._put(prefix, body, len(some))

    def _ask(self, bucket: str, key: str) -> None:
        """Ask for what Firehose is documented to need of a bucket beside putting.

        What is refused is in the timeline; of small objects AWS does not say whether
        they are delivered without it.
        https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3
        """
        role = str(self.config["RoleARN"])
        asked = [(f"s3:{each}", bucket) for each in OF_BUCKET]
        asked += [(f"s3:{each}", f"{bucket}/{key}") for each in OF_OBJECT]
        self.account.authority.allows_service(role, self.path, asked)

    def _log(self, message: str) -> None:
        """Log an error, where the stream logs and its role allows it."""
        options = self.config.get("CloudWatchLoggingOptions", {})
        if not options.get("Enabled") or not self.account.has_log_group(
            str(options["LogGroupName"])
        ):
            return
        event = {"timestamp": int(self.account.clock.now() * 1000), "message": message}
        with suppress(ClientError):  # which is in the timeline
            self._client("logs", "").put_log_events(
                logGroupName=options["LogGroupName"],
                logStreamName=options["LogStreamName"],
                logEvents=[event],
            )

    def _put(self, prefix: str, body: bytes, count: int, extension: str = "") -> None:
        at = datetime.fromtimestamp(self.account.clock.now(), UTC)
        id = uuid.UUID(int=self.account.random.getrandbits(128), version=4)
        extension = self.config.get("FileExtension") or extension
        key = f"{prefix}{self.name}-1-{at:%Y-%m-%d-%H-%M-%S}-{id}{extension}"
        bucket = str(self.config["BucketARN"]).rsplit(":", 1)[-1]
        self._ask(f"arn:aws:s3:::{bucket}", key)
        self._client("s3", "").put_object(Bucket=bucket, Key=key, Body=body)
        self.account.note(self.path, "delivered", f"{count} records to {key}")


def _processor(config: Mapping[str, Any]) -> dict[str, str]:
    processing = config.get("ProcessingConfiguration", {})
    if not processing.get("Enabled", bool(processing)):
        return {}
    return {
        each["ParameterName"]: str(each["ParameterValue"])
        for processor in processing.get("Processors", [])
        if processor["Type"] == "Lambda"
        for each in processor.get("Parameters", [])
    }


@dataclass(frozen=True)
class DeliveryStream:
    """A delivery stream, as its producers see it."""

    account: LocalAccount
    name: str
    path: str

    def put(self, *records: object) -> None:
        """Put a record for each; what is neither bytes nor text is sent as JSON."""
        for each in records:
            if not isinstance(each, str | bytes):
                each = json.dumps(each)
            data = each.encode() if isinstance(each, str) else each
            self.account.client("firehose").put_record(
                DeliveryStreamName=self.name, Record={"Data": data}
            )


def serve(account: LocalAccount) -> None:
    """Answer for the streams that were deployed; moto would not transform."""

    def state(params: Mapping[str, Any]) -> DeliveryStreamState | None:
        return account.delivery_streams.get(str(params["DeliveryStreamName"]))

    def one(params: Mapping[str, Any]) -> Mapping[str, Any] | None:
        stream = state(params)
        if stream is None:
            return None
        return {"RecordId": stream.put(params["Record"]["Data"]), "Encrypted": False}

    def many(params: Mapping[str, Any]) -> Mapping[str, Any] | None:
        stream = state(params)
        if stream is None:
            return None
        ids = [stream.put(each["Data"]) for each in params["Records"]]
        return {
            "FailedPutCount": 0,
            "Encrypted": False,
            "RequestResponses": [{"RecordId": id} for id in ids],
        }

    account.served.add("firehose", "PutRecord", one)
    account.served.add("firehose", "PutRecordBatch", many)
