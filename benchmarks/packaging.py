"""What packaging costs: `python benchmarks/packaging.py [python3.14]`.

Needs the package index once, to fill uv's cache; what is measured after that does not.
Prints the best of several runs, so that what else this machine does counts less.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from lambda_constructs._packaging.cache import FORMAT
from lambda_constructs._packaging.package import get_package
from lambda_constructs._packaging.plan import Inputs, Package
from lambda_constructs._packaging.sizes import Limits, mb
from lambda_constructs._packaging.startup import import_milliseconds
from lambda_constructs._packaging.target import Target

RUNS = 5
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


def main() -> None:
    """Measure, and print a line for each claim."""
    version = (sys.argv[1] if len(sys.argv) > 1 else "python3.14").removeprefix(
        "python"
    )
    target = Target(version, "arm64")
    with TemporaryDirectory() as scratch:
        os.environ["LAMBDA_CONSTRUCTS_CACHE"] = f"{scratch}/cache"
        folders = [
            _folder(Path(scratch, f"function{number}"), HANDLER, PINNED)
            for number in range(FUNCTIONS)
        ]
        first = folders[0]
        package = _make(first, target)  # fills uv's cache
        show("package", f"{mb(package.zipped)} MB, {mb(package.unzipped)} MB unzipped")
        show("bytecode", "yes" if package.bytecode else f"no Python {version} here")
        cold = best(lambda: _make(first, target), lambda: forget())
        show("built, uv's cache warm", f"{cold:.0f} ms")
        kept = ("dependencies", "packages")
        warm = best(lambda: _make(first, target), lambda: forget(*kept))
        show("built, its parts known", f"{warm:.0f} ms")
        changed = best(lambda: _make(first, target), lambda: change(first))
        show("code changed", f"{changed:.0f} ms")
        show("nothing changed", f"{best(lambda: _make(first, target)):.1f} ms")
        several(folders, target)
        bytecode(first)
        boto3(Path(scratch))


def several(folders: list[Path], target: Target) -> None:
    """Make many packages, whose dependencies differ a little, by turns and at once."""
    for number, folder in enumerate(folders):
        lines = PINNED.split()
        (folder / "requirements.txt").write_text("\n".join(lines[number % 3 :]))
    for jobs in (1, os.cpu_count() or 1):
        forget()
        start = time.perf_counter()
        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(lambda folder: _make(folder, target), folders))
        taken = time.perf_counter() - start
        show(f"{len(folders)} functions, {jobs} at a time", f"{taken * 1000:.0f} ms")


def bytecode(folder: Path) -> None:
    """Import what the handler imports, with bytecode and without."""
    (folder / "requirements.txt").write_text(PINNED)
    for wished in (False, True):
        taken = import_milliseconds(
            Inputs(folder, folder.name), "index.handler", bytecode=wished
        )
        what = "with bytecode" if wished else "without bytecode"
        show(f"imports, {what}", "-" if taken is None else f"{taken:.0f} ms CPU")


def boto3(scratch: Path) -> None:
    """Bundle boto3 with all of botocore's data, and with that of two services."""
    folder = _folder(scratch / "boto3", BOTO3, "boto3==1.44.5")
    for services in (("*",), ("s3", "sqs")):
        package = _make(folder, Target("3.14", "arm64"), boto3_for=services)
        show(
            f"boto3 for {', '.join(services)}",
            f"{mb(package.zipped)} MB, {mb(package.unzipped)} MB unzipped",
        )


def best(work: Callable[[], object], before: Callable[[], object] = list) -> float:
    """Give the shortest time of *work*, in milliseconds."""
    times = []
    for _ in range(RUNS):
        before()
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times) * 1000


def forget(*kinds: str) -> None:
    """Empty the cache, or only these kinds of entries."""
    whole = Path(os.environ["LAMBDA_CONSTRUCTS_CACHE"], f"v{FORMAT}")
    for kind in kinds or [it.name for it in whole.iterdir()]:
        shutil.rmtree(whole / kind, ignore_errors=True)


def change(folder: Path) -> None:
    """Change a line of the code."""
    with (folder / "index.py").open("a") as file:
        file.write(f"# {time.perf_counter()}\n")


def show(what: str, result: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{what:28}{result}\n")


def _folder(folder: Path, handler: str, requirements: str) -> Path:
    folder.mkdir()
    (folder / "index.py").write_text(handler)
    (folder / "requirements.txt").write_text(requirements)
    return folder


def _make(folder: Path, target: Target, boto3_for: tuple[str, ...] = ()) -> Package:
    inputs = Inputs(folder, folder.name, boto3_for=boto3_for)
    return get_package(inputs, target, "index.handler", Limits())


if __name__ == "__main__":
    main()
