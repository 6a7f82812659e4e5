"""A pipeline's job, answered by whether changes are frozen: by boto3 alone."""

import json
import logging
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

logger = logging.getLogger()
logger.setLevel(logging.INFO)
ssm = boto3.client("ssm")
codepipeline = boto3.client("codepipeline")


def handler(event: dict[str, Any], context: Any) -> None:
    """Let the change through, have it wait, or refuse it."""
    job = event["CodePipeline.job"]
    about = {"job": job["id"]}
    try:
        answer = decide(job["data"], datetime.now(UTC))
    except Exception as error:
        logger.exception("change is refused", extra=about)
        details: Any = {"type": "JobFailed", "message": str(error)[:1_000]}
        codepipeline.put_job_failure_result(jobId=job["id"], failureDetails=details)
    else:
        codepipeline.put_job_success_result(jobId=job["id"], **answer)
        logger.info("answered", extra={**about, "answer": answer})


def decide(data: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Give the answer for a job that does not fail."""
    text = data["actionConfiguration"]["configuration"]["UserParameters"]
    minutes = json.loads(text)["max_wait_minutes"]
    if type(minutes) is not int or not 0 <= minutes <= 23 * 60:
        raise ValueError("max_wait_minutes must be 0 to 1380")
    found = ssm.get_parameter(Name=os.environ["FREEZES_PARAMETER"])
    freezes = [
        (moment(each["from"]), moment(each["until"]), str(each["reason"]))
        for each in json.loads(found["Parameter"]["Value"])
    ]
    current = [(end, why) for start, end, why in freezes if start <= now < end]
    if not current:
        return {"outputVariables": {"PassedAt": now.isoformat(timespec="seconds")}}
    end, reason = max(current)
    token = data.get("continuationToken")
    since = moment(json.loads(token)["since"]) if token else now
    if end - since > timedelta(minutes=minutes):
        raise ValueError(f"frozen until {end.isoformat()}: {reason}")
    return {"continuationToken": json.dumps({"since": since.isoformat()})}


def moment(text: str) -> datetime:
    """Read a time with an offset."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("without an offset")
    return time
