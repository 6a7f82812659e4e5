"""The README is true: its code runs, and its tables list what there is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from lambda_constructs import Practice, event_sources
from tests.synthesized import ROOT, STEMS

README = (ROOT / "README.md").read_text()


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the README's code where a newcomer would, beside a handler."""
    source = folder / "lambda_src" / "worker"
    source.mkdir(parents=True)
    (source / "index.py").write_text("def handler(event, context): ...\n")
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_its_code_runs(tmp_path):
    """
    A newcomer who copies it gets a template.
    """
    code = "\n".join(re.findall(r"```python\n(.*?)```", README, re.DOTALL))

    done = run(code + "\nprint(worker.live.node.path)", tmp_path)

    assert "Shop/Worker/Live" == done.stdout.strip(), done.stderr


def test_each_practice_has_a_row():
    """
    In the order of the alphabet, and none that is gone.
    """
    rows = re.findall(r"^\| `(lambda-constructs:[a-z0-9-]+)` \|", README, re.MULTILINE)

    assert sorted(practice.value for practice in Practice) == rows


def test_each_event_source_has_a_row():
    """
    None is missing, none is left over.
    """
    rows = re.findall(r"^\| `(\w+EventSource)`", README, re.MULTILINE)

    assert sorted(rows) == [
        name for name in event_sources.__all__ if name.endswith("EventSource")
    ]


def test_each_row_says_how_the_source_invokes():
    """
    Polled by a mapping of Lambda's, pushed without waiting, or waited for.
    """
    folder = Path(event_sources.__file__).parent
    rows = re.findall(
        r"^\| `(\w+EventSource)`[^|]*\|([^|]*)\|([^|]*)\|", README, re.MULTILINE
    )

    for name, invocation, holder in rows:
        module = getattr(event_sources, name).__module__.rpartition(".")[2]
        code = (folder / f"{module}.py").read_text()
        polled = "EventSourceMapping" in code
        # What Lambda queues needs a store for what it gives up.
        queued = re.search(r"\b(keep_failures|add_rule)\(", code) is not None
        told = (
            "polled" in invocation,
            "event source mapping" in holder,
            "asynchronous" in invocation,
        )
        assert (polled, polled, queued) == told, name


def test_each_stack_has_a_row():
    """
    With links that lead somewhere.
    """
    assert STEMS == sorted(re.findall(r"^\| \[`stacks/(\w+)\.py`\]", README, re.M))


def test_each_link_leads_somewhere():
    """
    Files that are linked are there.
    """
    for page in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_error_that_it_shows_is_the_error_that_is_raised(tmp_path):
    """
    To the letter.
    """
    shown = re.search(r"```text\n(Shop/Worker: .*?)```", README, re.DOTALL)
    assert shown is not None
    code = "\n".join(re.findall(r"```python\n(.*?)```", README, re.DOTALL)).replace(
        "enforce_ssl=True", "visibility_timeout=Duration.seconds(5)"
    )

    done = run(code, tmp_path)

    (last,) = done.stderr.strip().splitlines()[-1:]
    assert last.endswith(" ".join(shown[1].split()))


def test_each_recipe_is_shown_as_it_runs():
    """
    The page on testing shows its files to the letter, and all of them.
    """
    page = (ROOT / "docs" / "testing.md").read_text()
    shown = dict(re.findall(r"<!-- (.*?) -->\n```python\n(.*?)```", page, re.DOTALL))
    files = (ROOT / "docs" / "recipes").glob("test_*.py")

    assert {
        str(path.relative_to(ROOT)): path.read_text().split('"""', 2)[2].strip() + "\n"
        for path in files
    } == shown
