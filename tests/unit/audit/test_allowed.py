"""What the allow-list lets through, and what it says of itself."""

from __future__ import annotations

import pytest

from tests.audit.allowed import Entry, judge, load, matches
from tests.audit.findings import found
from tests.e2e.errors import CommandError

TERMINAL = found("checkov", "CKV_1", "Shop/WorkerFailures1A2B3C4D", "no queue")
OTHER = found("checkov", "CKV_1", "Shop/Orders1A2B3C4D", "no queue")
ENTRY = Entry(("checkov CKV_1",), ("*/*Failures#",), "the end of the line")


class TestJudge:
    def test_a_finding_is_allowed_by_rule_and_resource_together(self):
        """
        Neither the rule alone nor the resource alone will do.
        """
        verdict = judge([TERMINAL, OTHER], [ENTRY], {"checkov"})

        assert [TERMINAL] == verdict.allowed
        assert [OTHER] == verdict.denied
        assert [] == verdict.unused

    def test_a_rule_of_another_tool_is_another_rule(self):
        """
        Tools do not know of each other's ids.
        """
        entry = Entry(("cdk-nag CKV_1",), ("*",), "another tool's")

        assert [TERMINAL] == judge([TERMINAL], [entry], {"checkov"}).denied

    def test_a_rule_that_stands_for_nothing_is_unused(self):
        """
        What has been repaired must not come back unseen.
        """
        entry = Entry(("checkov CKV_1", "checkov CKV_2"), ("*/*Failures#",), "why")

        assert ["checkov CKV_2 in the entry: why"] == judge(
            [TERMINAL], [entry], {"checkov"}
        ).unused

    def test_a_resource_that_stands_for_nothing_is_unused(self):
        """
        A pattern for what is gone would wait for something else of that name.
        """
        entry = Entry(("checkov CKV_1",), ("*/*Failures#", "Shop/Gone#"), "why")

        assert ["Shop/Gone# in the entry: why"] == judge(
            [TERMINAL], [entry], {"checkov"}
        ).unused

    def test_tools_that_did_not_run_are_no_proof(self):
        """
        Whoever picks tools or stacks learns nothing of the rest.
        """
        both = Entry(("cdk-nag X", "checkov CKV_2"), ("*",), "why")

        assert ["checkov CKV_2 in the entry: why"] == judge(
            [], [both], {"checkov"}
        ).unused
        assert [] == judge([], [both], ()).unused


class TestPatterns:
    @pytest.mark.parametrize(
        ("pattern", "resource"),
        [
            ("*/*Failures#", "Shop/WorkerFailures1A2B3C4D"),
            ("Shop/Orders#", "Shop/Orders1A2B3C4D"),
        ],
    )
    def test_stands_for(self, pattern, resource):
        """
        Any text by a star, the hash at the end of an id by a number sign.
        """
        assert matches(pattern, resource)

    @pytest.mark.parametrize(
        ("pattern", "resource"),
        [
            ("Shop/Orders#", "Shop/OrdersTable1A2B3C4D"),
            ("Shop/Orders#", "Shop/Orders"),
            ("Shop/Orders#", "WorkShop/Orders1A2B3C4D"),
            ("Shop.Orders#", "Shop/Orders1A2B3C4D"),
        ],
    )
    def test_stands_not_for(self, pattern, resource):
        """
        The whole name has to match, and all else in a pattern is what it is.
        """
        assert not matches(pattern, resource)


class TestLoad:
    def test_every_entry_of_ours_has_a_reason(self):
        """
        It is what the list is read for.
        """
        assert all(len(entry.reason) > 20 for entry in load())

    def test_no_pair_is_allowed_by_two_entries(self):
        """
        The second would never be unused, and give another reason.
        """
        pairs = [
            (rule, resource)
            for entry in load()
            for rule in entry.rules
            for resource in entry.resources
        ]

        assert len(set(pairs)) == len(pairs)

    @pytest.mark.parametrize(
        ("entry", "said"),
        [
            (
                'rules = ["cfn-lint W3005"]\nresources = ["*"]\nreason = "tedious"',
                "cfn-lint has no exceptions; repair the cause",
            ),
            (
                'rules = ["checkov X"]\nresources = ["*"]\nreason = " "',
                "rules, resources and reason must not be empty",
            ),
            (
                'rules = ["checkov X"]\nresources = []\nreason = "tedious"',
                "rules, resources and reason must not be empty",
            ),
            (
                'rules = ["checkov X"]\nreason = "tedious"',
                "an entry has rules, resources and a reason",
            ),
        ],
    )
    def test_fails_if_an_entry_is_none(self, tmp_path, entry, said):
        """
        An entry that says too little would allow too much.
        """
        file = tmp_path / "allowed.toml"
        file.write_text(f"[[allowed]]\n{entry}\n")

        with pytest.raises(CommandError, match=said):
            load(file)
