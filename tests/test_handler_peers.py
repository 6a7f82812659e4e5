"""The handlers that the reference handlers are measured beside do the same work."""

from __future__ import annotations

import base64
import json
import subprocess
import sys

import pytest

from benchmarks.handlers import OURS, variants_of
from benchmarks.invoked.functions import FUNCTIONS
from tests.synthesized import ROOT

COMPARED = [each.name for each in FUNCTIONS if variants_of(each) != (OURS,)]


# Powertools knows no events of CloudFront's, and these handlers log nothing.
AT_THE_EDGE = {each.name for each in FUNCTIONS if each.stem == "edge_site"}


@pytest.fixture(scope="module")
def alike() -> dict:
    """What came of each handler, in each way that it is written in."""
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.invoked.alike"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return json.loads(made.stdout)


def plain(answer):
    """An answer without what says the same otherwise: spaces in JSON, an offset."""
    if isinstance(answer, dict) and "statusCode" in answer:
        return answer["statusCode"], plain(answer.get("body"))
    if isinstance(answer, dict):
        data = answer.get("data")
        is_text = isinstance(data, str)
        decoded = {"data": base64.b64decode(data).decode()} if is_text else {}
        return {key: plain(value) for key, value in (answer | decoded).items()}
    if isinstance(answer, list):
        return [plain(each) for each in answer]
    if not isinstance(answer, str):
        return answer
    if answer.startswith("{"):
        return plain(json.loads(answer)), answer.endswith("\n")
    return answer.replace("+00:00", "Z")


def test_every_function_has_both_peers():
    """
    A handler without them would be measured beside nothing.
    """
    both = {each.name for each in FUNCTIONS if len(variants_of(each)) == 3}

    assert {each.name for each in FUNCTIONS} - both == AT_THE_EDGE
    assert set(COMPARED) - both == AT_THE_EDGE


@pytest.mark.parametrize("name", COMPARED)
def test_peers_make_the_same_calls(alike, name):
    """
    Else a handler would be quick for what it leaves out.
    """
    ways = {way: made["calls"] for way, made in alike[name].items()}

    assert dict.fromkeys(ways, ways[OURS]) == ways


@pytest.mark.parametrize("name", COMPARED)
def test_peers_give_the_same_answer(alike, name):
    """
    Whoever calls them could not tell one from another.
    """
    ways = {way: plain(made["answer"]) for way, made in alike[name].items()}

    assert dict.fromkeys(ways, ways[OURS]) == ways
