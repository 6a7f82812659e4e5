"""How errors and warnings are worded."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from aws_cdk import App, Stack, Token
from aws_cdk import aws_apigateway as apigateway
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import ConfigurationError, Practice
from lambda_constructs.errors import check_range, jsii_errors, nearest
from tests.unit.conftest import make_function


def test_a_message_begins_with_the_path_of_the_construct(worker):
    """
    It says where to look.
    """
    assert "Shop/Worker: bad" == str(ConfigurationError("bad", scope=worker))


def test_a_message_about_no_construct_has_no_path():
    """
    A value that is not bound yet has none, and neither has an app.
    """
    assert "bad" == str(ConfigurationError("bad"))
    assert "bad" == str(ConfigurationError("bad", scope=App()))


@pytest.mark.parametrize(
    "value", [1, 10, None, pytest.param(Token.as_number({"Ref": "N"}), id="token")]
)
def test_a_range_includes_its_ends_and_passes_what_is_not_known(value):
    """
    Unset values and tokens cannot be out of range.
    """
    check_range("size", value, 1, 10)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_json_has_no_number_for_is_out_of_range(value):
    """
    And is not sent to JavaScript, which would end, and all later calls with it.
    """
    with pytest.raises(ConfigurationError, match="size must be between 1 and 10"):
        check_range("size", value, 1, 10)


def test_an_error_of_python_s_own_is_not_taken_for_cdk_s(worker):
    """
    Only JavaScript's errors are reworded.
    """
    with pytest.raises(RuntimeError, match="mine"), jsii_errors(worker):
        raise RuntimeError("mine")


@pytest.mark.parametrize(
    ("name", "hint"), [("memry_size", "; did you mean memory_size?"), ("zzz", "")]
)
def test_the_nearest_names_are_given_where_there_are_any(name, hint):
    """
    A guess that helps, or none.
    """
    assert hint == nearest(name, ["memory_size", "timeout"])


def test_a_warning_carries_its_id_and_is_silenced_by_an_acknowledgement():
    """
    The ids are public API.
    """
    stack = Stack(App(), "Shop")
    make_function(stack, reserved_concurrent_executions=0)
    warning = Match.string_like_regexp("lambda-constructs:reserved-concurrency-zero")
    Annotations.from_stack(stack).has_warning("/Shop/Worker", warning)

    quiet = Stack(App(), "Shop")
    function = make_function(quiet, reserved_concurrent_executions=0)
    Practice.RESERVED_CONCURRENCY_ZERO.acknowledge(function, reason="switched off")

    Annotations.from_stack(quiet).has_no_warning("/Shop/Worker", warning)


def test_fails_if_an_acknowledgement_has_no_reason(worker):
    """
    A reason is what the next reader needs.
    """
    with pytest.raises(ConfigurationError, match="needs a reason, got none"):
        Practice.SQS_DEAD_LETTER_QUEUE.acknowledge(worker, reason=" ")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"PATH": "/nowhere"}, "Node.js was not found on PATH, and CDK needs it"),
        ({"JSII_NODE": "/nowhere/node"}, "JSII_NODE names '/nowhere/node'"),
    ],
)
def test_no_node_is_said_in_one_line_instead_of_a_traceback_of_jsii_s(
    environment, message, tmp_path
):
    """
    The import says what is missing and how to get it.
    """
    (tmp_path / "python").symlink_to(sys.executable)
    code = (
        "import sys; sys.executable = sys.argv[1]\n"
        "try:\n    import lambda_constructs\n"
        "except ImportError as error:\n    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "python")],
        env={"PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.startswith(f"lambda_constructs: {message}"), done.stderr
    assert "install Node.js" in done.stdout or "name an executable" in done.stdout
    assert 1 == done.stdout.count("\n")


def test_what_jsii_cannot_take_is_named_in_one_line(stack):
    """
    It draws a tree of the whole argument.
    """
    api = apigateway.RestApi(stack, "Api")

    with pytest.raises(ConfigurationError) as error, jsii_errors(api):
        api.root.add_method("GET", request_models={"text/plain": "Order"})

    assert str(error.value) == (
        "Shop/Api: request_models.text/plain must be IModel, got 'Order'"
    )
