"""What a user would pick instead, at its newest version, in a place of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".venv" / "bench"
SOLUTIONS = (
    "alb",
    "apigateway",
    "dynamodbstreams",
    "eventbridge",
    "iot",
    "kinesis-streams",
    "s3",
    "sns",
    "sqs",
)
NODE = Path(sys.executable).parent / "node"


def solutions(*module: str) -> list[str] | None:
    """Install AWS Solutions Constructs; give how to run a module with it."""
    packages = [f"aws-solutions-constructs.aws-{each}-lambda" for each in SOLUTIONS]
    python = _environment("solutions", *packages)
    return [python, "-m", *module] if python else None


def sam(*module: str) -> list[str] | None:
    """Install what transforms SAM's templates; give how to run a module with it."""
    python = _environment("sam", "aws-sam-translator", "boto3", "pyyaml")
    return [python, "-m", *module] if python else None


def javascript(variant: str) -> list[str] | None:
    """Install CDK for JavaScript; give how to run the workers with it."""
    place = CACHE / "javascript"
    if not (place / "node_modules" / "aws-cdk-lib").exists():
        place.mkdir(parents=True, exist_ok=True)
        npm = ["npm", "install", "--prefix", str(place), "--no-audit", "--no-fund"]
        if not _run(*npm, "--loglevel", "error", "aws-cdk-lib", "constructs"):
            shutil.rmtree(place, ignore_errors=True)
            return None
    script = shutil.copy(ROOT / "benchmarks" / "workers.js", place / "workers.js")
    return [str(NODE), str(script), variant]


def output_of(command: Sequence[str]) -> str:
    """Give what a peer prints, with all that it needs around it."""
    return subprocess.run(  # noqa: S603 - a list of our own
        command, check=True, cwd=ROOT, env=environment(), capture_output=True, text=True
    ).stdout


def environment() -> dict[str, str]:
    """Give the variables of a run.

    Bytecode is kept, whatever this process was told, since a user's Python keeps it.
    """
    kept = {**os.environ, "PYTHONPYCACHEPREFIX": str(CACHE / "bytecode")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {
        **kept,
        "CDK_VALIDATION": "false",
        "JSII_NODE": str(NODE),
        "PYTHONPATH": f"{ROOT / 'constructs'}{os.pathsep}{ROOT}",
    }


def _environment(name: str, *packages: str) -> str | None:
    """Make an environment with the newest of some packages; give its Python."""
    place = CACHE / name
    python, known = place / "bin" / "python", place / "packages.txt"
    wished = "\n".join(packages)
    if known.exists() and known.read_text() == wished:
        return str(python)
    environment = ("uv", "venv", "-q", "--clear", "--python", sys.executable)
    install = ("uv", "pip", "install", "-q", "--python", str(python), *packages)
    if not (_run(*environment, str(place)) and _run(*install)):
        shutil.rmtree(place, ignore_errors=True)
        return None
    known.write_text(wished)
    return str(python)


def _run(*command: str) -> bool:
    environment = {**os.environ, "PATH": f"{NODE.parent}:{os.environ['PATH']}"}
    return subprocess.run(command, check=False, env=environment).returncode == 0  # noqa: S603 - a list of our own
