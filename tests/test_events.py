"""Our event files have the shape that AWS documents: Powertools can read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aws_lambda_powertools.utilities import data_classes as kinds
from aws_lambda_powertools.utilities.data_classes import (
    cognito_user_pool_event as cognito,
)

from tests.handlers.events import event
from tests.synthesized import ROOT

NAMES = sorted(path.stem for path in (ROOT / "tests" / "events").glob("*.json"))

READ: dict[str, Callable[[dict[str, Any]], object]] = {
    "alb": lambda it: (
        kinds.ALBEvent(it).request_context.elb_target_group_arn,
        kinds.ALBEvent(it).path,
        kinds.ALBEvent(it).multi_value_query_string_parameters["category"],
        kinds.ALBEvent(it).multi_value_headers["x-forwarded-for"],
    ),
    "cloudformation": lambda it: (
        kinds.CloudFormationCustomResourceEvent(it).request_type,
        kinds.CloudFormationCustomResourceEvent(it).response_url,
        kinds.CloudFormationCustomResourceEvent(it).resource_properties,
    ),
    "codepipeline": lambda it: (
        kinds.CodePipelineJobEvent(it).get_id,
        kinds.CodePipelineJobEvent(it).decoded_user_parameters,
        kinds.CodePipelineJobEvent(it).input_object_key,
    ),
    "cognito_post_confirmation": lambda it: (
        cognito.PostConfirmationTriggerEvent(it).trigger_source,
        cognito.PostConfirmationTriggerEvent(it).request.user_attributes["sub"],
    ),
    "cognito_pre_sign_up": lambda it: (
        cognito.PreSignUpTriggerEvent(it).request.user_attributes["email"],
        cognito.PreSignUpTriggerEvent(it).response.auto_confirm_user,
    ),
    "cognito_pre_token": lambda it: (
        cognito.PreTokenGenerationV2TriggerEvent(it).request.scopes,
        cognito.PreTokenGenerationV2TriggerEvent(it).request.user_attributes["sub"],
    ),
    "config_change": lambda it: (
        kinds.AWSConfigRuleEvent(it).rule_parameters,
        kinds.AWSConfigRuleEvent(it).invoking_event.configuration_item.resource_id,
    ),
    "config_oversized_change": lambda it: (
        kinds.AWSConfigRuleEvent(
            it
        ).invoking_event.configuration_item_summary.configuration_item_capture_time
    ),
    "config_schedule": lambda it: (
        kinds.AWSConfigRuleEvent(it).invoking_event.notification_creation_time
    ),
    "dynamodb": lambda it: [
        (each.event_id, each.dynamodb.new_image, each.dynamodb.sequence_number)
        for each in kinds.DynamoDBStreamEvent(it).records
    ],
    "firehose": lambda it: [
        (each.record_id, each.approximate_arrival_timestamp, each.data_as_json)
        for each in kinds.KinesisFirehoseEvent(it).records
    ],
    "http_api": lambda it: (
        kinds.APIGatewayProxyEventV2(it).route_key,
        kinds.APIGatewayProxyEventV2(it).json_body,
        kinds.APIGatewayProxyEventV2(it).request_context.request_id,
    ),
    "kinesis": lambda it: [
        (each.event_id, each.kinesis.data_as_json())
        for each in kinds.KinesisStreamEvent(it).records
    ],
    "logs": lambda it: [
        (each.get_id, each.message)
        for each in kinds.CloudWatchLogsEvent(it).parse_logs_data().log_events
    ],
    "order_placed": lambda it: (
        kinds.EventBridgeEvent(it).get_id,
        kinds.EventBridgeEvent(it).detail_type,
        kinds.EventBridgeEvent(it).detail["order_id"],
    ),
    "rest_api": lambda it: (
        kinds.APIGatewayProxyEvent(it).resource,
        kinds.APIGatewayProxyEvent(it).json_body,
        kinds.APIGatewayProxyEvent(it).request_context.request_id,
    ),
    "s3_batch": lambda it: (
        kinds.S3BatchOperationEvent(it).job.user_arguments,
        kinds.S3BatchOperationEvent(it).task.s3_bucket,
        kinds.S3BatchOperationEvent(it).task.s3_key,
    ),
    "s3_event_bridge": lambda it: (
        kinds.S3EventBridgeNotificationEvent(it).detail.bucket.name,
        kinds.S3EventBridgeNotificationEvent(it).detail.object["key"],
    ),
    "s3_notification": lambda it: [
        (each.s3.bucket.name, each.s3.get_object.key)
        for each in kinds.S3Event(it).records
    ],
    "schedule": lambda it: (
        kinds.EventBridgeEvent(it).detail_type,
        kinds.EventBridgeEvent(it).resources,
    ),
    "ses": lambda it: [
        (each.ses.mail.message_id, each.ses.receipt.virus_verdict.status)
        for each in kinds.SESEvent(it).records
    ],
    "sns": lambda it: [
        (each.sns.message_id, each.sns.message, each.sns.timestamp)
        for each in kinds.SNSEvent(it).records
    ],
    "sqs": lambda it: [
        (each.message_id, each.json_body) for each in kinds.SQSEvent(it).records
    ],
    "sqs_fifo": lambda it: [
        (each.json_body, each.attributes.message_group_id)
        for each in kinds.SQSEvent(it).records
    ],
}
"""What a handler reads first of each event, by Powertools' class for it."""

WITHOUT_A_CLASS: set[str] = {
    "alexa",
    "cloudfront_origin_request",
    "cloudfront_origin_response",
    "cloudfront_viewer_request",
    "cloudfront_viewer_response",
    "codecommit",
    "iot_telemetry",  # whatever the rule's SQL selects
    "lex",
}
"""Events for which Powertools has none."""


def test_each_file_is_read_or_has_no_class():
    """
    None is forgotten, none is left over.
    """
    assert sorted(READ.keys() | WITHOUT_A_CLASS) == NAMES


@pytest.mark.parametrize("name", sorted(READ))
def test_powertools_reads_it(name):
    """
    What a handler reads first is there, and not empty.
    """
    found = READ[name](event(name))

    assert found
    assert "None" not in repr(found)
