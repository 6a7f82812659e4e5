"""What a function has on Lambda's disk: its package, and the runtime's boto3."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from uv import find_uv_bin

from benchmarks.invoked.functions import Function
from lambda_constructs._packaging.bytecode import find_interpreter
from lambda_constructs._packaging.package import get_package
from lambda_constructs._packaging.plan import Inputs
from lambda_constructs._packaging.sizes import Limits
from lambda_constructs._packaging.target import MACHINES, Target

PYTHONS = ("3.14", "3.13", "3.12", "3.11")
BOTO3 = f"boto3=={version('boto3')}"
POWERTOOLS = [f"{it}=={version(it)}" for it in ("aws-lambda-powertools", "pydantic")]


@dataclass(frozen=True)
class Sandbox:
    """A Python such as Lambda's, and folders with what functions bring.

    Attributes:
        python: Its version, as in `3.13`.
        executable: The interpreter, which compiled the packages as well.
        runtime: boto3 as Lambda's runtime brings it, compiled.
        powertools: Powertools and pydantic, for peers of what brings neither, compiled.
        plain_powertools: The same as `pip install -t` makes it.
        packaged: By folder, what this library deploys.
        plain: By folder, what `pip install -t` and zip make, boto3 included.
        lean: The same without boto3, of which the runtime has one.
    """

    python: str
    executable: str
    runtime: Path
    powertools: Path
    plain_powertools: Path
    packaged: Mapping[str, Path]
    plain: Mapping[str, Path]
    lean: Mapping[str, Path]


def newest_python() -> tuple[Target, str]:
    """Give the newest runtime that this machine compiles for, and its interpreter.

    Raises:
        RuntimeError: This machine has no such Python, or runs no Linux wheels.
    """
    names = {machine: name for name, machine in MACHINES.items()}
    machine = platform.machine()
    if sys.platform != "linux" or machine not in names:
        raise RuntimeError("handlers are run from Lambda's packages: this needs Linux")
    for python in PYTHONS:
        target = Target(python, names[machine])
        executable = find_interpreter(target)
        if executable is not None:
            return target, executable
    raise RuntimeError("there is no Python here that Lambda has; uv python install")


def make_sandbox(place: Path, functions: Iterable[Function]) -> Sandbox:
    """Fill a folder with what these functions need, several at a time."""
    target, executable = newest_python()
    folders = {each.stem: each.folder for each in functions}
    runtime = place / "runtime"
    _install(executable, runtime, BOTO3, "--compile-bytecode")
    powertools, plain_powertools = place / "powertools", place / "plain-powertools"
    _install(executable, powertools, *POWERTOOLS, "--compile-bytecode")
    _install(executable, plain_powertools, *POWERTOOLS)

    def fill(stem: str) -> None:
        _unpack(folders[stem], target, place / "packaged" / stem)
        for kind, extra in (("plain", (BOTO3,)), ("lean", ())):
            into = place / kind / stem
            shutil.copytree(folders[stem], into, ignore=_ignored)
            requirements = into / "requirements.txt"
            named = ("-r", str(requirements)) if requirements.exists() else ()
            if named or extra:
                _install(executable, into, *named, *extra)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(fill, folders))
    return Sandbox(
        target.python,
        executable,
        runtime,
        powertools,
        plain_powertools,
        **{
            kind: {stem: place / kind / stem for stem in folders}
            for kind in ("packaged", "plain", "lean")
        },
    )


_ignored = shutil.ignore_patterns("__pycache__")


def _unpack(folder: Path, target: Target, into: Path) -> None:
    inputs = Inputs(folder, folder.name)
    package = get_package(inputs, target, None, Limits())
    with zipfile.ZipFile(package.zip) as archive:
        archive.extractall(into)


def _install(executable: str, into: Path, *what: str) -> None:
    command = [find_uv_bin(), "pip", "install", "-q", "--python", executable]
    subprocess.run([*command, "--target", str(into), *what], check=True)  # noqa: S603
