"""A folder of finished work: an entry is there and whole, or it is not there.

An entry is built in a folder beside its place and renamed into it, so that neither an
interruption nor another process shows a part of one. A list of its files with their
sizes, written last, tells an entry that a full or failing disk has damaged.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock, Thread

from lambda_constructs.errors import ConfigurationError

FORMAT = "1"
"""Changes whenever the same inputs would make another package."""

CONTENTS = "contents.json"
UNUSED_DAYS = 30
ABANDONED_HOURS = 6
UNFINISHED = ".unfinished-"

_forgetting = Lock()
_forgotten: set[tuple[str, str]] = set()


def cache_folder() -> Path:
    """Name the folder for finished packages."""
    if chosen := os.environ.get("LAMBDA_CONSTRUCTS_CACHE"):
        return Path(chosen).absolute()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        base = Path(local) if local else Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        chosen = os.environ.get("XDG_CACHE_HOME")
        base = Path(chosen) if chosen else Path.home() / ".cache"
    return base / "lambda-constructs"


def find(kind: str, key: str) -> Path | None:
    """Give the finished entry, or None where there is none or it is damaged."""
    entry = _place(kind, key)
    try:
        contents = json.loads((entry / CONTENTS).read_bytes())
        whole = all(
            (entry / name).stat().st_size == size for name, size in contents.items()
        )
    except (OSError, ValueError, AttributeError):
        return None
    if whole:
        with contextlib.suppress(OSError):  # a cache that can only be read
            os.utime(entry)
    return entry if whole else None


def find_or_build(kind: str, key: str, build: Callable[[Path], None]) -> Path:
    """Give the finished entry, made by *build* in an empty folder if need be.

    Raises:
        ConfigurationError: The cache cannot be written.
    """
    if entry := find(kind, key):
        return entry
    place = _place(kind, key)
    with _writing(place.parent), _one_at_a_time(place):
        if entry := find(kind, key):  # another process has built it meanwhile
            return entry
        unfinished = Path(mkdtemp(prefix=UNFINISHED, dir=place.parent))
        try:
            build(unfinished)
            _finish(unfinished, place)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    _forget_unused(place.parent)
    return place


@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """Give an empty folder beside *folder*, and remove it afterwards.

    Nobody waits for that: to remove an installation takes as long as to make one.
    """
    made = Path(mkdtemp(prefix=UNFINISHED, dir=folder.parent))
    try:
        yield made
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    Thread(target=shutil.rmtree, args=(made,), kwargs={"ignore_errors": True}).start()


def forget(kind: str, key: str) -> None:
    """Remove an entry, so that it is built anew, but only once in this process."""
    with _forgetting:
        if (kind, key) in _forgotten:
            return
        _forgotten.add((kind, key))
        place, aside = _place(kind, key), _place(kind, f"{UNFINISHED}{key}")
        with contextlib.suppress(OSError):
            place.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def _place(kind: str, key: str) -> Path:
    return cache_folder() / f"v{FORMAT}" / kind / key


def _finish(unfinished: Path, place: Path) -> None:
    """Put a built folder into its place; whoever comes second finds it taken."""
    sizes = {file.name: file.stat().st_size for file in sorted(unfinished.iterdir())}
    (unfinished / CONTENTS).write_text(json.dumps(sizes), encoding="utf-8")
    unfinished.chmod(0o755)
    if place.exists():  # damaged, or find() would have given it
        aside = Path(mkdtemp(prefix=UNFINISHED, dir=place.parent))
        with contextlib.suppress(OSError):
            place.rename(aside / "damaged")
        shutil.rmtree(aside, ignore_errors=True)
    with contextlib.suppress(OSError):
        unfinished.rename(place)
    if not (place / CONTENTS).exists():
        raise OSError(f"{place} could not be made")


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Make *folder*, and word what the operating system says against it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise ConfigurationError(
            f"packages are kept in {cache_folder()}, which cannot be written: "
            f"{error.strerror or error}; set LAMBDA_CONSTRUCTS_CACHE to a folder "
            "that can"
        ) from error


@contextlib.contextmanager
def _one_at_a_time(place: Path) -> Iterator[None]:
    """Let processes that want the same entry wait for the first to build it.

    Without locks, as on Windows, each builds it and the first to finish wins.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with (place.parent / f".lock-{place.name[:2]}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _forget_unused(folder: Path) -> None:
    """Remove entries that nothing has asked for in a month, and what was killed."""
    now = time.time()
    for entry in folder.iterdir():
        abandoned = entry.name.startswith(UNFINISHED)
        limit = ABANDONED_HOURS * 3600 if abandoned else UNUSED_DAYS * 86400
        with contextlib.suppress(OSError):
            if entry.is_dir() and now - entry.stat().st_mtime > limit:
                shutil.rmtree(entry, ignore_errors=True)
