"""An action of a pipeline: what its role may, what it says, what cannot work."""

from __future__ import annotations

import pytest
from aws_cdk import App, Duration, Stack, Token
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import AsyncInvoke, ConfigurationError, Practice
from lambda_constructs.event_sources import CodePipelineEventSource
from tests.unit.conftest import as_list, make_function, only, resources, statements

PIPELINE = "AWS::CodePipeline::Pipeline"
POLICY = "AWS::IAM::ManagedPolicy"
ROLE = "AWS::IAM::Role"
SOURCE = codepipeline.Artifact("Source")


def make_pipeline(stack: Stack, *gates: codepipeline.IAction, encrypted=False):
    """A pipeline with artifacts of its own, and a source for its first stage."""
    bucket = s3.Bucket(
        stack,
        "Artifacts",
        encryption_key=kms.Key(stack, "Secret") if encrypted else None,
    )
    source = actions.S3SourceAction(
        action_name="Fetch",
        bucket=s3.Bucket(stack, "Drop", versioned=True),
        bucket_key="site.zip",
        output=SOURCE,
    )
    pipeline = codepipeline.Pipeline(
        stack, "Pipeline", artifact_bucket=bucket, cross_account_keys=False
    )
    pipeline.add_stage(stage_name="Source", actions=[source])
    pipeline.add_stage(stage_name="Gates", actions=list(gates))


def gates(stack: Stack):
    """The actions of the second stage, as the template has them."""
    return only(stack, PIPELINE)["Stages"][1]["Actions"]


def action_policy(stack: Stack):
    (found,) = [
        each["Properties"]["PolicyDocument"]["Statement"]
        for logical_id, each in resources(stack, POLICY).items()
        if "InvokePolicy" in logical_id
    ]
    return {
        (action, str(each["Resource"]))
        for each in found
        for action in as_list(each["Action"])
    }


def ends(pairs) -> set[tuple[str, str]]:
    names = ("WorkerLive", "Artifacts", "Secret")
    return {
        (action, next(name for name in names if name in resource))
        for action, resource in pairs
    }


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        action = make_function(stack).add_event_source(CodePipelineEventSource("Gate"))
        make_pipeline(stack, action)
        return stack

    def test_action_invokes_the_live_alias(self, stack):
        """
        Lambda 1 of AWS, by the function's name and alias.

        https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Lambda.html
        """
        (gate,) = gates(stack)

        assert {
            "Category": "Invoke",
            "Owner": "AWS",
            "Provider": "Lambda",
            "Version": "1",
        } == gate["ActionTypeId"]
        assert ":live" == gate["Configuration"]["FunctionName"]["Fn::Join"][1][-1]
        assert {"FunctionName"} == gate["Configuration"].keys()
        assert ("Gate", 1) == (gate["Name"], gate["RunOrder"])

    def test_the_role_of_the_action_may_invoke_the_alias_and_nothing_else(self, stack):
        """
        CDK allows every version, listing all functions, and wildcards on artifacts.
        """
        (gate,) = gates(stack)
        (invoke,) = action_policy(stack)

        assert ("lambda:InvokeFunction", True) == (invoke[0], "WorkerLive" in invoke[1])
        assert "GateCodePipelineActionRole" in str(gate["RoleArn"])

    def test_the_first_run_waits_for_the_permission(self, stack):
        """
        A pipeline runs as soon as it is there.
        """
        (pipeline,) = resources(stack, PIPELINE).values()

        assert [each for each in pipeline["DependsOn"] if "InvokePolicy" in each]

    def test_function_may_answer_and_nothing_else(self, stack):
        """
        Jobs have no ARN.

        https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodepipeline.html
        """
        (answer,) = [each for each in statements(stack) if "pipeline:" in str(each)]

        assert {
            "codepipeline:PutJobFailureResult",
            "codepipeline:PutJobSuccessResult",
        } == set(answer["Action"])
        assert "*" == answer["Resource"]

    def test_no_resource_policy_is_needed(self, stack):
        """
        The action's role invokes.
        """
        assert {} == resources(stack, "AWS::Lambda::Permission")

    def test_failed_events_are_kept(self, stack):
        """
        CodePipeline invokes asynchronously.
        """
        assert 1 == len(resources(stack, "AWS::Lambda::EventInvokeConfig"))

    def test_nothing_is_warned_of(self, stack):
        """
        The short way is the right way.
        """
        Annotations.from_stack(stack).has_no_warning("/Shop/Worker", Match.any_value())


