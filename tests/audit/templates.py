"""The templates that are looked at: the reference stacks', and the canary's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.e2e.errors import CommandError, UsageError, nearest

ROOT = Path(__file__).resolve().parents[2]
SUFFIX = ".template.json"
CANARY = "Canary"
# Where the tools look for orders to say nothing: nothing may be hidden from them.
SILENCERS = {"cdk_nag", "cfn-lint", "cfn_nag", "checkov", "guard"}


@dataclass(frozen=True)
class Template:
    """A stack's template, in a file."""

    path: Path

    @property
    def stack(self) -> str:
        """The stack's id."""
        return self.path.name.removesuffix(SUFFIX)

    @cached_property
    def content(self) -> dict[str, Any]:
        """The template itself."""
        return dict(json.loads(self.path.read_text()))

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Its resources, by logical id."""
        return dict(self.content["Resources"])


def synthesize(folder: Path, stacks: Sequence[str]) -> list[Template]:
    """Have app.py write its templates to *folder*; give those of *stacks*, or all.

    The canary comes last.

    Raises:
        CommandError: app.py failed, or a template would silence a tool.
        UsageError: There is no such stack.
    """
    environment = {**os.environ, "CDK_OUTDIR": str(folder), "CDK_VALIDATION": "false"}
    made = subprocess.run(
        [sys.executable, "app.py"],
        capture_output=True,
        cwd=ROOT,
        env=environment,
        text=True,
    )
    if made.returncode != 0:
        raise CommandError(f"app.py failed:\n{made.stderr.strip()}")
    templates = [Template(path) for path in sorted(folder.glob(f"*{SUFFIX}"))]
    known = {template.stack: template for template in templates}
    for name in stacks:
        if name not in known:
            raise UsageError(f"no stack {name!r}; {nearest(name, known)}")
    picked = [known[name] for name in dict.fromkeys(stacks)] if stacks else templates
    for template in picked:
        refuse_silencers(template)
    return [*picked, canary(folder)]


def canary(folder: Path) -> Template:
    """Give a template in which every tool has something to find."""
    name = f"{CANARY}{SUFFIX}"
    return Template(Path(shutil.copy(Path(__file__).with_name(name), folder / name)))


def refuse_silencers(template: Template) -> None:
    """Look for metadata by which a template would hide a finding.

    Raises:
        CommandError: There is some.
    """
    for where, metadata in _metadata(template):
        hidden = SILENCERS & metadata.keys()
        if hidden:
            raise CommandError(
                f"{where} has metadata of {', '.join(sorted(hidden))}, which hides "
                "findings from this command; allow them in tests/audit/allowed.toml"
            )


def _metadata(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    yield template.stack, template.content.get("Metadata", {})
    for logical_id, resource in template.resources.items():
        yield f"{template.stack}/{logical_id}", resource.get("Metadata", {})
