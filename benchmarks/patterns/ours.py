"""By this library, without alarms, which no other way has."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_config as config
from aws_cdk import aws_events as events
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from benchmarks.patterns import resources
from lambda_constructs import LambdaFunction
from lambda_constructs import event_sources as sources


def worker(scope: Construct) -> LambdaFunction:
    """Define the function."""
    return LambdaFunction(
        scope,
        "Worker",
        code=resources.code(),
        timeout=resources.TIMEOUT,
        monitoring=None,
    )


def queue(scope: Construct) -> None:
    """Poll a queue."""
    worker(scope).add_event_source(sources.SqsEventSource(sqs.Queue(scope, "Queue")))


def fifo(scope: Construct) -> None:
    """Poll a queue in order."""
    given = sqs.Queue(scope, "Queue", fifo=True)
    worker(scope).add_event_source(sources.SqsEventSource(given))


def stream(scope: Construct) -> None:
    """Read a Kinesis stream."""
    given = resources.stream(scope)
    worker(scope).add_event_source(sources.KinesisEventSource(given))


def table(scope: Construct) -> None:
    """Read the stream of a table."""
    given = resources.table(scope)
    worker(scope).add_event_source(sources.DynamoDbEventSource(given))


def topic(scope: Construct) -> None:
    """Subscribe to a topic."""
    given = resources.topic(scope)
    worker(scope).add_event_source(sources.SnsEventSource(given))


def bucket(scope: Construct) -> None:
    """Take what EventBridge tells of a bucket."""
    given = resources.bucket(scope)
    worker(scope).add_event_source(sources.S3EventSource(given))


def rule(scope: Construct) -> None:
    """Take what a rule matches."""
    pattern = events.EventPattern(source=[resources.SOURCE])
    worker(scope).add_event_source(sources.EventBridgeEventSource(pattern))


def schedule(scope: Construct) -> None:
    """Run once a day."""
    daily = scheduler.ScheduleExpression.expression(resources.DAILY)
    worker(scope).add_event_source(sources.ScheduleEventSource(daily))


def logs(scope: Construct) -> None:
    """Take the lines of a log group."""
    worker(scope).add_event_source(
        sources.LogsEventSource(
            resources.group(scope), filter_pattern=resources.PATTERN
        )
    )


def http_api(scope: Construct) -> None:
    """Answer a route of an HTTP API."""
    given = resources.http_api(scope)
    source = sources.HttpApiEventSource(given, routes=[resources.ROUTE])
    worker(scope).add_event_source(source)


def rest_api(scope: Construct) -> None:
    """Answer a route of a REST API."""
    given = resources.rest_api(scope)
    source = sources.RestApiEventSource(given, routes=[resources.ROUTE])
    worker(scope).add_event_source(source)


def alb(scope: Construct) -> None:
    """Answer all requests of a load balancer."""
    given = resources.listener(scope)
    worker(scope).add_event_source(sources.AlbEventSource(given))


def pool(scope: Construct) -> None:
    """Check who signs up."""
    worker(scope).add_event_source(
        sources.CognitoEventSource(
            resources.pool(scope), operation=cognito.UserPoolOperation.PRE_SIGN_UP
        )
    )


def topic_rule(scope: Construct) -> None:
    """Take what devices tell."""
    worker(scope).add_event_source(sources.IotEventSource(resources.SQL))


def workflow(scope: Construct) -> None:
    """Be a task of a state machine."""
    task = worker(scope).add_event_source(sources.StepFunctionsEventSource("Task"))
    sfn.StateMachine(
        scope, "Machine", definition_body=sfn.DefinitionBody.from_chainable(task)
    )


def bot(scope: Construct) -> None:
    """Answer a bot."""
    source = sources.LexEventSource(resources.BOT, locale_id=resources.LOCALE)
    worker(scope).add_event_source(source)


def skill(scope: Construct) -> None:
    """Answer a skill."""
    worker(scope).add_event_source(sources.AlexaEventSource(resources.SKILL))


def compliance(scope: Construct) -> None:
    """Judge buckets when they change."""
    buckets = config.RuleScope.from_resource(config.ResourceType.S3_BUCKET)
    worker(scope).add_event_source(
        sources.ConfigEventSource(configuration_changes=True, scope=buckets)
    )


def repository(scope: Construct) -> None:
    """Take what happens to a repository."""
    given = resources.repository(scope)
    worker(scope).add_event_source(sources.CodeCommitEventSource(given))


def delivery(scope: Construct) -> None:
    """Transform what a delivery stream puts into a bucket."""
    made = resources.bucket(scope)
    transformation = worker(scope).add_event_source(sources.FirehoseEventSource())
    transformation.deliver_to(made)
    firehose.DeliveryStream(
        scope,
        "Delivery",
        destination=firehose.S3Bucket(
            made, processors=[transformation], role=transformation.role
        ),
    )


def mail(scope: Construct) -> None:
    """Take mails."""
    given = resources.rule_set(scope)
    worker(scope).add_event_source(sources.SesEventSource(given))


PATTERNS: Mapping[str, Callable[[Construct], None]] = {
    "SQS": queue,
    "SQS FIFO": fifo,
    "Kinesis": stream,
    "DynamoDB": table,
    "SNS": topic,
    "S3": bucket,
    "EventBridge": rule,
    "Scheduler": schedule,
    "CloudWatch Logs": logs,
    "HTTP API": http_api,
    "REST API": rest_api,
    "ALB": alb,
    "Cognito": pool,
    "IoT": topic_rule,
    "Step Functions": workflow,
    "Lex": bot,
    "Alexa": skill,
    "Config": compliance,
    "CodeCommit": repository,
    "Firehose": delivery,
    "SES": mail,
}
