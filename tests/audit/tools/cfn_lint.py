"""cfn-lint: errors and warnings, none of which is allowed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.audit.findings import Finding, found
from tests.audit.templates import Template
from tests.audit.tools._run import Toolbox

NAME = "cfn-lint"
CANARY = "W1020"  # Fn::Sub without a variable


def find(tools: Toolbox, templates: Sequence[Template]) -> Iterator[Finding]:
    """Look at all templates at once."""
    options = ["--format", "json", "--non-zero-exit-code", "none", "--"]
    paths = [template.path for template in templates]
    for each in tools.run(NAME, [tools.program("cfn-lint"), *options, *paths]):
        path = each["Location"]["Path"] or ["the template"]
        where = path[1] if path[0] == "Resources" else path[0]
        stack = Template(Path(each["Filename"])).stack
        yield found(NAME, each["Rule"]["Id"], f"{stack}/{where}", each["Message"])
