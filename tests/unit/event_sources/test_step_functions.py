"""A task of a state machine: what it says, what it retries, and what cannot work."""

from __future__ import annotations

import json

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import ConfigurationError
from lambda_constructs.event_sources import StepFunctionsEventSource
from tests.unit.conftest import make_function, only, resources

WAIT = sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN
TOKEN = sfn.TaskInput.from_object({"token": sfn.JsonPath.task_token})
WARNING = "lambda-constructs:step-functions-task-timeout"


def states(stack: Stack) -> dict[str, dict]:
    """The states of the one state machine, with the alias as `<live>`."""
    text = only(stack, "AWS::StepFunctions::StateMachine")["DefinitionString"]
    parts = [
        each if isinstance(each, str) else f"<{each['Ref']}>"
        for each in text["Fn::Join"][1]
    ]
    return json.loads("".join(parts))["States"]


def machine(worker, *sources: StepFunctionsEventSource) -> Stack:
    stack = Stack.of(worker)
    chain = sfn.Chain.start(worker.add_event_source(sources[0]))
    for source in sources[1:]:
        chain = chain.next(worker.add_event_source(source))
    body = sfn.DefinitionBody.from_chainable(chain)
    sfn.StateMachine(stack, "Flow", definition_body=body)
    return stack


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        worker = make_function(Stack(App(), "Shop"))
        return machine(worker, StepFunctionsEventSource("Charge card"))

    @pytest.fixture
    def state(self, stack) -> dict:
        return states(stack)["Charge card"]

    def test_invokes_the_alias_and_gives_what_the_function_returns(self, state):
        """
        By its ARN the result is the payload alone.

        https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
        """
        assert "Task" == state["Type"]
        assert state["Resource"].startswith("<WorkerLive")
        assert "Parameters" not in state

    def test_retries_lambda_s_own_errors_throttles_among_them(self, state):
        """
        With jitter, so that what was throttled together does not return together.

        https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
        """
        (retry,) = state["Retry"]

        assert {
            "Lambda.AWSLambdaException",
            "Lambda.ClientExecutionTimeoutException",
            "Lambda.SdkClientException",
            "Lambda.ServiceException",
            "Lambda.TooManyRequestsException",
        } == set(retry["ErrorEquals"])
        assert "FULL" == retry["JitterStrategy"]
        assert (2, 6, 2, 60) == (
            retry["IntervalSeconds"],
            retry["MaxAttempts"],
            retry["BackoffRate"],
            retry["MaxDelaySeconds"],
        )

    def test_ends_shortly_after_the_function_would(self, state):
        """
        A task without a timeout may hang for three years.
        """
        assert 20 == state["TimeoutSeconds"]

    def test_the_state_machine_may_invoke_the_alias_and_nothing_else(self, stack):
        """
        Neither $LATEST nor other versions.
        """
        policy = only(stack, "AWS::IAM::Policy")["PolicyDocument"]
        (statement,) = policy["Statement"]

        assert "lambda:InvokeFunction" == statement["Action"]
        assert statement["Resource"]["Ref"].startswith("WorkerLive")

    def test_the_function_needs_no_permission_and_no_failure_store(self, stack):
        """
        The state machine's role decides, and the state machine gets the error.
        """
        assert {} == resources(stack, "AWS::Lambda::Permission")
        assert {} == resources(stack, "AWS::Lambda::EventInvokeConfig")

    def test_nothing_is_warned_of(self, stack):
        """
        The short way is the right way.
        """
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


