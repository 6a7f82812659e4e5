"""Hold a pipeline back while changes are frozen, and answer each of its jobs."""

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

FREEZES = os.environ["FREEZES_PARAMETER"]

logger = logging.getLogger()
logger.setLevel(logging.INFO)
# Two calls of two attempts each fit well into the function's timeout.
config = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 2},
)
ssm = boto3.client("ssm", config=config)
codepipeline = boto3.client("codepipeline", config=config)


class RefusalError(Exception):
    """The change is not let through; the message is for whoever released it."""

    kind = "JobFailed"


class MisconfiguredError(RefusalError):
    """Somebody has to correct a setting first."""

    kind = "ConfigurationError"


@dataclass(frozen=True)
class Freeze:
    """A time in which nothing is changed."""

    start: datetime
    end: datetime
    reason: str


def handler(event: Mapping[str, Any], context: object) -> None:
    """Let the change through, have it wait, or refuse it."""
    job = event["CodePipeline.job"]  # with credentials, so it is never logged
    try:
        answer = decide(job["data"], datetime.now(UTC))
    except RefusalError as error:
        fail(job["id"], error.kind, str(error))
    except Exception as error:  # whatever it is, the pipeline waits for an answer
        logger.exception("the gate is broken", extra={"correlation_id": job["id"]})
        fail(job["id"], "JobFailed", f"the gate is broken: {type(error).__name__}")
    else:
        with unless_answered(job["id"], answer):
            codepipeline.put_job_success_result(jobId=job["id"], **answer)


def decide(data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Give the answer for a job that does not fail.

    Raises:
        RefusalError: A freeze lasts longer than the change may wait.
    """
    patience = patience_of(data["actionConfiguration"]["configuration"])
    freeze = freeze_at(now)
    if freeze is None:
        return {"outputVariables": {"PassedAt": now.isoformat(timespec="seconds")}}
    since = since_of(data.get("continuationToken"), now)
    if freeze.end - since > patience:
        raise RefusalError(
            f"frozen until {freeze.end.isoformat()}: {freeze.reason}; "
            f"the change may wait {patience}"
        )
    return {"continuationToken": json.dumps({"since": since.isoformat()})}


def patience_of(configuration: Mapping[str, str]) -> timedelta:
    """Read from the action how long a change may wait.

    Raises:
        MisconfiguredError: It does not say.
    """
    try:
        minutes = json.loads(configuration["UserParameters"])["max_wait_minutes"]
        # CodePipeline gives up after a day.
        if type(minutes) is not int or not 0 <= minutes <= 23 * 60:
            raise ValueError(minutes)
    except (KeyError, TypeError, ValueError):
        raise MisconfiguredError(
            'UserParameters must be {"max_wait_minutes": 0 to 1380}'
        ) from None
    return timedelta(minutes=minutes)


def freeze_at(now: datetime) -> Freeze | None:
    """Give the freeze that is on, the longest of several.

    Raises:
        MisconfiguredError: The parameter cannot be read, so nobody knows.
    """
    text = ssm.get_parameter(Name=FREEZES)["Parameter"]["Value"]
    try:
        freezes = [
            Freeze(moment(each["from"]), moment(each["until"]), str(each["reason"]))
            for each in json.loads(text)
        ]
    except (KeyError, TypeError, ValueError):
        raise MisconfiguredError(
            f"{FREEZES} must be a list of from, until and reason, with times such as "
            "2026-12-24T00:00:00+00:00"
        ) from None
    current = [each for each in freezes if each.start <= now < each.end]
    return max(current, key=lambda each: each.end, default=None)


def moment(text: str) -> datetime:
    """Read a time with an offset, which alone says when it is."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("without an offset")
    return time


def since_of(token: str | None, now: datetime) -> datetime:
    """Give when the change began to wait, which the token carries along."""
    return now if token is None else moment(json.loads(token)["since"])


def fail(job_id: str, kind: str, message: str) -> None:
    """Refuse the change and say why."""
    details: Any = {"type": kind, "message": message[:1_000]}
    with unless_answered(job_id, details):
        codepipeline.put_job_failure_result(jobId=job_id, failureDetails=details)


@contextmanager
def unless_answered(job_id: str, answer: Mapping[str, Any]) -> Iterator[None]:
    """Answer the job; if that fails, Lambda's retry does."""
    try:
        yield
    except ClientError as error:
        # A retry, or an event that was delivered twice, finds the job answered.
        if error.response["Error"]["Code"] != "InvalidJobStateException":
            raise
        logger.info("the job was answered before", extra={"correlation_id": job_id})
    else:
        logger.info("answered", extra={"correlation_id": job_id, "answer": answer})
