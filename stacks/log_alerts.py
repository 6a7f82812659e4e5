"""Alerts from logs: what an application logs as an error is told, and told once."""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from constructs import Construct

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import LogsEventSource
from stacks._handlers import handler_code
from stacks._keys import customer_key
from stacks._on_call import on_call


class LogAlertsStack(Stack):
    """A kind of error in `Application` is told to `Alerts` once an hour at most.

    A batch of lines that cannot be told ends in `Watcher/Failures`.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="Alerts of errors in a log group")
        Monitoring(topic=on_call(self)).apply_to(self)

        application = logs.LogGroup(
            self, "Application", retention=logs.RetentionDays.ONE_YEAR
        )
        key = customer_key(self, "Key")
        alerts = sns.Topic(
            self,
            "Alerts",
            enforce_ssl=True,
            master_key=key,
        )
        told = dynamodb.TableV2(
            self,
            "Told",
            partition_key=dynamodb.Attribute(
                name="fingerprint", type=dynamodb.AttributeType.STRING
            ),
            time_to_live_attribute="expires_at",
            removal_policy=RemovalPolicy.DESTROY,
        )

        watcher = LambdaFunction(
            self,
            "Watcher",
            code=handler_code("log_alerts"),
            timeout=Duration.seconds(30),
            environment={
                "ALERTS_TOPIC_ARN": alerts.topic_arn,
                "TOLD_TABLE": told.table_name,
            },
        )
        watcher.allow("dynamodb:PutItem", on=told)
        watcher.allow("sns:Publish", on=alerts)
        watcher.allow("kms:Decrypt", "kms:GenerateDataKey", on=key, via="sns")
        watcher.add_event_source(
            LogsEventSource(
                application,
                filter_pattern=logs.FilterPattern.any_term("ERROR", "CRITICAL"),
            )
        )
