"""Handlers and tests invoke functions through boto3, as they would in AWS.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import base64
import json

import boto3
import pytest
from aws_cdk import App, Duration, Stack
from botocore.exceptions import ClientError

from lambda_constructs.testing import UnmodelledError

from .conftest import CONTEXT, make_function

CALLER = """
import boto3, os
def handler(event, context):
    answer = boto3.client("lambda").invoke(
        FunctionName=os.environ["TARGET"], **event.get("with", {})
    )
    left = context.get_remaining_time_in_millis()
    return [answer["StatusCode"], answer["Payload"].read().decode(), left]
"""

TARGET = """
import time
def handler(event, context):
    print("seen", event)
    if event == "raise":
        raise KeyError("none")
    if isinstance(event, dict) and "sleep" in event:
        time.sleep(event["sleep"])
    return {"got": event, "arn": context.invoked_function_arn}
"""


@pytest.fixture
def stack(account):
    stack = Stack(App(context=CONTEXT), "Shop")
    target = make_function(stack, TARGET, "Target")
    environment = {"TARGET": target.live.function_arn}
    caller = make_function(stack, CALLER, "Caller", environment=environment)
    target.live.grant_invoke(caller)
    return account.deploy(stack)


def invoke(stack, **params):
    name = stack.function("Target").state.arn_of("live")
    return boto3.client("lambda").invoke(**{"FunctionName": name, **params})


def refused(call):
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]


def test_a_handler_invokes_a_function_and_reads_its_payload(stack):
    """
    The stream holds the result as JSON; no payload is an empty object.
    """
    status, payload, _ = stack.function("Caller").invoke({}).payload

    assert 200 == status
    arn = f"{stack.function('Target').state.arn}:live"
    assert {"got": {}, "arn": arn} == json.loads(payload)


def test_the_callers_role_decides(stack):
    """
    A grant on the alias is none on the function.

    https://docs.aws.amazon.com/lambda/latest/dg/access-control-identity-based.html
    """
    name = stack.function("Target").state.name
    caller = stack.function("Caller")
    caller.state.properties["Environment"]["Variables"]["TARGET"] = name
    caller.start_cold()

    outcome = caller.invoke({})

    assert outcome.failed
    assert "AccessDeniedException" in outcome.payload["errorMessage"]
    assert [] == stack.function("Target").invocations


def test_the_callers_time_goes_by_while_it_waits(stack):
    """
    What the function takes is gone from what its caller has left.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-sync.html
    """
    outcome = stack.function("Caller").invoke({"with": {"Payload": '{"sleep": 4}'}})

    assert 4 <= outcome.duration < 5
    assert outcome.payload[2] <= 6_000


def test_a_caller_that_waits_too_long_times_out(account):
    """
    The caller's timeout ends the caller, not the function that it called.
    """
    stack = Stack(App(context=CONTEXT), "Shop")
    target = make_function(stack, TARGET, "Target")
    options = {
        "environment": {"TARGET": target.live.function_arn},
        "timeout": Duration.seconds(3),
    }
    target.live.grant_invoke(make_function(stack, CALLER, "Caller", **options))
    deployed = account.deploy(stack)

    outcome = deployed.function("Caller").invoke({"with": {"Payload": '{"sleep": 4}'}})

    assert "timeout" == outcome.kind
    assert 3 == outcome.duration
    assert ["ok"] == [e.outcome.kind for e in deployed.function("Target").invocations]


def test_a_function_error_is_a_success_with_a_mark(stack):
    """
    Status 200, FunctionError Unhandled and the error as payload.
    """
    answer = invoke(stack, Payload='"raise"')

    assert 200 == answer["StatusCode"]
    assert "Unhandled" == answer["FunctionError"]
    assert "KeyError" == json.load(answer["Payload"])["errorType"]


def test_the_answer_names_the_version_and_has_the_tail_of_the_log(stack):
    """
    LogResult is base64, at most 4 KB before that.
    """
    answer = invoke(stack, Payload='"x"', LogType="Tail")

    assert "1" == answer["ExecutedVersion"]
    log = base64.b64decode(answer["LogResult"]).decode()
    assert log.startswith("START RequestId: ")
    assert "seen x" in log
    assert "LogResult" not in invoke(stack)
    assert "FunctionError" not in answer


def test_the_tail_of_the_log_is_its_last_four_kilobytes(stack):
    """
    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    """
    answer = invoke(stack, Payload=json.dumps("x" * 5_000), LogType="Tail")

    log = base64.b64decode(answer["LogResult"]).decode()
    assert 4_096 == len(log)
    assert log.splitlines()[-1].startswith("END RequestId: ")


def test_an_event_is_queued(account, stack):
    """
    Status 202 at once; Lambda delivers it later.
    """
    answer = invoke(stack, Payload='"x"', InvocationType="Event")

    assert 202 == answer["StatusCode"]
    assert [] == stack.function("Target").invocations
    account.settle()
    assert ["x"] == [each.event for each in stack.function("Target").invocations]


def test_a_dry_run_runs_nothing(account, stack):
    """
    It checks the permission and answers 204.
    """
    answer = invoke(stack, InvocationType="DryRun")

    account.settle()
    assert 204 == answer["StatusCode"]
    assert [] == stack.function("Target").invocations


def test_a_throttle_is_429(stack):
    """
    It tells which limit it was.
    """
    stack.function("Target").throttle()

    with pytest.raises(ClientError) as caught:
        invoke(stack)

    error = caught.value
    assert "TooManyRequestsException" == type(error).__name__
    assert 429 == error.response["ResponseMetadata"]["HTTPStatusCode"]
    assert "ConcurrentInvocationLimitExceeded" == error.response["Reason"]


def test_a_throttle_by_reserved_concurrency_says_so(stack):
    """
    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    """
    stack.function("Target").state.reserved = 0

    with pytest.raises(ClientError) as caught:
        invoke(stack)

    reason = caught.value.response["Reason"]
    assert "ReservedFunctionConcurrentInvocationLimitExceeded" == reason


@pytest.mark.parametrize(
    "params",
    [{"FunctionName": "none"}, {"FunctionName": "x:y"}, {"Qualifier": "blue"}],
)
def test_what_is_not_there_is_not_found(stack, params):
    """
    Neither a function nor an alias.
    """
    if "Qualifier" in params:
        params = {**params, "FunctionName": stack.function("Target").state.name}

    assert ("ResourceNotFoundException", 404) == refused(
        lambda: invoke(stack, **params)
    )


def test_a_payload_is_json_and_not_too_large(stack):
    """
    6 MB to wait for the result, 1 MB to queue.

    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    large = json.dumps("x" * 1_048_576)

    def queue():
        return invoke(stack, Payload=large, InvocationType="Event")

    assert ("RequestTooLargeException", 413) == refused(queue)
    assert 200 == invoke(stack, Payload=large)["StatusCode"]
    broken = refused(lambda: invoke(stack, Payload="{"))
    assert ("InvalidRequestContentException", 400) == broken


def test_what_is_not_modelled_says_so(stack):
    """
    A client context would have to reach the handler.
    """
    with pytest.raises(UnmodelledError, match="ClientContext"):
        invoke(stack, ClientContext="e30=")
