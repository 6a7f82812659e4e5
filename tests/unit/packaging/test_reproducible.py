"""The same inputs give the same bytes and the same hash."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambda_constructs._packaging.archive import pack, read_zip, write_zip
from lambda_constructs._packaging.bytecode import compile_modules
from lambda_constructs._packaging.target import Target
from tests.unit.packaging.conftest import (
    HERE,
    TAG,
    MakeFolder,
    Packaging,
    Wheelhouse,
    files_in,
)

MODULE = b"""
WORDS = {"b", "a", "c"}
def known(word, *, also=("d", 1.5, None)):
    return word in {"x", "y", "z"} or word in also or word in WORDS
class Thing:
    def __init__(self, word): self.word = word
"""
names = st.text("abcxyz_/é", min_size=1, max_size=12).filter(
    lambda it: "//" not in it and not it.startswith("/") and not it.endswith("/")
)


def test_two_builds_are_identical(
    make_folder: MakeFolder,
    wheels: Wheelhouse,
    package: Packaging,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """
    Another folder, other file times, another umask and an empty cache change neither
    a byte of the package nor its hash.
    """
    wheels.add("words", "1.0", {"words.py": MODULE, "data/a.txt": b"a"})
    files = {"requirements.txt": "words==1.0", "b/c.py": MODULE, "a.sh": "#!/bin/sh\n"}
    first = package(make_folder(files))
    copy = tmp_path / "elsewhere" / "thumbnailer"
    shutil.copytree(make_folder(files), copy)
    for path in copy.rglob("*"):
        os.utime(path, (0, 0))
        path.chmod(0o700)
    monkeypatch.setenv("LAMBDA_CONSTRUCTS_CACHE", str(tmp_path / "other-cache"))
    umask = os.umask(0o077)
    try:
        second = package(copy)
    finally:
        os.umask(umask)

    assert first.zip.read_bytes() == second.zip.read_bytes()
    assert first.asset_hash == second.asset_hash
    assert first.zip != second.zip


def test_what_lambda_unpacks_can_be_read_by_everyone(
    make_folder: MakeFolder, package: Packaging
) -> None:
    """
    Lambda runs the function as another user: files are 0644 and programs 0755.
    """
    folder = make_folder({"run.sh": "#!/bin/sh\n", "data.txt": "x"})
    (folder / "data.txt").chmod(0o600)

    with zipfile.ZipFile(package(folder).zip) as archive:
        entries = {it.filename: it for it in archive.infolist()}

    modes = {name: oct(it.external_attr >> 16) for name, it in entries.items()}
    assert modes["data.txt"] == "0o100644"
    assert modes["run.sh"] == "0o100755"
    assert {it.date_time for it in entries.values()} == {(1980, 1, 1, 0, 0, 0)}
    assert sorted(entries) == list(entries)


@settings(deadline=None)
@given(st.dictionaries(names, st.binary(max_size=300), max_size=12))
def test_any_files_survive(files: dict[str, bytes]) -> None:
    """
    A zip gives back what went in, in the order of the names, whoever reads it.
    """
    whole = write_zip(pack(files))
    again = write_zip(read_zip(whole))

    assert whole == again
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert {it: archive.read(it) for it in archive.namelist()} == files
        assert sorted(files) == archive.namelist()


@settings(deadline=None)
@given(st.permutations(["a.py", "b.py", "c/d.py", "e.txt"]))
def test_order_does_not_matter(order: list[str]) -> None:
    """
    In whatever order a file system lists files, the zip is the same.
    """
    files = {name: name.encode() * 9 for name in order}

    assert write_zip(pack(files)) == write_zip(pack(dict(sorted(files.items()))))


def test_bytecode_is_the_same_whatever_is_compiled_beside_it() -> None:
    """
    A module's bytecode depends on the module alone, so packages can share it.
    """
    others = {f"m{i}.py": MODULE.replace(b"word", b"word%d" % i) for i in range(90)}
    alone, _ = compile_modules(sys.executable, HERE, {"words.py": MODULE})
    among, _ = compile_modules(
        sys.executable, HERE, {**others, "words.py": MODULE, "z.py": MODULE}
    )

    name = f"__pycache__/words.{TAG}.pyc"
    assert alone[name] == among[name]


def test_the_hash_is_of_what_is_deployed(
    make_folder: MakeFolder, wheels: Wheelhouse, package: Packaging
) -> None:
    """
    Comments in requirements, tests and caches publish no new version; code, versions,
    options, runtime and architecture do.
    """
    wheels.add("words", "1.0")
    wheels.add("words", "2.0")
    folder = make_folder({"requirements.txt": "words==1.0"})
    first = package(folder).asset_hash

    make_folder({"requirements.txt": "# why\nwords==1.0", "tests/test_a.py": "1"})
    make_folder({"__pycache__/index.cpython-311.pyc": "stale", ".DS_Store": "x"})
    assert package(folder).asset_hash == first

    hashes = {first, package(folder, Target("3.14", "x86_64")).asset_hash}
    hashes.add(package(folder, Target(HERE.python, "arm64")).asset_hash)
    hashes.add(package(folder, bytecode=False).asset_hash)
    make_folder({"requirements.txt": "words==2.0"})
    hashes.add(package(folder).asset_hash)
    make_folder({"more.py": ""})
    hashes.add(package(folder).asset_hash)
    assert len(hashes) == 6


def test_bytecode_at_hand_or_not_publishes_no_new_version(
    make_folder: MakeFolder, package: Packaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Two people, one with the runtime's Python and one without, deploy by turns.
    """
    folder = make_folder()
    with_bytecode = package(folder)
    monkeypatch.setattr(
        "lambda_constructs._packaging.package.interpreters", lambda _: ()
    )
    without = package(folder)

    assert (True, False) == (with_bytecode.bytecode, without.bytecode)
    assert with_bytecode.asset_hash == without.asset_hash


def test_no_path_of_this_machine_is_in_the_package(
    make_folder: MakeFolder, wheels: Wheelhouse, package: Packaging, tmp_path: Path
) -> None:
    """
    Bytecode names modules below /var/task, and the installer's notes are left out.
    """
    wheels.add("words", "1.0", {"words.py": MODULE, "words-1.0.data/scripts/w": b"#!"})
    made = package(make_folder({"requirements.txt": "words==1.0"}))

    for name, data in files_in(made).items():
        assert str(tmp_path).encode() not in data, name
        if name.endswith(".pyc"):
            assert b"/var/task/" in data
    assert not any(name.startswith("bin/") for name in files_in(made))


def test_the_package_runs(
    make_folder: MakeFolder, wheels: Wheelhouse, package: Packaging, tmp_path: Path
) -> None:
    """
    Unpacked, the handler imports its dependency and runs.
    """
    wheels.add("words", "1.0", {"words.py": MODULE})
    handler = (
        "import words\ndef handler(event, context):\n    return words.known('x')\n"
    )
    made = package(make_folder({"requirements.txt": "words==1.0", "index.py": handler}))
    with zipfile.ZipFile(made.zip) as archive:
        archive.extractall(tmp_path / "task")
    program = "import index; print(index.handler({}, None))"
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path / "task",
        capture_output=True,
        text=True,
        check=True,
    )

    assert result.stdout == "True\n"
