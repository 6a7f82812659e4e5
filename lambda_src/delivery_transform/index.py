"""Check the events of a delivery stream, and say by what to file each."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import (
    KinesisFirehoseDataTransformationRecordMetadata,
    KinesisFirehoseEvent,
)
from aws_lambda_powertools.utilities.data_classes.kinesis_firehose_event import (
    KinesisFirehoseRecord,
)
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError

# Lambda refuses a response above 6 MB, and Firehose fails the batch for it.
MAX_BYTES = 6_000_000
# A stream has 500 partitions at once: as many types times days must fit.
MAX_AGE = timedelta(days=30)
MAX_AHEAD = timedelta(hours=1)

Result = dict[str, Any]

# Lambda reads the level of a JSON line only beside an RFC 3339 timestamp.
logger = Logger(use_rfc3339=True, utc=True)


class Heartbeat(BaseModel):
    """A producer that is alive, and has nothing else to say."""

    type: Literal["heartbeat"]


class Event(BaseModel, extra="forbid"):
    """What happened in the shop."""

    type: Literal["order_placed", "order_shipped", "page_viewed"]
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    at: AwareDatetime
    detail: dict[str, Any] = {}


READ: TypeAdapter[Heartbeat | Event] = TypeAdapter(
    Annotated[Heartbeat | Event, Field(discriminator="type")]
)


class RefusedError(ValueError):
    """A record is no event."""


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[Result]]:
    """Return each record of the batch, once and in its order."""
    batch = KinesisFirehoseEvent(event)
    logger.set_correlation_id(batch.invocation_id)
    records = list(batch.records)
    results = fitting(records, [result_of(each) for each in records])
    logger.info("batch is checked", extra={"results": counted(results)})
    return {"records": results}


def result_of(record: KinesisFirehoseRecord) -> Result:
    """Give what is to become of a record; say why it failed, without quoting it."""
    try:
        found = parse(record)
    except RefusedError as error:
        logger.warning(
            "no event", extra={"record_id": record.record_id, "reason": str(error)}
        )
        return failed(record)
    if isinstance(found, Heartbeat):
        return dict(record.build_data_transformation_response("Dropped").asdict())
    line = found.model_dump_json() + "\n"
    return dict(
        record.build_data_transformation_response(
            data=base64.b64encode(line.encode()).decode(),
            metadata=KinesisFirehoseDataTransformationRecordMetadata(
                {"type": found.type, "day": found.at.astimezone(UTC).date().isoformat()}
            ),
        ).asdict()
    )


def parse(record: KinesisFirehoseRecord) -> Heartbeat | Event:
    """Read an event whose day is about that of its arrival."""
    try:
        found = READ.validate_json(record.data_as_bytes)
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        place = ".".join(map(str, fault["loc"]))[:80]
        raise RefusedError(f"{fault['type']} at '{place}'") from None
    if isinstance(found, Event):
        # By its arrival, not the clock, so that a batch that comes again is the same.
        arrived = datetime.fromtimestamp(
            record.approximate_arrival_timestamp / 1e3, UTC
        )
        if not arrived - MAX_AGE <= found.at <= arrived + MAX_AHEAD:
            raise RefusedError("it is too old, or of the future")
    return found


def failed(record: KinesisFirehoseRecord) -> Result:
    """Leave a record to Firehose, which keeps it as it came."""
    return dict(record.build_data_transformation_response("ProcessingFailed").asdict())


def fitting(
    records: list[KinesisFirehoseRecord], results: list[Result]
) -> list[Result]:
    """Fail as many as it takes for the response to fit, rather than the batch."""
    if size_of(results) <= MAX_BYTES:
        return results
    least = [failed(each) for each in records]
    left = MAX_BYTES - size_of(least)
    for number, result in enumerate(results):
        more = size_of(result) - size_of(least[number])
        if more > left:
            about = {"record_id": result["recordId"]}
            logger.warning("no room left", extra=about)
            results[number] = least[number]
        else:
            left -= max(0, more)
    return results


def size_of(part: Result | list[Result]) -> int:
    """Count the bytes of a part of the response."""
    return len(json.dumps(part))


def counted(results: list[Result]) -> dict[str, int]:
    """Count the results of each kind."""
    kinds = [result["result"] for result in results]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}
