"""The folder of one run: all that it writes, removed at its end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.environment import ROOT
from tests.e2e.errors import CommandError, UsageError
from tests.e2e.processes import uninterrupted

PREFIX = "lambda-constructs-e2e-"
LOGS = ROOT / "build" / "e2e"


@dataclass
class Workspace:
    """The folder of one run.

    Attributes:
        folder: Where everything goes that the run writes.
        keep: Whether it stays when the run ends.
    """

    folder: Path
    keep: bool = False

    def save_logs(self) -> Path:
        """Put the logs where the user finds them, in place of an earlier run's."""
        shutil.rmtree(LOGS, ignore_errors=True)
        LOGS.mkdir(parents=True)
        for log in self.folder.glob("*.log"):
            shutil.copy(log, LOGS)
        return LOGS.relative_to(ROOT)


@contextmanager
def workspace() -> Iterator[Workspace]:
    """Give a fresh folder; if the run fails, its logs outlive it."""
    work = Workspace(Path(tempfile.mkdtemp(prefix=PREFIX)).resolve())
    try:
        yield work
    except UsageError:
        raise
    except CommandError as error:
        logs = work.save_logs()
        raise CommandError(f"{error}\nthe full output is in {logs}") from None
    except KeyboardInterrupt:
        work.keep = False
        raise
    finally:
        if not work.keep:
            with uninterrupted():
                shutil.rmtree(work.folder, ignore_errors=True)


def tail(log: Path, lines: int = 10) -> str:
    """Give the last lines of *log*, indented."""
    text = log.read_text(errors="replace").splitlines()[-lines:]
    return "\n".join(f"  {line}" for line in text)
