"""Each way an installation can fail is told in a line that says what to do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from lambda_constructs.errors import ConfigurationError
from tests.unit.packaging.conftest import (
    ARM_3_14,
    MakeFolder,
    Packaging,
    Wheelhouse,
)


@pytest.fixture(params=["uv", "pip"])
def installer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both installers fail in the same words."""
    if request.param == "pip":
        monkeypatch.setattr(
            "lambda_constructs._packaging.install.find_uv", lambda: None
        )
    return str(request.param)


def _entries(cache: Path) -> list[str]:
    """Name what an unsuccessful build has left behind."""
    return [
        path.name for path in cache.glob("v*/*/*") if not path.name.startswith(".lock-")
    ]


def _refused(package: Packaging, folder: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        package(folder, ARM_3_14)
    return str(caught.value)


def test_fails_if_a_package_has_no_wheel(
    installer: str,
    wheels: Wheelhouse,
    make_folder: MakeFolder,
    package: Packaging,
    cache: Path,
) -> None:
    """
    It names the package, the target and the ways out.
    """
    wheels.add("words", "1.0", tag="cp314-cp314-macosx_14_0_arm64")
    message = _refused(package, make_folder({"requirements.txt": "words==1.0"}))

    if installer == "uv":
        assert message == (
            "words==1.0 must have a wheel for python3.14 on arm64, got none, and "
            "packages are not compiled here; pin a version of it that has one, choose "
            "the other architecture or another runtime, take it from a layer with "
            "provided=, or build a container image with DockerImageFunction"
        )
    else:  # pip does not tell a wheel for others from none at all
        assert "python3.14 on arm64, got words==1.0, which it has not" in message
    assert _entries(cache) == []


def test_fails_if_requirements_disagree(
    installer: str,
    wheels: Wheelhouse,
    make_folder: MakeFolder,
    package: Packaging,
) -> None:
    """
    The resolver's reason is in the message.
    """
    wheels.add("words", "1.0", requires=["more>=2"])
    wheels.add("more", "1.0")
    wheels.add("more", "2.0")
    folder = make_folder({"requirements.txt": "words==1.0\nmore==1.0"})
    message = _refused(package, folder)

    assert message.startswith(
        "the requirements in thumbnailer/requirements.txt must agree with each other, "
        "got "
    )
    assert "more" in message
    assert message.endswith("; loosen one of the versions")


def test_fails_if_a_version_does_not_exist(
    installer: str,
    wheels: Wheelhouse,
    make_folder: MakeFolder,
    package: Packaging,
) -> None:
    """
    Or the package itself does not.
    """
    wheels.add("words", "1.0")
    message = _refused(package, make_folder({"requirements.txt": "words==9.9"}))

    assert "must name packages and versions that the package index has" in message
    assert "words==9.9" in message


def test_fails_if_a_file_has_another_hash(
    installer: str,
    wheels: Wheelhouse,
    make_folder: MakeFolder,
    package: Packaging,
    cache: Path,
) -> None:
    """
    A lock's hashes are honoured.
    """
    wheels.add("words", "1.0")
    lock = f"words==1.0 --hash=sha256:{'0' * 64}"
    message = _refused(package, make_folder({"requirements.txt": lock}))

    assert message.startswith("words==1.0 must have one of the hashes that ")
    assert _entries(cache) == []


def test_hashes_that_are_right_are_accepted(
    installer: str,
    wheels: Wheelhouse,
    make_folder: MakeFolder,
    package: Packaging,
) -> None:
    """
    As uv pip compile --generate-hashes writes them.
    """
    sha256 = wheels.add("words", "1.0")
    lock = f"words==1.0 \\\n    --hash=sha256:{sha256}\n    # via -r in\n"

    assert package(make_folder({"requirements.txt": lock})).versions == {"words": "1.0"}


def test_fails_if_one_of_several_has_no_hash(
    installer: str,
    wheels: Wheelhouse,
    make_folder: MakeFolder,
    package: Packaging,
) -> None:
    """
    A hash for some is no protection for all.
    """
    sha256 = wheels.add("words", "1.0", requires=["more"])
    wheels.add("more", "1.0")
    lock = f"words==1.0 --hash=sha256:{sha256}\n"
    message = _refused(package, make_folder({"requirements.txt": lock}))

    assert "must give the hash and version of every package" in message


@pytest.mark.parametrize(
    "settings",
    [
        {"UV_OFFLINE": "1"},
        {"UV_OFFLINE": "", "UV_INDEX_URL": "http://127.0.0.1:9/simple"},
    ],
    ids=["told to be", "unreachable"],
)
def test_fails_if_offline_and_not_in_the_cache(
    settings: dict[str, str],
    wheels: Wheelhouse,
    make_folder: MakeFolder,
    package: Packaging,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    It says that a connection is needed once.
    """
    monkeypatch.delenv("UV_CONFIG_FILE")
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    for name, value in settings.items():
        if value:
            monkeypatch.setenv(name, value)
    message = _refused(package, make_folder({"requirements.txt": "words==1.0"}))

    assert message.startswith(
        "thumbnailer/requirements.txt needs packages that are not in the installer's "
        "cache, got no connection to the package index"
    )
    assert _entries(cache) == []


def test_fails_if_there_is_neither_uv_nor_pip(
    wheels: Wheelhouse,
    make_folder: MakeFolder,
    package: Packaging,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    It says which extra brings uv.
    """
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", "")
    message = _refused(package, make_folder({"requirements.txt": "words==1.0"}))

    assert message == (
        "dependencies need uv or pip to be installed, got neither; "
        "pip install 'lambda-constructs[packaging]'"
    )


@pytest.fixture
def index(
    wheels: Wheelhouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Path]:
    """A package index on this machine, in the folder `simple`."""
    handler = partial(Quiet, directory=str(tmp_path))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.delenv("UV_CONFIG_FILE")
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    url = f"http://127.0.0.1:{server.server_address[1]}/simple"
    monkeypatch.setenv("UV_DEFAULT_INDEX", url)
    (tmp_path / "simple" / "words").mkdir(parents=True)
    yield tmp_path / "simple"
    server.shutdown()
    thread.join()
    server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing."""

    def log_message(self, format: str, *arguments: object) -> None: ...


def test_a_withdrawn_version_that_is_pinned_is_warned_of(
    index: Path, wheels: Wheelhouse, make_folder: MakeFolder, package: Packaging
) -> None:
    """
    It is installed, as the pin asks for it, and a person is told why not to.
    """
    wheels.add("words", "1.0")
    name = "words-1.0-py3-none-any.whl"
    page = f'<a href="/wheels/{name}" data-yanked="loses letters">{name}</a>'
    (index / "words" / "index.html").write_text(page)
    made = package(make_folder({"requirements.txt": "words==1.0"}))

    assert made.versions == {"words": "1.0"}
    assert made.warnings == [
        [
            "lambda-constructs:package-yanked",
            "thumbnailer depends on a version that its authors have withdrawn: "
            "words==1.0: loses letters; choose another",
        ]
    ]


def test_fails_if_only_withdrawn_versions_would_do(
    index: Path, wheels: Wheelhouse, make_folder: MakeFolder, package: Packaging
) -> None:
    """
    Nothing pins one, so none is taken.
    """
    wheels.add("words", "1.0")
    name = "words-1.0-py3-none-any.whl"
    page = f'<a href="/wheels/{name}" data-yanked="loses letters">{name}</a>'
    (index / "words" / "index.html").write_text(page)
    message = _refused(package, make_folder({"requirements.txt": "words>=1.0"}))

    assert message == (
        "thumbnailer/requirements.txt must name versions that their authors stand by, "
        "got only words==1.0, which they have withdrawn (loses letters); choose "
        "another, or pin it with =="
    )


def test_no_installer_is_needed_without_dependencies(
    make_folder: MakeFolder, package: Packaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Code alone is packaged by anyone.
    """
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", "")

    assert package(make_folder({"requirements.txt": "# none yet\n"})).versions == {}


def test_fails_if_a_requirement_is_no_requirement(
    wheels: Wheelhouse, make_folder: MakeFolder, package: Packaging
) -> None:
    """
    What else an installer says is passed on.
    """
    message = _refused(package, make_folder({"requirements.txt": "words=>1"}))

    assert "could not be installed for python3.14 on arm64, got " in message
    assert "no such comparison operator" in message


def test_an_interrupted_installation_leaves_nothing(
    wheels: Wheelhouse,
    make_folder: MakeFolder,
    package: Packaging,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Ctrl-C while uv runs, and the next run starts afresh and succeeds.
    """
    wheels.add("words", "1.0")
    folder = make_folder({"requirements.txt": "words==1.0"})

    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("lambda_constructs._packaging.dependencies.install", interrupted)
        with pytest.raises(KeyboardInterrupt):
            package(folder)

    assert _entries(cache) == []
    assert package(folder).versions == {"words": "1.0"}


@pytest.mark.skipif(sys.platform == "win32", reason="no such files there")
def test_a_folder_that_cannot_be_written_is_packaged(
    wheels: Wheelhouse, make_folder: MakeFolder, package: Packaging
) -> None:
    """
    Nothing is ever written beside the code.
    """
    wheels.add("words", "1.0")
    folder = make_folder({"requirements.txt": "words==1.0"})
    before = sorted(folder.rglob("*"))
    folder.chmod(0o555)
    try:
        package(folder)
    finally:
        folder.chmod(0o755)

    assert before == sorted(folder.rglob("*"))


@pytest.mark.parametrize(
    ("files", "match"),
    [
        ({"poetry.lock": ""}, "got a file of Poetry or Pipenv; export it"),
        ({"uv.lock": ""}, "needs the pyproject.toml beside it"),
        ({"pyproject.toml": "["}, "pyproject.toml must be TOML"),
        ({"requirements.txt": "-r gone.txt"}, "name the file gone.txt, which cannot"),
    ],
)
def test_fails_if_the_requirements_cannot_be_read(
    files: dict[str, str], match: str, make_folder: MakeFolder, package: Packaging
) -> None:
    """
    It says which file, and what to do.
    """
    with pytest.raises(ConfigurationError, match=match):
        package(make_folder(files))
