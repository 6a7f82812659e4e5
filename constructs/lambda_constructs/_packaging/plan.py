"""What a package is made from and what it is, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lambda_constructs._packaging.dependencies import Wanted
from lambda_constructs._packaging.sizes import Limits

Warnings = list[list[str]]
"""Ids and messages."""


@dataclass(frozen=True)
class Inputs:
    """All that a package is made from; the fields of `PythonCode`, as paths.

    Attributes:
        written: Names and texts of files that no folder has, or other than there.
    """

    folder: Path
    name: str
    requirements: Path | None = None
    shared: tuple[Path, ...] = ()
    layers: tuple[Inputs, ...] = ()
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    boto3_for: tuple[str, ...] = ()
    provided: tuple[str, ...] = ()
    bytecode: bool | None = None
    written: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Package:
    """A finished package.

    Attributes:
        zip: The file to deploy.
        asset_hash: Changes when, and only when, there is something new to deploy.
        zipped: Its size in bytes.
        unzipped: Its size in bytes once unpacked.
        versions: The dependencies in it.
        left_out: Dependencies that the runtime or a layer brings.
        sources: Stands for the user's own files.
        modules: What can be imported from it.
        bytecode: Whether it is compiled.
        warnings: Ids and messages for the person who deploys it.
    """

    zip: Path
    asset_hash: str
    zipped: int
    unzipped: int
    sources: str
    versions: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    modules: list[str] = field(default_factory=list)
    bytecode: bool = False
    warnings: Warnings = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """What is known before a package is built; see `get_package`."""

    inputs: Inputs
    wanted: Wanted
    files: Mapping[str, bytes]
    handler: str | None
    limits: Limits
    layers: tuple[Package, ...]
    fresh: bool
