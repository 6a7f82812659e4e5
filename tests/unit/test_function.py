"""What a function is made of, and that every option of CDK's reaches it."""

from __future__ import annotations

import inspect
import json

import pytest
from aws_cdk import App, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Template

from lambda_constructs import AsyncInvoke, ConfigurationError, FunctionOptions
from lambda_constructs._options import NOT_OPTIONS
from lambda_constructs.function import LambdaFunction
from tests.unit.conftest import (
    CODE,
    allowed,
    make_function,
    only,
    resources,
    statements,
)

FUNCTION = "AWS::Lambda::Function"


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def template(cls) -> Template:
        stack = Stack(App(), "Shop")
        make_function(stack)
        return Template.from_stack(stack)

    def test_function_is_arm64_newest_python_traced_and_logs_json(self, template):
        """
        What CDK leaves at the defaults of 2014 is set.
        """
        template.has_resource_properties(
            FUNCTION,
            {
                "Architectures": ["arm64"],
                "Handler": "index.handler",
                "MemorySize": 512,
                "Runtime": "python3.14",
                "Timeout": 10,
                "TracingConfig": {"Mode": "Active"},
                "LoggingConfig": {"LogFormat": "JSON"},
            },
        )

    def test_runtime_is_the_newest_python_that_cdk_knows(self, template):
        """
        A newer Python in CDK is a reason to raise the default.
        """
        known = [
            name.removeprefix("PYTHON_").replace("_", ".")
            for name in dir(lambda_.Runtime)
            if name.startswith("PYTHON_")
        ]
        newest = max(known, key=lambda name: [int(part) for part in name.split(".")])

        template.has_resource_properties(FUNCTION, {"Runtime": f"python{newest}"})

    def test_log_group_exists_before_the_function_and_keeps_a_year(self, template):
        """
        Logs go to a group of the template, which has a retention.
        """
        (logical_id,) = template.find_resources("AWS::Logs::LogGroup")

        template.has_resource_properties(
            "AWS::Logs::LogGroup", {"RetentionInDays": 365}
        )
        template.has_resource_properties(
            FUNCTION, {"LoggingConfig": {"LogGroup": {"Ref": logical_id}}}
        )
        template.has_resource(
            "AWS::Logs::LogGroup", {"DeletionPolicy": "RetainExceptOnCreate"}
        )

    def test_one_customer_managed_policy_and_nothing_else(self, template):
        """
        No inline policy, no policy of AWS's, one role.
        """
        roles = template.find_resources("AWS::IAM::Role")
        ((logical_id, role),) = roles.items()

        template.resource_count_is("AWS::IAM::Policy", 0)
        template.resource_count_is("AWS::IAM::ManagedPolicy", 1)
        template.has_resource_properties(
            "AWS::IAM::ManagedPolicy", {"Roles": [{"Ref": logical_id}]}
        )
        assert {"AssumeRolePolicyDocument"} == role["Properties"].keys()

    def test_policy_allows_own_logs_and_traces_only(self, template):
        """
        The start is PutLogEvents to the own group and X-Ray, which has no resources.
        """
        (policy,) = template.find_resources("AWS::IAM::ManagedPolicy").values()
        (group,) = template.find_resources("AWS::Logs::LogGroup")

        assert [
            {
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Effect": "Allow",
                "Resource": {"Fn::GetAtt": [group, "Arn"]},
            },
            {
                "Action": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
                "Effect": "Allow",
                "Resource": "*",
            },
        ] == policy["Properties"]["PolicyDocument"]["Statement"]

    def test_alias_live_points_at_a_published_version_that_stays(self, template):
        """
        An alias can go back to an old version only while that exists.
        """
        ((version, _),) = template.find_resources("AWS::Lambda::Version").items()

        template.has_resource_properties(
            "AWS::Lambda::Alias",
            {
                "Name": "live",
                "FunctionVersion": {"Fn::GetAtt": [version, "Version"]},
            },
        )
        template.has_resource("AWS::Lambda::Version", {"DeletionPolicy": "Retain"})

    def test_no_physical_names_and_no_outputs(self, template):
        """
        A second one fits into the same account.
        """
        rendered = template.to_json()

        assert "Outputs" not in rendered
        for resource in rendered["Resources"].values():
            names = {"FunctionName", "RoleName", "LogGroupName", "ManagedPolicyName"}
            own = names & resource["Properties"].keys()
            assert not any(
                isinstance(resource["Properties"][name], str) for name in own
            )

    def test_function_does_not_wait_for_its_policy(self, template):
        """
        The policy may name what names the alias, a user pool with triggers say.
        """
        (function,) = template.find_resources(FUNCTION).values()

        assert "DependsOn" not in function


