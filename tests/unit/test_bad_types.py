"""What is of the wrong type is named, in one line and in the user's words."""

from __future__ import annotations

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as cdk_sources
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from lambda_constructs import (
    AsyncInvoke,
    ConfigurationError,
    FailureDestination,
    FunctionDefaults,
    Practice,
    Rules,
    SuccessDestination,
)
from lambda_constructs.event_sources import (
    CloudFormationEventSource,
    CodePipelineEventSource,
    ConfigEventSource,
    EventBridgeEventSource,
    IotEventSource,
    SqsEventSource,
    StepFunctionsEventSource,
)
from tests.unit.conftest import make_function


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"timeout": 30},
            "timeout must be a Duration, as Duration.seconds(30), got 30",
        ),
        ({"timeout": None}, "timeout must be given, got None"),
        (
            {"code": "src"},
            "code must be PythonCode or aws_lambda.Code, got 'src' (str)",
        ),
        ({"handler": 1}, "handler must be text, got 1"),
        ({"handler": "main"}, "handler must be module.function, got 'main'"),
        (
            {"handler": "app.main"},
            "handler of inline code must be in index, got 'app.main'",
        ),
        (
            {"runtime": "python3.14"},
            "runtime must be a Runtime, as Runtime.PYTHON_3_14",
        ),
        ({"async_invoke": True}, "async_invoke must be AsyncInvoke(...), got True"),
        ({"memory_size": "512"}, "memory_size must be a whole number, got '512' (str)"),
        ({"memory_size": 512.5}, "memory_size must be a whole number, got 512.5"),
        ({"memory_size": True}, "memory_size must be a whole number, got True (bool)"),
        ({"environment": ["A"]}, "environment must be a mapping of names, got ['A']"),
        ({"environment": {"N": 3}}, "environment['N'] must be text by its name, got 3"),
        ({"environment": {3: "x"}}, "environment[3] must be text by its name"),
        ({"description": 1}, "description must be text, got 1 (int)"),
        ({"layers": "arn:aws"}, "layers must be a list of lambda_.LayerVersion"),
        ({"tracing": "Active"}, "tracing must be lambda_.Tracing of aws_cdk, got 'Act"),
        ({"vpc": "vpc-1"}, "vpc must be ec2.Vpc | ec2.IVpc of aws_cdk, got 'vpc-1'"),
        ({"log_group": "logs"}, "log_group must be logs.LogGroup | logs.ILogGroup of"),
        ({"ephemeral_storage_size": 512}, "ephemeral_storage_size must be Size of aws"),
        ({"profiling": "yes"}, "profiling must be True or False, got 'yes' (str)"),
    ],
)
def test_fails_if_an_option_is_of_another_type(stack, options, message):
    """
    The path, the option, what it must be, and what it was.
    """
    with pytest.raises(ConfigurationError) as error:
        make_function(stack, **options)

    assert str(error.value).startswith(f"Shop/Worker: {message}")
    assert "\n" not in str(error.value)


def test_none_is_as_good_as_left_out(stack):
    """
    For every option but the timeout, which is required.
    """
    make_function(
        stack,
        architecture=None,
        environment=None,
        layers=None,
        tracing=None,
        vpc=None,
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"retry_attempts": "1"}, "retry_attempts must be a whole number, got '1'"),
        ({"max_event_age": 60}, "max_event_age must be a Duration"),
        ({"max_event_age": Duration.millis(60_500)}, "max_event_age must be whole sec"),
        (
            {"on_failure": "queue"},
            "on_failure must be a FailureDestination, got 'queue'",
        ),
    ],
)
def test_fails_if_asynchronous_settings_are_of_another_type(options, message):
    """
    Where they are written.
    """
    with pytest.raises(ConfigurationError) as error:
        AsyncInvoke(**options)

    assert str(error.value).startswith(message)


def test_fails_if_a_failure_destination_is_given_for_successes(stack):
    """
    Lambda would refuse some of them.
    """
    destination = FailureDestination.queue(sqs.Queue(stack, "Queue"))

    with pytest.raises(ConfigurationError, match="must be a SuccessDestination"):
        AsyncInvoke(on_success=destination)


@pytest.mark.parametrize("owner", [FailureDestination, SuccessDestination])
def test_fails_if_a_destination_is_made_of_something_else(stack, owner):
    """
    A topic is no queue.
    """
    topic = sns.Topic(stack, "Topic")

    with pytest.raises(ConfigurationError, match="must be an SQS queue, got"):
        owner.queue(topic)
    with pytest.raises(ConfigurationError, match="must be a LambdaFunction, got"):
        owner.function("worker")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": "10"}, "batch_size must be a whole number, got '10' (str)"),
        ({"max_batching_window": 5}, "max_batching_window must be a Duration"),
        ({"enabled": "yes"}, "enabled must be True or False, got 'yes' (str)"),
        ({"filters": {"body": "x"}}, "filters must be a list, got {'body': 'x'}"),
        ({"filters": ["x"]}, "filters must each have a pattern, got 'x'"),
        (
            {"provisioned_poller_config": {"minimum_pollers": 2}},
            "provisioned_poller_config must be a ProvisionedPollerConfig",
        ),
    ],
)
def test_fails_if_an_option_of_a_source_is_of_another_type(stack, options, message):
    """
    Before anything is bound.
    """
    with pytest.raises(ConfigurationError) as error:
        SqsEventSource(sqs.Queue(stack, "Queue"), **options)

    assert str(error.value).startswith(message)


