"""An architecture has one stem, wherever it shows."""

from __future__ import annotations

import ast

import pytest

from tests.synthesized import ROOT, STEMS, class_id, stack_class


def stems(folder: str, pattern: str, prefix: str = "") -> list[str]:
    return sorted(
        path.stem.removeprefix(prefix)
        for path in (ROOT / folder).glob(pattern)
        if not path.name.startswith(("_", "."))
    )


@pytest.mark.parametrize(
    ("folder", "pattern", "prefix"),
    [
        ("lambda_src", "*", ""),
        ("tests/contracts", "*.py", ""),
        ("tests/handlers", "test_*.py", "test_"),
        ("tests/e2e/drivers", "*.py", ""),
        ("tests/stacks/logical_ids", "*.txt", ""),
    ],
)
def test_each_stack_has_all_that_belongs_to_one(folder, pattern, prefix):
    """
    Found by its name, and nothing is left over from one that went.
    """
    assert STEMS == stems(folder, pattern, prefix)


def test_each_stack_has_tests_of_its_own():
    """
    Beside those that hold for every template.
    """
    assert set(STEMS) == set(stems("tests/stacks", "test_*.py", "test_")) - {
        "every_template"
    }


def test_app_has_one_line_for_each_stack():
    """
    By its class and its id.
    """
    calls = [
        (node.func.id, node.args[1].value)
        for node in ast.walk(ast.parse((ROOT / "app.py").read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and len(node.args) == 2
        and isinstance(node.args[1], ast.Constant)
    ]

    assert sorted(calls) == sorted(
        (stack_class(stem).__name__, class_id(stem)) for stem in STEMS
    )


def test_each_event_source_has_a_module_and_tests_of_its_name():
    """
    Service, module, test: one name.
    """
    modules = stems("constructs/lambda_constructs/event_sources", "*.py")

    assert modules == stems("tests/unit/event_sources", "test_*.py", "test_")
