"""AWS CodePipeline: an action of a stage invokes, and waits for the job's result."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass

from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_iam as iam

from lambda_constructs import limits
from lambda_constructs.errors import (
    ConfigurationError,
    check_fields,
    check_range,
    check_type,
    check_whole,
    is_token,
    literal,
)
from lambda_constructs.event_sources._code_pipeline_action import InvokeAction
from lambda_constructs.event_sources._push import keep_failures, last_attempt_after
from lambda_constructs.function import LambdaFunction
from lambda_constructs.permissions import statement
from lambda_constructs.practices import Practice

__all__ = ["CodePipelineEventSource"]

ANSWERS = ("codepipeline:PutJobFailureResult", "codepipeline:PutJobSuccessResult")
"""https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-invoke-lambda-function.html."""


@dataclass(frozen=True)
class CodePipelineEventSource:
    """Be an action of a pipeline: put what `add_event_source` gives into a stage.

    The pipeline invokes asynchronously and waits until the function calls
    `PutJobSuccessResult` or `PutJobFailureResult`. What the function returns, or
    raises, tells it nothing: an action whose job has no answer fails after 20 minutes.
    A success with a continuation token has it invoked again, for up to a day in all.

    The event carries credentials for the artifacts, so never log it.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Lambda.html

    Attributes:
        action_name: The action's name, which no other of its stage may have: letters,
            digits, `.`, `@`, `_` and `-`, up to 100.
        inputs: Artifacts that the function reads, up to 5.
        outputs: Artifacts that the function writes, up to 5.
        role: The role under which the action runs, which is allowed to invoke. Left
            out, the pipeline makes one.
        run_order: The action's place among those of its stage, 1 to 999.
        user_parameters: What the event tells the function: a text of up to 1,000
            characters, or what becomes one as JSON.
        variables_namespace: Where the variables are that the handler puts out:
            letters, digits, `@`, `_` and `-`, up to 100. Left out, the pipeline makes
            one when a variable is used.

    Raises:
        ConfigurationError: A value is out of range.
    """

    action_name: str
    _: KW_ONLY
    inputs: Sequence[codepipeline.Artifact] = ()
    outputs: Sequence[codepipeline.Artifact] = ()
    role: iam.Role | iam.IRole | None = None
    run_order: int = 1
    user_parameters: str | Mapping[str, object] | None = None
    variables_namespace: str | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        self._check_types()
        for name, pattern, allowed in (
            ("action_name", limits.CODE_PIPELINE_ACTION_NAME, "'.', '@', '_' and '-'"),
            ("variables_namespace", limits.CODE_PIPELINE_NAMESPACE, "'@', '_' and '-'"),
        ):
            _check_name(name, getattr(self, name), pattern, allowed)
        for name in ("inputs", "outputs"):
            count = len(getattr(self, name))
            check_range(name, count, 0, limits.CODE_PIPELINE_ARTIFACTS)
        check_range("run_order", self.run_order, *limits.CODE_PIPELINE_RUN_ORDER)
        self._check_user_parameters()

    def bind(self, function: LambdaFunction, /) -> InvokeAction:
        """Give the action for a stage; *function* may then answer its jobs."""
        keep_failures(function)
        self._check_retries(function)
        if not any(
            isinstance(each, CodePipelineEventSource) for each in function.event_sources
        ):
            # Jobs have no ARN, so there is nothing to limit it to.
            function.policy.add_statements(statement(ANSWERS, "*"))
            if function.network is not None:
                function.network.reach(ANSWERS)
        return InvokeAction(self, function)

    def _check_types(self) -> None:
        for name in ("action_name", "variables_namespace"):
            held = isinstance(getattr(self, name), str)
            check_type(name, getattr(self, name), "text", holds=held)
        for name in ("inputs", "outputs"):
            given = getattr(self, name)
            held = isinstance(given, list | tuple) and all(
                isinstance(each, codepipeline.Artifact) for each in given
            )
            check_type(name, given, "a list of Artifacts", holds=held)
        held = hasattr(self.role, "role_arn")
        check_type("role", self.role, "a role of aws_iam", holds=held)
        check_whole("run_order", self.run_order)
        held = isinstance(self.user_parameters, str | Mapping)
        wanted = "text or a dictionary"
        check_type("user_parameters", self.user_parameters, wanted, holds=held)

    def _check_user_parameters(self) -> None:
        given = self.user_parameters
        if given is None:
            return
        try:
            text = given if isinstance(given, str) else json.dumps(given)
        except TypeError as error:
            raise ConfigurationError(
                f"user_parameters must become JSON, got {given!r} ({error}); "
                "pass text, numbers, lists and dictionaries"
            ) from None
        if not is_token(text):
            least, most = limits.CODE_PIPELINE_USER_PARAMETERS_CHARACTERS
            remedy = "keep the rest where the function can read it"
            check_range(
                "user_parameters",
                len(text),
                least,
                most,
                unit="characters",
                remedy=remedy,
            )

    def _check_retries(self, function: LambdaFunction) -> None:
        """Each attempt may use up the timeout, and the answer has to be in time."""
        last = last_attempt_after(function)
        most = limits.CODE_PIPELINE_ANSWER_SECONDS
        if last is not None and last >= most:
            Practice.CODE_PIPELINE_RETRIES.warn(
                function,
                f"its last retry may begin after {last:,} s, when action "
                f"{self.action_name!r} has failed for want of an answer within "
                f"{most:,} s; pass async_invoke=AsyncInvoke(retry_attempts=0) to the "
                "function, or lower its timeout and continue with a continuation token",
            )


def _check_name(
    name: str, given: str | None, pattern: re.Pattern[str], allowed: str
) -> None:
    if name == "action_name" and given is None:
        raise ConfigurationError("action_name must be text, got None; name the action")
    value = literal(given)
    if value is not None and not pattern.fullmatch(value):
        raise ConfigurationError(
            f"{name} must be 1 to 100 letters, digits, {allowed}, got {value!r}; "
            "leave the other characters out"
        )
