"""The events of a delivery stream, checked: as Powertools' documentation does it.

Its example of Firehose's data class, with its Logger, and its parser for the data.
https://docs.aws.amazon.com/powertools/python/latest/utilities/data_classes/
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import (
    KinesisFirehoseDataTransformationRecordMetadata,
    KinesisFirehoseDataTransformationResponse,
    KinesisFirehoseEvent,
    event_source,
)
from aws_lambda_powertools.utilities.parser import parse
from aws_lambda_powertools.utilities.serialization import base64_from_str
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

logger = Logger()
MAX_AGE, MAX_AHEAD = timedelta(days=30), timedelta(hours=1)


class Event(BaseModel):
    """What happened in the shop."""

    type: Literal["order_placed", "order_shipped", "page_viewed"]
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    at: AwareDatetime
    detail: dict[str, Any] = {}


@logger.inject_lambda_context
@event_source(data_class=KinesisFirehoseEvent)
def handler(event: KinesisFirehoseEvent, context: LambdaContext) -> dict[str, Any]:
    """Return each record of the batch."""
    result = KinesisFirehoseDataTransformationResponse()
    for record in event.records:
        try:
            found = parse(event=record.data_as_json, model=Event)
            arrived = datetime.fromtimestamp(
                record.approximate_arrival_timestamp / 1e3, UTC
            )
            if not arrived - MAX_AGE <= found.at <= arrived + MAX_AHEAD:
                raise ValueError("it is too old, or of the future")
        except (ValidationError, ValueError):
            failed = record.build_data_transformation_response("ProcessingFailed")
            result.add_record(failed)
            continue
        day = f"{found.at.astimezone(UTC):%Y-%m-%d}"
        keys = {"type": found.type, "day": day}
        result.add_record(
            record.build_data_transformation_response(
                data=base64_from_str(f"{found.model_dump_json()}\n"),
                metadata=KinesisFirehoseDataTransformationRecordMetadata(keys),
            )
        )
    logger.info("batch is checked")
    return result.asdict()
