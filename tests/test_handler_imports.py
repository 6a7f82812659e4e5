"""What a reference handler imports, which never varies: no times."""

from __future__ import annotations

import ast
import json
import subprocess
import sys

import pytest

from benchmarks.invoked.events import BATCHES, SINGLE, takes_batches
from benchmarks.invoked.functions import FUNCTIONS, SOURCES, environment, named
from tests.synthesized import ROOT

NAMES = [each.name for each in FUNCTIONS]
COLD = ROOT / "benchmarks" / "invoked" / "cold.py"
# One of each kind: with and without pydantic, with Pillow, boto3 alone, and neither.
MEASURED = [
    "compliance_rule",
    "delivery_transform",
    "edge_site/viewer_request",
    "log_alerts",
    "sqs_worker",
    "thumbnailer",
    "web_backend",
]
# boto3 alone is 300 modules, Powertools' batches and pydantic are 170 more.
MOST = 560


def imported(function) -> set[str]:
    """The modules that a process has once it has imported the handler."""
    site = next(it for it in sys.path if it.endswith("site-packages"))
    command = [sys.executable, "-s", "-E", str(COLD), function.module]
    made = subprocess.run(
        [*command, str(function.folder), site],
        env=environment(function.variables),
        capture_output=True,
        check=True,
        text=True,
    )
    return set(json.loads(made.stdout)["names"])


@pytest.fixture(scope="module", params=MEASURED)
def function(request):
    return named(request.param)


@pytest.fixture(scope="module")
def names(function) -> set[str]:
    return imported(function)


def test_what_is_heavy_comes_only_where_it_is_named(function, names):
    """
    Each of these costs a cold start a tenth of a second or more.
    """
    text = "".join(path.read_text() for path in function.folder.glob("*.py"))
    heavy = {"PIL", "boto3", "pydantic"}

    assert {each for each in heavy if each in names} <= {
        each for each in heavy if f"import {each}" in text or f"from {each}" in text
    }


def test_nothing_comes_that_no_handler_needs(names):
    """
    Tracing and a second HTTP client among them.
    """
    unwanted = {"aws_xray_sdk", "httpx", "jsonschema", "moto", "pytest", "requests"}

    assert set() == names & unwanted


def test_the_modules_are_few(names):
    """
    The largest has 516; a new import that brings fifty more is noticed.
    """
    assert len(names) <= MOST


def test_every_module_of_lambda_src_is_measured():
    """
    A new handler is in the benchmark, with its events, or this says so.
    """
    handlers = {
        (path.parent.name, path.stem)
        for path in SOURCES.rglob("*.py")
        if any(
            isinstance(node, ast.FunctionDef)
            and [a.arg for a in node.args.args][1:]
            and "context" in node.args.args[1].arg
            for node in ast.parse(path.read_text()).body
        )
        and path.stem != "rows"
    }

    assert handlers == {(each.stem, each.module) for each in FUNCTIONS}


def test_every_function_has_an_event():
    """
    One, or as many records as a batch has.
    """
    assert [] == [it for it in NAMES if not takes_batches(it) and it not in SINGLE]
    assert set(BATCHES) <= set(NAMES)
