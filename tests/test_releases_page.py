"""The page on releases is true: its code runs, and its alarms are those there are."""

from __future__ import annotations

import re
import subprocess
import sys

from lambda_constructs import _rollback
from tests.synthesized import ROOT

PAGE = (ROOT / "docs" / "releases.md").read_text()


def test_its_code_runs(tmp_path):
    """
    As a program of its reader's.
    """
    for name in ("quotes", "smoke_test"):
        folder = tmp_path / "lambda_src" / name
        folder.mkdir(parents=True)
        (folder / "index.py").write_text("def handler(event, context): ...\n")
    code = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    look = "\nprint(*sorted(each.node.id for each in quotes.release.alarms))"

    done = subprocess.run(
        [sys.executable, "-c", code + look],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "Errors Latency ServerErrors Throttles" == done.stdout.strip(), done.stderr


def test_its_table_has_each_alarm():
    """
    By the construct's id.
    """
    rows = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    kinds = {kind.title().replace(" ", "") for kind in _rollback.ALARMS}

    assert {"Errors", "Throttles", "Latency", *kinds} == rows
