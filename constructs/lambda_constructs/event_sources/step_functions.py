"""AWS Step Functions: a task state of a state machine waits for the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass

from aws_cdk import Duration
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

from lambda_constructs import limits
from lambda_constructs._known import node_of
from lambda_constructs.errors import (
    ConfigurationError,
    check_duration,
    check_fields,
    check_range,
    check_type,
    check_whole,
    seconds,
)
from lambda_constructs.event_sources._push import keep_failures
from lambda_constructs.event_sources._relations import check_tenants
from lambda_constructs.event_sources._step_functions_fields import (
    PATHS,
    check_delays,
    check_fields_of_language,
    longest_delay,
    validate_workflows,
)
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice

__all__ = ["StepFunctionsEventSource"]

TRANSIENT_ERRORS = (
    "Lambda.AWSLambdaException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.SdkClientException",
    "Lambda.ServiceException",
    # CDK leaves throttles out, which are the likeliest of all.
    "Lambda.TooManyRequestsException",
)
"""https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html."""


SECONDS_TO_REACH_IT = 10
EVENT = tasks.LambdaInvocationType.EVENT
WAIT = sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN


@dataclass(frozen=True)
class StepFunctionsEventSource:
    """Be a task of a state machine, which invokes the alias and nothing else.

    What is bound is the task state: chain it, catch its errors, retry errors of your
    own. Its result is what the function returns. Errors that are Lambda's, throttles
    among them, are retried with full jitter. The role of the state machine may invoke
    the alias; the function itself needs no permission.

    Attributes:
        name: What the state is called, 1 to 80 characters.
        assign: Variables to set from the result.
        comment: What the state is for.
        heartbeat_timeout: How long the holder of a task token may be silent.
        input_path: JSONPath of the part of the state's input that counts.
        integration_pattern: `REQUEST_RESPONSE`, or `WAIT_FOR_TASK_TOKEN`: then the
            *payload* has to hold `JsonPath.task_token`, *task_timeout* says how long
            to wait, and the result is what `SendTaskSuccess` brings. Express workflows
            cannot wait.
        invocation_type: `EVENT` does not wait for the function: the result is that
            Lambda took the event, and what fails ends in the function's own store.
        max_attempts: Retries of Lambda's own errors; 0 for none.
        max_delay: The longest wait between two of them, up to 365 days. Left out, a
            minute, or *retry_interval* if that is longer.
        output_path: JSONPath of the part of the result that becomes the output.
        outputs: The output, in JSONata.
        payload: What the function gets; left out, the state's input.
        query_language: Of this state; left out, that of the state machine.
        result_path: Where to put the result into the input; `JsonPath.DISCARD` keeps
            the input.
        result_selector: What to take of the result, in JSONPath.
        retry_interval: The wait before the first retry; each next is twice as long.
        task_timeout: How long the task may take. Left out, the function's timeout and
            ten seconds to reach it.

    Raises:
        ConfigurationError: A value is out of range, or two exclude each other.
    """

    name: str
    _: KW_ONLY
    assign: Mapping[str, object] | None = None
    comment: str | None = None
    heartbeat_timeout: Duration | None = None
    input_path: str | None = None
    integration_pattern: sfn.IntegrationPattern = (
        sfn.IntegrationPattern.REQUEST_RESPONSE
    )
    invocation_type: tasks.LambdaInvocationType | None = None
    max_attempts: int = 6
    max_delay: Duration | None = None
    output_path: str | None = None
    outputs: object = None
    payload: sfn.TaskInput | None = None
    query_language: sfn.QueryLanguage | None = None
    result_path: str | None = None
    result_selector: Mapping[str, object] | None = None
    retry_interval: Duration | None = None
    task_timeout: Duration | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        self._check_types()
        for name, longest in (
            ("heartbeat_timeout", limits.STATE_SECONDS[1]),
            ("max_delay", limits.RETRY_DELAY_SECONDS[1]),
            ("retry_interval", limits.STATE_SECONDS[1]),
            ("task_timeout", limits.STATE_SECONDS[1]),
        ):
            check_range(name, seconds(getattr(self, name)), 1, longest, unit="s")
        check_range("max_attempts", self.max_attempts, *limits.RETRY_MAX_ATTEMPTS)
        if not 1 <= len(self.name) <= limits.STATE_NAME_CHARACTERS:
            raise ConfigurationError(
                f"name must be 1 to {limits.STATE_NAME_CHARACTERS} characters, got "
                f"{self.name!r} ({len(self.name)} characters)"
            )
        check_fields_of_language(
            self.query_language,
            paths={name: getattr(self, name) for name in PATHS},
            selects=self.result_selector is not None,
            outputs=self.outputs is not None,
        )
        check_delays(self.retry_interval, self.max_delay)
        self._check_pattern()

    def bind(self, function: LambdaFunction, /) -> tasks.LambdaInvoke:
        """Give the task state that invokes *function*.

        Raises:
            ConfigurationError: The function has a task of that name already, or
                keeps tenants apart.
        """
        check_tenants(function)
        if node_of(function).try_find_child(self.name) is not None:
            raise ConfigurationError(
                f"it has a task named {self.name!r} already; name this one differently",
                scope=function,
            )
        timeout = self._timeout(function)
        if self.invocation_type == EVENT:
            keep_failures(function)
        waits = self.integration_pattern == WAIT
        task = tasks.LambdaInvoke(
            function,
            self.name,
            lambda_function=function.live,
            assign=self.assign,
            comment=self.comment,
            heartbeat_timeout=_timeout(self.heartbeat_timeout),
            input_path=self.input_path,
            integration_pattern=self.integration_pattern if waits else None,
            invocation_type=self.invocation_type,
            output_path=self.output_path,
            outputs=self.outputs,
            payload=self.payload,
            # By the alias's ARN the result is the payload alone. The newer integration
            # wraps it; tokens and invocation types need that one.
            payload_response_only=not (waits or self.invocation_type) or None,
            query_language=self.query_language,
            result_path=self.result_path,
            result_selector=self.result_selector,
            # Without throttles and without jitter; see below.
            retry_on_service_exceptions=False,
            state_name=self.name,
            task_timeout=_timeout(timeout),
        )
        if waits:
            validate_workflows(task, self.name)
        if self.max_attempts:
            task.add_retry(
                errors=list(TRANSIENT_ERRORS),
                interval=self.retry_interval or Duration.seconds(2),
                max_attempts=self.max_attempts,
                max_delay=self.max_delay or longest_delay(self.retry_interval),
                backoff_rate=2,
                jitter_strategy=sfn.JitterType.FULL,
            )
        return task

    def _check_types(self) -> None:
        if self.name is None:
            raise ConfigurationError("name must be text, got None; name the state")
        for name in (
            "heartbeat_timeout",
            "max_delay",
            "retry_interval",
            "task_timeout",
        ):
            check_duration(name, getattr(self, name))
        check_whole("max_attempts", self.max_attempts)
        for name in ("assign", "result_selector"):
            held = isinstance(getattr(self, name), Mapping)
            check_type(name, getattr(self, name), "a dictionary", holds=held)
        for name, kind in (
            ("integration_pattern", sfn.IntegrationPattern),
            ("invocation_type", tasks.LambdaInvocationType),
            ("payload", sfn.TaskInput),
            ("query_language", sfn.QueryLanguage),
        ):
            held = isinstance(getattr(self, name), kind)
            check_type(name, getattr(self, name), f"a {kind.__name__}", holds=held)

    def _check_pattern(self) -> None:
        if self.integration_pattern == sfn.IntegrationPattern.RUN_JOB:
            raise ConfigurationError(
                "integration_pattern must not be RUN_JOB, which Lambda does not have; "
                "leave it out, or pass WAIT_FOR_TASK_TOKEN"
            )
        if self.invocation_type == tasks.LambdaInvocationType.DRY_RUN:
            raise ConfigurationError(
                "invocation_type must not be DRY_RUN, which runs nothing; leave it out"
            )
        if self.integration_pattern != WAIT:
            if self.heartbeat_timeout is not None:
                raise ConfigurationError(
                    "heartbeat_timeout needs a task token, got none; pass "
                    "integration_pattern=IntegrationPattern.WAIT_FOR_TASK_TOKEN"
                )
            return
        if self.payload is None or self.task_timeout is None:
            missing = "payload" if self.payload is None else "task_timeout"
            remedy = (
                'payload=TaskInput.from_object({"token": JsonPath.task_token})'
                if self.payload is None
                else "task_timeout=, after which a lost token fails the task"
            )
            raise ConfigurationError(
                f"WAIT_FOR_TASK_TOKEN needs {missing}, got None; pass {remedy}"
            )
        beat, longest = seconds(self.heartbeat_timeout), seconds(self.task_timeout)
        if beat is not None and longest is not None and beat >= longest:
            raise ConfigurationError(
                f"heartbeat_timeout must be less than task_timeout of {longest:g} s, "
                f"got {beat:g} s"
            )

    def _timeout(self, function: LambdaFunction) -> Duration:
        longest = seconds(function.timeout)
        if self.task_timeout is None:
            if longest is None:
                return function.timeout
            return Duration.seconds(longest + SECONDS_TO_REACH_IT)
        given = seconds(self.task_timeout)
        waited_for = self.invocation_type != EVENT and self.integration_pattern != WAIT
        if waited_for and (given or 0) < (longest or 0) and given is not None:
            Practice.STEP_FUNCTIONS_TASK_TIMEOUT.warn(
                function,
                f"task_timeout of {self.name!r} is {given:g} s, less than the function "
                f"timeout of {longest:g} s, so the state machine may go on, or retry, "
                "while the function still works; pass a longer one",
            )
        return self.task_timeout


def _timeout(duration: Duration | None) -> sfn.Timeout | None:
    return None if duration is None else sfn.Timeout.duration(duration)
