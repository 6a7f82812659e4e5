"""Judge whether buckets have the tags that a rule of AWS Config requires."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import event_source
from aws_lambda_powertools.utilities.data_classes.aws_config_rule_event import (
    AWSConfigConfigurationChanged,
    AWSConfigOversizedConfiguration,
    AWSConfigRuleEvent,
    AWSConfigScheduledNotification,
)
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

BUCKET: Final = "AWS::S3::Bucket"
EXISTS = {"OK", "ResourceDiscovered"}
AT_ONCE = 100  # resources that Config lists, describes and takes in one call
ANNOTATION_CHARACTERS = 256
TEST = "TESTMODE"  # what whoever tests the rule by hand has for a token

logger = Logger(use_rfc3339=True, utc=True)
config = boto3.client(
    "config",
    config=Config(
        connect_timeout=2,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": 4},
    ),
)


@logger.inject_lambda_context(clear_state=True)
@event_source(data_class=AWSConfigRuleEvent)
def handler(event: AWSConfigRuleEvent, context: LambdaContext) -> None:
    """Judge the bucket that changed, or every bucket, and tell Config."""
    required = required_tags(event.rule_parameters)
    message = event.invoking_event
    if isinstance(message, AWSConfigScheduledNotification):
        at = message.notification_creation_time
        for buckets in every_bucket():
            put(event, [judge(each, required, at) for each in buckets])
        return
    put(event, [judge_change(event, message, required)])


def required_tags(parameters: Mapping[str, Any]) -> set[str]:
    """Read what the rule requires, as in `cost-center,owner`."""
    text = str(parameters.get("requiredTags", ""))
    names = {name.strip() for name in text.split(",")} - {""}
    if not names:
        raise ValueError("the rule must have requiredTags in its parameters")
    return names


def judge_change(
    event: AWSConfigRuleEvent,
    message: AWSConfigConfigurationChanged | AWSConfigOversizedConfiguration,
    required: set[str],
) -> dict[str, Any]:
    """Judge one bucket, unless it is gone or no longer the rule's business."""
    item: Mapping[str, Any] | None
    if isinstance(message, AWSConfigOversizedConfiguration):
        item = message.configuration_item_summary.raw_event
    else:
        item = message.raw_configuration_item
    at = item["configurationItemCaptureTime"]
    gone = item["configurationItemStatus"] not in EXISTS
    verdict = evaluation(item["resourceId"], "NOT_APPLICABLE", at)
    if gone or event.event_left_scope:
        return verdict
    if isinstance(message, AWSConfigOversizedConfiguration):
        item = fetch(item["resourceId"], at)
    return verdict if item is None else judge(item, required, at)


def fetch(bucket: str, at: str) -> Mapping[str, Any] | None:
    """Get what was too large for the event, unless Config knows it no longer."""
    try:
        answer = config.get_resource_config_history(
            resourceType=BUCKET, resourceId=bucket, laterTime=at, limit=1
        )
    except config.exceptions.ResourceNotDiscoveredException:
        return None
    items: list[Any] = answer["configurationItems"]
    return items[0] if items else None


def every_bucket() -> Iterator[Sequence[Mapping[str, Any]]]:
    """Give what Config has recorded, as many at a time as one call takes."""
    pages = config.get_paginator("list_discovered_resources")
    for page in pages.paginate(
        resourceType=BUCKET, PaginationConfig={"PageSize": AT_ONCE}
    ):
        keys: list[Any] = [
            {"resourceType": BUCKET, "resourceId": each["resourceId"]}
            for each in page["resourceIdentifiers"]
        ]
        if not keys:
            continue
        answer = config.batch_get_resource_config(resourceKeys=keys)
        if answer["unprocessedResourceKeys"]:
            raise RuntimeError("Config did not describe every bucket")  # come again
        yield answer["baseConfigurationItems"]


def judge(item: Mapping[str, Any], required: set[str], at: str) -> dict[str, Any]:
    """Judge a bucket by its tags."""
    missing = sorted(required - tags_of(item))
    if not missing:
        return evaluation(item["resourceId"], "COMPLIANT", at)
    note = f"tags are missing: {', '.join(missing)}"
    return evaluation(item["resourceId"], "NON_COMPLIANT", at, note)


def tags_of(item: Mapping[str, Any]) -> set[str]:
    """Give the names of a bucket's tags; the API has texts where events have JSON."""
    tagging = item["supplementaryConfiguration"].get("BucketTaggingConfiguration")
    if isinstance(tagging, str):
        tagging = json.loads(tagging)
    return {
        name for each in (tagging or {}).get("tagSets", []) for name in each["tags"]
    }


def evaluation(bucket: str, verdict: str, at: str, note: str = "") -> dict[str, Any]:
    """Give a verdict as Config takes it; an empty annotation would be refused."""
    told = {
        "ComplianceResourceType": BUCKET,
        "ComplianceResourceId": bucket,
        "ComplianceType": verdict,
        "OrderingTimestamp": at,
    }
    if len(note) > ANNOTATION_CHARACTERS:
        note = f"{note[: ANNOTATION_CHARACTERS - 3]}..."
    return {**told, "Annotation": note} if note else told


def put(event: AWSConfigRuleEvent, evaluations: Sequence[Any]) -> None:
    """Tell Config, which keeps nothing of a test."""
    for start in range(0, len(evaluations), AT_ONCE):
        answer = config.put_evaluations(
            Evaluations=evaluations[start : start + AT_ONCE],
            ResultToken=event.result_token,
            TestMode=event.result_token == TEST,
        )
        if failed := answer["FailedEvaluations"]:
            raise RuntimeError(f"Config did not take {len(failed)} evaluations")
    logger.info("buckets are judged", extra={"evaluations": len(evaluations)})