class TestOptions:
    def test_all_of_cdk_s_options_are_passed_on_or_left_out_with_a_reason(self):
        """
        An option that CDK adds or drops shows here.
        """
        cdk = set(inspect.signature(lambda_.Function.__init__).parameters)
        named = set(inspect.signature(LambdaFunction.__init__).parameters)
        ours = FunctionOptions.__annotations__.keys()

        left = cdk - (named - {"async_invoke", "options"})

        assert left == ours | NOT_OPTIONS.keys()
        assert not ours & NOT_OPTIONS.keys()

    def test_what_the_caller_says_wins(self, stack):
        """
        Every default can be overridden by CDK's own option.
        """
        make_function(
            stack,
            architecture=lambda_.Architecture.X86_64,
            description="Orders",
            logging_format=lambda_.LoggingFormat.TEXT,
            memory_size=128,
            reserved_concurrent_executions=5,
            runtime=lambda_.Runtime.PYTHON_3_13,
            tracing=lambda_.Tracing.DISABLED,
            current_version_options=lambda_.VersionOptions(
                removal_policy=RemovalPolicy.DESTROY
            ),
        )

        function = only(stack, FUNCTION)
        assert ["x86_64"] == function["Architectures"]
        assert "Orders" == function["Description"]
        assert "Text" == function["LoggingConfig"]["LogFormat"]
        assert 128 == function["MemorySize"]
        assert 5 == function["ReservedConcurrentExecutions"]
        assert "python3.13" == function["Runtime"]
        assert "TracingConfig" not in function
        assert "xray" not in json.dumps(statements(stack))
        (version,) = resources(stack, "AWS::Lambda::Version").values()
        assert "Delete" == version["DeletionPolicy"]

    def test_options_of_the_version_leave_it_where_it_is(self, stack):
        """
        Old versions stay unless their removal is what was asked for.
        """
        make_function(
            stack,
            current_version_options=lambda_.VersionOptions(
                provisioned_concurrent_executions=2
            ),
        )

        (version,) = resources(stack, "AWS::Lambda::Version").values()
        assert "Retain" == version["DeletionPolicy"]
        assert (
            2
            == (
                version["Properties"]["ProvisionedConcurrencyConfig"][
                    "ProvisionedConcurrentExecutions"
                ]
            )
        )

    def test_given_log_group_is_used_and_granted(self, stack):
        """
        A shared or encrypted group of one's own replaces the library's.
        """
        make_function(stack, log_group=logs.LogGroup(stack, "Audit"))

        (group,) = resources(stack, "AWS::Logs::LogGroup")
        assert group.startswith("Audit")
        assert {"logs:CreateLogStream", "logs:PutLogEvents"} == allowed(stack, "Audit")

    def test_pass_through_tracing_may_still_send_traces(self, stack):
        """
        A traced caller's segments are sent on.
        """
        make_function(stack, tracing=lambda_.Tracing.PASS_THROUGH)

        assert "PassThrough" == only(stack, FUNCTION)["TracingConfig"]["Mode"]
        assert "xray:PutTraceSegments" in json.dumps(statements(stack))

    def test_initial_policy_joins_the_one_policy(self, stack):
        """
        Nothing makes an inline policy beside it.
        """
        make_function(
            stack,
            initial_policy=[
                iam.PolicyStatement(
                    actions=["s3:GetObject"], resources=["arn:aws:s3:::b/k"]
                )
            ],
        )

        assert {"s3:GetObject"} == allowed(stack, "arn:aws:s3:::b/k")
        assert {} == resources(stack, "AWS::IAM::Policy")

    def test_dead_letter_queue_gets_exactly_send_message_before_the_function(
        self, stack
    ):
        """
        Lambda checks the permission when it creates the function.
        """
        make_function(stack, dead_letter_queue=sqs.Queue(stack, "Dead"))

        (function,) = resources(stack, FUNCTION).values()
        (creation,) = function["DependsOn"]
        assert {"sqs:SendMessage"} == allowed(stack, "Dead", "WorkerCreationPolicy")
        assert creation.startswith("WorkerCreationPolicy")
        assert "TargetArn" in function["Properties"]["DeadLetterConfig"]

    def test_dead_letter_topic_gets_exactly_publish(self, stack):
        """
        The same for a topic.
        """
        make_function(stack, dead_letter_topic=sns.Topic(stack, "Dead"))

        assert {"sns:Publish"} == allowed(stack, "Dead", "WorkerCreationPolicy")

    def test_durable_function_may_keep_its_state(self, stack):
        """
        CDK leaves this out for a role that it did not make.
        """
        make_function(
            stack,
            durable_config=lambda_.DurableConfig(
                execution_timeout=Duration.hours(1), retention_period=Duration.days(7)
            ),
        )

        assert {
            "lambda:CheckpointDurableExecution",
            "lambda:GetDurableExecutionState",
        } == allowed(stack, "WorkerFunction")

    def test_grants_of_cdk_reach_the_policy(self, stack, worker):
        """
        Any grant_*() takes the construct.
        """
        queue = sqs.Queue(stack, "Outbox")

        queue.grant_send_messages(worker)

        assert "sqs:SendMessage" in allowed(stack, "Outbox")
        assert {} == resources(stack, "AWS::IAM::Policy")

    def test_async_invoke_is_configured_on_the_alias(self, stack):
        """
        On $LATEST, where CDK puts it, nothing would come of it.
        """
        make_function(stack, async_invoke=AsyncInvoke(retry_attempts=0))

        assert "live" == only(stack, "AWS::Lambda::EventInvokeConfig")["Qualifier"]


