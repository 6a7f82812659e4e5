"""cdk-nag, run as a user runs it, on what the library makes and on what it does not."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest
from aws_cdk import App, Duration, Stack, Validations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks

from lambda_constructs import AsyncInvoke, EdgeFunction
from lambda_constructs._nag_wildcards import justified_wildcards
from lambda_constructs.event_sources import (
    DynamoDbEventSource,
    SnsEventSource,
    SqsEventSource,
)
from lambda_constructs.nag import acknowledge_findings
from tests.unit.conftest import CODE, make_function

Findings = dict[str, set[str]]


def nag(app: App) -> Findings:
    """Each finding of the three packs: the constructs that it is about."""
    found: Findings = defaultdict(set)
    for pack in (AwsSolutionsChecks(), NIST80053R5Checks(), ServerlessChecks()):
        for violation in pack.validate_scope(app).violations:
            for resource in violation.violating_resources:
                found[violation.rule_name].add(resource.construct_path)
    return dict(found)


def an_app() -> App:
    """A queue, a stream, a topic, a clock, and what each needs."""
    app = App()
    stack = Stack(app, "Shop")
    bucket = s3.Bucket(stack, "Images")
    table = dynamodb.TableV2(
        stack,
        "Orders",
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
        dynamo_stream=dynamodb.StreamViewType.NEW_IMAGE,
    )
    worker = make_function(stack)
    queue = sqs.Queue(
        stack,
        "Queue",
        enforce_ssl=True,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        visibility_timeout=Duration.minutes(2),
    )
    worker.add_event_source(SqsEventSource(queue))
    worker.add_event_source(DynamoDbEventSource(table))
    worker.add_event_source(SnsEventSource(sns.Topic(stack, "Topic")))
    worker.allow("s3:GetObject", on=bucket)
    make_function(stack, "Mailer", async_invoke=AsyncInvoke())
    return app


class TestOfTheLibrary:
    @pytest.fixture(scope="class")
    @classmethod
    def before_and_after(cls) -> tuple[Findings, Findings]:
        app = an_app()
        before = nag(app)
        acknowledge_findings(app)
        return before, nag(app)

    def test_what_the_library_makes_is_answered(self, before_and_after):
        """
        Nothing of the functions, their roles, logs, queues and mappings is left.
        """
        _, after = before_and_after

        made = {
            (rule, path)
            for rule, paths in after.items()
            for path in paths
            if "/Worker/" in path or "/Mailer/" in path or "DeadLetters" in path
        }
        assert set() == made

    def test_there_was_something_to_answer(self, before_and_after):
        """
        One finding of each kind, by the exact id.
        """
        before, after = before_and_after

        assert {
            "AwsSolutions-IAM5[Resource::*]",
            "AwsSolutions-SQS3",
            "NIST.800.53.R5-CloudWatchLogGroupEncrypted",
            "NIST.800.53.R5-LambdaConcurrency",
            "NIST.800.53.R5-LambdaDLQ",
            "NIST.800.53.R5-LambdaInsideVPC",
            "Serverless-LambdaDLQ",
            "Serverless-LambdaEventSourceMappingDestination",
            "Serverless-SQSRedrivePolicy",
        } <= before.keys() - after.keys()
        assert [rule for rule in before.keys() - after.keys() if ".Arn>/*" in rule]

    def test_what_the_caller_makes_is_left(self, before_and_after):
        """
        The bucket, the topic and the table are the caller's to answer for.
        """
        before, after = before_and_after
        theirs = {
            (rule, path)
            for rule, paths in before.items()
            for path in paths
            if path in {"Shop/Images/Resource", "Shop/Topic/Resource"}
        }

        assert ("AwsSolutions-S10", "Shop/Images/Resource") in theirs
        assert theirs <= {(rule, path) for rule in after for path in after[rule]}

    def test_templates_are_the_same(self, tmp_path):
        """
        An acknowledgement is of the app, and no CloudFormation.
        """
        plain, answered = an_app(), an_app()
        acknowledge_findings(answered)

        assert (
            plain.synth().get_stack_by_name("Shop").template
            == answered.synth().get_stack_by_name("Shop").template
        )

    def test_a_function_at_the_edge_is_answered(self):
        """
        It has no tracing, no VPC and no concurrency of its own to set.
        """
        app = App()
        stack = Stack(app, "Site", env={"region": "us-east-1", "account": "1" * 12})
        EdgeFunction(stack, "Rewrite", code=CODE, timeout=Duration.seconds(3))
        before = nag(app)
        acknowledge_findings(app)

        assert "Serverless-LambdaTracing" in before
        assert {} == nag(app)

    def test_lambda_insights_is_answered(self):
        """
        It writes into streams that it names itself.
        """
        app = App()
        version = lambda_.LambdaInsightsVersion.VERSION_1_0_333_0
        make_function(Stack(app, "Shop"), insights_version=version)
        acknowledge_findings(app)

        assert [] == [rule for rule in nag(app) if "IAM5" in rule]


class TestOfTheCaller:
    @pytest.fixture
    def app(self) -> App:
        return App()

    @pytest.fixture
    def stack(self, app: App) -> Stack:
        return Stack(app, "Shop")

    def test_a_wildcard_of_the_caller_s_spoils_the_answer(self, app, stack):
        """
        An id is of a resource, so the library's own wildcard is reported with it.
        """
        worker = make_function(stack)
        worker.policy.add_statements(
            iam.PolicyStatement(actions=["dynamodb:GetItem"], resources=["*"])
        )
        acknowledge_findings(app)

        assert {"Shop/Worker/Policy/Resource"} == nag(app)[
            "AwsSolutions-IAM5[Resource::*]"
        ]

    def test_a_wildcard_in_an_action_is_left(self, app, stack):
        """
        Even on the objects of one bucket.
        """
        worker = make_function(stack)
        bucket = s3.Bucket(stack, "Images")
        worker.policy.add_statements(
            iam.PolicyStatement(
                actions=["s3:Get*"], resources=[bucket.arn_for_objects("*")]
            )
        )
        acknowledge_findings(app)
        rules = [rule for rule in nag(app) if "IAM5" in rule]

        assert "AwsSolutions-IAM5[Action::s3:Get*]" in rules
        assert [rule for rule in rules if ".Arn>/*" in rule]

    @pytest.mark.parametrize(
        "resource", ["arn:aws:s3:::*/x", "arn:aws:s3:::a/*/b/*", "arn:aws:sqs:*:*:q"]
    )
    def test_other_wildcards_are_left(self, stack, resource):
        """
        Objects of any bucket, and any account's queues, are no matter of grammar.
        """
        policy = iam.ManagedPolicy(
            stack,
            "Policy",
            statements=[
                iam.PolicyStatement(actions=["s3:GetObject"], resources=[resource])
            ],
        )

        assert {} == justified_wildcards(policy)

    def test_a_function_whose_failures_nobody_keeps_is_left(self, app, stack):
        """
        Without an event source or a destination, Lambda drops what fails.
        """
        make_function(stack)
        acknowledge_findings(app)

        assert {"Shop/Worker/Function/Resource"} == nag(app)["Serverless-LambdaDLQ"]

    def test_a_log_group_of_the_caller_s_is_left(self, app, stack):
        """
        Whose encryption is theirs to choose.
        """
        make_function(stack, log_group=logs.LogGroup(stack, "Own"))
        acknowledge_findings(app)

        assert {"Shop/Own/Resource"} == nag(app)[
            "NIST.800.53.R5-CloudWatchLogGroupEncrypted"
        ]


@pytest.mark.parametrize("answered", [False, True])
def test_it_works_in_synthesis(tmp_path, answered):
    """
    As documented: a pack as CDK's plugin, the answers before `app.synth()`.
    """
    app = App(outdir=str(tmp_path), context={"@aws-cdk/core:appMode": "process"})
    Validations.of(app).add_plugins(ServerlessChecks(app))
    make_function(Stack(app, "Shop"), async_invoke=AsyncInvoke())
    if answered:
        acknowledge_findings(app)
    app.synth()
    report = json.loads((tmp_path / "validation-report.json").read_text())
    found = {
        violation["ruleName"]
        for each in report["pluginReports"]
        for violation in each["violations"]
    }

    assert found == (
        set() if answered else {"Serverless-LambdaDLQ", "Serverless-SQSRedrivePolicy"}
    )
