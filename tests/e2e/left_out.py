"""What the emulated account has no resource for, and nothing depends on."""

from __future__ import annotations

import json
from pathlib import Path

TYPES = {"AWS::Logs::QueryDefinition"}
"""Looked at by a person, so that a deploy without them shows the same."""


def leave_out(assembly: Path) -> int:
    """Take resources of these types out of the templates; give how many there were."""
    taken = 0
    for path in sorted(assembly.glob("*.template.json")):
        template = json.loads(path.read_text())
        resources = template.get("Resources", {})
        kept = {
            logical_id: resource
            for logical_id, resource in resources.items()
            if resource["Type"] not in TYPES
        }
        if len(kept) < len(resources):
            taken += len(resources) - len(kept)
            path.write_text(json.dumps({**template, "Resources": kept}))
    return taken
