"""parliament: whether each policy can do what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from tests.audit.findings import Finding, found
from tests.audit.policies import policies_of
from tests.audit.templates import Template
from tests.audit.tools._run import Toolbox

NAME = "parliament"
CANARY = "UNKNOWN_ACTION"


def find(tools: Toolbox, templates: Sequence[Template]) -> Iterator[Finding]:
    """Look at all policies at once, their references filled in."""
    policies = {
        f"{template.stack}/{where}": document
        for template in templates
        for where, document in policies_of(template)
    }
    said = tools.run(NAME, tools.script("parliament.py"), stdin=json.dumps(policies))
    for each in said:
        yield found(NAME, each["rule"], each["resource"], each["message"])
