"""What no handler does: log what it was sent, or quote it in an error."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / "lambda_src").rglob("*.py"))
NAMES = [str(path.relative_to(ROOT / "lambda_src")) for path in FILES]
# What a handler, or a part of one, is sent. Events of CodePipeline, Config and custom
# resources have credentials, tokens and signed URLs; the others have customers' data.
SENT = {"body", "event", "job", "message", "record", "request", "response"}
# Values of these names, and ids, tell of an event and quote no more of it.
TELLS = {"httpMethod", "path", "type"}


@pytest.fixture(params=FILES, ids=NAMES)
def tree(request) -> ast.Module:
    return ast.parse(request.param.read_text())


def logged(tree: ast.Module) -> Iterator[ast.expr]:
    """Each argument of a call of the logger."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and ast.unparse(node.func.value) in {"logger", "logging"}
        ):
            yield from node.args
            yield from (each.value for each in node.keywords)


def whole(expression: ast.expr) -> Iterator[str]:
    """The names in an expression that stand for themselves, whole."""
    if isinstance(expression, ast.Name):
        yield expression.id
    elif isinstance(expression, ast.Subscript | ast.Attribute):
        key = ast.unparse(
            expression.slice if isinstance(expression, ast.Subscript) else expression
        )
        name = key.rpartition(".")[2].strip("'\"")
        if name not in TELLS and not name.lower().endswith("id"):
            yield from whole(expression.value)
    elif not isinstance(expression, ast.Call):
        for child in ast.iter_child_nodes(expression):
            if isinstance(child, ast.expr):
                yield from whole(child)
    elif ast.unparse(expression.func) in {"str", "repr", "json.dumps", "dict"}:
        for child in expression.args:
            yield from whole(child)


def test_nothing_that_was_sent_is_logged_whole(tree):
    """
    Logs are read by more people than the data are.
    """
    names = {name for expression in logged(tree) for name in whole(expression)}

    assert set() == names & SENT


def test_powertools_is_not_told_to_log_events(tree):
    """
    `log_event=True` logs all of them, whole.

    https://docs.aws.amazon.com/powertools/python/latest/core/logger/#logging-incoming-event
    """
    keywords = {
        (each.arg, ast.unparse(each.value))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for each in node.keywords
    }

    assert ("log_event", "True") not in keywords


def test_what_pydantic_refuses_is_not_quoted(tree):
    """
    Its errors quote the input; an error that is raised of one must not hold it.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            if "ValidationError" not in ast.unparse(node.type):
                continue
            raised = [each for each in ast.walk(node) if isinstance(each, ast.Raise)]

            assert all(
                isinstance(each.cause, ast.Constant) and each.cause.value is None
                for each in raised
            )


def test_security_rules_look_at_the_library_stacks_and_handlers():
    """
    Ruff's S are the rules of bandit; nothing but tests is exempt.
    """
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    exempt = {
        pattern
        for pattern, rules in lint["per-file-ignores"].items()
        if any(rule.startswith("S1") or rule == "S" for rule in rules)
    }

    assert "S" in lint["select"]
    assert {"docs/recipes/**", "tests/**"} == exempt


class TestTheTestItself:
    @pytest.mark.parametrize(
        "line",
        [
            "logger.info('got', extra={'event': event})",
            "logger.info(f'got {event}')",
            "logger.info(event)",
            "logger.info('got', extra={'record': record.kinesis})",
            "logger.info(json.dumps(event))",
            "logger.append_keys(event=event['data'])",
        ],
    )
    def test_it_sees_what_is_logged_whole(self, line):
        """
        In each of the ways in which people do it.
        """
        names = {
            name for expression in logged(ast.parse(line)) for name in whole(expression)
        }

        assert names & SENT

    @pytest.mark.parametrize(
        "line",
        [
            "logger.info('got', extra={'job_id': job['id']})",
            "logger.info('got', extra={'bytes': len(body)})",
            "logger.info('asked', extra={'kind': request['type']})",
        ],
    )
    def test_it_lets_through_what_tells_of_it(self, line):
        """
        Ids, kinds and counts are what logs are for.
        """
        names = {
            name for expression in logged(ast.parse(line)) for name in whole(expression)
        }

        assert not names & SENT


# What invokes them has no id that is nobody's own; Lambda's `requestId` has to do.
WITHOUT_ID = {
    "compliance_rule/index.py",
    "nightly_cleanup/index.py",
    "sign_up_flow/claims.py",
    "sign_up_flow/gate.py",
    "sign_up_flow/welcome.py",
    "support_bot/index.py",
}


def test_what_belongs_together_has_one_correlation_id():
    """
    The saved query of that name finds it, in whichever function it was logged.
    """
    texts = {name: path.read_text() for name, path in zip(NAMES, FILES, strict=True)}
    logging = {name for name, text in texts.items() if "logger." in text}

    assert logging - WITHOUT_ID == {
        name for name, text in texts.items() if "correlation_id" in text
    }
