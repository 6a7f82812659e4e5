"""cdk-nag's packs, through the templates, where no acknowledgement reaches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.audit.findings import Finding, found
from tests.audit.templates import Template
from tests.audit.tools._run import Toolbox
from tests.e2e.errors import CommandError

NAME = "cdk-nag"
CANARY = "AwsSolutions-S10"  # a bucket that takes plain HTTP


def find(tools: Toolbox, templates: Sequence[Template]) -> Iterator[Finding]:
    """Look at all templates at once."""
    paths = [template.path for template in templates]
    said = tools.run(NAME, [*tools.script("nag.py"), *paths])
    expected = sum(len(template.resources) for template in templates)
    if said["resources"] != expected:
        raise CommandError(
            f"{NAME} looked at {said['resources']} of {expected} resources"
        )
    for each in said["findings"]:
        yield found(NAME, each["rule"], each["resource"], each["message"])
