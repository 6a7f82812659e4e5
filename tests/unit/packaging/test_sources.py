"""Which of the user's files go into a package."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambda_constructs._packaging.sources import matches
from lambda_constructs.errors import ConfigurationError
from tests.unit.packaging.conftest import MakeFolder, Packaging, code_in

LITTER = {
    "tests/test_index.py": "",
    "test_index.py": "",
    "conftest.py": "",
    "__pycache__/index.cpython-311.pyc": "",
    ".mypy_cache/a": "",
    ".git/config": "",
    ".venv/bin/python": "",
    "index.pyi": "",
    "README.md": "",
}


def test_the_code_is_at_the_top_and_litter_is_left_out(
    make_folder: MakeFolder, package: Packaging
) -> None:
    """
    No enclosing folder, which is what breaks most packages made by hand.
    """
    made = package(make_folder({**LITTER, "templates/mail.html": "x"}))

    assert {"index.py", "README.md", "templates/mail.html"} == code_in(made)


def test_globs_leave_out_and_take_in(
    make_folder: MakeFolder, package: Packaging
) -> None:
    """
    `include` wins, over `exclude` and over what is always left out.
    """
    folder = make_folder({**LITTER, "docs/a.md": "", "docs/b.md": ""})
    made = package(folder, exclude=("*.md", "docs"), include=("docs/a.md", "*.pyi"))

    assert {"index.py", "index.pyi", "docs/a.md"} == code_in(made)


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a/b/c.py", "*.py", True),
        ("a/b/c.py", "b", True),
        ("a/b/c.py", "a/*.py", False),
        ("a/b/c.py", "a/**/*.py", True),
        ("a/c.py", "a/**/*.py", True),
        ("a/b/c.py", "/a", True),
        ("b/a/c.py", "/a", False),
        ("a/b/c.py", "a/", True),
        ("abc.py", "a?c.[pq]y", True),
        ("abc.py", "b", False),
    ],
)
def test_globs_mean_what_they_mean_in_gitignore(
    path: str, pattern: str, expected: bool
) -> None:
    """
    A name at any depth, or a path from the top.
    """
    assert expected == matches(path, [pattern])


def test_shared_code_is_there_under_its_name(
    make_folder: MakeFolder, package: Packaging
) -> None:
    """
    Packages and single modules that several functions import.
    """
    common = make_folder({"__init__.py": "", "tests/test_a.py": ""}, name="common")
    one = make_folder({"util.py": ""}, name="lib") / "util.py"
    made = package(make_folder({"index.py": INDEX}), shared=(common, one))

    assert made.warnings == []
    assert {
        "index.py",
        "common/__init__.py",
        "common/index.py",
        "util.py",
    } == code_in(made)


INDEX = "import common\nimport util\ndef handler(event, context): ...\n"


def test_fails_if_shared_code_would_replace_a_file(
    make_folder: MakeFolder, package: Packaging
) -> None:
    """
    One of the two would silently be missing.
    """
    other = make_folder(name="other") / "index.py"

    with pytest.raises(ConfigurationError, match=r"both have index\.py; rename one"):
        package(make_folder(), shared=(other,))


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        (".env", "A=1", "by its name"),
        (".env.production", "A=1", "by its name"),
        ("config/.env", "A=1", "by its name"),
        ("id_rsa", "x", "by its name"),
        ("keys.txt", "-----BEGIN RSA PRIVATE KEY-----", "a private key or AWS access"),
        ("keys.pem", "-----BEGIN PRIVATE KEY-----", "a private key or AWS access"),
        ("keys.py", "KEY = 'AKIA" + "ABCDEFGHIJKLMNOP'", "a private key or AWS"),
    ],
)
def test_fails_if_a_file_is_a_secret(
    name: str, content: str, why: str, make_folder: MakeFolder, package: Packaging
) -> None:
    """
    Who may read the function may read its package.
    """
    with pytest.raises(ConfigurationError) as caught:
        package(make_folder({name: content}))

    assert str(caught.value).startswith(
        f"thumbnailer/{name} looks like a secret ({why}"
    )
    assert f"leave it out with exclude=({name!r},)" in str(caught.value)


def test_a_secret_that_is_left_out_is_fine(
    make_folder: MakeFolder, package: Packaging
) -> None:
    """
    Beside examples, certificates and AWS's own example key.
    """
    files = {
        ".env": "A=1",
        ".env.example": "A=",
        "ca.pem": "-----BEGIN CERTIFICATE-----",
        "doc.md": "AKIA" + "IOSFODNN7EXAMPLE",
    }
    made = package(make_folder(files), exclude=(".env",))

    assert {"index.py", ".env.example", "ca.pem", "doc.md"} == code_in(made)


def test_links_are_followed_but_not_in_circles(
    make_folder: MakeFolder, package: Packaging, tmp_path: Path
) -> None:
    """
    Files shared by links are in the package as files.
    """
    folder = make_folder({"a/b.py": ""})
    other = tmp_path / "other"
    other.mkdir()
    (other / "c.py").write_text("")
    (folder / "linked").symlink_to(other)
    (folder / "a" / "up").symlink_to(folder)

    assert {"index.py", "a/b.py", "linked/c.py"} == code_in(package(folder))


def test_fails_if_a_file_cannot_be_read(
    make_folder: MakeFolder, package: Packaging
) -> None:
    """
    A dangling link, or a file of someone else.
    """
    folder = make_folder()
    (folder / "gone.py").symlink_to("nowhere")

    with pytest.raises(ConfigurationError) as caught:
        package(folder)

    assert str(caught.value) == (
        "thumbnailer/gone.py cannot be read: No such file or directory; make it "
        "readable or leave it out with exclude=('gone.py',)"
    )
