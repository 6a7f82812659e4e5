"""By AWS Solutions Constructs, in an environment of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_events as events
from aws_cdk import aws_iot as iot
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_solutions_constructs.aws_alb_lambda import AlbToLambda
from aws_solutions_constructs.aws_apigateway_lambda import ApiGatewayToLambda
from aws_solutions_constructs.aws_dynamodbstreams_lambda import DynamoDBStreamsToLambda
from aws_solutions_constructs.aws_eventbridge_lambda import EventbridgeToLambda
from aws_solutions_constructs.aws_iot_lambda import IotToLambda
from aws_solutions_constructs.aws_kinesis_streams_lambda import KinesisStreamsToLambda
from aws_solutions_constructs.aws_s3_lambda import S3ToLambda
from aws_solutions_constructs.aws_sns_lambda import SnsToLambda
from aws_solutions_constructs.aws_sqs_lambda import SqsToLambda
from constructs import Construct

from benchmarks.patterns import resources


def worker() -> lambda_.FunctionProps:
    """Describe the function."""
    return lambda_.FunctionProps(
        code=resources.code(),
        handler="index.handler",
        runtime=lambda_.Runtime.PYTHON_3_13,
        timeout=resources.TIMEOUT,
    )


def queue(scope: Construct) -> None:
    """Poll a queue."""
    props = sqs.QueueProps(visibility_timeout=resources.VISIBILITY)
    SqsToLambda(scope, "Made", lambda_function_props=worker(), queue_props=props)


def stream(scope: Construct) -> None:
    """Read a Kinesis stream."""
    KinesisStreamsToLambda(scope, "Made", lambda_function_props=worker())


def table(scope: Construct) -> None:
    """Read the stream of a table."""
    key = dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
    props = dynamodb.TableProps(
        partition_key=key, stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES
    )
    DynamoDBStreamsToLambda(
        scope, "Made", dynamo_table_props=props, lambda_function_props=worker()
    )


def topic(scope: Construct) -> None:
    """Subscribe to a topic."""
    SnsToLambda(scope, "Made", lambda_function_props=worker())


def bucket(scope: Construct) -> None:
    """Take what a bucket notifies of."""
    S3ToLambda(scope, "Made", lambda_function_props=worker())


def rule(scope: Construct) -> None:
    """Take what a rule matches."""
    pattern = events.EventPattern(source=[resources.SOURCE])
    props = events.RuleProps(event_pattern=pattern)
    EventbridgeToLambda(
        scope, "Made", event_rule_props=props, lambda_function_props=worker()
    )


def rest_api(scope: Construct) -> None:
    """Answer all routes of a REST API, without logs for the whole account."""
    open_to_all = apigateway.MethodOptions(
        authorization_type=apigateway.AuthorizationType.NONE
    )
    ApiGatewayToLambda(
        scope,
        "Made",
        api_gateway_props=apigateway.RestApiProps(
            cloud_watch_role=False,
            default_method_options=open_to_all,
        ),
        lambda_function_props=worker(),
    )


def alb(scope: Construct) -> None:
    """Answer all requests of a load balancer."""
    AlbToLambda(
        scope,
        "Made",
        existing_vpc=resources.network(scope),
        lambda_function_props=worker(),
        listener_props=elbv2.BaseApplicationListenerProps(
            protocol=elbv2.ApplicationProtocol.HTTP, port=80
        ),
        log_alb_access_logs=False,
        public_api=False,
    )


def topic_rule(scope: Construct) -> None:
    """Take what devices tell."""
    payload = iot.CfnTopicRule.TopicRulePayloadProperty(actions=[], sql=resources.SQL)
    props = iot.CfnTopicRuleProps(topic_rule_payload=payload)
    IotToLambda(
        scope, "Made", iot_topic_rule_props=props, lambda_function_props=worker()
    )


PATTERNS: Mapping[str, Callable[[Construct], None]] = {
    "SQS": queue,
    "Kinesis": stream,
    "DynamoDB": table,
    "SNS": topic,
    "S3": bucket,
    "EventBridge": rule,
    "REST API": rest_api,
    "ALB": alb,
    "IoT": topic_rule,
}
