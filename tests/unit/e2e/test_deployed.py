from __future__ import annotations

import pytest

from tests.e2e.deployed import by_construct_path, physical_id

TEMPLATE = {
    "Resources": {
        "Queue4A7E": {"Metadata": {"aws:cdk:path": "Shop/Orders/Resource"}},
        "QueueDead": {"Metadata": {"aws:cdk:path": "Shop/Orders/DeadLetters/Resource"}},
        "Live": {"Metadata": {"aws:cdk:path": "Shop/Worker/Live"}},
        "Plain": {},
        "Skipped": {"Metadata": {"aws:cdk:path": "Shop/Skipped/Resource"}},
    }
}
PHYSICAL = {"Queue4A7E": "q", "QueueDead": "d", "Live": "l", "Plain": "p"}


@pytest.fixture
def ids():
    return by_construct_path("Shop", TEMPLATE, PHYSICAL)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("Orders", "q"),
        ("Orders/DeadLetters", "d"),
        ("Worker/Live", "l"),
        ("Plain", "p"),
    ],
)
def test_finds_a_resource_by_its_construct_path(ids, path, found):
    """
    A driver names things as the stack does, not as CloudFormation does.
    """
    assert physical_id(path, ids) == found


def test_fails_if_there_is_no_such_construct(ids):
    """
    A mistyped path is answered with the nearest ones.
    """
    with pytest.raises(LookupError, match=r"no resource at Order; did you mean Orders"):
        physical_id("Order", ids)


def test_leaves_out_what_a_condition_left_out(ids):
    """
    A resource of the template that was not created has no physical id.
    """
    assert "Skipped" not in ids
