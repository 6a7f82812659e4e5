"""The pages on rules and permissions list what there is, and their code runs."""

from __future__ import annotations

import re

import pytest

from lambda_constructs._unscoped import UNSCOPED
from lambda_constructs.rules._catalogue import RULES
from tests.synthesized import ROOT

PERMISSIONS = (ROOT / "docs" / "permissions.md").read_text()
RULES_PAGE = (ROOT / "docs" / "rules.md").read_text()


def test_each_rule_has_a_row_that_says_what_the_code_says():
    """
    In the order of the alphabet, with severity, title and AWS's page.
    """
    rows = re.findall(
        r"^\| `lambda-constructs::([a-z0-9-]+)` \| (\w+) \| (.+) \| \[.+\]\((.+)\) \|$",
        RULES_PAGE,
        re.MULTILINE,
    )

    assert [(r.id, r.severity, r.title, r.link) for r in RULES] == rows


def test_each_action_that_needs_a_star_has_its_reason():
    """
    None is missing, and none is left over.
    """
    section = PERMISSIONS.partition("## What needs a star")[2].partition("## Roles")[0]

    assert UNSCOPED == dict(re.findall(r"^\| `(.+:.+)` \| (.+) \|$", section, re.M))


@pytest.mark.parametrize(
    "page", [PERMISSIONS, RULES_PAGE], ids=["permissions", "rules"]
)
def test_the_code_runs(page):
    """
    Whoever copies it gets no error.
    """
    exec("\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL)), {})  # noqa: S102
