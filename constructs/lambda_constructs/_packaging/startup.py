"""Measure what a function's imports cost when it starts cold."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from lambda_constructs._packaging.handler import imports_of, module_file, modules_in
from lambda_constructs._packaging.package import get_package
from lambda_constructs._packaging.plan import Inputs
from lambda_constructs._packaging.sizes import Limits
from lambda_constructs._packaging.sources import find_sources, read_sources
from lambda_constructs._packaging.target import TASK_ROOT, Target

RUNS = 3

# The CPU time of the statements on stdin; modules are found in the folder argv[1].
MEASURE = """
import sys, time
sys.path.insert(0, sys.argv[1])
statements, namespace = sys.stdin.read(), {}
start = time.process_time()
exec(statements, namespace)
sys.stdout.write(str(time.process_time() - start))
"""


def import_milliseconds(
    inputs: Inputs, handler: str, *, bytecode: bool
) -> float | None:
    """Give the CPU time of what the handler imports, on this machine.

    The handler itself is not run. Where the real package has no bytecode, none is used
    here either. None where an import fails, say because boto3 is not installed here.
    """
    found = find_sources(inputs.folder, inputs.shared, inputs.exclude, inputs.include)
    files = read_sources(found, inputs.name)
    path = module_file(files, handler.rpartition(".")[0].replace("/", "."))
    if path is None:
        return None
    statements = _imports(path, files)
    package = get_package(inputs, Target.of_host(TASK_ROOT), None, Limits())
    with TemporaryDirectory() as folder:
        with zipfile.ZipFile(package.zip) as archive:
            archive.extractall(Path(folder, "task"))
        options = [] if bytecode else ["-X", f"pycache_prefix={folder}/none"]
        command = [sys.executable, "-B", "-W", "ignore", *options, "-c", MEASURE]
        times = [
            subprocess.run(  # noqa: S603
                [*command, f"{folder}/task"],
                input=statements,
                capture_output=True,
                check=False,
                encoding="utf-8",
                cwd=folder,
            )
            for _ in range(RUNS)
        ]
    seconds = [json.loads(it.stdout) for it in times if it.returncode == 0]
    return min(seconds) * 1000 if seconds else None


def _imports(path: str, files: Mapping[str, bytes]) -> str:
    """Write down the imports of the handler and its own modules, of others' modules."""
    others = [
        ast.unparse(statement)
        for statement in imports_of(path, files)
        if not any(
            module_file(files, name.split(".")[0]) for name in modules_in(statement)
        )
    ]
    return "\n".join(dict.fromkeys(others))
