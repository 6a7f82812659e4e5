"""A stack to build in, and how to look at what came of it."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Annotations, Match, Template

from lambda_constructs import LambdaFunction, Practice

CODE = lambda_.Code.from_inline("def handler(event, context): ...")

Resource = dict[str, Any]


@pytest.fixture
def stack() -> Stack:
    return Stack(App(), "Shop")


@pytest.fixture
def worker(stack: Stack) -> LambdaFunction:
    return make_function(stack)


def make_function(scope: Stack, id: str = "Worker", **options: Any) -> LambdaFunction:
    return LambdaFunction(
        scope,
        id,
        **{
            "code": CODE,
            "monitoring": None,
            "timeout": Duration.seconds(10),
            **options,
        },
    )


def resources(stack: Stack, type: str) -> dict[str, Resource]:
    return dict(Template.from_stack(stack).find_resources(type))


def is_warned(stack: Stack, practice: Practice) -> bool:
    """Tell whether anything in *stack* departs from *practice*.

    `find_warning` gives structs of a module that two distributions install, and
    which of the two came last decides whether jsii can read them.
    """
    about = Match.string_like_regexp(f"ack: {practice.value}\\]")
    try:
        Annotations.from_stack(stack).has_no_warning("*", about)
    except RuntimeError:
        return True
    return False


def only(stack: Stack, type: str) -> Resource:
    (resource,) = resources(stack, type).values()
    return resource["Properties"]


def statements(stack: Stack, policy: str = "WorkerPolicy") -> list[Resource]:
    """The statements of the function's one policy."""
    (found,) = [
        resource["Properties"]["PolicyDocument"]["Statement"]
        for logical_id, resource in resources(stack, "AWS::IAM::ManagedPolicy").items()
        if logical_id.startswith(policy)
    ]
    return found


def allowed(stack: Stack, logical_id: str, policy: str = "WorkerPolicy") -> set[str]:
    """The actions that the function's policy allows on one resource."""
    return {
        action
        for statement in statements(stack, policy)
        if statement["Effect"] == "Allow" and logical_id in str(statement["Resource"])
        for action in as_list(statement["Action"])
    }


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
