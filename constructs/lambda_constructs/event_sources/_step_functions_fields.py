"""What Step Functions would refuse about the fields of a task state."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

from lambda_constructs._known import node_of, path_of
from lambda_constructs._validation import validate_at_the_end
from lambda_constructs.errors import ConfigurationError, is_token, seconds

LONGEST_DELAY_SECONDS = 60

SUFFIX = "/Resource"
"""What CDK puts below the path of the state machine that was written."""

PATHS = ("input_path", "output_path", "result_path")
"""The options that are JSONPath."""


def check_fields_of_language(
    language: sfn.QueryLanguage | None,
    *,
    paths: Mapping[str, str | None],
    selects: bool,
    outputs: bool,
) -> None:
    """Check that the fields of a state are those of its query language.

    https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html

    Raises:
        ConfigurationError: A path is none, or fields of both languages are given.
    """
    for name, path in paths.items():
        literal = path is not None and not is_token(path)
        if literal and not str(path).startswith("$"):
            raise ConfigurationError(
                f"{name} must be a JSONPath, which begins with '$', got {path!r}; "
                f"write '$.{path}'"
            )
    of_paths = [name for name, path in paths.items() if path is not None]
    of_paths += ["result_selector"] if selects else []
    in_jsonata = outputs or language == sfn.QueryLanguage.JSONATA
    if of_paths and in_jsonata:
        raise ConfigurationError(
            f"{of_paths[0]} is for JSONPath, got "
            f"{'outputs' if outputs else 'query_language JSONATA'} beside it; pass "
            "outputs= and payload= alone, or neither"
        )
    if outputs and language == sfn.QueryLanguage.JSON_PATH:
        raise ConfigurationError(
            "outputs are for JSONata, got query_language JSON_PATH; pass "
            "result_selector= or result_path="
        )


def longest_delay(interval: Duration | None) -> Duration:
    """Give the longest wait between retries: a minute, or the first wait if longer."""
    if interval is not None and (seconds(interval) or 0) > LONGEST_DELAY_SECONDS:
        return interval
    return Duration.seconds(LONGEST_DELAY_SECONDS)


def check_delays(interval: Duration | None, longest: Duration | None) -> None:
    """Check that no wait between retries is cut before the first.

    Raises:
        ConfigurationError: The longest is shorter than the first.
    """
    first, last = seconds(interval), seconds(longest)
    if first is not None and last is not None and last < first:
        raise ConfigurationError(
            f"max_delay must not be less than retry_interval of {first:g} s, got "
            f"{last:g} s; raise it"
        )


def validate_workflows(task: tasks.LambdaInvoke, name: str) -> None:
    """Tell at synthesis of Express workflows with a *task* that waits for a token.

    https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
    """

    def check() -> list[str]:
        return [
            f"{path_of(each).removesuffix(SUFFIX)} must be a Standard workflow, got "
            f"EXPRESS, which cannot wait for the token of {name!r}; leave "
            "state_machine_type out"
            for each in node_of(task.node.root).find_all()
            if isinstance(each, sfn.CfnStateMachine)
            and each.state_machine_type == sfn.StateMachineType.EXPRESS.name
            and _has(each, name)
        ]

    validate_at_the_end(task, check)


def _has(workflow: sfn.CfnStateMachine, name: str) -> bool:
    written = json.dumps(workflow.stack.resolve(workflow.definition_string))
    quoted = json.dumps(json.dumps(name))[1:-1]
    return f"{quoted}:" in written and ".waitForTaskToken" in written
