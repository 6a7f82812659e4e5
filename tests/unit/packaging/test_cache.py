"""The cache: quick when nothing has changed, and never half-written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from lambda_constructs._packaging import cache as cached
from lambda_constructs._packaging.package import get_package
from lambda_constructs._packaging.plan import Inputs
from lambda_constructs._packaging.sizes import Limits
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


def _forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        pytest.fail(f"ran {arguments}")

    monkeypatch.setattr(subprocess, "run", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr("lambda_constructs._packaging.dependencies.install", refuse)


def test_an_unchanged_function_runs_nothing(
    wheels: Wheelhouse,
    make_folder: MakeFolder,
    package: Packaging,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    No installer, no compiler, and so no network; with dependencies, layers and all.
    """
    wheels.add("words", "1.0")
    folder = make_folder({"requirements.txt": "words==1.0"})
    first = package(folder)
    _forbid(monkeypatch)

    assert first == package(folder)


def test_an_unchanged_function_takes_no_time(
    wheels: Wheelhouse, make_folder: MakeFolder, package: Packaging
) -> None:
    """
    Under 20 ms, of which the rest of the synthesis gets most.
    """
    wheels.add("words", "1.0")
    folder = make_folder({"requirements.txt": "words==1.0"})
    package(folder)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        package(folder)
        times.append(time.perf_counter() - start)

    assert min(times) < 0.02


def test_changed_code_installs_nothing(
    wheels: Wheelhouse,
    make_folder: MakeFolder,
    package: Packaging,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    The dependencies are kept apart from the code.
    """
    wheels.add("words", "1.0")
    package(make_folder({"requirements.txt": "words==1.0"}))
    monkeypatch.setattr(
        "lambda_constructs._packaging.dependencies.install",
        lambda *_: pytest.fail("installed"),
    )
    made = package(make_folder({"more.py": "y = 1\n"}))

    assert {"more.py", "words/__init__.py"} < files_in(made).keys()


def test_a_dependency_more_compiles_only_that_one(
    wheels: Wheelhouse,
    make_folder: MakeFolder,
    package: Packaging,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    What has been made small and compiled once is taken from the cache.
    """
    from lambda_constructs._packaging import parts

    wheels.add("words", "1.0")
    wheels.add("more", "1.0")
    package(make_folder({"requirements.txt": "words==1.0"}))
    compiled: list[str] = []
    compile_modules = parts.compile_modules
    monkeypatch.setattr(
        parts,
        "compile_modules",
        lambda python, target, files: (
            compiled.extend(files) or compile_modules(python, target, files)
        ),
    )
    made = package(make_folder({"requirements.txt": "words==1.0\nmore==1.0"}))

    assert [it for it in compiled if it.endswith(".py")] == ["more/__init__.py"]
    assert f"words/__pycache__/__init__.{TAG}.pyc" in files_in(made)


@pytest.mark.parametrize("harm", ["truncate", "remove", "scramble"])
def test_a_damaged_entry_is_built_again(
    harm: str, make_folder: MakeFolder, package: Packaging, cache: Path
) -> None:
    """
    A full disk or a cleaner has taken part of it away.
    """
    folder = make_folder()
    whole = package(folder)
    data = whole.zip.read_bytes()
    if harm == "truncate":
        os.truncate(whole.zip, 10)
    elif harm == "remove":
        whole.zip.unlink()
    else:
        (whole.zip.parent / "contents.json").write_text("{")
    again = package(folder)

    assert data == again.zip.read_bytes()
    assert [it for it in again.zip.parent.parent.iterdir() if it.is_dir()] == [
        again.zip.parent
    ]


def test_threads_build_an_entry_once(cache: Path) -> None:
    """
    The others wait for the first and take what it has made.
    """
    built: list[Path] = []

    def build(folder: Path) -> None:
        built.append(folder)
        time.sleep(0.1)
        (folder / "a").write_text("a")

    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda _: cached.find_or_build("k", "key", build), range(4))
        )

    assert len(built) == 1
    assert len(set(found)) == 1


