"""The command: synthesize, have every tool look, hold it against the allow-list."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Annotated

import typer
from rich.console import Console

from tests.audit.allowed import judge, load
from tests.audit.findings import Finding
from tests.audit.report import render
from tests.audit.templates import CANARY, Template, synthesize
from tests.audit.tools import cfn_lint, checkov, guard, nag, parliament
from tests.audit.tools._run import Toolbox
from tests.e2e.errors import CommandError, UsageError, nearest
from tests.e2e.progress import make_console, say, step

Find = Callable[[Toolbox, Sequence[Template]], Iterable[Finding]]

TOOLS: Mapping[str, ModuleType] = {
    # The slowest first.
    module.NAME: module
    for module in (cfn_lint, checkov, guard, nag, parliament)
}
AT_ONCE = 2

app = typer.Typer(
    help="Have third-party tools look at every template.",
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def audit(
    stacks: Annotated[
        list[str] | None,
        typer.Argument(help="The stacks, by their ids in app.py.", show_default="all"),
    ] = None,
    tool: Annotated[
        list[str] | None,
        typer.Option(help=f"Out of {', '.join(TOOLS)}.", show_default="all"),
    ] = None,
    tools_python: Annotated[
        Path,
        typer.Option(help="A Python that has the tools.", show_default="in .venv"),
    ] = Path(sys.prefix) / "audit" / "bin" / "python",
) -> None:
    """Hold what the tools find against tests/audit/allowed.toml.

    Fails if a finding is not allowed, or if an entry of the list stands for nothing.
    """
    started = time.monotonic()
    console = make_console()
    try:
        names = picked(tool or ())
        entries = load()
        findings = findings_of(console, names, stacks or (), tools_python)
    except CommandError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(error.exit_code) from None
    verdict = judge(findings, entries, () if stacks else names)
    seconds = time.monotonic() - started
    render(console, verdict, partly=bool(stacks), seconds=seconds)
    raise typer.Exit(1 if verdict.denied or verdict.unused else 0)


def picked(names: Sequence[str]) -> list[str]:
    """Give the tools that were asked for, or all.

    Raises:
        UsageError: There is no such tool.
    """
    for name in names:
        if name not in TOOLS:
            raise UsageError(f"no tool {name!r}; {nearest(name, TOOLS)}")
    return [name for name in TOOLS if name in names] if names else list(TOOLS)


def findings_of(
    console: Console, names: Collection[str], stacks: Sequence[str], python: Path
) -> list[Finding]:
    """Synthesize, and have the tools of these *names* look, two at once."""
    if not python.exists():
        raise CommandError(f"there is no {python}; `make audit` installs the tools")
    node = os.environ.get("JSII_NODE") or shutil.which("node")
    if node is None:
        raise CommandError("there is no node on PATH, which cdk-nag runs on")
    with TemporaryDirectory() as folder:
        # Absolute, since the tools run in another folder, and never a link's target.
        tools = Toolbox(
            python=python.absolute(), node=Path(node).absolute(), folder=Path(folder)
        )
        with step(console, "synthesizing", "synthesized app.py"):
            templates = synthesize(tools.folder, stacks)

        def look(name: str) -> list[Finding]:
            started = time.monotonic()
            every = list(TOOLS[name].find(tools, templates))
            own = without_canary(name, TOOLS[name].CANARY, every)
            say(console, f"{name}: {len(own)} findings", time.monotonic() - started)
            return own

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return [each for found in pool.map(look, names) for each in found]


def without_canary(
    name: str, expected: str, findings: Iterable[Finding]
) -> list[Finding]:
    """Give the findings in our templates, if the canary's fault was found too.

    Raises:
        CommandError: A tool that overlooks it may have overlooked anything.
    """
    by_canary: dict[bool, list[Finding]] = {True: [], False: []}
    for each in findings:
        by_canary[each.resource.startswith(f"{CANARY}/")].append(each)
    if expected not in {each.rule for each in by_canary[True]}:
        raise CommandError(f"{name} did not find {expected} in the canary; is it well?")
    return by_canary[False]
