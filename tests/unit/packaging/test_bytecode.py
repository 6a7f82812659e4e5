"""Modules are compiled by the runtime's own version of Python, or not at all."""

from __future__ import annotations

import importlib.util
import marshal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from lambda_constructs._packaging import bytecode
from lambda_constructs._packaging.target import Target
from lambda_constructs.errors import ConfigurationError
from tests.unit.packaging.conftest import (
    ARM_3_14,
    HERE,
    TAG,
    MakeFolder,
    Packaging,
    Wheelhouse,
    files_in,
)

ABSENT = Target("3.14" if sys.version_info < (3, 14) else "3.12", "x86_64")


def test_code_and_dependencies_are_compiled(
    wheels: Wheelhouse, make_folder: MakeFolder, package: Packaging
) -> None:
    """
    Unchecked: the zip's times are no sign of what was compiled from what.
    """
    wheels.add("words", "1.0")
    made = package(make_folder({"requirements.txt": "words==1.0"}), HERE)
    compiled = {name: it for name, it in files_in(made).items() if ".pyc" in name}

    assert made.bytecode
    assert set(compiled) == {
        f"__pycache__/index.{TAG}.pyc",
        f"words/__pycache__/__init__.{TAG}.pyc",
    }
    for data in compiled.values():
        assert data[:4] == importlib.util.MAGIC_NUMBER
        assert data[4:8] == b"\x01\0\0\0"  # hash-based, unchecked
        code = marshal.loads(data[16:])  # noqa: S302
        assert code.co_filename.startswith("/var/task/")


def test_python_uses_it_whatever_the_times(
    make_folder: MakeFolder, package: Packaging, tmp_path: Path
) -> None:
    """
    With the 1980 dates of a zip and a source that says something else.
    """
    made = package(make_folder(), HERE)
    with zipfile.ZipFile(made.zip) as archive:
        archive.extractall(tmp_path / "task")
    (tmp_path / "task" / "index.py").write_text("raise SystemExit('compiled anew')")
    program = "import index; print(index.handler('ran', None))"
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path / "task",
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.stdout == "ran\n"


@pytest.mark.usefixtures("only_this_python")
def test_another_version_s_bytecode_is_never_in_the_package(
    wheels: Wheelhouse,
    make_folder: MakeFolder,
    package: Packaging,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """
    Without the runtime's Python there is none, and who makes packages is told, once.
    """
    wheels.add("words", "1.0")
    folder = make_folder({"requirements.txt": "words==1.0"})
    made = package(folder, ABSENT)
    package(make_folder({"more.py": ""}), ABSENT)
    package(make_folder({"more.py": ""}), ABSENT)

    assert not made.bytecode
    assert not [name for name in files_in(made) if name.endswith(".pyc")]
    assert capsys.readouterr().err == (
        f"note: there is no Python {ABSENT.python} here to compile for "
        f"python{ABSENT.python}, so packages are made without bytecode and start "
        f"slower; uv python install {ABSENT.python}\n"
    )


@pytest.mark.usefixtures("only_this_python")
def test_fails_if_bytecode_is_demanded_and_cannot_be_had(
    make_folder: MakeFolder, package: Packaging
) -> None:
    """
    A pipeline wants to know rather than deploy slower functions.
    """
    with pytest.raises(ConfigurationError) as caught:
        package(make_folder(), ABSENT, bytecode=True)

    assert str(caught.value) == (
        f"bytecode=True needs a Python {ABSENT.python} to compile with, got none; "
        f"run uv python install {ABSENT.python}"
    )


def test_bytecode_can_be_left_out(make_folder: MakeFolder, package: Packaging) -> None:
    """
    Where size counts for more than time.
    """
    made = package(make_folder(), HERE, bytecode=False)

    assert ["index.py"] == list(files_in(made))


@pytest.mark.usefixtures("only_this_python")
def test_a_python_that_is_not_what_its_name_says_is_not_used(
    make_folder: MakeFolder,
    package: Packaging,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """
    A pyenv shim that fails, another version behind a link.
    """
    wrong = tmp_path / f"python{ABSENT.python}"
    wrong.symlink_to(sys.executable)
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    for found in (wrong, broken):
        monkeypatch.setattr(bytecode.shutil, "which", lambda _, it=found: str(it))

        assert bytecode.interpreters(ABSENT.python) == (str(found),)
        assert not package(make_folder(), ABSENT).bytecode


@pytest.mark.usefixtures("only_this_python")
def test_a_python_that_arrives_later_is_used(
    make_folder: MakeFolder,
    package: Packaging,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """
    `uv python install`, and the next package has bytecode, under the same hash.
    """
    folder = make_folder()
    without = package(folder, ABSENT)
    uv = tmp_path / "pythons"
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(uv))
    name = f"cpython-{ABSENT.python}.1-linux-x86_64-gnu/bin/python{ABSENT.python}"
    python = uv / name
    python.parent.mkdir(parents=True)
    python.write_text(
        # Stands in for that version: this one, made to say so.
        f'#!/bin/sh\nshift 6\nexec "{sys.executable}" -I -S -B -c '
        f'"$(printf %s "$1" | sed "s/% sys.version_info\\[:2\\]/% '
        f'({ABSENT.python.replace(".", ", ")})/")" "$2"\n'
    )
    python.chmod(0o755)
    assert bytecode.interpreters(ABSENT.python) == (str(python),)
    made = package(folder, ABSENT)

    assert made.bytecode
    assert made.asset_hash == without.asset_hash
    assert f"__pycache__/index.cpython-{ABSENT.python.replace('.', '')}.pyc" in set(
        files_in(made)
    )


def test_what_does_not_compile_among_dependencies_is_left_as_it_is(
    wheels: Wheelhouse, make_folder: MakeFolder, package: Packaging
) -> None:
    """
    Packages carry templates that are no valid Python.
    """
    files = {"words/__init__.py": b"", "words/template.py": b"{{ name }} = = 1"}
    wheels.add("words", "1.0", files)
    made = package(make_folder({"requirements.txt": "words==1.0"}), HERE)

    assert "words/template.py" in files_in(made)
    assert f"words/__pycache__/__init__.{TAG}.pyc" in files_in(made)


def test_the_python_of_lambda_s_default_runtime_is_looked_for(
    make_folder: MakeFolder, package: Packaging
) -> None:
    """
    Without running anything: at each synthesis, that has to be quick.
    """
    found = bytecode.interpreters(ARM_3_14.python)

    assert all("3.14" in path for path in found) or sys.version_info[:2] == (3, 14)
