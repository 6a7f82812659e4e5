"""What was sent, on disk, before it is deleted.

A service that takes a message cannot be asked later whether it did. So the command
notes, per message: that it begins to send, that it has sent, that it has deleted. A
run that finds a message as sent deletes it; one that finds it as begun cannot know,
sends it again, and says so.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lambda_constructs.redrive.errors import RedriveError

KEPT_SECONDS = 15 * 86_400
"""A day longer than SQS keeps a message."""

SENDING, SENT, FAILED, DELETED = "sending", "sent", "failed", "deleted"


@dataclass(frozen=True)
class Entry:
    """What is known of a message.

    Attributes:
        state: How far it got.
        through: Up to where a batch of it has been processed: a sequence number.
        at: When that was.
    """

    state: str = ""
    through: str = ""
    at: float = 0.0


def default_folder() -> Path:
    """Give where journals are: below XDG_STATE_HOME, which is ~/.local/state."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state, "lambda-constructs", "redrive")


class Journal:
    """The journal of one store. It holds no payloads.

    Every line is on the disk before the call that it announces is made.
    """

    def __init__(self, path: Path, file: IO[str], entries: dict[str, Entry]) -> None:
        self.path = path
        self._file = file
        self._entries = entries

    def of(self, id: str) -> Entry:
        """Give what is known of a message."""
        return self._entries.get(id, Entry())

    def note(self, id: str, state: str, *, through: str | None = None) -> None:
        """Write down how far a message got."""
        known = self.of(id)
        entry = Entry(state, known.through if through is None else through, time.time())
        self._entries[id] = entry
        self._file.write(_line(id, entry))
        self._file.flush()
        os.fsync(self._file.fileno())

    def unsettled(self, within: float = float("inf")) -> set[str]:
        """Give what a run was interrupted at: begun, or sent and not deleted.

        *within* so many seconds; what a queue hid longer ago is visible, or gone.
        """
        since = time.time() - within
        return {
            id
            for id, each in self._entries.items()
            if each.state in (SENDING, SENT) and each.at >= since
        }


@contextmanager
def open_journal(folder: Path, store: str) -> Iterator[Journal]:
    """Open the journal of a store, by its ARN, for one run at a time.

    Raises:
        RedriveError: Another run has it open, or it cannot be written.
    """
    name = store.rsplit(":", 1)[-1][:80]
    digest = hashlib.sha256(store.encode()).hexdigest()[:12]
    path = folder / f"{name}-{digest}.jsonl"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = path.with_suffix(".lock").open("a", encoding="utf-8")
    except OSError as error:
        raise RedriveError(
            f"the journal {path} cannot be written: {error}; pass --journal FOLDER"
        ) from None
    with lock:
        _lock(lock, name)
        entries = _read(path)
        _compact(path, entries)
        with path.open("a", encoding="utf-8") as file:
            yield Journal(path, file, entries)


def _read(path: Path) -> dict[str, Entry]:
    """Read it; a line that was cut off announced a call that was never made."""
    entries: dict[str, Entry] = {}
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    for line in lines:
        try:
            told = json.loads(line)
            entries[told["id"]] = Entry(
                told["state"], told.get("through", ""), float(told["at"])
            )
        except (KeyError, TypeError, ValueError):
            continue
    return entries


def _compact(path: Path, entries: dict[str, Entry]) -> None:
    """Write it anew, one line for each message that a store may still have."""
    old = time.time() - KEPT_SECONDS
    for id in [id for id, each in entries.items() if each.at < old]:
        if entries[id].state == DELETED:
            del entries[id]
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        file.writelines(_line(id, entry) for id, entry in entries.items())
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _line(id: str, entry: Entry) -> str:
    told = {"id": id, "state": entry.state, "at": round(entry.at, 3)}
    if entry.through:
        told["through"] = entry.through
    return json.dumps(told) + "\n"


def _lock(file: IO[str], store: str) -> None:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise RedriveError(
            f"another run is sending from {store}; wait for it, or end it"
        ) from None
