"""What one more worker costs, in numbers that never vary: no times."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.calls import Added
from benchmarks.templates import depth
from benchmarks.workers import synthesize

ROOT = Path(__file__).resolve().parents[1]
VARIANTS = ("ours", "monitored", "same")


@pytest.fixture(scope="module")
def added() -> dict[str, Added]:
    """By variant, when all that is loaded once has been loaded.

    In a process of its own: what other tests applied to their apps would be asked for.
    """
    code = f"""
import dataclasses, json
from benchmarks.calls import per_worker
print(json.dumps([dataclasses.asdict(per_worker(each)) for each in {VARIANTS}]))
"""
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True
    )
    found = json.loads(run.stdout.splitlines()[-1])
    return {name: Added(**each) for name, each in zip(VARIANTS, found, strict=True)}


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


def test_alarms_call_javascript_less_than_eight_times_each(added):
    """
    Six alarms, their widgets, and the questions of what the sources know.
    """
    more = added["monitored"].requests - added["ours"].requests
    alarms = added["monitored"].resources - added["ours"].resources

    assert 6 == alarms
    assert more < 8 * alarms


def test_the_template_is_what_cdk_itself_makes_of_the_same_resources(added):
    """
    Longer ids make up the few bytes more.
    """
    ours, same = added["ours"], added["same"]

    assert same.resources == ours.resources
    assert ours.template_bytes <= 1.06 * same.template_bytes


@pytest.mark.parametrize(("variant", "expected"), [("ours", 4), ("same", 4)])
def test_four_resources_wait_for_one_another(variant, expected):
    """
    Role, function, version, alias and mapping; the mapping alone waits for the policy.
    """
    assert expected == depth(synthesize(variant, 1))
