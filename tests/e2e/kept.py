"""Accounts that were left up with `--keep`: remember them, and stop them."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.processes import end_group_of
from tests.e2e.workspace import PREFIX

RECORD = "kept.json"


@dataclass(frozen=True)
class Kept:
    """An account that was left up."""

    state: Path
    pid: int
    port: int

    def is_up(self) -> bool:
        """Tell whether its server still holds its lock, and so is still its *pid*."""
        with (self.state / "alive").open("a") as alive:
            try:
                fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def stop(self) -> None:
        """End its processes and remove what they wrote."""
        if self.is_up():
            end_group_of(self.pid)
        shutil.rmtree(self.state, ignore_errors=True)


def leave(state: Path, process: subprocess.Popen[str], port: int) -> None:
    """Leave the server up when this command ends."""
    record = {"pid": process.pid, "port": port}
    (state / RECORD).write_text(json.dumps(record))
    if process.stdin is not None:
        process.stdin.write("keep\n")
        process.stdin.close()


def find() -> Iterator[Kept]:
    """Find the accounts of this user that were left up."""
    for record in sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{RECORD}")):
        yield Kept(state=record.parent, **json.loads(record.read_text()))
