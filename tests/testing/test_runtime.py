"""Handlers run as Lambda's Python runtime runs them.

https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
"""

from __future__ import annotations

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_lambda as lambda_

from lambda_constructs.testing import AccountError, _runtime

from ._templates import template
from .conftest import CONTEXT, make_function


@pytest.fixture
def run(account):
    """Deploy a function of this text, and give it."""

    def run(code: str, **options):
        stack = Stack(App(context=CONTEXT), "Shop")
        make_function(stack, code, **options)
        return account.deploy(stack).function("Worker")

    return run


def test_state_is_kept_while_the_environment_is_warm(run):
    """
    What is outside the handler runs once.

    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
    """
    function = run(
        "n = 0\ndef handler(event, context):\n    global n; n += 1; return n"
    )

    outcomes = [function.invoke({}) for _ in range(3)]

    assert [1, 2, 3] == [each.payload for each in outcomes]
    assert [True, False, False] == [each.cold for each in outcomes]


def test_an_environment_survives_an_error_but_not_a_timeout(run):
    """
    After the timeout the next start is cold.

    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
    """
    function = run(
        "n = 0\ndef handler(event, context):\n    global n; n += 1; return n"
    )
    function.invoke({})
    function.fail(ValueError("no"))
    function.invoke({})
    after_error = function.invoke({})
    function.time_out()
    function.invoke({})
    after_timeout = function.invoke({})

    assert 2 == after_error.payload
    assert 1 == after_timeout.payload
    assert after_timeout.cold


def test_two_handlers_called_index_do_not_meet(account):
    """
    Modules, variables and loggers of one are not the other's.
    """
    stack = Stack(App(context=CONTEXT), "Shop")
    code = (
        "import os, logging\nlogging.getLogger('x').setLevel(os.environ['LEVEL'])\n"
        "def handler(event, context):\n"
        "    return [os.environ['LEVEL'], logging.getLogger('x').level]"
    )
    make_function(stack, code, "One", environment={"LEVEL": "DEBUG"})
    make_function(stack, code, "Two", environment={"LEVEL": "ERROR"})
    shop = account.deploy(stack)

    answers = [shop.function(name).invoke({}).payload for name in ("One", "Two", "One")]

    assert [["DEBUG", 10], ["ERROR", 40], ["DEBUG", 10]] == answers


def test_a_handler_sees_no_variable_of_the_test_process(run, monkeypatch):
    """
    A template that forgets one would pass here and fail in AWS.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    monkeypatch.setenv("STAGE", "test")
    function = run("import os\ndef handler(e, c): return os.environ.get('STAGE')")

    assert function.invoke({}).payload is None


def test_nothing_of_a_handler_stays_in_the_test_process(run):
    """
    Neither its module nor its variables.
    """
    import os
    import sys

    before = dict(os.environ)
    run("def handler(event, context): ...", environment={"LEVEL": "DEBUG"}).invoke({})

    assert "index" not in sys.modules
    assert before == dict(os.environ)


def test_the_context_is_lambda_s(run):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """
    function = run(
        "def handler(event, context):\n"
        "    return [context.function_name, context.function_version,\n"
        "            context.invoked_function_arn, context.memory_limit_in_mb,\n"
        "            context.aws_request_id, context.log_group_name,\n"
        "            context.log_stream_name, context.get_remaining_time_in_millis()]"
    )

    name, version, arn, memory, request_id, group, stream, left = function.invoke(
        {}
    ).payload

    assert name.startswith("Shop-WorkerFunction")
    assert "1" == version
    assert f"arn:aws:lambda:eu-west-1:123456789012:function:{name}:live" == arn
    assert "512" == memory
    assert request_id == function.invocations[0].request_id
    assert group.startswith("Shop-WorkerLogs")
    assert stream.startswith("2026/01/01/[1]")
    assert 9_000 < left <= 10_000


def test_a_caller_without_a_qualifier_is_told_the_plain_arn(run):
    """
    The ARN tells whether the caller named a version or an alias.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """
    function = run("def handler(event, context): return context.invoked_function_arn")

    plain, version = (
        function.invoke({}, qualifier=each).payload for each in ("$LATEST", "1")
    )

    assert function.state.arn == plain
    assert f"{function.state.arn}:1" == version


def test_the_environment_has_lambda_s_variables(run):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    function = run(
        "import os\ndef handler(event, context): return dict(os.environ)",
        environment={"STAGE": "test"},
    )

    variables = function.invoke({}).payload

    (invocation,) = function.invocations
    assert {
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.state.properties['Runtime']}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_NAME": function.state.name,
        "AWS_LAMBDA_FUNCTION_VERSION": invocation.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.state.log_group,
        "AWS_REGION": "eu-west-1",
        "STAGE": "test",
        "TZ": ":UTC",
        "_HANDLER": "index.handler",
    }.items() <= variables.items()
    assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} <= (
        variables.keys()
    )
    assert {"AWS_LAMBDA_LOG_STREAM_NAME", "LAMBDA_TASK_ROOT"} <= variables.keys()


