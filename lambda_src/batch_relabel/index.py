"""Give an object the tags that the rules of its batch job say."""

from typing import Annotated, Any, Literal

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import (
    S3BatchOperationEvent,
    S3BatchOperationResponse,
)
from aws_lambda_powertools.utilities.data_classes.s3_batch_operation_event import (
    S3BatchOperationTask,
)
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

MAX_TAGS = 10  # of an object
PERMANENT = {
    "AccessDenied": "access is denied",
    "InvalidArgument": "the version is none of S3's",
    "MethodNotAllowed": "the object is deleted",
    "NoSuchKey": "the object is gone",
    "NoSuchVersion": "the version is gone",
}
TEMPORARY = {"OperationAborted", "RequestTimeout", "SlowDown"}

# Lambda reads the level of a JSON line only beside an RFC 3339 timestamp.
logger = Logger(use_rfc3339=True, utc=True)
# A call that hangs gives up after 10 s; both do before the function's timeout.
s3 = boto3.client(
    "s3",
    config=Config(
        connect_timeout=2,
        read_timeout=3,
        retries={"mode": "standard", "total_max_attempts": 2},
    ),
)

Text = Annotated[str, Field(pattern=r"^[\w+\-=.:/@ ]*$")]
Key = Annotated[Text, Field(min_length=1, max_length=128)]
Value = Annotated[Text, Field(max_length=256)]
Tags = dict[str, str]
Code = Literal["Succeeded", "TemporaryFailure", "PermanentFailure"]


class Rule(BaseModel, extra="forbid", populate_by_name=True):
    """What becomes of the tags of objects whose keys begin so."""

    prefix: str
    put: Annotated[dict[Key, Value], Field(alias="set")] = {}
    remove: list[Key] = []

    def applied_to(self, tags: Tags) -> Tags:
        """Give the tags as they have to be."""
        kept = {key: value for key, value in tags.items() if key not in self.remove}
        return kept | self.put


RULES = TypeAdapter(list[Rule])


class RefusedError(ValueError):
    """A task that would fail however often it is tried."""


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Relabel the one object of an invocation, and say what came of it."""
    job = S3BatchOperationEvent(event)
    task = job.task
    logger.append_keys(job_id=job.job.get_id, task_id=task.task_id)
    logger.set_correlation_id(task.task_id)
    code: Code = "Succeeded"
    try:
        text = relabel(task, rules_of(job))
    except RefusedError as error:
        code, text = "PermanentFailure", str(error)
    except ClientError as error:
        code, text = failure_of(error)
    except HTTPClientError as error:
        code, text = "TemporaryFailure", type(error).__name__
    logger.info("task is done", extra={"code": code, "result": text})
    response = S3BatchOperationResponse(
        job.invocation_schema_version, job.invocation_id, "PermanentFailure"
    )
    response.add_result(task.build_task_batch_response(code, text))
    return dict(response.asdict())


def rules_of(event: S3BatchOperationEvent) -> list[Rule]:
    """Read the rules, which come with the job."""
    try:
        return RULES.validate_json(event.job.user_arguments.get("rules", ""))
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        place = ".".join(map(str, fault["loc"]))[:80]
        raise RefusedError(
            f"the job has no rules: {fault['type']} at '{place}'"
        ) from None


def relabel(task: S3BatchOperationTask, rules: list[Rule]) -> str:
    """Put the tags of the first rule that fits, unless they are there already."""
    fits = (rule for rule in rules if task.s3_key.startswith(rule.prefix))
    rule = next(fits, None)
    if rule is None:
        return "no rule fits"
    place: dict[str, Any] = {"Bucket": task.s3_bucket, "Key": task.s3_key}
    if task.s3_version_id:
        place["VersionId"] = task.s3_version_id
    found = s3.get_object_tagging(**place)
    tags = {tag["Key"]: tag["Value"] for tag in found["TagSet"]}
    wanted = rule.applied_to(tags)
    if wanted == tags:
        return "unchanged"
    if len(wanted) > MAX_TAGS:
        raise RefusedError(f"{len(wanted)} tags are too many")
    if "VersionId" in found:
        # The version that was read, should there be a newer one by now.
        place["VersionId"] = found["VersionId"]
    tag_set: list[Any] = [{"Key": key, "Value": value} for key, value in wanted.items()]
    s3.put_object_tagging(**place, Tagging={"TagSet": tag_set})
    return "relabeled"


def failure_of(error: ClientError) -> tuple[Code, str]:
    """Tell what will be the same next time from what may not."""
    code = error.response["Error"]["Code"]
    if code in PERMANENT:
        return "PermanentFailure", PERMANENT[code]
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    if status >= 500 or code in TEMPORARY:
        return "TemporaryFailure", code
    return "PermanentFailure", code
