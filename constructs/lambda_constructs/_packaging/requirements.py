"""Where a handler folder says what it depends on, and what it says."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lambda_constructs.errors import ConfigurationError

Kind = Literal["none", "requirements.txt", "pylock.toml", "uv.lock", "pyproject.toml"]

FILES: tuple[Kind, ...] = (
    "uv.lock", "pylock.toml", "requirements.txt", "pyproject.toml",
)  # fmt: skip
"""What is looked for in a handler folder; the first that is there counts."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
INCLUDED = re.compile(r"^\s*(?:-r|-c|--requirement|--constraint)[\s=]+(\S+)", re.M)


@dataclass(frozen=True)
class Requirements:
    """What a handler folder depends on.

    Attributes:
        kind: The kind of file that says so.
        file: That file; the folder where there is none.
        text: What it says, with the files that it includes.
    """

    kind: Kind
    file: Path
    text: str

    @property
    def lines(self) -> list[str]:
        """One requirement each, without comments, hashes and options."""
        joined = self.text.replace("\\\n", " ")
        plain = (re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines())
        return [re.sub(r"\s+--hash[= ]\S+", "", line) for line in plain if line]

    @property
    def empty(self) -> bool:
        """Nothing needs to be installed."""
        return self.kind == "none" or not self.lines

    @property
    def hashed(self) -> bool:
        """It names the hash of each file, so nothing else may be installed."""
        return self.kind == "requirements.txt" and "--hash=" in self.text

    @property
    def unpinned(self) -> list[str]:
        """Name the requirements that may mean another version tomorrow."""
        if self.kind in ("uv.lock", "pylock.toml"):
            return []
        lines = [line for line in self.lines if NAME.match(line)]
        return [
            match.group()
            for line in lines
            if not re.search(r"(?<![<>!~])===?|\s@\s", line.split(";")[0])
            and (match := NAME.match(line))
        ]


def find_requirements(folder: Path, chosen: Path | None) -> Requirements:
    """Read what *folder* depends on, or what the file *chosen* says instead.

    Raises:
        ConfigurationError: The file is not there, or cannot be understood.
    """
    if chosen is None:
        for kind in FILES:
            if (folder / kind).is_file():
                return _read(kind, folder / kind)
        if (folder / "poetry.lock").is_file() or (folder / "Pipfile").is_file():
            raise ConfigurationError(
                f"{folder.name} must say what it depends on in one of "
                f"{', '.join(FILES)}, got a file of Poetry or Pipenv; export it, e.g. "
                "poetry export -o requirements.txt"
            )
        return Requirements("none", folder, "")
    if not chosen.is_file():
        raise ConfigurationError(
            f"requirements= must be a file, got {chosen}, which is none; "
            f"pass the path of one of {', '.join(FILES)}"
        )
    named: list[Kind] = [kind for kind in FILES if chosen.name == kind]
    other: Kind = "requirements.txt"
    if chosen.name.startswith("pylock.") and chosen.suffix == ".toml":
        other = "pylock.toml"
    return _read(named[0] if named else other, chosen)


def _read(kind: Kind, file: Path) -> Requirements:
    if kind == "requirements.txt":
        return Requirements(kind, file, _with_included(file, set()))
    text = file.read_text(encoding="utf-8")
    if kind == "pylock.toml":
        return Requirements(kind, file, text)
    project = file.with_name("pyproject.toml")
    if kind == "uv.lock":
        if not project.is_file():
            raise ConfigurationError(
                f"{file.parent.name} has a uv.lock, which needs the pyproject.toml "
                "beside it, got none; add it, or remove the lock"
            )
        return Requirements(kind, file, project.read_text(encoding="utf-8") + text)
    try:
        table = tomllib.loads(text).get("project", {})
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"{file.parent.name}/pyproject.toml must be TOML, got {error}"
        ) from error
    return Requirements(kind, file, "\n".join(table.get("dependencies", [])))


def _with_included(file: Path, seen: set[Path]) -> str:
    """Read a requirements file and, after it, the files that it names."""
    if file in seen:
        return ""
    seen.add(file)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigurationError(
            f"requirements name the file {file.name}, which cannot be read: "
            f"{error.strerror}; add it or remove its line"
        ) from error
    more = [file.parent / name for name in INCLUDED.findall(text)]
    return "\n".join([text, *(_with_included(each, seen) for each in more)])