class TestOptions:
    def test_each_reaches_the_state(self, worker):
        """
        In Amazon States Language.
        """
        source = StepFunctionsEventSource(
            "Charge card",
            assign={"order": "x"},
            comment="Takes the money",
            input_path="$.order",
            max_attempts=3,
            max_delay=Duration.seconds(30),
            output_path="$.all",
            payload=sfn.TaskInput.from_object({"action": "charge"}),
            result_path="$.payment",
            result_selector={"id.$": "$.id"},
            retry_interval=Duration.seconds(5),
            task_timeout=Duration.seconds(40),
        )

        state = states(machine(worker, source))["Charge card"]

        (retry,) = state["Retry"]
        assert (5, 3, 30) == (
            retry["IntervalSeconds"],
            retry["MaxAttempts"],
            retry["MaxDelaySeconds"],
        )
        assert {"action": "charge"} == state["Parameters"]
        assert 40 == state["TimeoutSeconds"]
        assert {
            "Assign": {"order": "x"},
            "Comment": "Takes the money",
            "InputPath": "$.order",
            "OutputPath": "$.all",
            "ResultPath": "$.payment",
            "ResultSelector": {"id.$": "$.id"},
        }.items() <= state.items()

    def test_jsonata_shapes_the_output(self, worker):
        """
        The state's own language wins.
        """
        source = StepFunctionsEventSource(
            "Ask",
            outputs="{% $states.result.id %}",
            query_language=sfn.QueryLanguage.JSONATA,
        )

        state = states(machine(worker, source))["Ask"]

        assert "JSONata" == state["QueryLanguage"]
        assert "{% $states.result.id %}" == state["Output"]

    def test_no_retries_are_no_retries(self, worker):
        """
        The caller may write all of them.
        """
        source = StepFunctionsEventSource("Ask", max_attempts=0)

        assert "Retry" not in states(machine(worker, source))["Ask"]

    def test_waits_for_a_token(self, worker):
        """
        The result is what SendTaskSuccess brings.
        """
        source = StepFunctionsEventSource(
            "Ask",
            heartbeat_timeout=Duration.minutes(5),
            integration_pattern=WAIT,
            payload=TOKEN,
            task_timeout=Duration.hours(1),
        )

        state = states(machine(worker, source))["Ask"]

        assert state["Resource"].endswith(":states:::lambda:invoke.waitForTaskToken")
        assert {"token.$": "$$.Task.Token"} == state["Parameters"]["Payload"]
        assert (300, 3600) == (state["HeartbeatSeconds"], state["TimeoutSeconds"])

    def test_an_event_that_is_not_waited_for_has_a_failure_store(self, worker):
        """
        No state could catch its error.
        """
        event = tasks.LambdaInvocationType.EVENT
        stack = machine(worker, StepFunctionsEventSource("Tell", invocation_type=event))

        assert "Event" == states(stack)["Tell"]["Parameters"]["InvocationType"]
        config = only(stack, "AWS::Lambda::EventInvokeConfig")
        assert "Failures" in str(config["DestinationConfig"]["OnFailure"])

    def test_two_tasks_of_one_function_coexist(self, worker):
        """
        The state machine may invoke the alias, said once.
        """
        reserve = StepFunctionsEventSource("Reserve")
        stack = machine(worker, reserve, StepFunctionsEventSource("Release"))

        assert {"Reserve", "Release"} == states(stack).keys()
        policy = only(stack, "AWS::IAM::Policy")["PolicyDocument"]
        assert 1 == len(policy["Statement"])


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "fault"),
        [
            (
                {"max_attempts": -1},
                "max_attempts must be between 0 and 99,999,999, got -1",
            ),
            (
                {"max_delay": Duration.days(366)},
                None,
            ),
            (
                {"max_delay": Duration.days(367)},
                "max_delay must be between 1 and 31,622,400 s, got 31,708,800 s",
            ),
            (
                {"task_timeout": Duration.seconds(0)},
                "task_timeout must be between 1 and 99,999,999 s, got 0 s",
            ),
            (
                {"retry_interval": Duration.seconds(0)},
                "retry_interval must be between 1 and 99,999,999 s, got 0 s",
            ),
        ],
    )
    def test_fails_if_a_number_is_out_of_range(self, options, fault):
        """
        As the state machine's definition would.
        """
        if fault is None:
            assert StepFunctionsEventSource("Ask", **options)
            return
        with pytest.raises(ConfigurationError) as error:
            StepFunctionsEventSource("Ask", **options)

        assert fault == str(error.value)

    @pytest.mark.parametrize(
        ("options", "fault"),
        [
            ({"integration_pattern": sfn.IntegrationPattern.RUN_JOB}, "RUN_JOB"),
            ({"invocation_type": tasks.LambdaInvocationType.DRY_RUN}, "DRY_RUN"),
            (
                {"heartbeat_timeout": Duration.seconds(1)},
                "heartbeat_timeout needs a task token",
            ),
            ({"integration_pattern": WAIT}, "WAIT_FOR_TASK_TOKEN needs payload"),
            (
                {"integration_pattern": WAIT, "payload": TOKEN},
                "WAIT_FOR_TASK_TOKEN needs task_timeout",
            ),
            (
                {
                    "heartbeat_timeout": Duration.seconds(60),
                    "integration_pattern": WAIT,
                    "payload": TOKEN,
                    "task_timeout": Duration.seconds(60),
                },
                "heartbeat_timeout must be less than task_timeout of 60 s, got 60 s",
            ),
            (
                {"input_path": "order"},
                "input_path must be a JSONPath, which begins with '$', got 'order'; "
                "write '$.order'",
            ),
            (
                {"outputs": "{% $states.result %}", "result_path": "$.order"},
                "result_path is for JSONPath, got outputs beside it",
            ),
            (
                {
                    "query_language": sfn.QueryLanguage.JSONATA,
                    "result_selector": {"id": 1},
                },
                "result_selector is for JSONPath, got query_language JSONATA beside it",
            ),
            (
                {
                    "query_language": sfn.QueryLanguage.JSON_PATH,
                    "outputs": {"id": 1},
                },
                "outputs are for JSONata, got query_language JSON_PATH; pass",
            ),
            (
                {
                    "retry_interval": Duration.seconds(20),
                    "max_delay": Duration.seconds(10),
                },
                "max_delay must not be less than retry_interval of 20 s, got 10 s",
            ),
            ({"payload": {"a": 1}}, "payload must be a TaskInput, got {'a': 1}"),
            ({"task_timeout": 5}, "task_timeout must be a Duration"),
            ({"comment": 5}, "comment must be text"),
        ],
    )
    def test_fails_if_options_exclude_each_other(self, options, fault):
        """
        Where it was written, and not when it is deployed.
        """
        with pytest.raises(ConfigurationError) as error:
            StepFunctionsEventSource("Ask", **options)

        assert fault in str(error.value)

    @pytest.mark.parametrize("name", ["", "x" * 81])
    def test_fails_if_the_name_is_not_one_to_eighty_characters(self, name):
        """
        https://docs.aws.amazon.com/step-functions/latest/dg/workflow-states.html.
        """
        with pytest.raises(ConfigurationError, match="name must be 1 to 80 characters"):
            StepFunctionsEventSource(name)

    def test_fails_if_a_function_has_the_task_already(self, worker):
        """
        A state machine knows its states by their names.
        """
        worker.add_event_source(StepFunctionsEventSource("Ask"))

        with pytest.raises(ConfigurationError, match="Shop/Worker: it has a task"):
            worker.add_event_source(StepFunctionsEventSource("Ask"))

    def test_the_first_wait_may_be_longer_than_a_minute(self, worker):
        """
        The longest wait is no shorter, without being told.
        """
        source = StepFunctionsEventSource("Ask", retry_interval=Duration.minutes(2))

        (retry,) = states(machine(worker, source))["Ask"]["Retry"]

        assert (120, 120) == (retry["IntervalSeconds"], retry["MaxDelaySeconds"])

    def test_fails_if_the_function_keeps_tenants_apart(self, stack):
        """
        A task names none.
        """
        tenants = make_function(stack, tenancy_config=lambda_.TenancyConfig.PER_TENANT)

        with pytest.raises(ConfigurationError, match="takes no events"):
            tenants.add_event_source(StepFunctionsEventSource("Ask"))

    @pytest.mark.parametrize("kind", ["EXPRESS", "STANDARD"])
    def test_fails_if_an_express_workflow_is_to_wait_for_a_token(
        self, stack, worker, kind
    ):
        """
        https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
        """
        source = StepFunctionsEventSource(
            'Ask "them"',
            integration_pattern=WAIT,
            payload=TOKEN,
            task_timeout=Duration.hours(1),
        )
        body = sfn.DefinitionBody.from_chainable(worker.add_event_source(source))
        sfn.StateMachine(
            stack,
            "Flow",
            definition_body=body,
            state_machine_type=sfn.StateMachineType[kind],
        )

        if kind == "STANDARD":
            assert App.of(stack).synth()
            return
        with pytest.raises(RuntimeError, match="Shop/Flow must be a Standard workflow"):
            App.of(stack).synth()

    def test_warns_of_a_task_that_ends_before_its_function(self, stack, worker):
        """
        The retry would run beside the first.
        """
        source = StepFunctionsEventSource("Ask", task_timeout=Duration.seconds(9))
        worker.add_event_source(source)

        Annotations.from_stack(stack).has_warning(
            "/Shop/Worker", Match.string_like_regexp(f"ack: {WARNING}\\]")
        )
