"""The entries of `make mutate` are sound: each breaks one rule that one test holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.mutation.rules import faults, load

RULES = load()
SOUND = RULES[0]


@pytest.mark.parametrize("rule", RULES, ids=lambda each: f"{each.topic}: {each.rule}")
def test_an_entry_breaks_one_place_and_names_a_test(rule):
    """
    Its code is in the module once, what breaks it compiles, and its test is there.
    """
    assert [] == faults([rule])


def test_no_rule_is_named_twice():
    """
    Over all topics.
    """
    names = [each.rule for each in RULES]

    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"file": "_nowhere.py"}, "name a module below"),
        ({"code": "not in it"}, "copy what is there once"),
        ({"code": "\n"}, "copy what is there once"),
        ({"broken": SOUND.code}, "break the rule"),
        ({"broken": "if (:"}, "mend broken"),
        ({"test": "tests/test_mutation.py::test_not_there"}, "give path::test_name"),
        ({"test": "tests/test_mutation.py"}, "give path::test_name"),
        ({"page": "https://example.com/"}, "or 'docs/testing.md'"),
    ],
)
def test_an_unsound_entry_is_an_error_with_its_remedy(change, remedy):
    """
    It names the file, the rule and what to do.
    """
    (fault,) = faults([replace(SOUND, **change)])

    assert fault.startswith(f"tests/mutation/{SOUND.topic}.toml: {SOUND.rule!r}: ")
    assert remedy in fault


def test_fails_if_a_topic_does_not_exist():
    """
    The error names those that do.
    """
    with pytest.raises(ValueError, match=rf"nothing; there are .*{SOUND.topic}"):
        load(["nothing"])
