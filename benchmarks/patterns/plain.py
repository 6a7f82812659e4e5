"""By CDK's L2 constructs and their own defaults: the least that works."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from aws_cdk import Aws
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_codecommit as codecommit
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_config as config
from aws_cdk import aws_elasticloadbalancingv2_targets as elbv2_targets
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iot as iot
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as cloudwatch_logs
from aws_cdk import aws_logs_destinations as logs_destinations
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as scheduler_targets
from aws_cdk import aws_ses as ses
from aws_cdk import aws_ses_actions as ses_actions
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from benchmarks.patterns import resources


def worker(scope: Construct) -> Any:  # noqa: ANN401 - jsii's interfaces, as Python sees them
    """Define the function."""
    return lambda_.Function(
        scope,
        "Worker",
        code=resources.code(),
        handler="index.handler",
        runtime=lambda_.Runtime.PYTHON_3_14,
        timeout=resources.TIMEOUT,
    )


def _allow(made: lambda_.Function, service: str, **source: str | None) -> None:
    principal = iam.ServicePrincipal(service)
    made.add_permission(
        "Permission", principal=cast("iam.IPrincipal", principal), **cast("Any", source)
    )


def queue(scope: Construct, *, fifo: bool | None = None) -> None:
    """Poll a queue."""
    given = sqs.Queue(
        scope, "Queue", fifo=fifo, visibility_timeout=resources.VISIBILITY
    )
    worker(scope).add_event_source(sources.SqsEventSource(given))


def fifo(scope: Construct) -> None:
    """Poll a queue in order."""
    queue(scope, fifo=True)


def stream(scope: Construct) -> None:
    """Read a Kinesis stream."""
    worker(scope).add_event_source(
        sources.KinesisEventSource(
            resources.stream(scope),
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
        )
    )


def table(scope: Construct) -> None:
    """Read the stream of a table."""
    worker(scope).add_event_source(
        sources.DynamoEventSource(
            resources.table(scope),
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
        )
    )


def topic(scope: Construct) -> None:
    """Subscribe to a topic."""
    worker(scope).add_event_source(sources.SnsEventSource(resources.topic(scope)))


def _rule(scope: Construct, pattern: events.EventPattern) -> None:
    target = cast("events.IRuleTarget", targets.LambdaFunction(worker(scope)))
    events.Rule(scope, "Rule", event_pattern=pattern, targets=[target])


def bucket(scope: Construct) -> None:
    """Take what EventBridge tells of a bucket."""
    given = resources.bucket(scope, event_bridge_enabled=True)
    _rule(
        scope,
        events.EventPattern(
            source=["aws.s3"],
            detail_type=["Object Created"],
            detail={"bucket": {"name": [given.bucket_name]}},
        ),
    )


def rule(scope: Construct) -> None:
    """Take what a rule matches."""
    _rule(scope, events.EventPattern(source=[resources.SOURCE]))


def schedule(scope: Construct) -> None:
    """Run once a day."""
    target = scheduler_targets.LambdaInvoke(worker(scope))
    daily = scheduler.ScheduleExpression.expression(resources.DAILY)
    scheduler.Schedule(scope, "Schedule", schedule=daily, target=cast("Any", target))


def logs(scope: Construct) -> None:
    """Take the lines of a log group."""
    destination = logs_destinations.LambdaDestination(worker(scope))
    cloudwatch_logs.SubscriptionFilter(
        scope,
        "Subscription",
        log_group=cast("Any", resources.group(scope)),
        destination=cast("Any", destination),
        filter_pattern=cloudwatch_logs.FilterPattern.literal(resources.PATTERN),
    )


def http_api(scope: Construct) -> None:
    """Answer a route of an HTTP API."""
    resources.http_api(scope).add_routes(
        path=resources.PATH,
        methods=[apigatewayv2.HttpMethod.GET],
        integration=integrations.HttpLambdaIntegration("Integration", worker(scope)),
    )


def rest_api(scope: Construct) -> None:
    """Answer a route of a REST API."""
    place = resources.rest_api(scope).root.add_resource(
        resources.PATH.removeprefix("/")
    )
    place.add_method("GET", apigateway.LambdaIntegration(worker(scope)))


def alb(scope: Construct) -> None:
    """Answer all requests of a load balancer."""
    target = cast("Any", elbv2_targets.LambdaTarget(worker(scope)))
    resources.listener(scope).add_targets("Targets", targets=[target])


def pool(scope: Construct) -> None:
    """Check who signs up."""
    resources.pool(scope).add_trigger(
        cognito.UserPoolOperation.PRE_SIGN_UP, worker(scope)
    )


def topic_rule(scope: Construct) -> None:
    """Take what devices tell, by L1, since CDK has no L2."""
    made, kinds = worker(scope), iot.CfnTopicRule
    invoke = kinds.LambdaActionProperty(function_arn=made.function_arn)
    payload = kinds.TopicRulePayloadProperty(
        actions=[kinds.ActionProperty(lambda_=invoke)], sql=resources.SQL
    )
    defined = kinds(scope, "TopicRule", topic_rule_payload=payload)
    _allow(made, "iot.amazonaws.com", source_arn=defined.attr_arn)


def workflow(scope: Construct) -> None:
    """Be a task of a state machine."""
    task = tasks.LambdaInvoke(scope, "Task", lambda_function=worker(scope))
    body = sfn.DefinitionBody.from_chainable(cast("sfn.IChainable", task))
    sfn.StateMachine(scope, "Machine", definition_body=body)


def bot(scope: Construct) -> None:
    """Answer a bot."""
    _allow(worker(scope), "lexv2.amazonaws.com", source_arn=resources.BOT)


def skill(scope: Construct) -> None:
    """Answer a skill."""
    _allow(worker(scope), "alexa-appkit.amazon.com", event_source_token=resources.SKILL)


def compliance(scope: Construct) -> None:
    """Judge buckets when they change."""
    config.CustomRule(
        scope,
        "ConfigRule",
        lambda_function=worker(scope),
        configuration_changes=True,
        rule_scope=config.RuleScope.from_resource(config.ResourceType.S3_BUCKET),
    )


def repository(scope: Construct) -> None:
    """Take what happens to a repository."""
    given, made = resources.repository(scope), worker(scope)
    _allow(made, "codecommit.amazonaws.com", source_account=Aws.ACCOUNT_ID)
    given.notify(
        made.function_arn, events=[codecommit.RepositoryEventTrigger.ALL], name="Worker"
    )


def delivery(scope: Construct) -> None:
    """Transform what a delivery stream puts into a bucket."""
    processor = firehose.LambdaFunctionProcessor(worker(scope))
    destination = firehose.S3Bucket(
        cast("s3.IBucket", resources.bucket(scope)),
        processors=[cast("Any", processor)],
    )
    firehose.DeliveryStream(scope, "Delivery", destination=cast("Any", destination))


def mail(scope: Construct) -> None:
    """Take mails."""
    action = cast("Any", ses_actions.Lambda(function=worker(scope)))
    ses.ReceiptRule(scope, "Mail", rule_set=resources.rule_set(scope), actions=[action])


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
