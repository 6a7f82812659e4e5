"""What is left of records that were given up: a record at a destination.

https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambda_constructs.testing.errors import UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing._functions import FunctionState
    from lambda_constructs.testing._stream_batches import Batch
    from lambda_constructs.testing._stream_source import Source
    from lambda_constructs.testing.account import LocalAccount


class FailureDestination:
    """Where a mapping sends what it gave up, under the function's role."""

    def __init__(
        self,
        account: LocalAccount,
        function: FunctionState,
        qualifier: str,
        source: Source,
        target: str,
        mapping: str,
    ) -> None:
        self.account = account
        self.function = function
        self.qualifier = qualifier
        self.source = source
        self.target = target
        self.mapping = mapping

    def send(self, shard: str, batch: Batch, event: dict[str, Any], why: str) -> bool:
        """Send what is known of the batch; a bucket gets the event as well.

        It tells whether that arrived.
        """
        try:
            answer, where = self._send(shard, batch, event, why)
        except ClientError as error:
            answer, where = None, f"{self.target}: {error}"
        if answer:
            self.account.note(
                self.function.path, "destination", self.account.path_of(where)
            )
            return True
        self.account.note(self.function.path, "lost", where)
        self.account.measured.count(
            self.function, self.qualifier, DestinationDeliveryFailures=1
        )
        return False

    def _send(
        self, shard: str, batch: Batch, event: dict[str, Any], why: str
    ) -> tuple[Any, str]:
        record = self._record(shard, batch, why)
        service = self.target.split(":")[2] if self.target.count(":") > 2 else "kafka"
        if service == "sqs":
            where = self.account.queue_url(self.target.rsplit(":", 1)[1])
            sent = {"QueueUrl": where, "MessageBody": json.dumps(record)}
            answer = self._call("sqs", "SendMessage", sent)
        elif service == "sns":
            where = self.target
            sent = {"TopicArn": where, "Message": json.dumps(record)}
            answer = self._call("sns", "Publish", sent)
        elif service == "s3":
            where = self.target.rsplit(":", 1)[1]
            payload = json.dumps({**record, "payload": json.dumps(event)})
            answer = self._put(where, shard, payload)
        else:
            raise UnmodelledError(
                f"a failure destination of {service} is not modelled; "
                "use a queue, a topic or a bucket"
            )
        return answer, where

    def _put(self, bucket: str, shard: str, payload: str) -> Any:
        now = datetime.fromtimestamp(self.account.clock.now(), UTC)
        key = (
            f"aws/lambda/{self.mapping}/{shard}/"
            f"{now:%Y/%m/%d}/{now:%Y-%m-%dT%H.%M.%S}-{self._uuid()}"
        )
        self._call("s3", "HeadBucket", {"Bucket": bucket})
        sent = {"Bucket": bucket, "Key": key, "Body": payload.encode()}
        return self._call("s3", "PutObject", sent)

    def _record(self, shard: str, batch: Batch, why: str) -> dict[str, Any]:
        last = batch.last
        record: dict[str, Any] = {
            "requestContext": {
                "requestId": last.request_id if last else self._uuid(),
                "functionArn": self.function.arn_of(self.qualifier),
                "condition": why,
                "approximateInvokeCount": batch.invoked,
            },
        }
        if last is not None:
            response = {"statusCode": 200, "executedVersion": last.version}
            if last.outcome.failed:
                response["functionError"] = "Unhandled"
            record["responseContext"] = response
        dynamodb = self.source.arn.split(":")[2] == "dynamodb"
        least = "seconds" if dynamodb else "milliseconds"
        record["version"] = "1.0"
        record["timestamp"] = _iso(self.account.clock.now(), "milliseconds")
        record["DDBStreamBatchInfo" if dynamodb else "KinesisBatchInfo"] = {
            "shardId": shard,
            "startSequenceNumber": batch.records[0].sequence,
            "endSequenceNumber": batch.records[-1].sequence,
            "approximateArrivalOfFirstRecord": _iso(batch.records[0].arrived, least),
            "approximateArrivalOfLastRecord": _iso(batch.records[-1].arrived, least),
            "batchSize": len(batch.records),
            "streamArn": self.source.arn,
        }
        return record

    def _call(self, service: str, operation: str, params: dict[str, Any]) -> Any:
        return self.account.as_lambda(self.function, service, operation, params)

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self.account.random.getrandbits(128), version=4))


def _iso(when: float, precision: str) -> str:
    text = datetime.fromtimestamp(when, UTC).isoformat(timespec=precision)
    return text.replace("+00:00", "Z")
