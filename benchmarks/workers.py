"""The same workers behind queues, written in several ways.

`python -m benchmarks.workers VARIANT COUNT` synthesizes them and prints what came out,
for a process of its own to be measured.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any, cast

os.environ.setdefault("CDK_VALIDATION", "false")

from aws_cdk import App, CfnResource, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs

HANDLER = "def handler(event, context): ..."
TIMEOUT_SECONDS = 10


def ours(stack: Stack, count: int) -> None:
    """By this library, without alarms, which no other variant has."""
    from lambda_constructs import LambdaFunction
    from lambda_constructs.event_sources import SqsEventSource

    code = lambda_.Code.from_inline(HANDLER)
    for number in range(count):
        worker = LambdaFunction(
            stack,
            f"Worker{number}",
            code=code,
            timeout=Duration.seconds(TIMEOUT_SECONDS),
            monitoring=None,
        )
        worker.add_event_source(SqsEventSource(sqs.Queue(stack, f"Queue{number}")))


def monitored(stack: Stack, count: int) -> None:
    """By this library, with alarms, dashboard and saved queries."""
    from aws_cdk import aws_sns as sns

    from lambda_constructs import LambdaFunction, Monitoring
    from lambda_constructs.event_sources import SqsEventSource

    Monitoring(topic=sns.Topic(stack, "OnCall")).apply_to(stack)
    code = lambda_.Code.from_inline(HANDLER)
    for number in range(count):
        worker = LambdaFunction(
            stack,
            f"Worker{number}",
            code=code,
            timeout=Duration.seconds(TIMEOUT_SECONDS),
        )
        worker.add_event_source(SqsEventSource(sqs.Queue(stack, f"Queue{number}")))


def same(stack: Stack, count: int) -> None:
    """By CDK's L2 constructs, for the same template as ours, ids included."""
    for number in range(count):
        dead = sqs.Queue(
            stack,
            f"Queue{number}DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            redrive_allow_policy=sqs.RedriveAllowPolicy(
                redrive_permission=sqs.RedrivePermission.ALLOW_ALL
            ),
        )
        queue = sqs.Queue(
            stack,
            f"Queue{number}",
            visibility_timeout=Duration.seconds(6 * TIMEOUT_SECONDS),
            dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=5, queue=dead),
        )
        group = logs.LogGroup(
            stack,
            f"Worker{number}Logs",
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
            retention=logs.RetentionDays.ONE_YEAR,
        )
        role = iam.Role(
            stack,
            f"Worker{number}Role",
            assumed_by=cast(
                "iam.IPrincipal", iam.ServicePrincipal("lambda.amazonaws.com")
            ),
        )
        policy = iam.ManagedPolicy(
            stack,
            f"Worker{number}Policy",
            roles=[cast("iam.IRole", role)],
            statements=[
                iam.PolicyStatement(
                    actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                    resources=[group.log_group_arn],
                ),
                iam.PolicyStatement(
                    actions=["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
                    resources=["*"],
                ),
                iam.PolicyStatement(
                    actions=[
                        "sqs:DeleteMessage",
                        "sqs:GetQueueAttributes",
                        "sqs:ReceiveMessage",
                    ],
                    resources=[queue.queue_arn],
                ),
            ],
        )
        function = lambda_.Function(
            stack,
            f"Worker{number}Function",
            code=lambda_.Code.from_inline(HANDLER),
            handler="index.handler",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            memory_size=512,
            timeout=Duration.seconds(TIMEOUT_SECONDS),
            # CDK takes the role as it is, and adds no grants to it.
            role=role.without_policy_updates(),
            log_group=cast("Any", group),
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            current_version_options=lambda_.VersionOptions(
                removal_policy=RemovalPolicy.RETAIN
            ),
        )
        live = lambda_.Alias(
            stack,
            f"Worker{number}Live",
            alias_name="live",
            version=cast("Any", function.current_version),
        )
        mapping = lambda_.EventSourceMapping(
            stack,
            f"Worker{number}SqsQueue{number}",
            target=cast("Any", live),
            batch_size=10,
            enabled=True,
            event_source_arn=queue.queue_arn,
            report_batch_item_failures=True,
        )
        mapping.node.add_dependency(policy)


def bags(stack: Stack, count: int) -> None:
    """By generic resources alone, for about the template of `same`: the bottom.

    Nothing of it is an object that CDK's other constructs could use.
    """
    for number in range(count):
        _bag(stack, number)


def _bag(stack: Stack, number: int) -> None:
    def add(id: str, type: str, **told: object) -> CfnResource:
        return CfnResource(stack, f"{id}{number}", type=type, properties=told)

    def arn(id: str) -> dict[str, list[str]]:
        return {"Fn::GetAtt": [f"{id}{number}", "Arn"]}

    def ref(id: str) -> dict[str, str]:
        return {"Ref": f"{id}{number}"}

    add(
        "DeadLetters",
        "AWS::SQS::Queue",
        MessageRetentionPeriod=14 * 24 * 60 * 60,
        RedriveAllowPolicy={"redrivePermission": "allowAll"},
        SqsManagedSseEnabled=True,
    )
    plain_http = {
        "Action": "sqs:*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Resource": arn("DeadLetters"),
    }
    add(
        "DeadLettersPolicy",
        "AWS::SQS::QueuePolicy",
        PolicyDocument=_document(plain_http),
        Queues=[ref("DeadLetters")],
    )
    redrive = {"deadLetterTargetArn": arn("DeadLetters"), "maxReceiveCount": 5}
    add(
        "Queue",
        "AWS::SQS::Queue",
        RedrivePolicy=redrive,
        VisibilityTimeout=6 * TIMEOUT_SECONDS,
    )
    add("Logs", "AWS::Logs::LogGroup", RetentionInDays=365)
    trust = {
        "Action": "sts:AssumeRole",
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
    }
    add("Role", "AWS::IAM::Role", AssumeRolePolicyDocument=_document(trust))
    policy = add(
        "Policy",
        "AWS::IAM::ManagedPolicy",
        PolicyDocument=_document(
            _allow(arn("Logs"), "logs:CreateLogStream", "logs:PutLogEvents"),
            _allow("*", "xray:PutTelemetryRecords", "xray:PutTraceSegments"),
            _allow(
                arn("Queue"),
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
            ),
        ),
        Roles=[ref("Role")],
    )
    add(
        "Worker",
        "AWS::Lambda::Function",
        Architectures=["arm64"],
        Code={"ZipFile": HANDLER},
        Handler="index.handler",
        LoggingConfig={"LogFormat": "JSON", "LogGroup": ref("Logs")},
        MemorySize=512,
        Role=arn("Role"),
        Runtime="python3.14",
        Timeout=TIMEOUT_SECONDS,
        TracingConfig={"Mode": "Active"},
    )
    add("Version", "AWS::Lambda::Version", FunctionName=ref("Worker"))
    add(
        "Live",
        "AWS::Lambda::Alias",
        FunctionName=ref("Worker"),
        FunctionVersion={"Fn::GetAtt": [f"Version{number}", "Version"]},
        Name="live",
    )
    mapping = add(
        "Mapping",
        "AWS::Lambda::EventSourceMapping",
        BatchSize=10,
        Enabled=True,
        EventSourceArn=arn("Queue"),
        FunctionName=ref("Live"),
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    mapping.add_resource_dependency(policy)


def _document(*statements: object) -> dict[str, object]:
    return {"Statement": list(statements), "Version": "2012-10-17"}


def _allow(resource: object, *actions: str) -> dict[str, object]:
    return {"Action": list(actions), "Effect": "Allow", "Resource": resource}


def plain(stack: Stack, count: int) -> None:
    """By CDK's L2 constructs and their own defaults."""
    for number in range(count):
        function = lambda_.Function(
            stack,
            f"Worker{number}",
            code=lambda_.Code.from_inline(HANDLER),
            handler="index.handler",
            runtime=lambda_.Runtime.PYTHON_3_14,
            timeout=Duration.seconds(TIMEOUT_SECONDS),
        )
        queue = sqs.Queue(
            stack,
            f"Queue{number}",
            visibility_timeout=Duration.seconds(6 * TIMEOUT_SECONDS),
        )
        function.add_event_source(sources.SqsEventSource(queue))


def solutions(stack: Stack, count: int) -> None:
    """By AWS Solutions Constructs, in an environment of their own."""
    from aws_solutions_constructs.aws_sqs_lambda import SqsToLambda

    for number in range(count):
        SqsToLambda(
            stack,
            f"Worker{number}",
            lambda_function_props=lambda_.FunctionProps(
                code=lambda_.Code.from_inline(HANDLER),
                handler="index.handler",
                runtime=lambda_.Runtime.PYTHON_3_13,
                timeout=Duration.seconds(TIMEOUT_SECONDS),
            ),
            queue_props=sqs.QueueProps(
                visibility_timeout=Duration.seconds(6 * TIMEOUT_SECONDS)
            ),
        )


VARIANTS: dict[str, Callable[[Stack, int], None]] = {
    "ours": ours,
    "monitored": monitored,
    "same": same,
    "bags": bags,
    "plain": plain,
    "solutions": solutions,
}


STACK_HOLDS = 30
"""Workers, also with alarms: a stack has at most 500 resources."""


def synthesize(variant: str, count: int) -> dict[str, Any]:
    """Give the template of the first stack of *count* workers."""
    app = App()
    for first in range(0, count, STACK_HOLDS):
        stack = Stack(app, f"Workers{first // STACK_HOLDS}")
        VARIANTS[variant](stack, min(STACK_HOLDS, count - first))
    template: dict[str, Any] = app.synth().get_stack_by_name("Workers0").template
    return template


if __name__ == "__main__":
    made = synthesize(sys.argv[1], int(sys.argv[2]))
    sys.stdout.write(json.dumps(made))
