"""Who wins: the caller, then the nearest scope, then the library."""

from __future__ import annotations

import gc

from aws_cdk import App, RemovalPolicy, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from lambda_constructs import FunctionDefaults
from tests.unit.conftest import make_function, only, resources

FUNCTION = "AWS::Lambda::Function"


def test_defaults_of_a_scope_replace_the_library_s(stack):
    """
    Said once, they hold for every function below.
    """
    FunctionDefaults(
        architecture=lambda_.Architecture.X86_64,
        log_removal_policy=RemovalPolicy.DESTROY,
        log_retention=logs.RetentionDays.ONE_WEEK,
        logging_format=lambda_.LoggingFormat.TEXT,
        memory_size=1024,
        runtime=lambda_.Runtime.PYTHON_3_13,
        tracing=lambda_.Tracing.DISABLED,
    ).apply_to(stack)

    make_function(stack)

    function = only(stack, FUNCTION)
    (group,) = resources(stack, "AWS::Logs::LogGroup").values()
    assert ["x86_64"] == function["Architectures"]
    assert "Text" == function["LoggingConfig"]["LogFormat"]
    assert 1024 == function["MemorySize"]
    assert "python3.13" == function["Runtime"]
    assert "TracingConfig" not in function
    assert 7 == group["Properties"]["RetentionInDays"]
    assert "Delete" == group["DeletionPolicy"]


def test_what_a_function_says_wins_over_its_scope(stack):
    """
    Defaults are for those that say nothing.
    """
    FunctionDefaults(memory_size=1024).apply_to(stack)

    make_function(stack, memory_size=256)

    assert 256 == only(stack, FUNCTION)["MemorySize"]


def test_the_nearest_scope_wins_and_the_farther_one_fills_in():
    """
    A stack that sets memory keeps the retention that the app set.
    """
    app = App()
    stack = Stack(app, "Shop")
    FunctionDefaults(
        memory_size=1024, log_retention=logs.RetentionDays.ONE_WEEK
    ).apply_to(app)
    FunctionDefaults(memory_size=2048).apply_to(stack)

    make_function(stack)

    assert 2048 == only(stack, FUNCTION)["MemorySize"]
    assert 7 == only(stack, "AWS::Logs::LogGroup")["RetentionInDays"]


def test_environment_alone_is_merged(stack):
    """
    Name by name: function, then scope.
    """
    FunctionDefaults(environment={"STAGE": "test", "LEVEL": "INFO"}).apply_to(stack)

    make_function(stack, environment={"LEVEL": "DEBUG", "TABLE": "orders"})

    assert {"STAGE": "test", "LEVEL": "DEBUG", "TABLE": "orders"} == only(
        stack, FUNCTION
    )["Environment"]["Variables"]


def test_defaults_hold_below_their_scope_only():
    """
    A neighbour is not concerned.
    """
    app = App()
    FunctionDefaults(memory_size=1024).apply_to(Stack(app, "Other"))
    stack = Stack(app, "Shop")

    make_function(stack)

    assert 512 == only(stack, FUNCTION)["MemorySize"]


def test_defaults_survive_when_nothing_else_holds_the_scope():
    """
    jsii drops a Python object that no one refers to, and would make another.
    """

    def build() -> Stack:
        app = App()
        FunctionDefaults(memory_size=1024).apply_to(app)
        return Stack(Construct(app, "Group"), "Shop")

    stack = build()
    gc.collect()

    make_function(stack)

    assert 1024 == only(stack, FUNCTION)["MemorySize"]


def test_defaults_may_be_said_in_parts(stack):
    """
    What was said later wins, and the rest stays.
    """
    FunctionDefaults(memory_size=1024, tracing=lambda_.Tracing.DISABLED).apply_to(stack)
    FunctionDefaults(memory_size=2048).apply_to(stack)

    make_function(stack)

    assert 2048 == only(stack, FUNCTION)["MemorySize"]
    assert "TracingConfig" not in only(stack, FUNCTION)
