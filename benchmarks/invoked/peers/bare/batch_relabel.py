"""An object of a batch job of S3, tagged by the job's rules: by boto3 alone."""

import json
import logging
import re
from typing import Any
from urllib.parse import unquote_plus

import boto3
from botocore.exceptions import ClientError, HTTPClientError

logger = logging.getLogger()
logger.setLevel(logging.INFO)
s3 = boto3.client("s3")
TEXT = re.compile(r"[\w+\-=.:/@ ]*")
TEMPORARY = {"OperationAborted", "RequestTimeout", "SlowDown"}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Relabel the one object of an invocation, and say what came of it."""
    (task,) = event["tasks"]
    code = "Succeeded"
    try:
        text = relabel(task, checked(event["job"]["userArguments"]["rules"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        code, text = "PermanentFailure", str(error)
    except ClientError as error:
        text = error.response["Error"]["Code"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        passes = status >= 500 or text in TEMPORARY
        code = "TemporaryFailure" if passes else "PermanentFailure"
    except HTTPClientError as error:
        code, text = "TemporaryFailure", type(error).__name__
    about = {"task_id": task["taskId"], "code": code, "result": text}
    logger.info("task is done", extra=about)
    result = {"taskId": task["taskId"], "resultCode": code, "resultString": text}
    return {
        "invocationSchemaVersion": event["invocationSchemaVersion"],
        "treatMissingKeysAs": "PermanentFailure",
        "invocationId": event["invocationId"],
        "results": [result],
    }


def checked(text: str) -> list[dict[str, Any]]:
    """Check the rules, which come with the job."""
    rules: list[dict[str, Any]] = json.loads(text)
    for rule in rules:
        if not rule.keys() <= {"prefix", "set", "remove"}:
            raise ValueError("the job has no rules")
        for key in (*rule.get("set", {}), *rule.get("remove", [])):
            if not 1 <= len(key) <= 128 or not TEXT.fullmatch(key):
                raise ValueError("the job has no rules")
        for value in rule.get("set", {}).values():
            if len(value) > 256 or not TEXT.fullmatch(value):
                raise ValueError("the job has no rules")
    return rules


def relabel(task: dict[str, Any], rules: list[dict[str, Any]]) -> str:
    """Put the tags of the first rule that fits, unless they are there already."""
    key = unquote_plus(task["s3Key"])
    rule = next((it for it in rules if key.startswith(it["prefix"])), None)
    if rule is None:
        return "no rule fits"
    place = {"Bucket": task["s3Bucket"], "Key": key}
    if task.get("s3VersionId"):
        place["VersionId"] = task["s3VersionId"]
    found = s3.get_object_tagging(**place)
    tags = {tag["Key"]: tag["Value"] for tag in found["TagSet"]}
    removed = rule.get("remove", [])
    wanted = {name: tags[name] for name in tags if name not in removed}
    wanted |= rule.get("set", {})
    if wanted == tags:
        return "unchanged"
    if len(wanted) > 10:
        raise ValueError(f"{len(wanted)} tags are too many")
    if "VersionId" in found:
        place["VersionId"] = found["VersionId"]
    tag_set: list[Any] = [{"Key": it, "Value": wanted[it]} for it in wanted]
    s3.put_object_tagging(**place, Tagging={"TagSet": tag_set})
    return "relabeled"