@pytest.mark.slow
def test_processes_build_the_same_entry(
    wheels: Wheelhouse, make_folder: MakeFolder, package: Packaging, cache: Path
) -> None:
    """
    pytest-xdist's workers, or two synths, want the same package at once.
    """
    wheels.add("words", "1.0")
    folder = make_folder({"requirements.txt": "words==1.0"})
    program = (
        "import sys; from pathlib import Path\n"
        "from lambda_constructs._packaging.package import get_package\n"
        "from lambda_constructs._packaging.plan import Inputs\n"
        "from lambda_constructs._packaging.sizes import Limits\n"
        "from lambda_constructs._packaging.target import Target\n"
        "folder = Path(sys.argv[1])\n"
        f"target = Target('{HERE.python}', 'x86_64')\n"
        "print(get_package(Inputs(folder, folder.name), target,"
        " 'index.handler', Limits()).zip)\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(folder)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    said = {process.communicate()[0] for process in processes}

    assert [process.returncode for process in processes] == [0, 0, 0]
    assert said == {f"{package(folder).zip}\n"}
    left = [it.name for it in cache.glob("v*/*/.unfinished-*")]
    assert left == []


def test_the_second_to_finish_takes_the_first_s(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Where files cannot be locked, both build and either result is as good.
    """

    def build(folder: Path) -> None:
        (folder / "a").write_text("mine")
        place = folder.parent / "key"
        place.mkdir()
        (place / "a").write_text("other")
        (place / "contents.json").write_text(json.dumps({"a": 5}))

    found = cached.find_or_build("k", "key", build)

    assert {"a": 4} == json.loads((found / "contents.json").read_text())


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_a_killed_build_is_in_nobody_s_way(cache: Path) -> None:
    """
    What it leaves is no entry, and the lock goes with it.
    """
    program = (
        "import time\n"
        "from lambda_constructs._packaging.cache import find_or_build\n"
        "def build(folder):\n"
        "    (folder / 'half').write_text('written')\n"
        "    print('started', flush=True)\n"
        "    time.sleep(60)\n"
        "find_or_build('k', 'key', build)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == "started\n"
        process.kill()
        process.wait()

    assert cached.find("k", "key") is None
    made = cached.find_or_build("k", "key", lambda it: (it / "a").touch())
    assert sorted(it.name for it in made.iterdir()) == ["a", "contents.json"]


def test_what_is_asked_for_afresh_is_built_once(
    wheels: Wheelhouse, make_folder: MakeFolder
) -> None:
    """
    Unpinned requirements stay as they were resolved until someone asks anew.
    """
    wheels.add("words", "1.0")
    folder = make_folder({"requirements.txt": "words"})
    inputs = Inputs(folder, folder.name)
    get = partial(get_package, inputs, HERE, "index.handler", Limits())
    get()
    wheels.add("words", "2.0")

    assert get().versions == {"words": "1.0"}
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: get(fresh=True), range(2)))
    assert [it.versions for it in made] == [{"words": "2.0"}] * 2


def test_fails_if_the_cache_cannot_be_written(
    make_folder: MakeFolder,
    package: Packaging,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """
    It says which folder, and how to choose another.
    """
    occupied = tmp_path / "occupied"
    occupied.write_text("a file")
    monkeypatch.setenv("LAMBDA_CONSTRUCTS_CACHE", str(occupied))

    with pytest.raises(ConfigurationError) as caught:
        package(make_folder())

    assert str(caught.value) == (
        f"packages are kept in {occupied}, which cannot be written: Not a directory; "
        "set LAMBDA_CONSTRUCTS_CACHE to a folder that can"
    )


def test_a_cache_that_can_only_be_read_is_enough(
    make_folder: MakeFolder, package: Packaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A CI job restores it and makes nothing new.
    """
    folder = make_folder()
    made = package(folder)

    def refuse(*_: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(os, "utime", refuse)
    monkeypatch.setattr(Path, "mkdir", refuse)

    assert made == package(folder)


def test_what_nobody_uses_is_forgotten(
    make_folder: MakeFolder, package: Packaging, cache: Path
) -> None:
    """
    After a month, and what a killed process left after some hours.
    """
    old = package(make_folder(), bytecode=False).zip.parent
    os.utime(old, (0, 0))
    abandoned = old.parent / ".unfinished-1"
    abandoned.mkdir()
    os.utime(abandoned, (0, 0))
    kept = package(make_folder(), HERE).zip.parent
    package(make_folder(), ARM_3_14)

    assert [old.exists(), abandoned.exists(), kept.exists()] == [False, False, True]


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/lambda-constructs"),
        ("linux", {"HOME": "/home/a"}, "/home/a/.cache/lambda-constructs"),
        ("darwin", {"HOME": "/a"}, "/a/Library/Caches/lambda-constructs"),
        ("linux", {"LAMBDA_CONSTRUCTS_CACHE": "/y"}, "/y"),
    ],
)
def test_the_cache_is_where_caches_are(
    platform: str,
    variables: dict[str, str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Or where LAMBDA_CONSTRUCTS_CACHE says.
    """
    for name in ("LAMBDA_CONSTRUCTS_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)

    assert Path(expected) == cached.cache_folder()


def test_it_says_what_it_does_when_it_takes_long(
    make_folder: MakeFolder,
    wheels: Wheelhouse,
    package: Packaging,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """
    Nothing for a second, then what, and in the end how long.
    """
    wheels.add("words", "1.0")
    folder = make_folder({"requirements.txt": "words==1.0"})
    monkeypatch.setattr("lambda_constructs._packaging.progress.PATIENCE_SECONDS", 0.001)
    package(folder)
    said = capsys.readouterr()
    package(folder)

    assert f"thumbnailer: installing for {HERE} ...\n" in said.err
    assert f"thumbnailer: installing for {HERE}: done in 0." in said.err
    assert said.out == ""
    assert capsys.readouterr().err == ""
