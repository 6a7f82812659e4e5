"""A stack that holds too much says so, with the way out, before it is written."""

from __future__ import annotations

import pytest
from aws_cdk import App, NestedStack, Stack

from benchmarks.workers import ours


def synthesized(count: int, *, inner: int = 0, context=None) -> str:
    """The error of so many workers in a stack, and others in a stack within."""
    app = App(context=context or {})
    stack = Stack(app, "Shop")
    ours(stack, count)
    if inner:
        ours(NestedStack(stack, "Inner"), inner)
    try:
        app.synth()
    except RuntimeError as error:
        return str(error)
    return ""


def test_says_how_many_functions_fit_into_a_stack():
    """
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    """
    assert (
        "[Shop] resources of a stack must be at most 500, got 510 of 51 functions and "
        "what is beside them; put about 50 functions into one Stack, and the others "
        "into another"
    ) in synthesized(51)


@pytest.mark.parametrize(
    ("count", "inner"), [(50, 0), (49, 30)], ids=["all", "with a nested stack"]
)
def test_a_stack_takes_five_hundred_resources_of_its_own(count, inner):
    """
    A nested stack is one of them, and has its own five hundred.
    """
    assert "" == synthesized(count, inner=inner)


def test_a_nested_stack_is_counted_too():
    """
    It says which one it is.
    """
    assert "[Shop/Inner] resources of a stack" in synthesized(1, inner=51)


@pytest.mark.parametrize("limit", [0, 510])
def test_an_app_may_raise_the_limit(limit):
    """
    By CDK's own context, where 0 is none.
    """
    context = {"@aws-cdk/core:stackResourceLimit": limit}

    assert "" == synthesized(51, context=context)
