"""`python -m lambda_constructs.package`: make all packages of an app side by side.

Runs the app once to learn which packages it needs, makes those that are not in the
cache, and prints a table. The next synthesis finds them all.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from lambda_constructs._packaging.collect import (
    COLLECT_VARIABLE,
    Collected,
    read_collected,
)
from lambda_constructs._packaging.package import get_package
from lambda_constructs._packaging.plan import Package
from lambda_constructs._packaging.report import Row, recall, remember, table
from lambda_constructs._packaging.startup import import_milliseconds
from lambda_constructs.errors import ConfigurationError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the packages, print the table, and give the exit status."""
    options = _parser().parse_args(arguments)
    try:
        wanted = _collect(options.app)
    except ConfigurationError as error:
        return _fail([f"error: {error}"])
    start = time.monotonic()
    with ThreadPoolExecutor(options.jobs) as pool:
        outcomes = list(pool.map(partial(_make, fresh=options.fresh), wanted))
    taken = time.monotonic() - start
    made = [
        (it, outcome)
        for it, outcome in zip(wanted, outcomes, strict=True)
        if isinstance(outcome, Package)
    ]
    rows = [
        Row(it.path, _target(it), package, _measure(it, package, options.import_time))
        for it, package in made
    ]
    project = Path.cwd()
    sys.stdout.write(f"{table(rows, recall(project))}\n")
    sys.stdout.write(_summary(rows, taken))
    remember(project, rows)
    return _fail([f"error: {it}" for it in outcomes if isinstance(it, str)])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lambda_constructs.package",
        description="Make all packages of a CDK app side by side, and show them.",
    )
    parser.add_argument("--app", help="the app's command; otherwise that of cdk.json")
    parser.add_argument(
        "--fresh", action="store_true", help="resolve and install everything anew"
    )
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="how many at a time"
    )
    parser.add_argument(
        "--no-import-time",
        dest="import_time",
        action="store_false",
        help="do not measure what imports cost",
    )
    return parser


def _collect(app: str | None) -> list[Collected]:
    """Run the app, which notes its packages instead of making them.

    Raises:
        ConfigurationError: There is no app, or it fails.
    """
    settings = {}
    if Path("cdk.json").is_file():
        settings = json.loads(Path("cdk.json").read_text("utf-8"))
    command = shlex.split(app or settings.get("app", ""))
    if not command:
        raise ConfigurationError(
            "packages need an app, got neither a cdk.json that names one nor --app; "
            "run this where cdk is run, or pass --app 'python app.py'"
        )
    if command[0] in ("python", "python3"):
        command[0] = sys.executable
    with TemporaryDirectory() as folder:
        notes = Path(folder, "packages.jsonl")
        notes.touch()
        environment = {
            **os.environ,
            COLLECT_VARIABLE: str(notes),
            "CDK_CONTEXT_JSON": json.dumps(settings.get("context", {})),
            "CDK_OUTDIR": str(Path(folder, "cdk.out")),
            "CDK_VALIDATION": "false",
        }
        result = subprocess.run(command, env=environment, check=False)  # noqa: S603
        if result.returncode:
            raise ConfigurationError(
                f"the app must run to tell its packages, got exit status "
                f"{result.returncode} from {shlex.join(command)}; see above"
            )
        return read_collected(notes)


def _make(it: Collected, *, fresh: bool) -> Package | str:
    """Make one package, or say why it cannot be made."""
    try:
        return get_package(it.inputs, it.target, it.handler, it.limits, fresh=fresh)
    except ConfigurationError as error:
        return f"{it.path}: {error}"


def _target(it: Collected) -> str:
    layer = "" if it.handler else " layer"
    return f"{it.target.python} {it.target.architecture}{layer}"


def _measure(it: Collected, package: Package, wished: bool) -> float | None:
    if not wished or it.handler is None:
        return None
    try:
        return import_milliseconds(it.inputs, it.handler, bytecode=package.bytecode)
    except ConfigurationError:  # a wheel for Lambda, but none for this machine
        return None


def _summary(rows: Sequence[Row], taken: float) -> str:
    """Say what the columns mean, and what could be better."""
    count = f"{len(rows)} package{'' if len(rows) == 1 else 's'}"
    lines = [f"\n{count} in {taken:.1f} s."]
    if any(row.milliseconds is not None for row in rows):
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        lines.append(
            f"Import: CPU time of what the handler imports, on this machine with "
            f"Python {version}; the handler itself is not run."
        )
    versions = sorted(
        {row.target.split()[0] for row in rows if not row.package.bytecode}
    )
    lines += [
        f"No bytecode for {version}, so cold starts take longer: there is no Python "
        f"{version} here. uv python install {version}"
        for version in versions
    ]
    lines += [
        f"{row.path}: {message}" for row in rows for _, message in row.package.warnings
    ]
    return "\n".join(lines) + "\n"


def _fail(errors: Sequence[str]) -> int:
    for error in errors:
        sys.stderr.write(f"{error}\n")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