COUNT = "n = 0\ndef handler(event, context):\n    global n; n += 1; return n"


def test_each_version_has_environments_of_its_own(run):
    """
    One is warm, and the other still starts.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
    """
    function = run(COUNT)

    counts = [
        function.invoke({}, qualifier=each).payload
        for each in ("live", "$LATEST", "live", "1")
    ]

    assert [1, 1, 2, 3] == counts


def test_a_function_that_says_nothing_has_three_seconds_and_128_mb(account):
    """
    https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    """
    code = (
        "import time\ndef handler(event, context):\n    time.sleep(event)\n"
        "    return context.memory_limit_in_mb"
    )
    what = template(code)
    del what["Resources"]["Worker"]["Properties"]["Timeout"]
    function = account.deploy(what).function("Worker")

    short, long = function.invoke(2.9), function.invoke(3)

    assert "128" == short.payload
    assert ("timeout", 3) == (long.kind, long.duration)


def test_a_thousand_run_at_once_and_no_more(run):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    function = run("def handler(event, context): ...")
    kinds = []
    for others in (999, 1_000):
        function.state.running = others
        kinds.append(function.invoke({}).kind)

    assert ["ok", "throttled"] == kinds


def test_sleeping_takes_simulated_time_only(account, run):
    """
    The remaining time shrinks by it, and the clock moves.
    """
    function = run(
        "import time\ndef handler(event, context):\n"
        "    time.sleep(4); return context.get_remaining_time_in_millis()",
    )

    outcome = function.invoke({})

    assert 4 == outcome.duration
    assert 5_000 < outcome.payload <= 6_000
    assert 4 == account.elapsed()


def test_a_handler_that_sleeps_too_long_times_out_in_lambda_s_words(run):
    """
    It stops when the time is up, whatever it catches.

    https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
    """
    function = run(
        "import time\ndef handler(event, context):\n"
        "    try: time.sleep(60)\n    except Exception: return 'caught'",
    )

    outcome = function.invoke({})

    request_id = function.invocations[0].request_id
    assert "timeout" == outcome.kind
    assert 10 == outcome.duration
    assert {
        "errorType": "Sandbox.Timedout",
        "errorMessage": (
            f"RequestId: {request_id} Error: Task timed out after 10.00 seconds"
        ),
    } == outcome.payload


@pytest.mark.parametrize(
    ("code", "limit"),
    [
        ("while True: pass", "HANGS_AFTER_CPU"),
        ("threading.Event().wait()", "HANGS_AFTER"),
    ],
)
def test_a_handler_that_never_returns_is_stopped(run, monkeypatch, code, limit):
    """
    Since it takes no simulated time, by the CPU time that it used or the time it took.
    """
    monkeypatch.setattr(_runtime, "LOOK_AFTER", 0.05)
    monkeypatch.setattr(_runtime, limit, 0.2)
    function = run(
        f"import threading\ndef handler(event, context):\n    {code}",
        timeout=Duration.seconds(1),
    )

    outcome = function.invoke({})

    assert ("timeout", 1) == (outcome.kind, outcome.duration)


SLOW_MACHINE = """
import time
def use(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end: pass
use(0.6)
def handler(event, context):
    use(0.6)
"""


def test_a_slow_machine_times_nothing_out(run, monkeypatch):
    """
    An import and a handler that take longer here than the timeout are not late: only
    simulated time decides.
    """
    monkeypatch.setattr(_runtime, "LOOK_AFTER", 0.05)
    function = run(SLOW_MACHINE, timeout=Duration.seconds(1))
    monkeypatch.setattr(function.state, "timeout", 0.3)

    assert "ok" == function.invoke({}).kind


