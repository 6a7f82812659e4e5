from __future__ import annotations

import io

import pytest
from rich.console import Console

from tests.e2e.expect import Expectation
from tests.e2e.report import Result, exit_code, render

HELD = Expectation("20 orders", "20 in Orders", "20 in Orders", holds=True)
BROKEN = Expectation("1 poison", "in [DeadLetters]", "nothing", holds=False)


def printed(*results: Result, unchecked=(), width=120) -> str:
    console = Console(file=io.StringIO(), width=width)
    render(console, results, seconds=12.3, unchecked=unchecked)
    return console.file.getvalue()


def plain(line: str) -> str:
    """Leave one blank between words."""
    return " ".join(line.split())


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (Result("Shop", (HELD,)), 0),
        (Result("Shop", (HELD, BROKEN)), 1),
        (Result("Shop", ()), 1),
        (Result("Edge", skipped="no edge"), 0),
    ],
    ids=["all hold", "one does not", "nothing was expected", "not hosted"],
)
def test_the_exit_code_says_whether_all_expectations_hold(result, code):
    """
    A driver that expects nothing shows nothing, which is not a success.
    """
    assert exit_code([result]) == code


def test_shows_what_was_sent_expected_and_arrived():
    """
    One line for each expectation, the stack and its times in the first.
    """
    text = printed(
        Result("Shop", (HELD, BROKEN), deploy_seconds=1.23, drive_seconds=4.56)
    )

    _, first, second = (line for line in text.splitlines() if "  " in line)
    assert plain(first) == "Shop 20 orders 20 in Orders 20 in Orders ok 1.2 s 4.6 s"
    assert plain(second) == "1 poison in [DeadLetters] nothing FAILED"
    assert "1 stack deployed, 1 of 2 expectations hold, 12 s in all" in text


def test_names_what_was_not_deployed_with_the_reason():
    """
    A stack that the emulator cannot host is never silently skipped.
    """
    text = printed(Result("Shop", (HELD,)), Result("Edge", skipped="no Lambda@Edge"))

    assert "Edge is not deployed: no Lambda@Edge" in text
    assert "1 stack deployed, 1 not, 1 of 1 expectations hold" in text


def test_names_once_what_a_deploy_here_cannot_show():
    """
    What several stacks cannot show is said in one line.
    """
    traced = [Result(name, (HELD,), unchecked=("traces",)) for name in ("A", "B")]

    text = printed(*traced, unchecked=("throttles",))

    assert "the emulator does not do it: throttles, traces\n" in text


def test_says_how_a_thing_was_made_to_happen():
    """
    What a driver changed in the account is told with the stack's name.
    """
    noted = Expectation("a", "b", "c", holds=True, note="the timeout was 2 s")

    assert "Shop: the timeout was 2 s\n" in printed(Result("Shop", (noted,)))


def test_is_plain_text_when_it_is_not_a_terminal():
    """
    A log of a build has no control characters in it.
    """
    text = printed(Result("Shop", (HELD, BROKEN)), unchecked=("traces",))

    assert "\x1b" not in text


def test_says_at_the_end_what_failed():
    """
    The end is what a log cut to its last lines still shows.
    """
    text = printed(Result("Shop", (HELD, BROKEN)), unchecked=["time zones"])

    assert text.splitlines()[-1] == (
        "FAILED Shop, 1 poison: in [DeadLetters] was expected, nothing arrived"
    )