def test_fails_if_the_queue_is_none(stack):
    """
    A topic, a name, nothing.
    """
    for other in (None, "queue", sns.Topic(stack, "Topic")):
        with pytest.raises(ConfigurationError, match="queue must be an SQS queue"):
            SqsEventSource(other)


def test_fails_if_a_source_is_none_or_cdk_s_own(stack, worker):
    """
    CDK's are for the alias.
    """
    queue = sqs.Queue(stack, "Queue")

    with pytest.raises(ConfigurationError, match="takes an event source, got"):
        worker.add_event_source(queue)
    with pytest.raises(ConfigurationError, match=r"call live.add_event_source\(\)"):
        worker.add_event_source(cdk_sources.SqsEventSource(queue))


@pytest.mark.parametrize("on", [None, 1, ["arn:aws:sqs:::q"]])
def test_fails_if_a_permission_is_on_nothing(worker, on):
    """
    It has to be one resource, or its ARN.
    """
    with pytest.raises(ConfigurationError, match="on must be a resource or its ARN"):
        worker.allow("sqs:SendMessage", on=on)


@pytest.mark.parametrize("action", [None, 1, "s3: GetObject", ["s3:GetObject"]])
def test_fails_if_an_action_is_no_text(worker, action):
    """
    Or not one whole name.
    """
    with pytest.raises(ConfigurationError, match="must each be one whole name"):
        worker.allow(action, on="arn:aws:s3:::bucket")


@pytest.mark.parametrize(
    "options",
    [{"memory_size": "512"}, {"log_retention": 30}, {"runtime": "python3.14"}],
)
def test_fails_if_a_default_is_of_another_type(options):
    """
    Where it is written, not where it is used.
    """
    with pytest.raises(ConfigurationError, match=f"^{next(iter(options))} must be"):
        FunctionDefaults(**options)


def test_fails_if_defaults_are_for_no_scope():
    """
    A name is none.
    """
    with pytest.raises(ConfigurationError, match="takes an app, a stack or a const"):
        FunctionDefaults().apply_to("Shop")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Rules.acknowledge("Shop", "alias-bound", reason="so"),
            "acknowledge() takes an app, a stack or a construct, got 'Shop'",
        ),
        (
            lambda: Practice.ALB_HTTP.acknowledge("Shop", reason="so"),
            "acknowledge() takes an app, a stack or a construct, got 'Shop'",
        ),
        (
            lambda: Rules.acknowledge(App(), None, reason="so"),
            "acknowledge() takes the id of a rule, got None",
        ),
        (
            lambda: FunctionDefaults(environment=None),
            "environment must not be None; leave it out for its default",
        ),
    ],
)
def test_fails_if_what_holds_for_a_scope_is_of_another_type(make, message):
    """
    Before CDK says so in its own words.
    """
    with pytest.raises(ConfigurationError) as error:
        make()

    assert message == str(error.value)


def test_a_tuple_will_do_for_a_list(stack: Stack):
    """
    jsii would not know it.
    """
    layer = lambda_.LayerVersion.from_layer_version_arn(
        stack, "Layer", "arn:aws:lambda:eu-west-1:111122223333:layer:l:1"
    )

    make_function(stack, layers=(layer,))


PLACED = events.EventPattern(source=["shop"])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: IotEventSource("SELECT * FROM 'a'", enabled=None),
            "enabled must not be None; leave it out for its default",
        ),
        (
            lambda: EventBridgeEventSource(PLACED, retry_attempts=None),
            "retry_attempts must not be None; leave it out for its default",
        ),
        (
            lambda: CodePipelineEventSource("Wait", inputs=None),
            "inputs must not be None; leave it out for its default",
        ),
        (
            lambda: EventBridgeEventSource(PLACED, id=3),
            "id must be text, got 3 (int)",
        ),
        (
            lambda: ConfigEventSource(configuration_changes="yes"),
            "configuration_changes must be True or False, got 'yes' (str)",
        ),
        (
            lambda: CodePipelineEventSource(None),
            "action_name must be text, got None; name the action",
        ),
        (
            lambda: CloudFormationEventSource(None),
            "resource_type must be 'Custom::' and letters, digits, '_', '@' and '-', "
            "60 characters at most, got None; name what it is, as in 'Custom::Rows'",
        ),
        (
            lambda: StepFunctionsEventSource("Ship", result_selector="$.id"),
            "result_selector must be a dictionary, got '$.id' (str)",
        ),
    ],
)
def test_fails_if_a_field_of_a_source_is_of_another_type(make, message):
    """
    None least of all is a default: of retry_attempts it would mean for ever.
    """
    with pytest.raises(ConfigurationError) as error:
        make()

    assert message == str(error.value)