class TestBadOptions:
    @pytest.mark.parametrize("name", sorted(NOT_OPTIONS))
    def test_fails_if_an_option_is_one_that_is_left_out(self, stack, name):
        """
        The message says what to do instead.
        """
        with pytest.raises(ConfigurationError) as error:
            make_function(stack, **{name: object()})

        assert f"Shop/Worker: {name} is not an option here: {NOT_OPTIONS[name]}" == str(
            error.value
        )

    def test_fails_if_an_option_is_misspelt(self, stack):
        """
        The message names the option that was probably meant.
        """
        with pytest.raises(ConfigurationError) as error:
            make_function(stack, memory_sise=128)

        assert (
            "Shop/Worker: memory_sise is not an option of aws_lambda.Function; "
            "did you mean memory_size?"
        ) == str(error.value)

    def test_fails_if_there_is_no_timeout(self, stack):
        """
        Lambda's own three seconds are never right.
        """
        with pytest.raises(TypeError, match="timeout"):
            LambdaFunction(stack, "Worker", code=CODE)

    def test_fails_in_the_words_of_cdk_where_cdk_refuses(self, stack):
        """
        A JavaScript stack is never the explanation.
        """
        make_function(stack)

        with pytest.raises(ConfigurationError) as error:
            make_function(stack)

        assert str(error.value) == (
            "Shop: There is already a Construct with name 'Worker' in Stack2 [Shop]"
        )
        assert error.value.__cause__ is None


class TestWhatTheFunctionWaitsFor:
    def test_what_the_caller_adds_stays(self, stack):
        """
        Only the role is left out, which the function names (cfn-lint's W3005).
        """
        topic = sns.Topic(stack, "Topic")
        worker = make_function(stack)
        worker.function.node.add_dependency(topic)

        (function,) = resources(stack, FUNCTION).values()
        assert ["Topic"] == [name[:-8] for name in function["DependsOn"]]

    def test_an_inline_policy_of_the_role_stays(self, stack):
        """
        A grant to the underlying L2 makes one, and may be needed at creation.
        """
        worker = make_function(stack)
        sns.Topic(stack, "Topic").grant_publish(worker.function)

        (function,) = resources(stack, FUNCTION).values()
        names = [name[:-8] for name in function["DependsOn"]]
        assert ["WorkerRoleDefaultPolicy"] == names


def test_insights_may_do_what_its_extension_does(stack):
    """
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Lambda-Insights-Getting-Started.html:
    without the managed policy, which is for every log group.
    """
    version = lambda_.LambdaInsightsVersion.VERSION_1_0_404_0
    function = make_function(stack, insights_version=version)
    other = iam.ManagedPolicy.from_aws_managed_policy_name("ReadOnlyAccess")
    function.role.add_managed_policy(other)

    (managed,) = only(stack, "AWS::IAM::Role")["ManagedPolicyArns"]
    assert "ReadOnlyAccess" in str(managed)
    *_, insights = statements(stack)
    assert ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"] == (
        insights["Action"]
    )
    assert ":log-group:/aws/lambda-insights:*" in str(insights["Resource"])
    assert only(stack, "AWS::Lambda::Function")["Layers"]
