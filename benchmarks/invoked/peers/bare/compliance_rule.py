"""The tags of a bucket, judged for a rule of AWS Config: by boto3 alone."""

import json
import logging
from typing import Any, Final

import boto3

logger = logging.getLogger()
logger.setLevel(logging.INFO)
config = boto3.client("config")
BUCKET: Final = "AWS::S3::Bucket"


def handler(event: dict[str, Any], context: Any) -> None:
    """Judge the bucket that changed, or every bucket, and tell Config."""
    text = json.loads(event.get("ruleParameters") or "{}").get("requiredTags", "")
    required = {name.strip() for name in text.split(",")} - {""}
    if not required:
        raise ValueError("the rule must have requiredTags in its parameters")
    message = json.loads(event["invokingEvent"])
    if message["messageType"] != "ScheduledNotification":
        put(event, [judge_change(event, message, required)])
        return
    at = message["notificationCreationTime"]
    pages = config.get_paginator("list_discovered_resources")
    for page in pages.paginate(resourceType=BUCKET, PaginationConfig={"PageSize": 100}):
        keys: list[Any] = [
            {"resourceType": BUCKET, "resourceId": each["resourceId"]}
            for each in page["resourceIdentifiers"]
        ]
        if keys:
            answer = config.batch_get_resource_config(resourceKeys=keys)
            if answer["unprocessedResourceKeys"]:
                raise RuntimeError("Config did not describe every bucket")
            found = answer["baseConfigurationItems"]
            put(event, [judge(each, required, at) for each in found])


def judge_change(
    event: dict[str, Any], message: dict[str, Any], required: set[str]
) -> dict[str, Any]:
    """Judge one bucket, unless it is gone or no longer the rule's business."""
    large = message["messageType"] == "OversizedConfigurationItemChangeNotification"
    item = message["configurationItemSummary" if large else "configurationItem"]
    bucket, at = item["resourceId"], item["configurationItemCaptureTime"]
    exists = item["configurationItemStatus"] in ("OK", "ResourceDiscovered")
    if not exists or event["eventLeftScope"]:
        return evaluation(bucket, "NOT_APPLICABLE", at)
    if large:
        try:
            answer = config.get_resource_config_history(
                resourceType=BUCKET, resourceId=bucket, laterTime=at, limit=1
            )
        except config.exceptions.ResourceNotDiscoveredException:
            return evaluation(bucket, "NOT_APPLICABLE", at)
        if not answer["configurationItems"]:
            return evaluation(bucket, "NOT_APPLICABLE", at)
        item = answer["configurationItems"][0]
    return judge(item, required, at)


def judge(item: Any, required: set[str], at: str) -> dict[str, Any]:
    """Judge a bucket by its tags."""
    tagging = item["supplementaryConfiguration"].get("BucketTaggingConfiguration")
    if isinstance(tagging, str):
        tagging = json.loads(tagging)
    sets = (tagging or {}).get("tagSets", [])
    missing = sorted(required - {name for each in sets for name in each["tags"]})
    if not missing:
        return evaluation(item["resourceId"], "COMPLIANT", at)
    note = f"tags are missing: {', '.join(missing)}"
    told = evaluation(item["resourceId"], "NON_COMPLIANT", at)
    return {**told, "Annotation": note[:256]}


def evaluation(bucket: str, verdict: str, at: str) -> dict[str, Any]:
    """Give a verdict as Config takes it."""
    return {
        "ComplianceResourceType": BUCKET,
        "ComplianceResourceId": bucket,
        "ComplianceType": verdict,
        "OrderingTimestamp": at,
    }


def put(event: dict[str, Any], evaluations: list[Any]) -> None:
    """Tell Config, which keeps nothing of a test."""
    for start in range(0, len(evaluations), 100):
        answer = config.put_evaluations(
            Evaluations=evaluations[start : start + 100],
            ResultToken=event["resultToken"],
            TestMode=event["resultToken"] == "TESTMODE",
        )
        if answer["FailedEvaluations"]:
            raise RuntimeError("Config did not take every evaluation")
    logger.info("buckets are judged", extra={"evaluations": len(evaluations)})
