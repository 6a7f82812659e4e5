"""What a tool found in a template."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

MOST_CHARACTERS = 160


@dataclass(frozen=True, order=True)
class Finding:
    """One finding of one tool on one resource.

    Attributes:
        tool: Who found it, as in `--tool`.
        rule: The tool's own id, with the detail in brackets where it gives one.
        resource: The stack and the logical id, as in `SqsWorker/WorkerPolicy1A2B3C4D`.
        message: The tool's own words, the first of them.
    """

    tool: str
    rule: str
    resource: str
    message: str


def found(tool: str, rule: str, resource: str, message: str) -> Finding:
    """Make a finding, its message in one line and not too long."""
    short = textwrap.shorten(message, MOST_CHARACTERS, placeholder=" ...")
    return Finding(tool, rule, resource, short)
