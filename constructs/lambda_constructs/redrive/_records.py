"""Reading Lambda's own records: of asynchronous events, and of batches.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lambda_constructs.redrive._batches import Batch, WholeEvent, error_in
from lambda_constructs.redrive._received import Received
from lambda_constructs.redrive._resend import Cannot, Event, Resend
from lambda_constructs.redrive._streams import Range
from lambda_constructs.redrive.messages import FailedMessage
from lambda_constructs.redrive.stores import Origin

INFO = {"KinesisBatchInfo": "kinesis", "DDBStreamBatchInfo": "dynamodb"}
KAFKA = (
    "the record names a range of a Kafka topic and has no payload; read it with a "
    "consumer of your own, or let on_failure be a bucket"
)
WINDOWED = (
    "the function aggregates in tumbling windows, and the state of this one is gone; "
    "set the consumer back instead"
)


def of_lambda(
    origins: Sequence[Origin],
    message: Received,
    record: Mapping[str, Any],
    *,
    whole: bool,
) -> FailedMessage | None:
    """Read a record that Lambda wrote, or give nothing where it is none."""
    context = record.get("requestContext")
    if not isinstance(context, dict) or "functionArn" not in context:
        return None
    function = str(context["functionArn"])
    payload, back = _way_back(origins, function, record, whole=whole)
    response = record.get("responseContext") or {}
    told = error_in(record.get("responsePayload"))
    failed = response.get("functionError", "")
    condition = str(context.get("condition", ""))
    return FailedMessage(
        message,
        back,
        payload,
        told or ", ".join(filter(None, (condition, failed))),
        context.get("approximateInvokeCount"),
        str(response.get("executedVersion", "")),
        _time(record.get("timestamp")),
    )


def _way_back(
    origins: Sequence[Origin], function: str, record: Mapping[str, Any], *, whole: bool
) -> tuple[object, Resend]:
    kept = json.loads(record["payload"]) if "payload" in record else None
    for name, kind in INFO.items():
        if name in record:
            info = record[name]
            origin = _mapping(origins, kind, function, str(info["streamArn"]))
            payload = info if kept is None else kept
            return payload, _of_stream(origin, function, info, kept, whole=whole)
    if "requestPayload" in record:
        payload = record["requestPayload"]
        known = any(each.target == function for each in origins if each.kind == "async")
        return payload, (
            Event(function, json.dumps(payload)) if known else _stranger(function)
        )
    if any(each.kind == "kafka" and each.target == function for each in origins):
        way = Cannot(KAFKA) if kept is None else WholeEvent(function, kept)
        return kept, way
    return None, Cannot("the record lost its payload, which was too large for SNS")


def _of_stream(
    origin: Origin | None,
    function: str,
    info: Mapping[str, Any],
    kept: Any,
    *,
    whole: bool,
) -> Resend:
    if origin is None:
        return _stranger(function)
    if origin.settings.get("TumblingWindowInSeconds"):
        return Cannot(WINDOWED, function)
    if kept is not None:
        return Batch(function, kept["Records"], origin.batch_size)
    return Range(
        where=function,
        source=origin.arn,
        stream=str(info["streamArn"]),
        shard=str(info["shardId"]),
        start=str(info["startSequenceNumber"]),
        end=str(info["endSequenceNumber"]),
        size=int(info["batchSize"]),
        most=origin.batch_size,
        whole=whole,
    )


def _mapping(
    origins: Sequence[Origin], kind: str, function: str, stream: str
) -> Origin | None:
    """Give the mapping of a stream, or of a consumer of it, to a function."""
    for each in origins:
        of_stream = each.arn.partition("/consumer/")[0] == stream
        if of_stream and (each.kind, each.target) == (kind, function):
            return each
    return None


def _stranger(function: str) -> Cannot:
    return Cannot(
        f"it names {function}, of which nothing in this stack ends here; look whether "
        "the function or its alias was replaced"
    )


def _time(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
