"""An object of a batch job of S3, tagged: as Powertools' documentation does it.

Its example of S3 Batch Operations, with its Logger, and its parser for the rules.
https://docs.aws.amazon.com/powertools/python/latest/utilities/data_classes/
"""

import json
from typing import Annotated, Any, Literal

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import (
    S3BatchOperationEvent,
    S3BatchOperationResponse,
    event_source,
)
from aws_lambda_powertools.utilities.data_classes.s3_batch_operation_event import (
    S3BatchOperationTask,
)
from aws_lambda_powertools.utilities.parser import parse
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError, HTTPClientError
from pydantic import BaseModel, Field

logger = Logger()
s3 = boto3.client("s3")
TEMPORARY = {"OperationAborted", "RequestTimeout", "SlowDown"}
Code = Literal["Succeeded", "TemporaryFailure", "PermanentFailure"]
Text = Annotated[str, Field(pattern=r"^[\w+\-=.:/@ ]*$")]
Key = Annotated[Text, Field(min_length=1, max_length=128)]
Value = Annotated[Text, Field(max_length=256)]


class Rule(BaseModel, extra="forbid"):
    """What becomes of the tags of objects whose keys begin so."""

    prefix: str
    put: Annotated[dict[Key, Value], Field(alias="set")] = {}
    remove: list[Key] = []


@logger.inject_lambda_context
@event_source(data_class=S3BatchOperationEvent)
def handler(event: S3BatchOperationEvent, context: LambdaContext) -> dict[str, Any]:
    """Relabel the one object of an invocation, and say what came of it."""
    response = S3BatchOperationResponse(
        event.invocation_schema_version, event.invocation_id, "PermanentFailure"
    )
    task = event.task
    code: Code = "Succeeded"
    try:
        told = json.loads(event.job.user_arguments["rules"])
        rules = parse(event=told, model=list[Rule])
        text = relabel(task, rules)
    except (KeyError, ValueError) as error:
        code, text = "PermanentFailure", str(error)
    except ClientError as error:
        text = error.response["Error"]["Code"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        passes = status >= 500 or text in TEMPORARY
        code = "TemporaryFailure" if passes else "PermanentFailure"
    except HTTPClientError as error:
        code, text = "TemporaryFailure", type(error).__name__
    logger.info("task is done", task_id=task.task_id, code=code, result=text)
    response.add_result(task.build_task_batch_response(code, text))
    return response.asdict()


def relabel(task: S3BatchOperationTask, rules: list[Rule]) -> str:
    """Put the tags of the first rule that fits, unless they are there already."""
    rule = next((it for it in rules if task.s3_key.startswith(it.prefix)), None)
    if rule is None:
        return "no rule fits"
    place: dict[str, Any] = {"Bucket": task.s3_bucket, "Key": task.s3_key}
    if task.s3_version_id:
        place["VersionId"] = task.s3_version_id
    found = s3.get_object_tagging(**place)
    tags = {tag["Key"]: tag["Value"] for tag in found["TagSet"]}
    kept = {name: tags[name] for name in tags if name not in rule.remove}
    wanted = kept | rule.put
    if wanted == tags:
        return "unchanged"
    if len(wanted) > 10:
        raise ValueError(f"{len(wanted)} tags are too many")
    if "VersionId" in found:
        place["VersionId"] = found["VersionId"]
    tag_set: list[Any] = [{"Key": it, "Value": wanted[it]} for it in wanted]
    s3.put_object_tagging(**place, Tagging={"TagSet": tag_set})
    return "relabeled"
