"""A pipeline's job, answered by freezes: as Powertools' documentation does it.

Its example of CodePipeline's data class, with its Logger, its parameters (read anew for
each job, as ours does) and its parser for what is in them.
https://docs.aws.amazon.com/powertools/python/latest/utilities/data_classes/
"""

import json
import os
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.data_classes import (
    CodePipelineJobEvent,
    event_source,
)
from aws_lambda_powertools.utilities.parser import parse
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import AwareDatetime, BaseModel, Field

logger = Logger()
codepipeline = boto3.client("codepipeline")


class Given(BaseModel):
    """What the action is given."""

    max_wait_minutes: Annotated[int, Field(ge=0, le=23 * 60, strict=True)]


class Freeze(BaseModel):
    """A time in which nothing is changed."""

    start: Annotated[AwareDatetime, Field(alias="from")]
    until: AwareDatetime
    reason: str


class Waiting(BaseModel):
    """What a change that waits carries along."""

    since: AwareDatetime


@logger.inject_lambda_context
@event_source(data_class=CodePipelineJobEvent)
def handler(event: CodePipelineJobEvent, context: LambdaContext) -> None:
    """Let the change through, have it wait, or refuse it."""
    logger.append_keys(job=event.get_id)
    try:
        answer = decide(event, datetime.now(UTC))
    except Exception as error:
        logger.exception("change is refused")
        details: Any = {"type": "JobFailed", "message": str(error)[:1_000]}
        codepipeline.put_job_failure_result(jobId=event.get_id, failureDetails=details)
    else:
        codepipeline.put_job_success_result(jobId=event.get_id, **answer)
        logger.info("answered", answer=answer)


def decide(event: CodePipelineJobEvent, now: datetime) -> dict[str, Any]:
    """Give the answer for a job that does not fail."""
    given = parse(event=event.decoded_user_parameters, model=Given)
    found = parameters.get_parameter(
        os.environ["FREEZES_PARAMETER"], transform="json", force_fetch=True
    )
    freezes = parse(event=found, model=list[Freeze])
    current = [each for each in freezes if each.start <= now < each.until]
    if not current:
        return {"outputVariables": {"PassedAt": now.isoformat(timespec="seconds")}}
    freeze = max(current, key=lambda each: each.until)
    token = event.data.continuation_token
    since = parse(event=json.loads(token), model=Waiting).since if token else now
    if freeze.until - since > timedelta(minutes=given.max_wait_minutes):
        raise ValueError(f"frozen until {freeze.until.isoformat()}: {freeze.reason}")
    return {"continuationToken": json.dumps({"since": since.isoformat()})}
