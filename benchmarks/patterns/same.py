"""By CDK's constructs, for the same resources as ours.

L2 wherever it makes the same, and L1 where it makes something else, as a custom
resource, or where CDK has no L2.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

from aws_cdk import Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_config as config
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
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
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from benchmarks.patterns import resources
from benchmarks.patterns.same_worker import (
    asynchronous,
    dead_letters,
    role,
    statement,
    worker,
)

RETRIES = 185
DAY = Duration.days(1)
BURST, RATE = 500, 1000
ACCESS_LOG = json.dumps(
    {
        "requestId": "$context.requestId",
        "ip": "$context.identity.sourceIp",
        "requestTime": "$context.requestTime",
        "routeKey": "$context.routeKey",
        "status": "$context.status",
        "protocol": "$context.protocol",
        "responseLength": "$context.responseLength",
        "responseLatency": "$context.responseLatency",
        "integrationStatus": "$context.integrationStatus",
        "errorMessage": "$context.error.message",
        "integrationErrorMessage": "$context.integrationErrorMessage",
    }
)


def queue(scope: Construct, *, fifo: bool | None = None) -> None:
    """Poll a queue."""
    dead = dead_letters(scope, "DeadLetters", fifo=fifo)
    given = sqs.Queue(
        scope,
        "Queue",
        dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=5, queue=dead),
        fifo=fifo,
        visibility_timeout=resources.VISIBILITY,
    )
    actions = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
    made = worker(scope, statement(given.queue_arn, *actions))
    mapping = lambda_.EventSourceMapping(
        scope,
        "Mapping",
        target=made.as_function,
        batch_size=10,
        enabled=True,
        event_source_arn=given.queue_arn,
        report_batch_item_failures=True,
    )
    mapping.node.add_dependency(made.policy)


def fifo(scope: Construct) -> None:
    """Poll a queue in order."""
    queue(scope, fifo=True)


def _read(scope: Construct, arn: str, *actions: str) -> None:
    failures = dead_letters(scope, "Failures")
    send = statement(failures.queue_arn, "sqs:SendMessage")
    made = worker(scope, statement(arn, *actions), send)
    mapping = lambda_.EventSourceMapping(
        scope,
        "Mapping",
        target=made.as_function,
        batch_size=100,
        bisect_batch_on_error=True,
        enabled=True,
        event_source_arn=arn,
        max_record_age=Duration.hours(18),
        on_failure=cast("Any", sources.SqsDlq(cast("Any", failures))),
        parallelization_factor=1,
        report_batch_item_failures=True,
        retry_attempts=10,
        starting_position=lambda_.StartingPosition.TRIM_HORIZON,
    )
    mapping.node.add_dependency(made.policy)


def stream(scope: Construct) -> None:
    """Read a Kinesis stream."""
    _read(
        scope,
        resources.stream(scope).stream_arn,
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
    )


def table(scope: Construct) -> None:
    """Read the stream of a table."""
    _read(
        scope,
        cast("str", resources.table(scope).table_stream_arn),
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
    )


def topic(scope: Construct) -> None:
    """Subscribe to a topic."""
    given, made = resources.topic(scope), asynchronous(scope)
    permission = made.allow("sns.amazonaws.com", source_arn=given.topic_arn)
    subscription = sns.Subscription(
        scope,
        "Subscription",
        topic=cast("sns.ITopic", given),
        protocol=sns.SubscriptionProtocol.LAMBDA,
        endpoint=made.live.function_arn,
        dead_letter_queue=cast("sqs.IQueue", dead_letters(scope, "Undelivered")),
    )
    subscription.node.add_dependency(permission)


def _rule(scope: Construct, pattern: events.EventPattern) -> None:
    events.Rule(
        scope,
        "Rule",
        event_pattern=pattern,
        targets=[
            cast(
                "events.IRuleTarget",
                targets.LambdaFunction(
                    asynchronous(scope).as_function,
                    dead_letter_queue=cast("Any", dead_letters(scope, "Undelivered")),
                    max_event_age=DAY,
                    retry_attempts=RETRIES,
                ),
            )
        ],
    )


def bucket(scope: Construct) -> None:
    """Take what EventBridge tells of a bucket."""
    given = resources.bucket(scope)
    # L1, since CDK's L2 takes a custom resource for it.
    kinds = s3.CfnBucket
    cast(
        "s3.CfnBucket", given.node.default_child
    ).notification_configuration = kinds.NotificationConfigurationProperty(
        event_bridge_configuration=kinds.EventBridgeConfigurationProperty(
            event_bridge_enabled=True
        )
    )
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
    made, store = asynchronous(scope), dead_letters(scope, "Undelivered")
    arn = Stack.of(scope).format_arn(
        service="scheduler", resource="schedule-group", resource_name="default"
    )
    only = {"aws:SourceAccount": Aws.ACCOUNT_ID, "aws:SourceArn": arn}
    own = role(scope, "ScheduleRole", "scheduler.amazonaws.com", StringEquals=only)
    policy = iam.ManagedPolicy(
        scope,
        "SchedulePolicy",
        roles=[own],
        statements=[
            statement(made.live.function_arn, "lambda:InvokeFunction"),
            statement(store.queue_arn, "sqs:SendMessage"),
        ],
    )
    target = scheduler_targets.LambdaInvoke(
        made.as_function,
        dead_letter_queue=cast("sqs.IQueue", store),
        max_event_age=DAY,
        retry_attempts=RETRIES,
        role=own.without_policy_updates(),
    )
    daily = scheduler.ScheduleExpression.expression(resources.DAILY)
    defined = scheduler.Schedule(
        scope, "Schedule", schedule=daily, target=cast("Any", target)
    )
    defined.node.add_dependency(policy)


def logs(scope: Construct) -> None:
    """Take the lines of a log group."""
    given, made = resources.group(scope), asynchronous(scope)
    permission = made.allow(
        "logs.amazonaws.com",
        source_account=Aws.ACCOUNT_ID,
        source_arn=given.log_group_arn,
    )
    destination = logs_destinations.LambdaDestination(
        made.as_function, add_permissions=False
    )
    subscription = cloudwatch_logs.SubscriptionFilter(
        scope,
        "Subscription",
        log_group=cast("Any", given),
        destination=cast("Any", destination),
        filter_pattern=cloudwatch_logs.FilterPattern.literal(resources.PATTERN),
    )
    subscription.node.add_dependency(permission)


def http_api(scope: Construct) -> None:
    """Answer a route of an HTTP API."""
    given, made = resources.http_api(scope), worker(scope)
    given.add_routes(
        path=resources.PATH,
        methods=[apigatewayv2.HttpMethod.GET],
        integration=integrations.HttpLambdaIntegration("Integration", made.as_function),
    )
    access = cloudwatch_logs.LogGroup(
        scope,
        "AccessLogs",
        removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        retention=cloudwatch_logs.RetentionDays.ONE_YEAR,
    )
    # L1, since CDK's stage takes access logs by an interface that Python lacks.
    stage = cast("apigatewayv2.HttpStage", given.default_stage).node.default_child
    settings, kinds = cast("Any", stage), apigatewayv2.CfnStage
    settings.access_log_settings = kinds.AccessLogSettingsProperty(
        destination_arn=access.log_group_arn, format=ACCESS_LOG
    )
    settings.default_route_settings = kinds.RouteSettingsProperty(
        throttling_burst_limit=BURST, throttling_rate_limit=RATE
    )


def rest_api(scope: Construct) -> None:
    """Answer a route of a REST API."""
    limits = apigateway.StageOptions(
        throttling_burst_limit=BURST, throttling_rate_limit=RATE
    )
    given = resources.rest_api(scope, deploy_options=limits)
    integration = apigateway.LambdaIntegration(
        worker(scope).as_function, allow_test_invoke=False
    )
    place = given.root.add_resource(resources.PATH.removeprefix("/"))
    place.add_method("GET", integration)


def alb(scope: Construct) -> None:
    """Answer all requests of a load balancer."""
    given = resources.listener(scope)
    target = elbv2_targets.LambdaTarget(worker(scope).as_function)
    group = elbv2.ApplicationTargetGroup(
        scope,
        "Targets",
        multi_value_headers_enabled=True,
        targets=[cast("Any", target)],
        target_type=elbv2.TargetType.LAMBDA,
    )
    given.add_target_groups("Default", target_groups=[cast("Any", group)])


def pool(scope: Construct) -> None:
    """Check who signs up."""
    resources.pool(scope).add_trigger(
        cognito.UserPoolOperation.PRE_SIGN_UP, worker(scope).as_function
    )


def topic_rule(scope: Construct) -> None:
    """Take what devices tell."""
    made, store = asynchronous(scope), dead_letters(scope, "Undelivered")
    rules = Stack.of(scope).format_arn(
        service="iot", resource="rule", resource_name="*"
    )
    own = role(
        scope,
        "RuleRole",
        "iot.amazonaws.com",
        ArnLike={"aws:SourceArn": rules},
        StringEquals={"aws:SourceAccount": Aws.ACCOUNT_ID},
    )
    send = statement(store.queue_arn, "sqs:SendMessage")
    policy = iam.ManagedPolicy(scope, "RulePolicy", roles=[own], statements=[send])
    kinds = iot.CfnTopicRule
    invoke = kinds.LambdaActionProperty(function_arn=made.live.function_arn)
    keep = kinds.SqsActionProperty(
        queue_url=store.queue_url, role_arn=own.role_arn, use_base64=False
    )
    defined = kinds(
        scope,
        "TopicRule",
        topic_rule_payload=kinds.TopicRulePayloadProperty(
            actions=[kinds.ActionProperty(lambda_=invoke)],
            aws_iot_sql_version="2016-03-23",
            error_action=kinds.ActionProperty(sqs=keep),
            rule_disabled=False,
            sql=resources.SQL,
        ),
    )
    defined.node.add_dependency(policy)
    made.allow(
        "iot.amazonaws.com", source_account=Aws.ACCOUNT_ID, source_arn=defined.attr_arn
    )


def workflow(scope: Construct) -> None:
    """Be a task of a state machine."""
    task = tasks.LambdaInvoke(
        scope,
        "Task",
        lambda_function=worker(scope).as_function,
        payload_response_only=True,
        retry_on_service_exceptions=False,
        task_timeout=sfn.Timeout.duration(Duration.seconds(15)),
    )
    task.add_retry(
        errors=[
            "Lambda.AWSLambdaException",
            "Lambda.ClientExecutionTimeoutException",
            "Lambda.SdkClientException",
            "Lambda.ServiceException",
            "Lambda.TooManyRequestsException",
        ],
        backoff_rate=2,
        interval=Duration.seconds(2),
        jitter_strategy=sfn.JitterType.FULL,
        max_attempts=6,
        max_delay=Duration.minutes(1),
    )
    body = sfn.DefinitionBody.from_chainable(cast("sfn.IChainable", task))
    sfn.StateMachine(scope, "Machine", definition_body=body)


def bot(scope: Construct) -> None:
    """Answer a bot."""
    made = worker(scope)
    made.allow(
        "lexv2.amazonaws.com", source_account=Aws.ACCOUNT_ID, source_arn=resources.BOT
    )


def skill(scope: Construct) -> None:
    """Answer a skill."""
    made = worker(scope)
    made.allow("alexa-appkit.amazon.com", event_source_token=resources.SKILL)


def compliance(scope: Construct) -> None:
    """Judge buckets when they change."""
    made = asynchronous(scope, statement("*", "config:PutEvaluations"))
    judged = config.CustomRule(
        scope,
        "ConfigRule",
        lambda_function=made.as_function,
        configuration_changes=True,
        rule_scope=config.RuleScope.from_resource(config.ResourceType.S3_BUCKET),
    )
    judged.node.add_dependency(made.policy)


def repository(scope: Construct) -> None:
    """Take what happens to a repository."""
    given, made = resources.repository(scope), asynchronous(scope)
    # By its name, since the repository waits for the permission.
    arn = Stack.of(scope).format_arn(
        service="codecommit", resource=scope.node.path.replace("/", "-")
    )
    permission = made.allow(
        "codecommit.amazonaws.com", source_account=Aws.ACCOUNT_ID, source_arn=arn
    )
    given.notify(made.live.function_arn, name="Worker")
    given.node.add_dependency(permission)


def delivery(scope: Construct) -> None:
    """Transform what a delivery stream puts into a bucket."""
    given, made = resources.bucket(scope), worker(scope)
    streams = Stack.of(scope).format_arn(
        service="firehose", resource="deliverystream", resource_name="*"
    )
    own = role(
        scope,
        "DeliveryRole",
        "firehose.amazonaws.com",
        ArnLike={"aws:SourceArn": streams},
        StringEquals={"aws:SourceAccount": Aws.ACCOUNT_ID},
    )
    invoke = ("lambda:GetFunctionConfiguration", "lambda:InvokeFunction")
    listing = (
        "s3:GetBucketLocation",
        "s3:ListBucket",
        "s3:ListBucketMultipartUploads",
    )
    objects = ("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject")
    policy = iam.ManagedPolicy(
        scope,
        "DeliveryPolicy",
        roles=[own],
        statements=[
            statement(made.live.function_arn, *invoke),
            statement(given.bucket_arn, *listing),
            statement(given.arn_for_objects("*"), *objects),
        ],
    )
    processor = firehose.LambdaFunctionProcessor(made.as_function, retries=3)
    destination = firehose.S3Bucket(
        cast("s3.IBucket", given),
        processors=[cast("Any", processor)],
        role=own.without_policy_updates(),
    )
    defined = firehose.DeliveryStream(
        scope, "Delivery", destination=cast("Any", destination)
    )
    defined.node.add_dependency(policy)


def mail(scope: Construct) -> None:
    """Take mails."""
    action = ses_actions.Lambda(
        function=asynchronous(scope).as_function,
        invocation_type=ses_actions.LambdaInvocationType.EVENT,
    )
    ses.ReceiptRule(
        scope,
        "Mail",
        rule_set=resources.rule_set(scope),
        actions=[cast("Any", action)],
        enabled=True,
        scan_enabled=True,
        tls_policy=ses.TlsPolicy.REQUIRE,
    )


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
