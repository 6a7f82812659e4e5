"""A distribution made small, compiled and compressed, once for all that need it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from lambda_constructs._packaging import cache
from lambda_constructs._packaging.archive import Packed, pack, read_zip, write_zip
from lambda_constructs._packaging.binaries import check_binaries
from lambda_constructs._packaging.bytecode import compile_modules
from lambda_constructs._packaging.distributions import Distribution
from lambda_constructs._packaging.hashing import digest
from lambda_constructs._packaging.progress import progress
from lambda_constructs._packaging.prune import prune, prune_services
from lambda_constructs._packaging.target import Target


@dataclass(frozen=True)
class Part:
    """What one distribution gives to a package.

    Attributes:
        digest: Stands for all its files but the bytecode.
        files: Their paths.
        unzipped: Their size in bytes, with the bytecode.
    """

    digest: str
    files: list[str]
    unzipped: int


@dataclass(frozen=True)
class Recipe:
    """What decides, beyond a distribution, what is made of it."""

    target: Target
    python: str | None
    boto3_for: tuple[str, ...]

    def key(self, distribution: Distribution) -> str:
        """Stand for what comes out; the record names the hash of every file."""
        how = json.dumps([asdict(self.target), self.python, self.boto3_for])
        return digest([("record", distribution.record), ("how", how.encode())])


def get_parts(
    recipe: Recipe, distributions: Collection[Distribution], installed: Path
) -> list[tuple[Part, dict[str, Packed]]]:
    """Give what each of *distributions* gives, made of what is *installed* if need be.

    Raises:
        ConfigurationError: A compiled file is for another CPU or operating system.
    """
    missing = [it for it in distributions if not cache.find("parts", recipe.key(it))]
    files = {it.name: _choose(recipe, it, installed) for it in missing}
    everything = {path: data for own in files.values() for path, data in own.items()}
    check_binaries(everything, recipe.target)
    compiled: Mapping[str, bytes] = {}
    if recipe.python is not None and everything:
        with progress(f"compiling {', '.join(sorted(files))}"):
            # Packages carry templates that do not compile; those stay as they are.
            compiled, _ = compile_modules(recipe.python, recipe.target, everything)
    packed = pack({**everything, **compiled})
    for it in missing:
        build = partial(_build, files[it.name], compiled, packed)
        cache.find_or_build("parts", recipe.key(it), build)
    return [_read(recipe.key(it)) for it in distributions]


def _choose(
    recipe: Recipe, distribution: Distribution, installed: Path
) -> dict[str, bytes]:
    """Read what of a distribution goes into packages."""
    files = {path: (installed / path).read_bytes() for path in distribution.files}
    files = prune(files)
    named = recipe.boto3_for and distribution.name in ("boto3", "botocore")
    return prune_services(files, recipe.boto3_for) if named else files


def _build(
    own: Mapping[str, bytes],
    compiled: Mapping[str, bytes],
    packed: Mapping[str, Packed],
    folder: Path,
) -> None:
    """Put the files of one distribution, with their bytecode, into *folder*."""
    names = [*own, *_bytecode_of(own, compiled)]
    size = sum(packed[name].size for name in names)
    part = Part(digest(sorted(own.items())), sorted(own), size)
    (folder / "part.zip").write_bytes(write_zip({name: packed[name] for name in names}))
    (folder / "part.json").write_text(json.dumps(asdict(part)), encoding="utf-8")


def _bytecode_of(own: Iterable[str], compiled: Mapping[str, bytes]) -> list[str]:
    """Name the compiled files of the modules among *own*."""
    modules = {
        f"{folder}{'/' if folder else ''}__pycache__/{name.removesuffix('.py')}"
        for folder, _, name in (path.rpartition("/") for path in own)
        if name.endswith(".py")
    }
    return [path for path in compiled if path.rsplit(".", 2)[0] in modules]


def _read(key: str) -> tuple[Part, dict[str, Packed]]:
    entry = cache.find("parts", key)
    if entry is None:
        raise OSError("an entry of the cache has gone away")
    part = Part(**json.loads((entry / "part.json").read_bytes()))
    return part, read_zip((entry / "part.zip").read_bytes())
