"""What one more worker costs, in numbers that never vary: no times."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.calls import Added
from benchmarks.templates import depth
from benchmarks.workers import synthesize

ROOT = Path(__file__).resolve().parents[1]
VARIANTS = ("ours", "monitored", "same")
SOURCES = ("CloudWatch Logs", "EventBridge", "HTTP API", "Kinesis", "REST API", "S3")


def printed(code: str) -> Any:
    """Give what *code* prints as JSON, in a process of its own.

    What other tests applied to their apps would be asked for.
    """
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True
    )
    return json.loads(run.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def added() -> dict[str, Added]:
    """By variant, when all that is loaded once has been loaded."""
    found = printed(f"""
import dataclasses, json
from benchmarks.calls import per_worker
print(json.dumps([dataclasses.asdict(per_worker(each)) for each in {VARIANTS}]))
""")
    return {name: Added(**each) for name, each in zip(VARIANTS, found, strict=True)}


@pytest.fixture(scope="module")
def grown() -> dict[str, list[float]]:
    """By source, the requests of the second and of the sixth in a stack."""
    found: dict[str, list[float]] = printed(f"""
import json
from functools import partial
from benchmarks import patterns
from benchmarks.calls import added
def grow(name):
    several = partial(patterns.several, "ours", name)
    return [added(several, few, few + 1).requests for few in (1, 5)]
print(json.dumps({{each: grow(each) for each in {SOURCES}}}))
""")
    return found


@pytest.fixture(scope="module")
def mixed() -> dict[str, list[float]]:
    """By variant, the requests and callbacks of one more stack of every source."""
    found: dict[str, list[float]] = printed("""
import json
from functools import partial
from benchmarks import mix
from benchmarks.calls import added
def more(variant):
    found = added(partial(mix.synthesize, variant), 1, 2)
    return [found.requests, found.callbacks]
print(json.dumps({each: more(each) for each in ("ours", "same")}))
""")
    return found


def test_javascript_never_calls_python(added):
    """
    A call back costs most of all, and would be one for each worker.
    """
    assert (0, 0) == (added["ours"].callbacks, added["monitored"].callbacks)


def test_javascript_is_called_about_three_times_a_resource(added):
    """
    A check that looks at what CDK knows is a call; what does not change is kept.
    """
    ours = added["ours"]

    assert ours.requests <= 3.2 * ours.resources


@pytest.mark.parametrize("source", SOURCES)
def test_one_more_source_asks_no_more_where_there_are_many(grown, source):
    """
    What is looked up at the end is looked up once for all of a stack.
    """
    second, sixth = grown[source]

    assert sixth <= second


def test_every_source_asks_less_than_twice_as_often_as_cdk_s_own_constructs(mixed):
    """
    JavaScript calls back for the route of an API and for Firehose's processor, which
    CDK binds itself, and once for all checks of the stack.
    """
    (ours, callbacks), (same, _) = mixed["ours"], mixed["same"]

    assert ours <= 1.7 * same
    assert callbacks <= 3


def test_alarms_call_javascript_less_than_six_times_each(added):
    """
    Six alarms, their widgets, and the questions of what the sources know.
    """
    more = added["monitored"].requests - added["ours"].requests
    alarms = added["monitored"].resources - added["ours"].resources

    assert 6 == alarms
    assert more < 6 * alarms


def test_the_template_is_what_cdk_itself_makes_of_the_same_resources(added):
    """
    But for what the function need not wait for, which its role is.
    """
    ours, same = added["ours"], added["same"]

    assert same.resources == ours.resources
    assert ours.template_bytes < same.template_bytes


@pytest.mark.parametrize(("variant", "expected"), [("ours", 4), ("same", 4)])
def test_four_resources_wait_for_one_another(variant, expected):
    """
    Role, function, version, alias and mapping; the mapping alone waits for the policy.
    """
    assert expected == depth(synthesize(variant, 1))
