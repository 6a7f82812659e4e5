"""Everything that can invoke a function: one class, and one module, per service.

A module is imported when its class is first asked for, so that a program pays for
those services only that it uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambda_constructs._lazy import lazy_attributes

if TYPE_CHECKING:
    from lambda_constructs.event_sources._kafka_authentication import (
        KafkaAuthentication,
    )
    from lambda_constructs.event_sources._kafka_schema_registry import (
        KafkaSchemaRegistry,
    )
    from lambda_constructs.event_sources.alb import AlbEventSource
    from lambda_constructs.event_sources.alexa import AlexaEventSource
    from lambda_constructs.event_sources.cloud_formation import (
        CloudFormationEventSource,
    )
    from lambda_constructs.event_sources.code_commit import CodeCommitEventSource
    from lambda_constructs.event_sources.code_pipeline import CodePipelineEventSource
    from lambda_constructs.event_sources.cognito import CognitoEventSource
    from lambda_constructs.event_sources.config import ConfigEventSource
    from lambda_constructs.event_sources.document_db import DocumentDbEventSource
    from lambda_constructs.event_sources.dynamodb import DynamoDbEventSource
    from lambda_constructs.event_sources.event_bridge import EventBridgeEventSource
    from lambda_constructs.event_sources.firehose import FirehoseEventSource
    from lambda_constructs.event_sources.function_url import FunctionUrlEventSource
    from lambda_constructs.event_sources.http_api import HttpApiEventSource
    from lambda_constructs.event_sources.iot import IotEventSource
    from lambda_constructs.event_sources.kinesis import KinesisEventSource
    from lambda_constructs.event_sources.lex import LexEventSource
    from lambda_constructs.event_sources.logs import LogsEventSource
    from lambda_constructs.event_sources.mq import MqEventSource
    from lambda_constructs.event_sources.msk import MskEventSource
    from lambda_constructs.event_sources.rest_api import RestApiEventSource
    from lambda_constructs.event_sources.s3 import S3EventSource
    from lambda_constructs.event_sources.s3_batch import S3BatchEventSource
    from lambda_constructs.event_sources.s3_notification import (
        S3NotificationEventSource,
    )
    from lambda_constructs.event_sources.schedule import ScheduleEventSource
    from lambda_constructs.event_sources.self_managed_kafka import (
        SelfManagedKafkaEventSource,
    )
    from lambda_constructs.event_sources.ses import SesEventSource
    from lambda_constructs.event_sources.sns import SnsEventSource
    from lambda_constructs.event_sources.sqs import SqsEventSource
    from lambda_constructs.event_sources.step_functions import StepFunctionsEventSource
    from lambda_constructs.event_sources.web_socket_api import WebSocketApiEventSource

__all__ = [
    "AlbEventSource",
    "AlexaEventSource",
    "CloudFormationEventSource",
    "CodeCommitEventSource",
    "CodePipelineEventSource",
    "CognitoEventSource",
    "ConfigEventSource",
    "DocumentDbEventSource",
    "DynamoDbEventSource",
    "EventBridgeEventSource",
    "FirehoseEventSource",
    "FunctionUrlEventSource",
    "HttpApiEventSource",
    "IotEventSource",
    "KafkaAuthentication",
    "KafkaSchemaRegistry",
    "KinesisEventSource",
    "LexEventSource",
    "LogsEventSource",
    "MqEventSource",
    "MskEventSource",
    "RestApiEventSource",
    "S3BatchEventSource",
    "S3EventSource",
    "S3NotificationEventSource",
    "ScheduleEventSource",
    "SelfManagedKafkaEventSource",
    "SesEventSource",
    "SnsEventSource",
    "SqsEventSource",
    "StepFunctionsEventSource",
    "WebSocketApiEventSource",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "AlbEventSource": "alb",
        "AlexaEventSource": "alexa",
        "CloudFormationEventSource": "cloud_formation",
        "CodeCommitEventSource": "code_commit",
        "CodePipelineEventSource": "code_pipeline",
        "CognitoEventSource": "cognito",
        "ConfigEventSource": "config",
        "DocumentDbEventSource": "document_db",
        "DynamoDbEventSource": "dynamodb",
        "EventBridgeEventSource": "event_bridge",
        "FirehoseEventSource": "firehose",
        "FunctionUrlEventSource": "function_url",
        "HttpApiEventSource": "http_api",
        "IotEventSource": "iot",
        "KafkaAuthentication": "_kafka_authentication",
        "KafkaSchemaRegistry": "_kafka_schema_registry",
        "KinesisEventSource": "kinesis",
        "LexEventSource": "lex",
        "LogsEventSource": "logs",
        "MqEventSource": "mq",
        "MskEventSource": "msk",
        "RestApiEventSource": "rest_api",
        "S3BatchEventSource": "s3_batch",
        "S3EventSource": "s3",
        "S3NotificationEventSource": "s3_notification",
        "ScheduleEventSource": "schedule",
        "SelfManagedKafkaEventSource": "self_managed_kafka",
        "SesEventSource": "ses",
        "SnsEventSource": "sns",
        "SqsEventSource": "sqs",
        "StepFunctionsEventSource": "step_functions",
        "WebSocketApiEventSource": "web_socket_api",
    },
    retired={
        "IotEventsEventSource": (
            "AWS shut IoT Events down on 2026-05-20, so nothing can invoke by it; "
            "use IotEventSource for the messages, Step Functions for what a detector "
            "model remembers of a device, EventBridge for events of AWS itself"
        ),
    },
)
