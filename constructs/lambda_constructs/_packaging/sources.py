"""The user's own files: which belong into a package, and which never may."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from lambda_constructs._packaging.sizes import Limits, check_sizes
from lambda_constructs.errors import ConfigurationError

LEFT_OUT = (
    # version control, environments, caches
    ".git", ".gitignore", ".gitattributes", ".hg", ".svn", ".venv", "venv", ".tox",
    ".nox", "__pycache__", "*.pyc", "*.pyo", ".*_cache", ".hypothesis", ".coverage",
    "node_modules", "cdk.out", "*.egg-info", ".idea", ".vscode", ".DS_Store",
    "*.swp", "*~",
    # tests and type stubs
    "tests", "test_*.py", "*_test.py", "conftest.py", "*.pyi", "py.typed",
    # what the dependencies are read from
    "requirements*.txt", "requirements*.in", "pyproject.toml", "uv.lock", "uv.toml",
    "pylock*.toml", "poetry.lock", "Pipfile", "Pipfile.lock", ".python-version",
)  # fmt: skip
"""What is left out of a handler folder unless `include=` names it."""

SECRET_NAMES = (
    ".env", ".env.*", "*.env", ".netrc", ".pypirc", ".git-credentials", "id_rsa",
    "id_ecdsa", "id_ed25519", "*.p12", "*.pfx", ".aws/credentials",
)  # fmt: skip
HARMLESS_NAMES = (".env.example", ".env.sample", ".env.template", ".env.dist")
SECRET_TEXT = re.compile(
    rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----|\b(?:AKIA|ASIA)(?![A-Z0-9]{9}EXAMPLE)"
    rb"[A-Z0-9]{16}\b"
)
LARGEST_SCANNED = 1 << 20


def find_sources(
    folder: Path, shared: Iterable[Path], exclude: Sequence[str], include: Sequence[str]
) -> dict[str, Path]:
    """List what goes into the package, by its path there.

    The files of *folder* go to the root of the package, each of *shared* goes below
    its own name.

    Raises:
        ConfigurationError: Two files want the same path.
    """
    files: dict[str, Path] = {}
    for root, prefix in [(folder, ""), *((path, path.name) for path in shared)]:
        for path, name in _walk(root, prefix, exclude, include):
            if name in files:
                raise ConfigurationError(
                    f"shared={root.name!r} and {folder.name} both have {name}; "
                    "rename one of them"
                )
            files[name] = path
    return dict(sorted(files.items()))


def read_sources(files: Mapping[str, Path], folder: str) -> dict[str, bytes]:
    """Read the files, unless they are more than Lambda takes anyway.

    Raises:
        ConfigurationError: They are, or one cannot be read.
    """
    try:
        sizes = [path.stat().st_size for path in files.values()]
        check_sizes(folder, 0, sum(sizes), [], Limits())
        return {name: path.read_bytes() for name, path in files.items()}
    except OSError as error:
        at_fault = [name for name, it in files.items() if str(it) == error.filename]
        name = at_fault[0] if at_fault else "a file"
        raise ConfigurationError(
            f"{folder}/{name} cannot be read: {error.strerror}; "
            f"make it readable or leave it out with exclude=({name!r},)"
        ) from error


def check_no_secrets(files: Mapping[str, bytes], folder: str) -> None:
    """Raise if a file looks like a secret: a package is no place for one.

    Raises:
        ConfigurationError: One does.
    """
    for name, data in files.items():
        by_name = matches(name, SECRET_NAMES) and not matches(name, HARMLESS_NAMES)
        found = None if len(data) > LARGEST_SCANNED else SECRET_TEXT.search(data)
        if by_name or found:
            what = "by its name" if by_name else "a private key or AWS access key in it"
            raise ConfigurationError(
                f"{folder}/{name} looks like a secret ({what}), and whoever may read "
                f"the function can read its package; leave it out with "
                f"exclude=({name!r},) and let the function fetch the secret from "
                "Secrets Manager or Parameter Store"
            )


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Tell whether *path* or a folder above it matches one of the globs.

    A pattern without a slash matches a name at any depth; one with a slash matches
    from the top. `*` and `?` stay within a name, `**` spans folders.
    """
    return any(_pattern(pattern).fullmatch(path) for pattern in patterns)


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    top = "" if "/" in glob.rstrip("/") else "(?:.*/)?"
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^]]+\])", glob.strip("/"))
    wild = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    body = "".join(
        wild.get(part) or (part if part.startswith("[") else re.escape(part))
        for part in parts
    )
    return re.compile(f"{top}{body}(?:/.*)?")


def _walk(
    root: Path, prefix: str, exclude: Sequence[str], include: Sequence[str]
) -> Iterator[tuple[Path, str]]:
    """List the files below *root* with their paths in the package."""
    if root.is_file():
        yield root, prefix
        return
    for current, folders, names in os.walk(root, followlinks=True):
        real = Path(current).resolve()
        if current != str(root) and real in Path(current).parent.resolve().parents:
            folders.clear()  # a link back up
            continue
        below = Path(current).relative_to(root).as_posix()
        start = "" if below == "." else f"{below}/"
        if not include:  # only then can a whole folder be skipped
            folders[:] = [
                name for name in folders if _wanted(start + name, exclude, include)
            ]
        for name in names:
            path = start + name
            if _wanted(path, exclude, include):
                yield Path(current, name), f"{prefix}/{path}" if prefix else path


def _wanted(path: str, exclude: Sequence[str], include: Sequence[str]) -> bool:
    if matches(path, include):
        return True
    return not (matches(path, exclude) or matches(path, LEFT_OUT))