class TestOptions:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        worker = make_function(stack)
        role = iam.Role(
            stack, "Mine", assumed_by=iam.ServicePrincipal("codepipeline.amazonaws.com")
        )
        full = worker.add_event_source(
            CodePipelineEventSource(
                "Build",
                inputs=[SOURCE],
                outputs=[codepipeline.Artifact("Built")],
                role=role,
                run_order=2,
                user_parameters={"table": Token.as_string({"Ref": "Table"})},
                variables_namespace="build",
            )
        )
        plain = worker.add_event_source(
            CodePipelineEventSource("Check", role=role, user_parameters="x" * 1_000)
        )
        make_pipeline(stack, full, plain, encrypted=True)
        cls.variable = stack.resolve(full.variable("size"))
        return stack

    def test_every_option_reaches_the_template(self, stack):
        """
        By AWS's own names.
        """
        build, check = gates(stack)

        assert "Mine" in str(build.pop("RoleArn"))
        assert ['{"table":"', {"Ref": "Table"}, '"}'] == (
            build.pop("Configuration")["UserParameters"]["Fn::Join"][1]
        )
        del build["ActionTypeId"]
        assert {
            "InputArtifacts": [{"Name": "Source"}],
            "Name": "Build",
            "Namespace": "build",
            "OutputArtifacts": [{"Name": "Built"}],
            "RunOrder": 2,
        } == build
        assert "x" * 1_000 == check["Configuration"]["UserParameters"]

    def test_artifacts_may_be_read_and_written_and_nothing_else(self, stack):
        """
        The event lends the role's credentials for them.
        """
        assert {
            ("lambda:InvokeFunction", "WorkerLive"),
            ("s3:GetObject", "Artifacts"),
            ("s3:PutObject", "Artifacts"),
            ("kms:Decrypt", "Secret"),
            ("kms:GenerateDataKey", "Secret"),
        } == ends(action_policy(stack))

    def test_variables_are_at_hand(self, stack):
        """
        A later action names them.
        """
        assert "#{build.size}" == self.variable

    def test_two_actions_of_one_function_answer_by_one_statement(self, stack):
        """
        And both invoke.
        """
        answers = [each for each in statements(stack) if "pipeline:" in str(each)]

        assert 1 == len(answers)
        assert 2 == len(gates(stack))


class TestRoles:
    def test_a_role_that_may_not_be_changed_is_left_alone(self, stack, worker):
        """
        Whoever says so grants by themselves.
        """
        role = iam.Role(stack, "Mine", assumed_by=iam.AccountRootPrincipal())

        action = worker.add_event_source(
            CodePipelineEventSource("Gate", role=role.without_policy_updates())
        )
        make_pipeline(stack, action)

        assert [] == [each for each in resources(stack, POLICY) if "Invoke" in each]
        assert "Mine" in str(gates(stack)[0]["RoleArn"])


class TestRetries:
    def test_warns_if_a_retry_comes_when_the_action_has_failed(self, stack):
        """
        An action without an answer fails after 20 minutes.

        https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html
        """
        worker = make_function(stack, timeout=Duration.minutes(9))

        worker.add_event_source(CodePipelineEventSource("Gate"))

        Annotations.from_stack(stack).has_warning(
            "/Shop/Worker",
            Match.string_like_regexp(
                "its last retry may begin after 1,260 s.*"
                f"ack: {Practice.CODE_PIPELINE_RETRIES.value}\\]"
            ),
        )

    @pytest.mark.parametrize(("minutes", "retries"), [(15, 0), (8, 2)])
    def test_does_not_warn_if_the_last_retry_is_in_time(self, stack, minutes, retries):
        """
        Fifteen minutes are enough for one attempt.
        """
        worker = make_function(
            stack,
            timeout=Duration.minutes(minutes),
            async_invoke=AsyncInvoke(retry_attempts=retries),
        )

        worker.add_event_source(CodePipelineEventSource("Gate"))

        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (
                {"action_name": "the gate"},
                "action_name must be 1 to 100 letters, digits, '.', '@', '_' and '-', "
                "got 'the gate'; leave the other characters out",
            ),
            (
                {"variables_namespace": "a.b"},
                "variables_namespace must be 1 to 100 letters, digits, '@', '_' and "
                "'-', got 'a.b'; leave the other characters out",
            ),
            ({"run_order": 0}, "run_order must be between 1 and 999, got 0"),
            ({"run_order": "1"}, "run_order must be a whole number, got '1' (str)"),
            ({"inputs": [SOURCE] * 6}, "inputs must be between 0 and 5, got 6"),
            ({"outputs": [SOURCE] * 6}, "outputs must be between 0 and 5, got 6"),
            (
                {"inputs": ["Source"]},
                "inputs must be a list of Artifacts, got ['Source'] (list)",
            ),
            (
                {"user_parameters": "x" * 1_001},
                "user_parameters must be between 1 and 1,000 characters, got 1,001 "
                "characters; keep the rest where the function can read it",
            ),
            (
                {"user_parameters": {"x": "x" * 1_000}},
                "user_parameters must be between 1 and 1,000 characters, got 1,009 "
                "characters; keep the rest where the function can read it",
            ),
            (
                {"user_parameters": {"x": {1}}},
                "user_parameters must become JSON, got {'x': {1}} (Object of type set "
                "is not JSON serializable); pass text, numbers, lists and dictionaries",
            ),
            ({"role": "admin"}, "role must be a role of aws_iam, got 'admin' (str)"),
        ],
    )
    def test_fails_if_a_value_is_out_of_range(self, options, message):
        """
        https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ActionDeclaration.html
        """
        with pytest.raises(ConfigurationError) as error:
            CodePipelineEventSource(**{"action_name": "Gate", **options})

        assert message == str(error.value)

    def test_tokens_pass(self):
        """
        What CloudFormation resolves later cannot be checked now.
        """
        token = Token.as_string({"Ref": "Text"})

        source = CodePipelineEventSource(
            token,
            run_order=Token.as_number({"Ref": "Number"}),
            user_parameters=token,
            variables_namespace=token,
        )

        assert token == source.action_name
