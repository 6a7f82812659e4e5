"""What packaging costs: `python -m benchmarks.packaging [--quick] [--runtime 3.13]`.

Cold, warm and unchanged; by uv and by pip; and the bytes. The index is needed for what
is cold and for pip; the rest does without once uv's cache is full. What is compared
takes turns, and the medians are shown.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.out import write
from lambda_constructs._packaging import install
from lambda_constructs._packaging.bytecode import find_interpreter
from lambda_constructs._packaging.cache import FORMAT
from lambda_constructs._packaging.package import get_package
from lambda_constructs._packaging.plan import Inputs, Package
from lambda_constructs._packaging.sizes import Limits
from lambda_constructs._packaging.target import Target

PYTHONS = ("3.14", "3.13", "3.12", "3.11")
FUNCTIONS = 8
PINNED = """
annotated-types==0.8.0
aws-lambda-powertools==3.37.0
jmespath==1.1.0
pillow==13.0.0
pydantic-core==2.50.4
pydantic==2.14.3
typing-extensions==4.16.0
typing-inspection==0.4.5
"""
HANDLER = """
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor
from PIL import Image
from pydantic import BaseModel
def handler(event, context): ...
"""
BOTO3 = "import boto3\ndef handler(event, context): ...\n"
INDEX = "the index"
UV = "uv, its cache warm"
PIP = "pip, its cache warm"
KNOWN = "its parts known"
CHANGED = "code changed"
UNCHANGED = "nothing changed"


def measure(quick: bool, runtime: str | None = None) -> dict[str, Any]:
    """Give the medians, with bytecode and without, and the sizes."""
    python = runtime or newest()
    targets = Target(python, "arm64")
    rounds = 2 if quick else 5
    with TemporaryDirectory() as scratch:
        cache = {"LAMBDA_CONSTRUCTS_CACHE": f"{scratch}/cache"}
        with patch.dict(os.environ, cache):
            return {
                "topic": "packaging",
                "quick": quick,
                "rounds": rounds,
                "machine": {
                    "architecture": platform.machine(),
                    "cores": os.cpu_count(),
                    "load": os.getloadavg()[0],
                    "runtime": python,
                },
                "times": times(Path(scratch), targets, rounds, quick=quick),
                "several": several(Path(scratch), targets),
                "bytes": sizes(Path(scratch), targets),
            }


def newest() -> str:
    """Give the newest runtime for which this machine has a Python to compile."""
    found = [it for it in PYTHONS if find_interpreter(Target(it, "arm64"))]
    return next(iter(found), PYTHONS[0])


def times(
    scratch: Path, target: Target, rounds: int, *, quick: bool
) -> dict[str, dict[str, dict[str, float]]]:
    """Give by what is there already, and by bytecode, the CPU and wall time."""
    folders = {
        wished: _folder(scratch / f"bytecode-{wished}", HANDLER, PINNED)
        for wished in (True, False)
    }
    cold = f"{scratch}/uv"

    def fresh_uv() -> None:
        shutil.rmtree(cold, ignore_errors=True)
        forget()

    cases: dict[str, tuple[Callable[[Path], None], dict[str, str], bool]] = {
        INDEX: (lambda _: fresh_uv(), {"UV_CACHE_DIR": cold}, False),
        UV: (lambda _: forget(), {}, False),
        PIP: (lambda _: forget(), {}, True),
        KNOWN: (lambda _: forget("dependencies", "packages"), {}, False),
        CHANGED: (change, {}, False),
        UNCHANGED: (lambda _: None, {}, False),
    }
    for wished, folder in folders.items():
        make(folder, target, bytecode=wished)  # fills uv's cache
    found: dict[tuple[str, bool], list[dict[str, float]]] = {}
    turns = [
        (name, wished)
        for number in range(rounds)
        for name in cases
        for wished in folders
        if not (quick and number and name in (INDEX, PIP))
    ]
    for name, wished in track(turns, "packages"):
        before, environment, by_pip = cases[name]
        if name in (KNOWN, CHANGED, UNCHANGED):
            make(folders[wished], target, bytecode=wished)
        before(folders[wished])
        uv = patch.object(install, "find_uv", (lambda: None) if by_pip else find_uv)
        with patch.dict(os.environ, environment), uv:
            spent = _spent(lambda: make(folders[wished], target, bytecode=wished))  # noqa: B023
        found.setdefault((name, wished), []).append(spent)
    return {
        name: {
            "bytecode" if wished else "none": {
                unit: statistics.median(each[unit] for each in found[name, wished])
                for unit in ("cpu_ms", "wall_ms")
            }
            for wished in folders
        }
        for name in cases
    }


find_uv = install.find_uv


def several(scratch: Path, target: Target) -> dict[str, float]:
    """Make many packages, whose dependencies differ a little, by turns and at once."""
    lines = PINNED.split()
    folders = [
        _folder(scratch / f"function{it}", HANDLER, "\n".join(lines[it % 3 :]))
        for it in range(FUNCTIONS)
    ]
    made = {}
    for jobs in (1, os.cpu_count() or 1):
        forget()
        start = time.perf_counter()
        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(lambda folder: make(folder, target), folders))
        made[str(jobs)] = (time.perf_counter() - start) * 1e3
    return made


def sizes(scratch: Path, target: Target) -> dict[str, dict[str, float]]:
    """Count the bytes, with bytecode and without, and of boto3 and its services."""
    plain = _folder(scratch / "plain", HANDLER, PINNED)
    boto3 = _folder(scratch / "boto3", BOTO3, "boto3==1.44.5")
    packages = {
        "Powertools, pydantic and Pillow": make(plain, target, bytecode=False),
        "the same with bytecode": make(plain, target),
        "boto3, all services": make(boto3, target, ("*",), bytecode=False),
        "boto3 for S3 and SQS": make(boto3, target, ("s3", "sqs"), bytecode=False),
    }
    return {
        name: {"zipped": package.zipped, "unzipped": package.unzipped}
        for name, package in packages.items()
    }


def _spent(work: Callable[[], object]) -> dict[str, float]:
    before, start = _cpu(), time.perf_counter()
    work()
    wall = time.perf_counter() - start
    return {"cpu_ms": (_cpu() - before) * 1e3, "wall_ms": wall * 1e3}


def _cpu() -> float:
    """Give the CPU time of this process and of those it has waited for."""
    each = [
        resource.getrusage(who)
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    return sum(used.ru_utime + used.ru_stime for used in each)


def forget(*kinds: str) -> None:
    """Empty the cache, or only these kinds of entries."""
    whole = Path(os.environ["LAMBDA_CONSTRUCTS_CACHE"], f"v{FORMAT}")
    known = [it.name for it in whole.iterdir()] if whole.exists() else []
    for kind in kinds or known:
        shutil.rmtree(whole / kind, ignore_errors=True)


def change(folder: Path) -> None:
    """Change a line of the code."""
    with (folder / "index.py").open("a") as file:
        file.write(f"# {time.perf_counter()}\n")


def make(
    folder: Path,
    target: Target,
    boto3_for: tuple[str, ...] = (),
    *,
    bytecode: bool | None = None,
) -> Package:
    """Make a package, or find it in the cache."""
    wished = None if bytecode else bytecode
    inputs = Inputs(folder, folder.name, boto3_for=boto3_for, bytecode=wished)
    return get_package(inputs, target, "index.handler", Limits())


def _folder(folder: Path, handler: str, requirements: str) -> Path:
    folder.mkdir()
    (folder / "index.py").write_text(handler)
    (folder / "requirements.txt").write_text(requirements)
    return folder


def table(made: Mapping[str, Any]) -> Table:
    """Show the times, and each by uv's with a warm cache."""
    shown = Table(title="A package of Powertools, pydantic and Pillow")
    shown.add_column("from")
    for column in ("ms", "x", "CPU ms", "no bytecode: ms", "CPU ms"):
        shown.add_column(column, justify="right")
    base = made["times"][UV]["bytecode"]["wall_ms"]
    for name, kinds in made["times"].items():
        ours, none = kinds["bytecode"], kinds["none"]
        shown.add_row(
            name,
            f"{ours['wall_ms']:,.1f}",
            f"{ours['wall_ms'] / base:.3f}",
            f"{ours['cpu_ms']:,.1f}",
            f"{none['wall_ms']:,.1f}",
            f"{none['cpu_ms']:,.1f}",
        )
    for jobs, spent in made["several"].items():
        name = f"{FUNCTIONS} functions, {jobs} at a time"
        shown.add_row(name, f"{spent:,.1f}", f"{spent / base:.3f}")
    return shown


def size_table(made: Mapping[str, Any]) -> Table:
    """Show the sizes."""
    shown = Table(title="Bytes")
    shown.add_column("package")
    for column in ("zipped MB", "unzipped MB"):
        shown.add_column(column, justify="right")
    for name, size in made["bytes"].items():
        mb = [f"{size[kind] / 1e6:.1f}" for kind in ("zipped", "unzipped")]
        shown.add_row(name, *mb)
    return shown


def main() -> None:
    """Measure, print, and write `build/bench/packaging.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="fewer runs: half a minute"
    )
    parser.add_argument(
        "--runtime",
        choices=PYTHONS,
        help="a Python runtime; the newest that can be compiled for here, if none",
    )
    given = parser.parse_args()
    made = measure(given.quick, given.runtime)
    console = Console(width=None if sys.stdout.isatty() else 100)
    about = made["machine"]
    console.print(
        f"{about['architecture']}, {about['cores']} cores, load {about['load']:.1f}, "
        f"for Python {about['runtime']}, median of {made['rounds']} runs"
    )
    console.print(table(made))
    console.print(size_table(made))
    console.print(f"written to {write('packaging', made, quick=given.quick)}")


if __name__ == "__main__":
    main()
