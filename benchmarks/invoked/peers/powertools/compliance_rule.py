"""The tags of a bucket, judged for AWS Config: as Powertools' documentation does it.

Its example of the data class of Config's rules, with its Logger.
https://docs.aws.amazon.com/powertools/python/latest/utilities/data_classes/
"""

import json
from typing import Any, Final

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import (
    AWSConfigRuleEvent,
    event_source,
)
from aws_lambda_powertools.utilities.data_classes.aws_config_rule_event import (
    AWSConfigConfigurationChanged,
    AWSConfigOversizedConfiguration,
    AWSConfigScheduledNotification,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
config = boto3.client("config")
BUCKET: Final = "AWS::S3::Bucket"


@logger.inject_lambda_context
@event_source(data_class=AWSConfigRuleEvent)
def handler(event: AWSConfigRuleEvent, context: LambdaContext) -> None:
    """Judge the bucket that changed, or every bucket, and tell Config."""
    text = event.rule_parameters.get("requiredTags", "")
    required = {name.strip() for name in text.split(",")} - {""}
    if not required:
        raise ValueError("the rule must have requiredTags in its parameters")
    message = event.invoking_event
    if not isinstance(message, AWSConfigScheduledNotification):
        put(event, [judge_change(event, message, required)])
        return
    at = message.notification_creation_time
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
    event: AWSConfigRuleEvent,
    message: AWSConfigConfigurationChanged | AWSConfigOversizedConfiguration,
    required: set[str],
) -> dict[str, Any]:
    """Judge one bucket, unless it is gone or no longer the rule's business."""
    change: Any
    if isinstance(message, AWSConfigOversizedConfiguration):
        change = message.configuration_item_summary
    else:
        change = message.configuration_item
    bucket, at = change.resource_id, change.configuration_item_capture_time
    exists = change.configuration_item_status in ("OK", "ResourceDiscovered")
    if not exists or event.event_left_scope:
        return evaluation(bucket, "NOT_APPLICABLE", at)
    item: Any = change.raw_event
    if isinstance(message, AWSConfigOversizedConfiguration):
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


def put(event: AWSConfigRuleEvent, evaluations: list[Any]) -> None:
    """Tell Config, which keeps nothing of a test."""
    for start in range(0, len(evaluations), 100):
        answer = config.put_evaluations(
            Evaluations=evaluations[start : start + 100],
            ResultToken=event.result_token,
            TestMode=event.result_token == "TESTMODE",  # noqa: S105
        )
        if answer["FailedEvaluations"]:
            raise RuntimeError("Config did not take every evaluation")
    logger.info("buckets are judged", evaluations=len(evaluations))
