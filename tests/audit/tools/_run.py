"""Running a tool, and reading what it says."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.errors import CommandError

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


@dataclass(frozen=True)
class Toolbox:
    """Where the tools are, and where they work.

    Attributes:
        python: The interpreter of the environment that has them.
        node: What runs the JavaScript of cdk-nag.
        folder: The templates' folder, which has no settings of any tool.
    """

    python: Path
    node: Path
    folder: Path

    def run(
        self,
        tool: str,
        command: Sequence[str | Path],
        *,
        fine: Collection[int] = (0,),
        stdin: str | None = None,
    ) -> Any:
        """Run a tool, and give the JSON that it writes.

        Raises:
            CommandError: It ended otherwise than by one of the codes that are *fine*,
                or wrote no JSON.
        """
        ended = subprocess.run(
            [str(each) for each in command],
            capture_output=True,
            cwd=self.folder,
            env=self._environment(),
            input=stdin,
            text=True,
        )
        said = ended.stderr.strip()[-2000:]
        if ended.returncode not in fine:
            raise CommandError(f"{tool} ended with code {ended.returncode}:\n{said}")
        try:
            return json.loads(ended.stdout)
        except ValueError:
            raise CommandError(f"{tool} wrote no JSON:\n{said}") from None

    def script(self, name: str) -> list[str | Path]:
        """Give the command that runs one of our scripts among the tools."""
        return [self.python, "-I", SCRIPTS / name]

    def program(self, name: str) -> Path:
        """Give a program of the tools' environment."""
        return self.python.with_name(name)

    def _environment(self) -> dict[str, str]:
        # Nothing of this environment's Python may get into theirs.
        ours = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
        kept = {name: value for name, value in os.environ.items() if name not in ours}
        return {**kept, "JSII_NODE": str(self.node), "PYTHONUTF8": "1"}
