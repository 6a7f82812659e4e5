"""Install wheels for the target with uv, or with pip where there is no uv."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from lambda_constructs._packaging.refusals import refuse
from lambda_constructs._packaging.requirements import Requirements
from lambda_constructs._packaging.target import Target
from lambda_constructs.errors import ConfigurationError

OLDER_TAGS = {
    "manylinux_2_28": [f"manylinux_2_{minor}" for minor in range(28, 16, -1)],
    "manylinux2014": ["manylinux_2_17"],
}
"""pip, unlike uv, has to be told each tag that it may take."""

YANKED = re.compile(
    r"`?([A-Za-z0-9._-]+==[^\s`]+)`? is yanked(?: \(reason: \"?(.*?)\"?\))?"
)


@dataclass(frozen=True)
class Installed:
    """What an installation has to tell beyond its files.

    Attributes:
        yanked: Pinned versions that their authors have withdrawn, and why.
        by: The installer.
    """

    yanked: tuple[str, ...]
    by: str


def find_uv() -> str | None:
    """Find uv: the package of the `packaging` extra, else the one on PATH."""
    if importlib.util.find_spec("uv") is not None:
        from uv import find_uv_bin

        try:
            return os.fspath(find_uv_bin())
        except FileNotFoundError:
            pass
    return shutil.which("uv")


def install(requirements: Requirements, target: Target, into: Path) -> Installed:
    """Install what *requirements* name, as wheels for *target*, below *into*.

    Raises:
        ConfigurationError: It cannot be had, and why.
    """
    uv = find_uv()
    if uv is None and importlib.util.find_spec("pip") is None:
        raise ConfigurationError(
            "dependencies need uv or pip to be installed, got neither; "
            "pip install 'lambda-constructs[packaging]'"
        )
    scratch = into.with_name(into.name + ".requirements.txt")
    named = _requirements_file(requirements, uv, scratch)
    if uv is not None:
        command = [uv, *_uv_arguments(requirements, target)]
    else:
        command = [sys.executable, *_pip_arguments(requirements, target)]
    command += ["--target", str(into), "-r", str(named)]
    result = None
    if uv is not None and not requirements.unpinned and "UV_OFFLINE" not in os.environ:
        # What is pinned is the same from the cache, ten times as fast.
        result = _run(command, requirements, UV_OFFLINE="1")
    if result is None or result.returncode:
        result = _run(command, requirements)
    if result.returncode:
        refuse(result.stderr, requirements, target)
    yanked = [": ".join(filter(None, m)) for m in YANKED.findall(result.stderr)]
    return Installed(tuple(sorted(set(yanked))), "pip" if uv is None else "uv")


def _run(
    command: list[str], requirements: Requirements, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run an installer where its settings for this folder are found."""
    return subprocess.run(  # noqa: S603
        command,
        cwd=requirements.file.parent,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def _requirements_file(
    requirements: Requirements, uv: str | None, scratch: Path
) -> Path:
    """Give the file to hand to the installer, written to *scratch* if need be."""
    if requirements.kind == "pyproject.toml":
        scratch.write_text(requirements.text, encoding="utf-8")
        return scratch
    if requirements.kind == "requirements.txt":
        return requirements.file
    if uv is None:
        raise ConfigurationError(
            f"{requirements.file.name} can only be read by uv, got pip alone; "
            "pip install 'lambda-constructs[packaging]', or export the lock to "
            "requirements.txt"
        )
    if requirements.kind == "pylock.toml":
        return requirements.file
    export = [
        uv, "export", "--quiet", "--frozen", "--no-dev", "--no-emit-project",
        "--no-header", "--offline", "--format", "requirements.txt",
        "--output-file", str(scratch),
    ]  # fmt: skip
    result = _run(export, requirements)
    if result.returncode:
        raise ConfigurationError(
            f"{requirements.file.parent.name}/uv.lock cannot be read: "
            f"{' '.join(result.stderr.split())}; run uv lock there"
        )
    return scratch


def _uv_arguments(requirements: Requirements, target: Target) -> list[str]:
    arguments = [
        "pip", "install", "--only-binary", ":all:", "--no-compile-bytecode",
        "--no-progress", "--color", "never", "--python", sys.executable,
    ]  # fmt: skip
    if not target.host:
        platform = f"{target.machine}-{target.manylinux}"
        arguments += ["--python-platform", platform, "--python-version", target.python]
    if requirements.hashed:
        arguments += ["--require-hashes"]
    return arguments


def _pip_arguments(requirements: Requirements, target: Target) -> list[str]:
    arguments = [
        "-m", "pip", "install", "--only-binary=:all:", "--no-compile", "--quiet",
        "--disable-pip-version-check", "--no-input", "--ignore-installed",
        "--progress-bar", "off", "--no-warn-conflicts",
    ]  # fmt: skip
    if not target.host:
        tags = [*OLDER_TAGS[target.manylinux], "manylinux2014", "manylinux1"]
        for tag in tags:
            arguments += ["--platform", f"{tag}_{target.machine}"]
        arguments += ["--implementation", "cp", "--python-version", target.python]
    if requirements.hashed:
        arguments += ["--require-hashes"]
    return arguments
