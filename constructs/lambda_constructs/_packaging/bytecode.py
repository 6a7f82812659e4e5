"""Compile modules with the Python that will run them, so that a cold start need not.

Bytecode is of one Python version, and only that version makes it. It is marked
`unchecked-hash`: Lambda's file times say nothing. It names the modules where Lambda
unpacks them, so it is the same wherever it was made.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lambda_constructs._packaging.target import Target

PROCESSES = 4
"""Fixed, not the number of CPUs, so that every machine compiles alike."""
ALONE = 64
"""So few modules are not worth a second process."""

# Runs in the target's Python: JSON of [path, size] pairs on one line, then the sources;
# answers with [path, size, error] the same way.
COMPILE = """
import importlib._bootstrap_external as machinery, json, sys, _imp
version = "%d.%d" % sys.version_info[:2]
ok = version == sys.argv[1] and sys.implementation.name == "cpython"
if not ok or sys.version_info.releaselevel != "final":
    sys.exit(3)
read, write = sys.stdin.buffer, sys.stdout.buffer
answers, parts = [], []
for path, size in json.loads(read.readline()):
    source, error, pyc = read.read(size), None, b""
    try:
        code = compile(source, path, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError) as problem:
        error = [str(getattr(problem, "msg", problem)), getattr(problem, "lineno", 0)]
    else:
        digest = _imp.source_hash(machinery._RAW_MAGIC_NUMBER, source)
        pyc = machinery._code_to_hash_pyc(code, digest, False)
    answers.append([path, len(pyc), error])
    parts.append(bytes(pyc))
write.write(json.dumps(answers).encode() + b"\\n" + b"".join(parts))
"""


def interpreters(python: str) -> tuple[str, ...]:
    """List what may be a Python of this version, without running any of it."""
    return tuple(dict.fromkeys(_look_for(python)))


def _look_for(python: str) -> Iterator[str]:
    if python == f"{sys.version_info.major}.{sys.version_info.minor}":
        yield sys.executable
    name = f"python{python}" + (".exe" if os.name == "nt" else "")
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    managed = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for folder, start in ((managed, "cpython-"), (pyenv, "")):
        yield from map(str, sorted(folder.glob(f"{start}{python}.*/bin/{name}")))
    if found := shutil.which(name):
        yield found


def find_interpreter(target: Target) -> str | None:
    """Give a Python that compiles for *target*, or None where there is none."""
    for executable in interpreters(target.python):
        if _run(executable, target, {}) is not None:
            return executable
    return None


def compile_modules(
    executable: str, target: Target, files: Mapping[str, bytes]
) -> tuple[dict[str, bytes], dict[str, tuple[str, int]]]:
    """Compile the modules among *files*.

    Returns:
        The compiled files by their paths in the package; and by module, what is wrong
        with those that do not compile, with the line.
    """
    modules = [path for path in sorted(files) if path.endswith(".py")]
    count = PROCESSES if len(modules) > ALONE else 1
    shares = [
        {path: files[path] for path in modules[start::count]} for start in range(count)
    ]
    compiled: dict[str, bytes] = {}
    errors: dict[str, tuple[str, int]] = {}
    with ThreadPoolExecutor(count) as pool:
        for result in pool.map(lambda share: _run(executable, target, share), shares):
            if result is None:
                raise OSError(f"{executable} does not compile any more")
            compiled |= result[0]
            errors |= result[1]
    return compiled, errors


def _run(
    executable: str, target: Target, files: Mapping[str, bytes]
) -> tuple[dict[str, bytes], dict[str, tuple[str, int]]] | None:
    """Compile *files* in one process; None if that Python is not for *target*."""
    root = target.root
    asked = json.dumps([[f"{root}/{path}", len(data)] for path, data in files.items()])
    try:
        result = subprocess.run(  # noqa: S603
            [
                executable,
                "-I",
                "-S",
                "-B",
                "-W",
                "ignore",
                "-c",
                COMPILE,
                target.python,
            ],
            input=asked.encode() + b"\n" + b"".join(files.values()),
            capture_output=True,
            check=False,
        )
    except OSError:
        return None
    if result.returncode:
        return None
    head, _, body = result.stdout.partition(b"\n")
    compiled, errors, start = {}, {}, 0
    for path, size, error in json.loads(head):
        name = path[len(root) + 1 :]
        if error is None:
            compiled[_cached(name, target)] = body[start : start + size]
        else:
            errors[name] = (error[0], error[1] or 0)
        start += size
    return compiled, errors


def _cached(path: str, target: Target) -> str:
    """Name the compiled file of a module, as its Python looks for it."""
    folder, _, name = path.rpartition("/")
    tag = f"cpython-{target.python.replace('.', '')}"
    start = f"{folder}/" if folder else ""
    return f"{start}__pycache__/{name.removesuffix('.py')}.{tag}.pyc"
