"""checkov's rules for CloudFormation, offline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.audit.findings import Finding, found
from tests.audit.templates import Template
from tests.audit.tools._run import Toolbox
from tests.e2e.errors import CommandError

NAME = "checkov"
CANARY = "CKV_AWS_53"  # a bucket that does not block public access
OFFLINE = ["--skip-download", "--skip-results-upload"]
OUTPUT = ["--output", "json", "--compact", "--quiet", "--soft-fail"]


def find(tools: Toolbox, templates: Sequence[Template]) -> Iterator[Finding]:
    """Look at all templates at once."""
    files = [part for each in templates for part in ("--file", each.path)]
    kind = ["--framework", "cloudformation"]
    command = [tools.python, "-m", "checkov.main", *kind, *OFFLINE, *OUTPUT, *files]
    results = tools.run(NAME, command)["results"]
    unread = results.get("parsing_errors")
    if unread:
        raise CommandError(f"checkov could not read {', '.join(unread)}")
    # Those that a template asks to skip count like any other.
    for each in [*results["failed_checks"], *results.get("skipped_checks", ())]:
        stack = Template(Path(each["file_path"])).stack
        logical_id = each["resource"].rpartition(".")[2]
        yield found(NAME, each["check_id"], f"{stack}/{logical_id}", each["check_name"])
