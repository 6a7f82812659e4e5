"""The dependencies of a package, installed and made small, once for all that share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from lambda_constructs._packaging import cache
from lambda_constructs._packaging.archive import Packed, read_zip, write_zip
from lambda_constructs._packaging.bytecode import find_interpreter
from lambda_constructs._packaging.distributions import (
    Distribution,
    left_to_runtime,
    read_distributions,
)
from lambda_constructs._packaging.hashing import digest
from lambda_constructs._packaging.install import install
from lambda_constructs._packaging.parts import Recipe, get_parts
from lambda_constructs._packaging.progress import progress
from lambda_constructs._packaging.requirements import Requirements
from lambda_constructs._packaging.target import LAYER_ROOT, Target
from lambda_constructs.errors import ConfigurationError

MODULE = re.compile(r"([A-Za-z_]\w*)(?:\.py|(?:\.[\w-]+)?\.so|/.*)")


@dataclass(frozen=True)
class Dependencies:
    """What installing the requirements has given.

    Attributes:
        versions: What is in the package, what was asked for first.
        left_out: What the runtime or a layer brings instead.
        files: Their paths.
        digest: Stands for all that is in them but the bytecode.
        unzipped: Their size in bytes.
        yanked: Versions among them that their authors have withdrawn.
    """

    versions: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    digest: str = ""
    unzipped: int = 0
    yanked: list[str] = field(default_factory=list)

    @property
    def modules(self) -> set[str]:
        """What can be imported from them."""
        return modules_of(self.files)


@dataclass(frozen=True)
class Wanted:
    """What of the requirements a package is to hold, and for what.

    Attributes:
        name: The folder, for people.
        requirements: What to install.
        target: For what.
        boto3_for: The services for which boto3 is in the package.
        layered: What layers bring.
        pythons: What may compile it; none for no bytecode.
    """

    name: str
    requirements: Requirements
    target: Target
    boto3_for: tuple[str, ...]
    layered: tuple[tuple[str, str], ...]
    pythons: tuple[str, ...]

    @property
    def key(self) -> str:
        """Stand for all that decides what comes out."""
        return digest(
            (name, json.dumps(value, default=str).encode())
            for name, value in asdict(self).items()
        )


def modules_of(files: Iterable[str]) -> set[str]:
    """Name what can be imported from *files*."""
    return {match.group(1) for path in files if (match := MODULE.fullmatch(path))}


def get_dependencies(
    wanted: Wanted, *, fresh: bool
) -> tuple[Dependencies, dict[str, Packed]]:
    """Give what the requirements come to, from the cache if it is there.

    Raises:
        ConfigurationError: It cannot be installed.
    """
    if wanted.requirements.empty:
        _check_boto3(wanted, [])
        return Dependencies(), {}
    key = wanted.key
    if fresh:
        cache.forget("dependencies", key)
    entry = cache.find_or_build("dependencies", key, partial(_build, wanted))
    found = json.loads((entry / "dependencies.json").read_bytes())
    return Dependencies(**found), read_zip((entry / "dependencies.zip").read_bytes())


def _build(wanted: Wanted, folder: Path) -> None:
    """Install, choose, make parts and put them together."""
    with cache.scratch(folder) as scratch:
        installed = scratch / "installed"
        installed.mkdir()
        with progress(f"{wanted.name}: installing for {wanted.target}"):
            yanked = install(wanted.requirements, wanted.target, installed).yanked
        chosen, left_out = _choose(wanted, read_distributions(installed))
        python = find_interpreter(wanted.target) if wanted.pythons else None
        recipe = Recipe(wanted.target, python, wanted.boto3_for)
        parts = get_parts(recipe, chosen, installed)
    packed = {path: file for _, files in parts for path, file in files.items()}
    result = Dependencies(
        versions={it.name: it.version for it in _asked_for_first(chosen)},
        left_out={it.name: it.version for it in left_out},
        files=sorted(path for part, _ in parts for path in part.files),
        digest=digest((part.digest, b"") for part, _ in parts),
        unzipped=sum(file.size for file in packed.values()),
        yanked=list(yanked),
    )
    (folder / "dependencies.zip").write_bytes(write_zip(packed))
    (folder / "dependencies.json").write_text(json.dumps(asdict(result)), "utf-8")


def _asked_for_first(distributions: list[Distribution]) -> list[Distribution]:
    """Put what no other distribution asks for before what comes with it."""
    needed = {need for it in distributions for need in it.requires}
    return sorted(distributions, key=lambda it: it.name in needed)


def _choose(
    wanted: Wanted, distributions: list[Distribution]
) -> tuple[list[Distribution], list[Distribution]]:
    """Tell what goes into the package from what the runtime or a layer brings."""
    names = set() if wanted.boto3_for else left_to_runtime(distributions)
    _check_boto3(wanted, distributions)
    layered = dict(wanted.layered)
    names |= {it.name for it in distributions if layered.get(it.name) == it.version}
    return (
        [it for it in distributions if it.name not in names],
        [it for it in distributions if it.name in names],
    )


def _check_boto3(wanted: Wanted, distributions: list[Distribution]) -> None:
    """Refuse to bring a boto3 of which no version is named."""
    if wanted.boto3_for and "boto3" not in {it.name for it in distributions}:
        raise ConfigurationError(
            f"boto3_for={wanted.boto3_for} puts boto3 into the package, which the "
            "requirements must name, got requirements without it; add boto3 to them"
        )


def prefix_of(target: Target) -> str:
    """Give the folder within the zip that modules are imported from."""
    return "python/" if target.root == LAYER_ROOT else ""
