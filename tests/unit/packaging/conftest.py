"""Wheels made here, a cache of its own per test, and no way to the network."""

from __future__ import annotations

import base64
import hashlib
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from lambda_constructs._packaging import bytecode, checks
from lambda_constructs._packaging.package import get_package
from lambda_constructs._packaging.plan import Inputs, Package
from lambda_constructs._packaging.sizes import Limits
from lambda_constructs._packaging.target import TASK_ROOT, Target

HANDLER = b"def handler(event, context):\n    return event\n"
HERE = Target(f"3.{sys.version_info.minor}", "x86_64")
TAG = f"cpython-3{sys.version_info.minor}"
ARM_3_14 = Target("3.14", "arm64")


@dataclass(frozen=True)
class Wheelhouse:
    """A folder of wheels, which is all that the installers see."""

    folder: Path

    def add(
        self,
        name: str,
        version: str,
        files: Mapping[str, bytes] | None = None,
        *,
        requires: Sequence[str] = (),
        tag: str = "py3-none-any",
    ) -> str:
        """Make a wheel, and give the hash of it as a lock does."""
        module = name.replace("-", "_")
        info = f"{module}-{version}.dist-info"
        needs = "".join(f"Requires-Dist: {it}\n" for it in requires)
        content = {
            **({f"{module}/__init__.py": b"x = 1\n"} if files is None else files),
            f"{info}/METADATA": (
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}\n"
            ).encode(),
            f"{info}/WHEEL": (
                f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n"
            ).encode(),
        }
        rows = [f"{path},{_hash(data)},{len(data)}" for path, data in content.items()]
        record = "\n".join([*rows, f"{info}/RECORD,,"]).encode()
        path = self.folder / f"{module}-{version}-{tag}.whl"
        with zipfile.ZipFile(path, "w") as wheel:
            for each, data in {**content, f"{info}/RECORD": record}.items():
                wheel.writestr(zipfile.ZipInfo(each), data)
        return hashlib.sha256(path.read_bytes()).hexdigest()


def _hash(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    return f"sha256={digest.rstrip(b'=').decode()}"


class MakeFolder(Protocol):
    def __call__(
        self, files: Mapping[str, bytes | str] | None = None, *, name: str = ...
    ) -> Path: ...


class Packaging(Protocol):
    def __call__(
        self,
        folder: Path,
        target: Target = ...,
        *,
        handler: str | None = ...,
        edge: bool = ...,
        **options: object,
    ) -> Package: ...


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("LAMBDA_CONSTRUCTS_CACHE", str(folder))
    return folder


@pytest.fixture
def only_this_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No other Python is on this machine."""
    for name in ("UV_PYTHON_INSTALL_DIR", "PYENV_ROOT", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setattr(bytecode.shutil, "which", lambda _: None)
    checks._note_no_bytecode.cache_clear()


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wheelhouse:
    folder = tmp_path / "wheels"
    folder.mkdir()
    settings = tmp_path / "uv.toml"
    settings.write_text(f"no-index = true\nfind-links = ['{folder}']\n")
    for name, value in {
        "UV_CONFIG_FILE": str(settings),
        "UV_CACHE_DIR": str(tmp_path / "uv"),
        "PIP_FIND_LINKS": str(folder),
        "PIP_NO_INDEX": "1",
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_NO_CACHE_DIR": "1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    return Wheelhouse(folder)


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    """A handler folder; text and bytes by path."""

    def make(
        files: Mapping[str, bytes | str] | None = None, *, name: str = "thumbnailer"
    ) -> Path:
        folder = tmp_path / "lambda_src" / name
        for path, content in {"index.py": HANDLER, **(files or {})}.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            data = content.encode() if isinstance(content, str) else content
            file.write_bytes(data)
        return folder

    return make


@pytest.fixture
def package() -> Packaging:
    """Make a package as a function asks for it, without CDK."""

    def make(
        folder: Path,
        target: Target = HERE,
        *,
        handler: str | None = "index.handler",
        edge: bool = False,
        **options: object,
    ) -> Package:
        inputs = Inputs(folder, folder.name, **options)  # type: ignore[arg-type]
        return get_package(inputs, target, handler, Limits(edge))

    return make


def files_in(package: Package) -> dict[str, bytes]:
    """Give what a package holds."""
    with zipfile.ZipFile(package.zip) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def code_in(package: Package) -> set[str]:
    """Name what a package holds, without metadata and bytecode."""
    return {
        name
        for name in files_in(package)
        if ".dist-info/" not in name and not name.endswith(".pyc")
    }


def elf(machine: int) -> bytes:
    """The start of a compiled file for a CPU, by its ELF number."""
    return b"\x7fELF\x02\x01\x01" + bytes(11) + machine.to_bytes(2, "little") + bytes(9)


__all__ = [
    "ARM_3_14",
    "HANDLER",
    "HERE",
    "TAG",
    "TASK_ROOT",
    "MakeFolder",
    "Packaging",
    "Wheelhouse",
    "code_in",
    "elf",
    "files_in",
]
