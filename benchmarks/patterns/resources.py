"""What invokes the functions: the same for every way to write them."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_codecommit as codecommit
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from constructs import Construct

HANDLER = "def handler(event, context): ..."
SECONDS = 5
TIMEOUT = Duration.seconds(SECONDS)
VISIBILITY = Duration.seconds(6 * SECONDS)
SOURCE = "shop"
DAILY = "rate(1 day)"
PATTERN = "ERROR"
PATH = "/orders"
ROUTE = f"GET {PATH}"
SQL = "SELECT * FROM 'devices/+/telemetry'"
SKILL = "amzn1.ask.skill.00000000-0000-4000-8000-000000000000"
LOCALE = "en_GB"
BOT = "arn:aws:lex:eu-west-1:123456789012:bot-alias/ABCDEFGHIJ/KLMNOPQRST"
RULE_SET = "mails"


def code() -> lambda_.Code:
    """Give a handler."""
    return lambda_.Code.from_inline(HANDLER)


def stream(scope: Construct) -> kinesis.Stream:
    """Define a stream."""
    return kinesis.Stream(scope, "Stream")


def table(scope: Construct) -> dynamodb.Table:
    """Define a table with a stream."""
    return dynamodb.Table(
        scope,
        "Table",
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
        stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
    )


def topic(scope: Construct) -> sns.Topic:
    """Define a topic."""
    return sns.Topic(scope, "Topic")


def bucket(scope: Construct, *, event_bridge_enabled: bool | None = None) -> s3.Bucket:
    """Define a bucket."""
    return s3.Bucket(scope, "Bucket", event_bridge_enabled=event_bridge_enabled)


def group(scope: Construct) -> logs.LogGroup:
    """Define a log group."""
    return logs.LogGroup(scope, "Group")


def http_api(scope: Construct) -> apigatewayv2.HttpApi:
    """Define an HTTP API."""
    return apigatewayv2.HttpApi(scope, "Api")


def rest_api(
    scope: Construct, *, deploy_options: apigateway.StageOptions | None = None
) -> apigateway.RestApi:
    """Define a REST API, whose logs are not switched on for the whole account."""
    return apigateway.RestApi(
        scope, "Api", cloud_watch_role=False, deploy_options=deploy_options
    )


def network(scope: Construct) -> ec2.IVpc:
    """Give a network that is there already."""
    return ec2.Vpc.from_vpc_attributes(
        scope,
        "Vpc",
        vpc_id="vpc-00000000",
        availability_zones=["eu-west-1a", "eu-west-1b"],
        private_subnet_ids=["subnet-00000000", "subnet-11111111"],
        public_subnet_ids=["subnet-22222222", "subnet-33333333"],
    )


def listener(scope: Construct) -> elbv2.ApplicationListener:
    """Define a load balancer and its listener."""
    balancer = elbv2.ApplicationLoadBalancer(scope, "Balancer", vpc=network(scope))
    return balancer.add_listener("Http", port=80, open=False)


def pool(scope: Construct) -> cognito.UserPool:
    """Define a user pool."""
    return cognito.UserPool(scope, "Pool")


def repository(scope: Construct) -> codecommit.Repository:
    """Define a repository, by a name that no other has."""
    name = scope.node.path.replace("/", "-")
    return codecommit.Repository(scope, "Repository", repository_name=name)


def rule_set(scope: Construct) -> ses.IReceiptRuleSet:
    """Give the rule set of the Region."""
    return ses.ReceiptRuleSet.from_receipt_rule_set_name(scope, "Mails", RULE_SET)
