"""Records that a delivery stream of Firehose could not have processed.

https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambda_constructs.redrive._aws import Aws
from lambda_constructs.redrive._catalogue import Catalogue
from lambda_constructs.redrive._received import Received
from lambda_constructs.redrive._resend import Cannot, Progress
from lambda_constructs.redrive._stack import Resource
from lambda_constructs.redrive.messages import FailedMessage
from lambda_constructs.redrive.stores import Origin

FAILED = "processing-failed"
TYPE = "!{firehose:error-output-type}"


@dataclass(frozen=True)
class ToDeliveryStream:
    """Put the records of an object into the stream again, one after the other."""

    where: str
    records: Sequence[bytes]

    def check(self, aws: Aws) -> str:  # noqa: ARG002
        """A stream takes what it had."""
        return ""

    def send(self, aws: Aws, progress: Progress) -> None:
        """Put those that are not yet put."""
        stream = self.where.rsplit("/", 1)[1]
        for number, data in enumerate(self.records):
            if not progress.through or number > int(progress.through):
                self._put(aws, stream, data)
                progress.reach(str(number))

    def _put(self, aws: Aws, stream: str, data: bytes) -> None:
        firehose = aws.sender("firehose")
        aws.send(
            lambda: firehose.put_record(
                DeliveryStreamName=stream, Record={"Data": data}
            )
        )


def find_in_delivery_stream(catalogue: Catalogue, resource: Resource) -> None:
    """Find where a stream puts what its function could not transform."""
    told = catalogue.aws.reader("firehose").describe_delivery_stream(
        DeliveryStreamName=resource.id
    )["DeliveryStreamDescription"]
    for destination in told.get("Destinations", []):
        s3 = destination.get("ExtendedS3DestinationDescription")
        if s3 and s3.get("ProcessingConfiguration", {}).get("Enabled"):
            arn = told["DeliveryStreamARN"]
            prefix = prefix_of(s3.get("ErrorOutputPrefix", ""))
            origin = Origin("delivery", resource.name, arn, arn, prefix)
            catalogue.add("bucket", s3["BucketARN"], origin)


def prefix_of(error_output_prefix: str) -> str:
    """Give what the keys of failed records begin with, as far as it is fixed.

    https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
    """
    if "!{" not in error_output_prefix:
        return f"{error_output_prefix}{FAILED}/"
    return error_output_prefix.replace(TYPE, FAILED).partition("!{")[0]


def of_delivery(origins: Sequence[Origin], message: Received) -> FailedMessage | None:
    """Read an object of failed records, one a line, or give nothing."""
    streams = [
        each
        for each in origins
        if each.kind == "delivery" and message.key.startswith(each.prefix)
    ]
    if not streams:
        return None
    try:
        lines = [json.loads(line) for line in message.body.splitlines()]
        records = [base64.b64decode(each["rawData"]) for each in lines]
    except (KeyError, TypeError, ValueError):
        reason = "it has no records in Firehose's own form"
        return FailedMessage(message, Cannot(reason), message.body)
    if len(streams) > 1:
        reason = "several delivery streams put what failed here"
        return FailedMessage(message, Cannot(reason), _payloads(records))
    first: Mapping[str, Any] = lines[0] if lines else {}
    told = (first.get("errorCode", ""), first.get("errorMessage", ""))
    return FailedMessage(
        message,
        ToDeliveryStream(streams[0].target, records),
        _payloads(records),
        ": ".join(filter(None, told)),
        first.get("attemptsMade"),
    )


def _payloads(records: Sequence[bytes]) -> list[object]:
    return [_payload(each.decode(errors="replace")) for each in records]


def _payload(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