def test_the_import_does_not_count_against_the_timeout(run):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html: it
    has 10 seconds of its own.
    """
    function = run(
        "import time\ntime.sleep(9)\ndef handler(event, context):\n"
        "    return context.get_remaining_time_in_millis()",
        timeout=Duration.seconds(3),
    )

    outcome = function.invoke({})

    assert ("ok", 9, 9) == (outcome.kind, outcome.duration, outcome.init)
    assert 2_000 < outcome.payload <= 3_000


@pytest.mark.parametrize(
    ("seconds", "timeout", "kind", "duration"),
    [(9.5, 3, "ok", 9.5), (10, 12, "ok", 20), (10, 10, "timeout", 20)],
)
def test_an_import_that_takes_ten_seconds_is_tried_again(
    run, seconds, timeout, kind, duration
):
    """
    .../dg/lambda-runtime-environment.html: as part of the first invocation, with the
    function's timeout.
    """
    function = run(
        f"import time\ntime.sleep({seconds})\ndef handler(event, context): ...",
        timeout=Duration.seconds(timeout),
    )

    outcome = function.invoke({})

    assert (kind, duration) == (outcome.kind, outcome.duration)


def test_the_second_import_counts_against_the_timeout(run):
    """
    .../dg/lambda-runtime-environment.html: it is part of the invocation.
    """
    function = run(
        "import time\ntime.sleep(10)\ndef handler(event, context):\n"
        "    return context.get_remaining_time_in_millis()",
        timeout=Duration.seconds(12),
    )

    assert 1_000 < function.invoke({}).payload <= 2_000


@pytest.mark.parametrize(
    ("code", "type", "message"),
    [
        (
            "def handler(event, context):\n    raise KeyError('sku')",
            "KeyError",
            "'sku'",
        ),
        (
            "import nothing_there",
            "Runtime.ImportModuleError",
            "Unable to import module 'index': No module named 'nothing_there'",
        ),
        (
            "def handel(event, context): ...",
            "Runtime.HandlerNotFound",
            "Handler 'handler' missing on module 'index'",
        ),
        (
            "def handler(event, context):\n    return 1 +",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'index': invalid syntax (index.py, line 2)",
        ),
        (
            "def handler(event, context):\n    return 'ü' * 3_200_000",
            "Function.ResponseSizeTooLarge",
            "Response payload size (6400002 bytes) exceeded maximum allowed payload "
            "size (6291556 bytes).",
        ),
        (
            "def handler(event, context):\n    return {1, 2}",
            "Runtime.MarshalError",
            "Unable to marshal response: Object of type set is not JSON serializable",
        ),
        (
            "def handler(event, context):\n    return 'x' * 7_000_000",
            "Function.ResponseSizeTooLarge",
            "Response payload size (7000002 bytes) exceeded maximum allowed payload "
            "size (6291556 bytes).",
        ),
    ],
)
def test_errors_have_lambda_s_shape(run, code, type, message):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    """
    outcome = run(code).invoke({})

    assert "error" == outcome.kind
    assert type == outcome.payload["errorType"]
    assert message == outcome.payload["errorMessage"]
    assert {"errorMessage", "errorType", "requestId", "stackTrace"} == (
        outcome.payload.keys()
    )


def test_a_start_that_fails_is_tried_anew(run):
    """
    The next invocation imports again.

    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
    """
    function = run("import nothing_there")

    assert [True, True] == [function.invoke({}).cold for _ in range(2)]


def test_what_it_prints_and_logs_is_kept(run):
    """
    In order, and by invocation.
    """
    function = run(
        "import logging\ndef handler(event, context):\n"
        "    print('printed', event)\n    logging.warning('logged')"
    )

    function.invoke(1)
    function.invoke(2)

    assert ["printed 1", "[WARNING] logged", "printed 2", "[WARNING] logged"] == (
        function.logs
    )


def test_weights_of_an_alias_route_by_the_seed(account):
    """
    A tenth goes to the other version, the same tenth each time.

    https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
    """
    stack = Stack(App(context=CONTEXT), "Shop")
    worker = make_function(stack, "def handler(event, context): ...")
    other = lambda_.Version(worker, "Other", lambda_=worker.function)
    lambda_.Alias(
        worker,
        "Canary",
        alias_name="canary",
        version=worker.function.current_version,
        additional_versions=[lambda_.VersionWeight(version=other, weight=0.1)],
    )
    function = account.deploy(stack).function("Worker")

    for _ in range(200):
        function.invoke({}, qualifier="canary")

    versions = [each.version for each in function.invocations]
    assert {"1", "2"} == set(versions)
    (less,) = function.state.aliases["canary"].weights
    assert 5 <= versions.count(less) <= 40


def test_fails_if_the_qualifier_is_unknown(run):
    """
    The message lists what there is.
    """
    with pytest.raises(AccountError, match="it has live, \\$LATEST, 1"):
        run("def handler(event, context): ...").invoke({}, qualifier="prod")


def test_fails_if_the_payload_is_too_large(run):
    """
    6 MB for a caller that waits, 1 MB for one that does not.

    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    function = run("def handler(event, context): ...")

    with pytest.raises(AccountError, match="at most 6,291,556 bytes"):
        function.invoke("x" * 6_291_556)
    with pytest.raises(AccountError, match="at most 1,048,576 bytes"):
        function.invoke_async("x" * 1_048_576)


def test_what_it_returns_goes_through_json(run):
    """
    A tuple arrives as a list, as it would.
    """
    assert [1, 2] == run("def handler(event, context): return (1, 2)").invoke(
        {}
    ).payload
