"""What a tool found in a template."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """One finding of one tool on one resource.

    Attributes:
        tool: Who found it, as in `--tool`.
        rule: The tool's own id, with the detail in brackets where it gives one.
        resource: The stack and the logical id, as in `SqsWorker/WorkerPolicy1A2B3C4D`.
        message: The tool's own words, in one line.
    """

    tool: str
    rule: str
    resource: str
    message: str


def found(tool: str, rule: str, resource: str, message: str) -> Finding:
    """Make a finding, its message in one line."""
    return Finding(tool, rule, resource, " ".join(message.split()))
