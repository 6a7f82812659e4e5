"""The gate: each job is answered, whatever happens.

moto has no jobs of CodePipeline, so botocore's Stubber stands in for them.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from tests.conftest import ColdStart
from tests.handlers.conftest import LambdaContext
from tests.handlers.events import event

JOB = "11111111-abcd-1111-abcd-111111abcdef"
NOW = datetime.now(UTC)


def freeze(hours: float, *, reason: str = "Christmas", since: float = 1) -> dict:
    return {
        "from": (NOW - timedelta(hours=since)).isoformat(),
        "until": (NOW + timedelta(hours=hours)).isoformat(),
        "reason": reason,
    }


@dataclass
class Gate:
    """The handler, and what it answered."""

    module: ModuleType
    stub: Stubber
    answers: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        events = self.module.codepipeline.meta.events
        events.register("provide-client-params.codepipeline", self.record)

    def record(self, params: dict[str, Any], model: Any, **_: object) -> None:
        self.answers.append((model.name, dict(params)))

    def freezes(self, value: object) -> None:
        text = value if isinstance(value, str) else json.dumps(value)
        boto3.client("ssm").put_parameter(
            Name="freezes", Value=text, Type="String", Overwrite=True
        )

    def run(
        self,
        expected: str,
        parameters: object = '{"max_wait_minutes":60}',
        token: str | None = None,
        error: str | None = None,
    ) -> dict[str, Any]:
        """Run a job; give the answer by which it was ended or goes on."""
        if error is None:
            self.stub.add_response(expected, {})
        else:
            self.stub.add_client_error(expected, error)
        job = event("codepipeline")
        data = job["CodePipeline.job"]["data"]
        configuration = data["actionConfiguration"]["configuration"]
        if parameters is None:
            del configuration["UserParameters"]
        else:
            configuration["UserParameters"] = parameters
        if token is not None:
            data["continuationToken"] = token
        self.module.handler(job, LambdaContext())
        self.stub.assert_no_pending_responses()
        (_, answer) = self.answers[-1]
        assert JOB == answer["jobId"]
        return answer


SUCCESS, FAILURE = "put_job_success_result", "put_job_failure_result"


@pytest.fixture
def gate(cold_start: ColdStart) -> Gate:
    module = cold_start("pipeline_gate", FREEZES_PARAMETER="freezes")
    stub = Stubber(module.codepipeline)
    stub.activate()
    made = Gate(module, stub)
    made.freezes([])
    return made


@pytest.mark.parametrize(
    "freezes",
    [
        [],
        [freeze(-0.5)],
        [freeze(5, since=-4)],
    ],
)
def test_a_change_passes_when_nothing_is_frozen(gate, freezes):
    """
    A freeze that is over, or to come, holds nothing back.
    """
    gate.freezes(freezes)

    answer = gate.run(SUCCESS)

    assert "continuationToken" not in answer
    assert {"PassedAt"} == answer["outputVariables"].keys()


def test_a_change_waits_for_a_short_freeze(gate):
    """
    The token says since when, and grows no further.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-invoke-lambda-function.html
    """
    gate.freezes([freeze(0.9)])

    first = gate.run(SUCCESS)["continuationToken"]
    second = gate.run(SUCCESS, token=first)

    assert first == second["continuationToken"]
    assert "outputVariables" not in second


def test_a_change_that_has_waited_passes(gate):
    """
    As soon as the freeze is over.
    """
    token = json.dumps({"since": (NOW - timedelta(hours=3)).isoformat()})

    assert gate.run(SUCCESS, token=token)["outputVariables"]


@pytest.mark.parametrize(("hours", "waited"), [(2, None), (0.5, timedelta(minutes=45))])
def test_a_change_is_refused_if_it_would_wait_too_long(gate, hours, waited):
    """
    At once, for the longest freeze that is on, and with its reason.
    """
    gate.freezes([freeze(0.1, reason="Lunch"), freeze(hours)])
    token = waited and json.dumps({"since": (NOW - waited).isoformat()})

    details = gate.run(FAILURE, token=token)["failureDetails"]

    assert "JobFailed" == details["type"]
    assert details["message"].startswith("frozen until ")
    assert "Christmas" in details["message"]


@pytest.mark.parametrize(
    "freezes",
    [
        "not JSON",
        "3",
        [{"from": "2026-01-01T00:00:00+00:00"}],
        [freeze(1) | {"from": "2026-01-01T00:00:00"}],
        [freeze(1) | {"until": "soon"}],
    ],
)
def test_a_parameter_that_cannot_be_read_refuses(gate, freezes):
    """
    A gate that does not know stays shut.
    """
    gate.freezes(freezes)

    details = gate.run(FAILURE)["failureDetails"]

    assert "ConfigurationError" == details["type"]
    assert details["message"].startswith("freezes must be a list")


@pytest.mark.parametrize(
    "parameters",
    [
        None,
        "60",
        "x",
        "{}",
        '{"max_wait_minutes":"60"}',
        '{"max_wait_minutes":true}',
        '{"max_wait_minutes":1381}',
    ],
)
def test_an_action_that_does_not_say_how_long_to_wait_is_refused(gate, parameters):
    """
    CodePipeline waits for a day at most.
    """
    details = gate.run(FAILURE, parameters)["failureDetails"]

    assert "ConfigurationError" == details["type"]


@pytest.mark.parametrize("token", ["x", "{}", '{"since":"now"}'])
def test_a_broken_token_refuses(gate, token):
    """
    There is an answer all the same.
    """
    gate.freezes([freeze(0.5)])

    details = gate.run(FAILURE, token=token)["failureDetails"]

    assert "JobFailed" == details["type"]
    assert details["message"].startswith("the gate is broken: ")


def test_a_service_that_fails_refuses_without_a_word_of_it(gate):
    """
    What it said is in the log.
    """
    boto3.client("ssm").delete_parameter(Name="freezes")

    details = gate.run(FAILURE)["failureDetails"]

    assert "the gate is broken: ParameterNotFound" == details["message"]


def test_a_job_that_has_been_answered_is_left_alone(gate):
    """
    Lambda may deliver an event twice.
    """
    answer = gate.run(SUCCESS, error="InvalidJobStateException")

    assert JOB == answer["jobId"]


def test_an_answer_that_is_not_taken_is_left_to_the_retry(gate):
    """
    Lambda invokes again, and the job is answered then.
    """
    with pytest.raises(ClientError, match="InternalFailure"):
        gate.run(SUCCESS, error="InternalFailure")

    assert gate.run(SUCCESS)


def test_no_credential_is_logged(gate, caplog):
    """
    The event has some for the artifacts.
    """
    with caplog.at_level(logging.DEBUG, logger="root"):
        gate.run(FAILURE, "x")
        gate.run(SUCCESS)

    assert "answered" in caplog.text
    secrets = event("codepipeline")["CodePipeline.job"]["data"]["artifactCredentials"]
    for secret in secrets.values():
        assert secret not in caplog.text
