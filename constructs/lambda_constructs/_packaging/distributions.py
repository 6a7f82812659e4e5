"""What has been installed: distributions, their files, and which are not needed."""

from __future__ import annotations

import csv
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

RUNTIME_OWN = frozenset({"boto3", "botocore", "s3transfer"})
"""What every Python runtime of Lambda's brings, and keeps up to date."""

RUNTIME_BESIDES = frozenset({"jmespath", "python-dateutil", "six", "urllib3"})
"""What it brings because those need it."""

TOO_NEW = {"jmespath": 2, "python-dateutil": 3, "urllib3": 3}
"""The major versions that botocore does not work with, by its own requirements."""

RUNTIME_MODULES = frozenset(
    {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3",
     "awslambdaric", "snapshot_restore_py", "simplejson"}
)  # fmt: skip
"""What a handler can import without bringing it."""


@dataclass(frozen=True)
class Distribution:
    """One installed package.

    Attributes:
        name: As the index normalises it.
        version: What has been installed.
        requires: The names it asks for, under whatever condition.
        files: Its paths.
        record: The list of them with their hashes, which stands for all of it.
    """

    name: str
    version: str
    requires: frozenset[str]
    files: tuple[str, ...]
    record: bytes


def normalize(name: str) -> str:
    """Give the one spelling of a distribution's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_distributions(installed: Path) -> list[Distribution]:
    """List what has been installed below a folder, by name."""
    found = []
    for folder in installed.glob("*.dist-info"):
        text = (folder / "METADATA").read_text(encoding="utf-8", errors="replace")
        fields = re.findall(
            r"^(Name|Version|Requires-Dist): *(\S+)", text.split("\n\n", 1)[0], re.M
        )
        named = {key: value for key, value in fields if key != "Requires-Dist"}
        needs = [value for key, value in fields if key == "Requires-Dist"]
        record = (folder / "RECORD").read_bytes()
        rows = [row[0] for row in csv.reader(record.decode().splitlines()) if row]
        # pip and uv write the paths of scripts as if they were beside the modules.
        paths = {posixpath.normpath(row).removeprefix("../../") for row in rows}
        found.append(
            Distribution(
                normalize(named["Name"]),
                named["Version"],
                frozenset(normalize(re.split(r"[\[(<>=!~;]", it)[0]) for it in needs),
                tuple(sorted(it for it in paths if (installed / it).is_file())),
                record,
            )
        )
    return sorted(found, key=lambda it: it.name)


def left_to_runtime(distributions: Iterable[Distribution]) -> set[str]:
    """Name what the package leaves out because the runtime brings it.

    boto3, botocore and s3transfer go, and of jmespath, python-dateutil, six and
    urllib3 what nothing else asks for: another package may need another version than
    the runtime's. A lock lists everything, so what counts as asked for by the user is
    what no other distribution asks for.
    """
    by_name = {it.name: it for it in distributions}
    wanted_by_others = {
        need for it in by_name.values() for need in it.requires if need != it.name
    }
    pending = [
        name
        for name in by_name
        if name not in RUNTIME_OWN
        and (name not in RUNTIME_BESIDES or name not in wanted_by_others)
    ]
    kept: set[str] = set()
    while pending:
        name = pending.pop()
        if name in by_name and name not in kept and name not in RUNTIME_OWN:
            kept.add(name)
            pending.extend(by_name[name].requires)
    return by_name.keys() & (RUNTIME_OWN | RUNTIME_BESIDES) - kept
