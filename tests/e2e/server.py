"""The emulated account's process; runs under the emulator's own Python.

It ends with the command that started it, however that ends: once the pipe on its
standard input closes, it kills its process group, which has its function workers
too, and removes its state. A line `keep` on that pipe lets it live on; it then holds
a lock on the file `alive` of its state for as long as it does.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sys
import threading
from importlib import import_module
from pathlib import Path


def follow_the_command(state: str) -> None:
    """Wait for the end of the command, or for its word to stay."""
    if sys.stdin.readline().strip() != "keep":
        gone = Path(state).rename(f"{state}-gone")  # nothing more is written into it
        shutil.rmtree(gone, ignore_errors=True)
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    [folder] = sys.argv[1:]
    alive = (Path(folder) / "alive").open("w")
    fcntl.flock(alive, fcntl.LOCK_EX)
    threading.Thread(target=follow_the_command, args=[folder], daemon=True).start()
    sys.argv[1:] = []
    app = import_module("ministack.app")
    # With TLS it would take port 443 of loopback as well, where it may.
    vars(app)["_port_is_bindable"] = lambda _host, _port: False
    app.main()
