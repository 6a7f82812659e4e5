"""Import a handler as Lambda does at a cold start, and say what that took.

`python -B cold.py MODULE FOLDER...`, in a process of its own. Modules are looked for in
the folders, in their order, before Python's own. Nothing here imports what a handler
might: the runtime itself has imported json and logging before it comes to the handler.
"""

import importlib
import json
import logging
import resource
import sys
import time
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_kb() -> int:
    """Give the peak of this process alone; `ru_maxrss` starts at its parent's."""
    try:
        (line,) = [it for it in STATUS.read_text().splitlines() if "VmHWM" in it]
    except (OSError, ValueError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak // 1024 if sys.platform == "darwin" else peak
    return int(line.split()[1])


def main(module: str, *folders: str) -> None:
    """Import a module, and print the costs as JSON."""
    logging.getLogger()
    # Not this script's folder, nor what else is installed for this Python.
    own = [it for it in sys.path[1:] if not it.endswith("site-packages")]
    sys.path[:] = [*folders, *own]
    before = set(sys.modules)
    cpu, wall = time.process_time(), time.perf_counter()
    importlib.import_module(module)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    names = sorted(set(sys.modules) - before)
    made = {"cpu_ms": cpu * 1e3, "wall_ms": wall * 1e3, "peak_mb": peak_kb() / 1024}
    sys.stdout.write(json.dumps({**made, "modules": len(names), "names": names}))


if __name__ == "__main__":
    main(*sys.argv[1:])
